"""safety/deadline.py: one deadline for all who take time, in each thread its own."""

from __future__ import annotations

import threading
import time

import pytest

from safety.deadline import in_turn, seconds_left, within
from safety.errors import RecognizerFailed, ScrubError
from safety.recognizers import RECOGNIZERS
from safety.recognizers.rules import Rule, RuleRecognizer
from safety.scrubber import Scrubber


def test_what_is_left_is_never_more_than_what_was_asked_for_and_ends() -> None:
    assert seconds_left(3.0) == 3.0
    with within(60):
        assert seconds_left(1.0) == 1.0
        assert 50 < seconds_left(100.0) <= 60
        with within(0), pytest.raises(RecognizerFailed):
            seconds_left(1.0)
        assert seconds_left(1.0) == 1.0
    assert seconds_left(100.0) == 100.0


def test_another_thread_has_another_deadline() -> None:
    seen: list[float] = []
    with within(60):
        thread = threading.Thread(target=lambda: seen.append(seconds_left(1_000.0)))
        thread.start()
        thread.join()
    assert seen == [1_000.0]


def test_waiting_for_ones_turn_costs_nothing() -> None:
    lock = threading.Lock()
    lock.acquire()
    threading.Timer(0.3, lock.release).start()
    with within(0.2), in_turn(lock):
        assert seconds_left(1.0) > 0.05


def test_rules_that_each_keep_their_limit_cannot_take_longer_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Each takes most of a second on this text and gives up in time; there are six.
    slow = [Rule(f"slow-{number}", "PERSON", r"(?:a|aa)+$", 0.5) for number in range(6)]
    monkeypatch.setattr("safety.recognizers.rules.REGEX_SECONDS", 30.0)
    monkeypatch.setitem(RECOGNIZERS, "names", lambda: RuleRecognizer("slow", rules=slow))
    scrubber = Scrubber(name_model=None, seconds=0.4)
    began = time.monotonic()
    with pytest.raises(ScrubError):
        scrubber.scrub("a" * 60 + "b")
    assert time.monotonic() - began < 10


def test_a_pattern_outside_the_recognizers_that_runs_out_of_time_fails_the_scrub(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def slow(text: str) -> list[tuple[int, int]]:
        raise TimeoutError

    for where in ("safety.scrubber.protected_spans", "safety.keep.Keep.spans"):
        with monkeypatch.context() as patched:
            patched.setattr(where, slow if "protected" in where else lambda _self, text: slow(text))
            with pytest.raises(RecognizerFailed) as caught:
                Scrubber(name_model=None, keep=["Dr. Okafor"]).scrub("my name is jorah tindle")
        assert "jorah" not in str(caught.value)
