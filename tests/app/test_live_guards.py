"""Live guards: counted by turn, compared with a margin, and deterministic."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable

import pytest

from app.live_guards import ALLOWED, LEAST_TURNS, LOOK_EVERY, LiveGuards, Outcome

TASK, NEW, OLD = "counseling", "counseling-0000000b", "counseling-0000000a"
_numbers = itertools.count()


def turn(
    release: str,
    *,
    written: int = 4,
    dropped: int = 0,
    fell_back: bool = False,
    timed_out: bool = False,
) -> Outcome:
    reasons = {"medical_fact": dropped} if dropped else {}
    return Outcome(f"{next(_numbers):032x}", TASK, release, written, reasons, fell_back, timed_out)


def counted(guards: LiveGuards, outcomes: Iterable[Outcome]) -> None:
    for outcome in outcomes:
        guards.count(outcome)


@pytest.fixture
def guards() -> LiveGuards:
    begun = LiveGuards()
    begun.begin(TASK, NEW, OLD)
    return begun


def test_counts_are_kept_by_task_and_release(guards: LiveGuards) -> None:
    counted(guards, [turn(OLD), turn(NEW, dropped=2), turn(NEW, written=0, dropped=1, fell_back=True)])
    ours, theirs = guards.tallies()[TASK, NEW], guards.tallies()[TASK, OLD]
    assert (ours.turns, ours.written, ours.dropped["medical_fact"], ours.fell_back) == (2, 4, 3, 1)
    assert (theirs.turns, theirs.dropped.total(), theirs.fell_back) == (1, 0, 0)
    # What was dropped was written all the same.
    assert (ours.empty, theirs.empty) == (0, 0)
    guards.count(turn(NEW, written=0, fell_back=True))
    assert guards.tallies()[TASK, NEW].empty == 1


@pytest.mark.parametrize("guard", ALLOWED)
def test_candidate_that_is_much_worse_leaves_the_band_of_that_guard(guards: LiveGuards, guard: str) -> None:
    for number in range(80):
        bad = number % 3 == 0
        for release in (OLD, NEW):
            worse = bad and release == NEW
            one = turn(
                release,
                dropped=4 if worse and guard == "dropped" else 0,
                fell_back=worse and guard == "fell_back",
                timed_out=worse and guard == "timed_out",
            )
            guards.count(one)
            if worse and guard == "thumbs_down":
                guards.rated(one.turn_id, "down")
    [breach] = guards.look(TASK)
    assert breach.guard == guard
    assert breach.candidate - breach.other > breach.lower > ALLOWED[guard]
    assert guards.taken_back() == {(TASK, guard): 1}


def test_nothing_is_decided_before_both_have_enough_turns(guards: LiveGuards) -> None:
    counted(guards, (turn(NEW, written=0, dropped=3, fell_back=True) for _ in range(200)))
    counted(guards, (turn(OLD) for _ in range(LEAST_TURNS - 1)))
    assert guards.look(TASK) == ()
    guards.count(turn(OLD))
    assert {breach.guard for breach in guards.look(TASK)} == {"dropped", "fell_back"}


def test_turns_before_the_trial_do_not_count_in_it(guards: LiveGuards) -> None:
    guards.end(TASK)
    counted(guards, (turn(NEW, written=0, dropped=3, fell_back=True) for _ in range(100)))
    guards.begin(TASK, NEW, OLD)
    counted(guards, (turn(release) for release in (OLD, NEW) for _ in range(LEAST_TURNS)))
    assert guards.look(TASK) == ()
    assert guards.tallies()[TASK, NEW].fell_back == 100


def test_the_same_trial_goes_on_when_it_is_begun_again(guards: LiveGuards) -> None:
    counted(guards, (turn(NEW, fell_back=True) for _ in range(LEAST_TURNS)))
    counted(guards, (turn(OLD) for _ in range(LEAST_TURNS)))
    guards.begin(TASK, NEW, OLD)
    assert guards.look(TASK)


def test_it_looks_only_every_so_many_turns(guards: LiveGuards) -> None:
    counted(guards, (turn(release) for release in (OLD, NEW) for _ in range(LEAST_TURNS)))
    assert guards.look(TASK) == ()
    counted(guards, (turn(NEW, written=0, dropped=9, fell_back=True) for _ in range(LOOK_EVERY - 1)))
    assert guards.look(TASK) == ()
    guards.count(turn(NEW, written=0, dropped=9, fell_back=True))
    assert guards.look(TASK)


def test_without_anything_beside_it_a_candidate_has_no_band() -> None:
    guards = LiveGuards()
    guards.begin(TASK, NEW, "")
    counted(guards, (turn(NEW, written=0, dropped=3, fell_back=True) for _ in range(500)))
    assert guards.look(TASK) == ()


def test_later_rating_of_a_turn_replaces_the_earlier_one(guards: LiveGuards) -> None:
    guards.count(one := turn(NEW))
    for rating in ("down", "down", "up", "down"):
        guards.rated(one.turn_id, rating)
    assert guards.tallies()[TASK, NEW].thumbs_down == 1
    guards.rated(one.turn_id, "up")
    assert guards.tallies()[TASK, NEW].thumbs_down == 0


def test_rating_of_a_turn_that_no_model_wrote_counts_for_none(guards: LiveGuards) -> None:
    guards.count(one := turn(NEW, fell_back=True))
    guards.rated(one.turn_id, "down")
    guards.rated("f" * 32, "down")
    assert guards.tallies()[TASK, NEW].thumbs_down == 0


@pytest.mark.slow
@pytest.mark.parametrize(("worse", "least", "most"), [(0.0, 0.0, 0.02), (0.25, 0.9, 1.0)])
def test_an_equal_candidate_is_seldom_taken_back_and_a_bad_one_nearly_always(
    worse: float, least: float, most: float
) -> None:
    """150 trials of 400 turns, four in ten of them the candidate's, looked at after every turn."""
    chance = random.Random(5)
    taken = 0
    for _ in range(150):
        guards = LiveGuards()
        guards.begin(TASK, NEW, OLD)
        for _ in range(400):
            release = NEW if chance.random() < 0.4 else OLD
            rate = 0.15 + (worse if release == NEW else 0.0)
            guards.count(turn(release, fell_back=chance.random() < rate, dropped=chance.random() < rate))
            if guards.look(TASK):
                taken += 1
                break
    assert least <= taken / 150 <= most
