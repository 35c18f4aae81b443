"""How many messages one window and one address may send; the counting is the `limits` library's."""

from __future__ import annotations

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter


class RateLimit:
    """At most so many in a moving window of time, for each key, in this process's memory."""

    def __init__(self, rate: str) -> None:
        """Take a rate such as "20/minute"."""
        self._item = parse(rate)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def allows(self, key: str) -> bool:
        """Count one; say whether it is within the limit."""
        return self._limiter.hit(self._item, key)
