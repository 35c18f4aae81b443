"""A model without weights: it returns the first sentences of the passages in its prompt.

For tests, for work on pages, and to run the application where no weights can be had. Same
input, same output. It knows no language: never use it to answer a patient.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from app.errors import GenerationError, ModelUnavailable
from app.models.base import GenerationRequest, ModelState
from app.sentences import WholeSentences

_PASSAGE = re.compile(r"^\[\d+\]\s+(.+)$", re.MULTILINE)
_FIRST_SENTENCES = re.compile(r"^(?:.+?[.!?](?:\s+|$)){1,2}", re.DOTALL)
_NO_PASSAGE = "Thank you for telling me. I am a stand-in for the real model. What would help you most?"


class EchoModel:
    """Streams words of the prompt's passages at a set speed; may be told to be broken."""

    name = "echo"

    def __init__(
        self,
        *,
        tokens_per_second: float = 0.0,
        adapters: tuple[str, ...] = (),
        broken: str = "",
        reply: str = "",
    ) -> None:
        """Pace words by `tokens_per_second` (0: at once); `broken` is the reason of a failed start."""
        self.adapters = adapters
        self._pause = 1.0 / tokens_per_second if tokens_per_second > 0 else 0.0
        self._broken = broken
        self._reply = reply

    def stream(self, request: GenerationRequest, stop: threading.Event) -> Iterator[str]:
        """Yield the reply sentence by sentence."""
        if self._broken:
            raise ModelUnavailable(self._broken)
        if request.adapter is not None and request.adapter not in self.adapters:
            raise GenerationError(
                f"unknown adapter {request.adapter!r}: there are {', '.join(self.adapters) or 'none'}"
            )
        return self._words(request, stop, time.monotonic() + request.deadline_s)

    def state(self) -> ModelState:
        """Say whether it was told to be broken."""
        return ModelState("unavailable", self._broken) if self._broken else ModelState("ready")

    def wait_ready(self, timeout: float) -> bool:  # noqa: ARG002 - nothing is ever loading here
        """Return at once."""
        return not self._broken

    def restart(self) -> None:
        """Mend it."""
        self._broken = ""

    def adopt(self, name: str, folder: Path) -> None:
        """Know an adapter's name; what it writes stays the same."""
        if self._broken:
            raise ModelUnavailable(self._broken)
        if not (folder / "adapter_config.json").is_file():
            raise GenerationError(f"adapter {name!r} cannot be used: it has no adapter_config.json")
        self.adapters = (*(known for known in self.adapters if known != name), name)

    def retire(self, name: str) -> None:
        """Forget an adapter's name."""
        self.adapters = tuple(known for known in self.adapters if known != name)

    def close(self) -> None:
        """Make it unavailable."""
        self._broken = "closed"

    def _words(self, request: GenerationRequest, stop: threading.Event, deadline: float) -> Iterator[str]:
        sentences = WholeSentences()
        words = re.findall(r"\S+\s*", self._reply or _reply_to(request))
        for word in words[: request.max_new_tokens]:
            if self._pause:
                stop.wait(self._pause)
            if stop.is_set() or time.monotonic() >= deadline:
                return
            if released := sentences.feed(word):
                yield released
        if released := sentences.finish():
            yield released


def _reply_to(request: GenerationRequest) -> str:
    asked = next((message.content for message in reversed(request.messages) if message.role == "user"), "")
    firsts = [match.group().strip() for passage in _PASSAGE.findall(asked)
              if (match := _FIRST_SENTENCES.match(passage))]  # fmt: skip
    return " ".join(firsts[:2]) or _NO_PASSAGE
