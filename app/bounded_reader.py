"""The reader of messages with a limit of time, for those who wait until it has read.

    bounded = BoundedReader(part.peek);  gate.with_reader(bounded.peek)

A reader that takes longer than its limit raises TimeoutError, which the gate, the screen and the choice of an
answer treat as they do any reader that breaks: n-grams, rules and words decide. As long as such a call has
not come back, others are not made, so that one that hangs costs those their time that had begun by then.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from safety.apart import DaemonPool
from safety.crisis import READING_AT_ONCE

if TYPE_CHECKING:
    from safety.reader import CrisisReader
    from safety.verdict import Verdict

Found = TypeVar("Found")
SECONDS: Final = 10.0
"""So long one reading may take; the longest message takes a fiftieth of it."""


class BoundedReader:
    """What `CrisisReader` answers, within `SECONDS` or not at all. Safe to use from several threads."""

    def __init__(self, reader: Callable[[], CrisisReader | None], *, seconds: float = SECONDS) -> None:
        self._reader = reader
        self._seconds = seconds
        self._pool = DaemonPool(READING_AT_ONCE, "bounded")
        self._late: set[Future[Any]] = set()
        self._lock = threading.Lock()

    def peek(self) -> CrisisReader | None:
        """Return this in the place of the reader, where there is one now."""
        return None if self._reader() is None else cast("CrisisReader", self)

    def assess(self, text: str, *, earlier: Sequence[str] = ()) -> Verdict:
        """Ask `CrisisReader.assess`. This and the others raise TimeoutError, and what the reader raises."""
        return self._ask(lambda reader: reader.assess(text, earlier=earlier))

    def category(self, text: str) -> str:
        """Ask `CrisisReader.category`."""
        return self._ask(lambda reader: reader.category(text))

    def doubts(self, text: str, *, in_question: bool = False) -> bool:
        """Ask `CrisisReader.doubts`."""
        return self._ask(lambda reader: reader.doubts(text, in_question=in_question))

    def tells_of_feeling(self, text: str) -> bool | None:
        """Ask `CrisisReader.tells_of_feeling`."""
        return self._ask(lambda reader: reader.tells_of_feeling(text))

    def _ask(self, ask: Callable[[CrisisReader], Found]) -> Found:
        reader = self._reader()
        with self._lock:
            self._late = {one for one in self._late if not one.done()}
            hangs = bool(self._late)
        if reader is None or hangs:
            raise TimeoutError("the reader has not come back from an earlier message")
        reading = self._pool.submit(partial(ask, reader))
        try:
            return reading.result(timeout=self._seconds)
        except TimeoutError:
            if not reading.cancel():
                with self._lock:
                    self._late.add(reading)
            raise
