"""No model at all: every answer comes from the FAQ. For machines that should not run one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

from app.errors import ModelUnavailable
from app.models.base import GenerationRequest, ModelState

REASON = "no model is set: answers come from the FAQ alone"


class NoModel:
    """A chat model that is never available, on purpose."""

    name = "none"
    adapters: tuple[str, ...] = ()

    def stream(self, request: GenerationRequest, stop: threading.Event) -> Iterator[str]:  # noqa: ARG002
        """Raise ModelUnavailable."""
        raise ModelUnavailable(REASON)

    def state(self) -> ModelState:
        """Say that there is no model."""
        return ModelState("unavailable", REASON)

    def wait_ready(self, timeout: float) -> bool:  # noqa: ARG002
        """Return at once."""
        return False

    def restart(self) -> None:
        """Do nothing: there is nothing to load."""

    def adopt(self, name: str, folder: Path) -> None:  # noqa: ARG002
        """Raise ModelUnavailable."""
        raise ModelUnavailable(REASON)

    def retire(self, name: str) -> None:
        """Do nothing: there is no adapter."""

    def close(self) -> None:
        """Do nothing."""
