"""Rates: so many in a moving window for each key, and no key is remembered for longer."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import limits.storage.memory
import pytest

import app.rate
from app.rate import RateLimit


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Let a test move the time that the library counts by."""
    clock = Clock()
    monkeypatch.setattr(limits.storage.memory, "time", SimpleNamespace(time=clock))
    monkeypatch.setattr(app.rate, "time", SimpleNamespace(monotonic=clock))
    return clock


def test_so_many_are_allowed_and_each_key_counts_for_itself(clock: Clock) -> None:
    rate = RateLimit("3/minute")
    assert [rate.allows("a") for _ in range(5)] == [True, True, True, False, False]
    assert rate.allows("b")


def test_window_moves_and_what_was_refused_does_not_count(clock: Clock) -> None:
    rate = RateLimit("2/minute")
    assert rate.allows("a")
    clock.now += 40
    assert rate.allows("a")
    assert not rate.allows("a")
    clock.now += 21
    # The first is out of the window, the second is not: one more, not two.
    assert rate.allows("a")
    assert not rate.allows("a")


def test_two_limits_do_not_share_a_count(clock: Clock) -> None:
    first, second = RateLimit("1/minute"), RateLimit("1/minute")
    assert first.allows("a")
    assert second.allows("a")


def test_rate_of_nothing_allows_nothing(clock: Clock) -> None:
    assert not RateLimit("0/minute").allows("a")


def test_many_threads_get_no_more_than_the_rate(clock: Clock) -> None:
    rate, allowed = RateLimit("50/minute"), []

    def ask() -> None:
        for _ in range(40):
            allowed.append(rate.allows("a"))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(allowed) == 50


def test_addresses_are_forgotten_after_their_window(clock: Clock) -> None:
    rate = RateLimit("3/minute")
    for number in range(200):
        rate.allows(f"10.0.0.{number}")
    known = rate._storage.events
    assert len(known) == 200
    for _ in range(3):
        clock.now += 61
        assert rate.allows("somebody")
        rate._storage.timer.join(5)  # the library cleans up in a thread of its own, which a request starts
    assert list(map(len, known.values())) == [1]
