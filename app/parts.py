"""A part of the message path that is built when first needed and may fail without the rest.

The crisis gate needs none of these. Everything else may be missing: then the answer says so
and the part is tried again later.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from app.errors import PartUnavailable

Built = TypeVar("Built")
RETRY_SECONDS = 30.0


@dataclass(frozen=True)
class PartState:
    """Whether a part works; `reason` names the kind of error, never a user's words."""

    name: str
    status: Literal["not built", "ready", "unavailable"]
    reason: str = ""


class Part(Generic[Built]):
    """Build an object once, in whichever thread asks first; remember a failure for a while."""

    def __init__(
        self, name: str, build: Callable[[], Built], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.name = name
        self._build = build
        self._clock = clock
        self._lock = threading.Lock()
        self._built: list[Built] = []
        self._reason = ""
        self._failed_at = 0.0

    def get(self) -> Built:
        """Return the object. Raises PartUnavailable when it cannot be built now."""
        with self._lock:
            if self._built:
                return self._built[0]
            if self._reason and self._clock() - self._failed_at < RETRY_SECONDS:
                raise PartUnavailable(f"{self.name}: {self._reason}")
            try:
                self._built.append(self._build())
            except Exception as error:
                self._reason = f"{type(error).__name__}: {error}"
                self._failed_at = self._clock()
                raise PartUnavailable(f"{self.name}: {self._reason}") from error
            self._reason = ""
            return self._built[0]

    def peek(self) -> Built | None:
        """Return the object where it is built, and wait for nothing."""
        return self._built[0] if self._built else None

    def replace(self, built: Built) -> None:
        """Give out another object from now on; who has the old one may go on using it."""
        with self._lock:
            self._built[:] = [built]
            self._reason = ""

    def retry(self) -> None:
        """Forget an earlier failure, so that the next request builds again."""
        with self._lock:
            self._reason = ""

    def is_ready(self) -> bool:
        """Say whether it is built."""
        return bool(self._built)

    def state(self) -> PartState:
        """Say how the part stands, without building it."""
        if self._built:
            return PartState(self.name, "ready")
        return PartState(self.name, "unavailable" if self._reason else "not built", self._reason)
