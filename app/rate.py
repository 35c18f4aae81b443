"""How many messages one window and one address may send; the counting is the `limits` library's."""

from __future__ import annotations

import threading
import time

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter


class RateLimit:
    """At most so many in a moving window of time, for each key, in this process's memory."""

    def __init__(self, rate: str) -> None:
        """Take a rate such as "20/minute"."""
        self._item = parse(rate)
        self._storage = MemoryStorage()
        self._limiter = MovingWindowRateLimiter(self._storage)
        self._lock = threading.Lock()
        self._tidied_at = time.monotonic()

    def allows(self, key: str) -> bool:
        """Count one; say whether it is within the limit."""
        with self._lock:
            if time.monotonic() - self._tidied_at > self._item.get_expiry():
                self._forget()
            return self._limiter.hit(self._item, key)

    def _forget(self) -> None:
        """Drop the keys without a hit in the window: the library would keep every address for ever."""
        self._tidied_at = time.monotonic()
        known = self._storage.events
        for key in [key for key, hits in tuple(known.items()) if not hits]:
            known.pop(key, None)
