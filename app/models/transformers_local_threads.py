"""How many threads a forward pass gets: one or all, whichever has been quicker here of late.

The products of a small model are so small that sharing them out can cost more than it gives, and on
cores that others use too, threads that wait for each other cost many times what they give. Which of
the two holds depends on the machine and the hour, so it is measured: now and then a pass runs the
other way, the more rarely the worse that was.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch

TRY_EVERY = 16
RAREST = 1024
MANY_TOKENS = 64  # from here on all threads are the first guess
_NEWEST = 0.3  # weight of the newest time in the running mean
_OUTLIER = 4.0  # a time beyond this multiple of the mean counts as this much: one pause is no trend


@dataclass
class _Size:
    """What is known of passes of about one size: seconds with one thread and with all, by that flag."""

    shared: bool
    seconds: dict[bool, float] = field(default_factory=dict)
    until_try: int = TRY_EVERY


class Threads:
    """Chooses and measures. Only the owner thread may use it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._sizes: dict[int, _Size] = {}

    @contextmanager
    def for_pass(self, tokens: int) -> Iterator[None]:
        """Run a pass over `tokens` tokens, in all rows together, with what is quicker, and time it."""
        if self._most == 1:
            torch.set_num_threads(1)
            yield
            return
        shared = self.choose(tokens)
        torch.set_num_threads(self._most if shared else 1)
        since = time.perf_counter()
        yield
        self.learn(tokens, shared, time.perf_counter() - since)

    def choose(self, tokens: int) -> bool:
        """Say whether the next pass of about this size is shared by all threads."""
        size = self._size(tokens)
        return size.shared if size.until_try > 0 else not size.shared

    def learn(self, tokens: int, shared: bool, seconds: float) -> None:
        """Take a pass's time into account."""
        size = self._size(tokens)
        mean = size.seconds.get(shared, seconds)
        size.seconds[shared] = mean + _NEWEST * (min(seconds, _OUTLIER * mean) - mean)
        if shared == size.shared:
            size.until_try -= 1
        elif size.shared in size.seconds:
            if size.seconds[shared] < size.seconds[size.shared]:
                size.shared = shared
            slower = max(size.seconds.values()) / max(min(size.seconds.values()), 1e-9)
            size.until_try = min(RAREST, int(TRY_EVERY * slower**2))

    def _size(self, tokens: int) -> _Size:
        # Passes of 4 to 7 tokens are of one size, of 8 to 15, and so on.
        return self._sizes.setdefault(tokens.bit_length(), _Size(shared=tokens >= MANY_TOKENS))
