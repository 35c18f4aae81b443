"""One deadline through the whole search of a text: whoever takes time asks how much of it is left.

    with within(2.0):
        pattern.finditer(text, timeout=seconds_left(1.0))

Each thread has a deadline of its own. Where none is set, what is asked for is what is left.

Must not: let a search go on once its time is over. The text counts as not searched.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from safety.errors import RecognizerFailed

_UNTIL: ContextVar[float | None] = ContextVar("until", default=None)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Give what is done inside `seconds` from now, on the monotonic clock."""
    token = _UNTIL.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _UNTIL.reset(token)


@contextmanager
def in_turn(lock: threading.Lock) -> Iterator[None]:
    """Hold `lock`; waiting for those who came before, whose time is bounded as well, costs none of ours."""
    began = time.monotonic()
    with lock:
        until = _UNTIL.get()
        if until is not None:
            _UNTIL.set(until + time.monotonic() - began)
        yield


def seconds_left(most: float) -> float:
    """Return `most`, or what is left until the deadline where that is less. Raises RecognizerFailed."""
    until = _UNTIL.get()
    if until is None:
        return most
    left = until - time.monotonic()
    if left <= 0:
        raise RecognizerFailed("the search for personal data took longer than its time")
    return min(most, left)
