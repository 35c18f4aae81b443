"""Hostile texts end in time or fail closed, and each kind of fault is seen where there is one."""

from __future__ import annotations

import time

import pytest

from benchmarks.pii import fuzz
from benchmarks.pii.fuzz import LATE, LEFT, MALFORMED, MEGABYTE, NOT_IDEMPOTENT, OFFSETS, RAISED
from benchmarks.pii.systems import our_scrubber
from safety.entities import Entity, Scrubbed
from safety.errors import RecognizerFailed
from safety.scrubber import Scrubber

TEXT = "call 802-555-0199 now"
FOUND = Entity(5, 17, "PHONE_NUMBER", 0.9)


class Says:
    """A scrubber that answers what it is told to."""

    def __init__(self, *said: Scrubbed | Exception) -> None:
        self._said = list(said)

    def scrub(self, text: str) -> Scrubbed:
        one = self._said.pop(0) if self._said else Scrubbed(text, ())
        if isinstance(one, Exception):
            raise one
        return one


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not count times: other programs run beside the tests."""
    monkeypatch.setattr(fuzz, "SECONDS", 600.0)


def test_a_text_follows_from_its_number_and_texts_differ() -> None:
    texts = [fuzz.hostile(number) for number in range(1_000)]
    assert texts == [fuzz.hostile(number) for number in range(1_000)]
    assert len(set(texts)) > 950


@pytest.mark.parametrize(
    "there",
    [
        "\ud800",
        "\u202e",
        "\0",
        "\u0301",
        '{"messages": [{"role"',
        "<b title=",
        "[PERSON_[PERSON_2]]",
        "\u200b",
    ],
    ids=ascii,
)
def test_every_kind_of_text_comes(there: str) -> None:
    assert sum(there in fuzz.hostile(number) for number in range(2_000)) >= 10


def test_one_text_in_so_many_has_a_megabyte() -> None:
    assert len(fuzz.hostile(19_999)) == MEGABYTE
    assert max(len(fuzz.hostile(number)) for number in range(2_000)) < 20_000


@pytest.mark.slow
@pytest.mark.usefixtures("patient")
def test_hostile_texts_break_nothing() -> None:
    found = fuzz.tally_of(Scrubber(name_model=None), range(150))
    assert (found.texts, found.faults) == (150, {})
    assert found.closed < 22


@pytest.mark.slow
@pytest.mark.weights
@pytest.mark.usefixtures("patient")
def test_hostile_texts_break_nothing_with_the_tagger() -> None:
    assert fuzz.tally_of(our_scrubber("safe-harbor"), range(150), twice=False).faults == {}


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize(
    ("scrubber", "fault"),
    [
        (Says(Scrubbed("call [PHONE_NUMBER_1] now", (FOUND,))), None),
        (Says(RecognizerFailed("out of time")), None),
        (Says(KeyError(TEXT)), RAISED),
        (Says(Scrubbed(TEXT, (Entity(5, 99, "PHONE_NUMBER", 0.9),))), OFFSETS),
        (Says(Scrubbed("call [PHONE_NUMBER_1] now", (FOUND, FOUND))), OFFSETS),
        (Says(Scrubbed("call [PHONE_NUMBER_1]now", (FOUND,))), MALFORMED),
        (Says(Scrubbed("call [PHONE_1] now", (FOUND,))), MALFORMED),
        (Says(Scrubbed("call [PHONE_NUMBER_0] now", (FOUND,))), MALFORMED),
        (Says(Scrubbed("[PHONE_NUMBER_1], 802-555-0199.", (Entity(0, 12, "PHONE_NUMBER", 0.9),))), LEFT),
        (Says(Scrubbed("call [PHONE_NUMBER_1] now", (FOUND,)), Scrubbed("other", ())), NOT_IDEMPOTENT),
    ],
)
def test_each_fault_is_seen(scrubber: Says, fault: str | None) -> None:
    text = "802-555-0199, 802-555-0199." if fault == LEFT else TEXT
    faults, _closed, _seconds = fuzz.faults_of(scrubber, text)  # type: ignore[arg-type]
    assert faults == ([] if fault is None else [fault])


def test_what_takes_too_long_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter((0.0, 1.5, 0.0, 1.5))
    monkeypatch.setattr(time, "perf_counter", lambda: next(ticks))
    assert fuzz.faults_of(Says(), TEXT)[0] == [LATE]  # type: ignore[arg-type]
    assert fuzz.faults_of(Says(), "x" * 5_000)[0] == []  # type: ignore[arg-type]


def test_a_hotline_that_is_kept_on_purpose_is_no_value_left_and_another_number_is() -> None:
    text = "741741 or text 741741 now"
    said = Scrubbed("[PHONE_NUMBER_1] or text 741741 now", (Entity(0, 6, "PHONE_NUMBER", 0.9),))
    assert fuzz.faults_of(Says(said), text, twice=False)[0] == []  # type: ignore[arg-type]
    text = text.replace("741741", "741742")
    said = Scrubbed("[PHONE_NUMBER_1] or text 741742 now", said.entities)
    assert fuzz.faults_of(Says(said), text, twice=False)[0] == [LEFT]  # type: ignore[arg-type]
