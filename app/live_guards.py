"""What releases do in the open: counts for each, and whether a candidate has left its band.

The band: a candidate may be worse than what it is tried against by `ALLOWED` and no more. Once both have
`LEAST_TURNS` since the trial began, and again after every `LOOK_EVERY` turns of the candidate, the
difference of each guard's mean is taken with its one-sided 99 % lower bound; above the allowance, the
candidate is to go. Turns are what is counted, as sentences of one answer fall together. With nothing
beside it (no active release, and no base that writes) a candidate has no band: a person decides.

The counts live as long as the process and no longer: after a restart a trial counts anew. Ids and
numbers only.
"""

from __future__ import annotations

import math
import threading
from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

LEAST_TURNS: Final = 50
LOOK_EVERY: Final = 25
Z_99: Final = 2.326  # one-sided 99 % of the normal distribution
# For each guard, by how much the mean over turns may be higher. `dropped` is the share of an answer's
# sentences that the check dropped; the others are 0 or 1 a turn.
ALLOWED: Final[Mapping[str, float]] = {
    "dropped": 0.05, "fell_back": 0.05, "timed_out": 0.03, "thumbs_down": 0.03
}  # fmt: skip
MOST_REMEMBERED: Final = 10_000


@dataclass(frozen=True)
class Outcome:
    """How one turn went that a model was asked for. An empty `release` is the base model."""

    turn_id: str
    task: str
    release: str
    written: int
    dropped: Mapping[str, int]
    fell_back: bool
    timed_out: bool

    @property
    def empty(self) -> bool:
        """Whether not one sentence was written, shown or dropped."""
        return not self.written and not self.dropped


@dataclass
class Tally:
    """What one release did for one task since the process began; `share` sums dropped shares of turns."""

    turns: int = 0
    written: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    fell_back: int = 0
    timed_out: int = 0
    empty: int = 0
    thumbs_down: int = 0
    share: float = 0.0
    share_squared: float = 0.0

    def add(self, outcome: Outcome) -> None:
        """Take a turn in."""
        dropped = sum(outcome.dropped.values())
        share = dropped / (outcome.written + dropped) if dropped else 0.0
        self.turns += 1
        self.written += outcome.written
        self.dropped.update(outcome.dropped)
        self.fell_back += outcome.fell_back
        self.timed_out += outcome.timed_out
        self.empty += outcome.empty
        self.share += share
        self.share_squared += share * share

    def sums(self, guard: str) -> tuple[float, float]:
        """Return the sum of a guard's values over turns, and of their squares."""
        if guard == "dropped":
            return self.share, self.share_squared
        count = {"fell_back": self.fell_back, "timed_out": self.timed_out, "thumbs_down": self.thumbs_down}
        return float(count[guard]), float(count[guard])

    def copy(self) -> Tally:
        """Return the counts as they are now."""
        return replace(self, dropped=Counter(self.dropped))


@dataclass(frozen=True)
class Breach:
    """A guard whose band a candidate has left: both means and the lower bound of their difference."""

    guard: str
    candidate: float
    other: float
    lower: float


@dataclass
class _Trial:
    """A candidate against another, the counts of both when it began, and the turns at the last look."""

    candidate: str
    other: str
    ours: Tally
    theirs: Tally
    looked: int = 0


class LiveGuards:
    """Counts turns by task and release; safe to use from several threads."""

    def __init__(self) -> None:
        self._tallies: dict[tuple[str, str], Tally] = {}
        self._trials: dict[str, _Trial] = {}
        self._taken_back: Counter[tuple[str, str]] = Counter()
        # Which release wrote a turn, and whether its thumb is down, for as many turns as fit.
        self._turns: OrderedDict[str, tuple[str, str, bool]] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, task: str, candidate: str, other: str) -> None:
        """Begin a trial; the same one goes on. An empty `other` is the base model."""
        with self._lock:
            known = self._trials.get(task)
            if known is None or (known.candidate, known.other) != (candidate, other):
                ours, theirs = self._tally(task, candidate), self._tally(task, other)
                self._trials[task] = _Trial(candidate, other, ours.copy(), theirs.copy())

    def end(self, task: str) -> None:
        """End the task's trial."""
        with self._lock:
            self._trials.pop(task, None)

    def count(self, outcome: Outcome) -> None:
        """Take the end of a turn in."""
        with self._lock:
            self._tally(outcome.task, outcome.release).add(outcome)
            if not outcome.fell_back:
                self._turns[outcome.turn_id] = (outcome.task, outcome.release, False)
                while len(self._turns) > MOST_REMEMBERED:
                    self._turns.popitem(last=False)

    def rated(self, turn_id: str, rating: str) -> None:
        """Take a rating in, "up" or "down"; a later one about the same turn replaces it."""
        with self._lock:
            if turn_id not in self._turns:
                return
            task, release, was_down = self._turns[turn_id]
            down = rating == "down"
            self._turns[turn_id] = (task, release, down)
            self._tally(task, release).thumbs_down += down - was_down

    def tallies(self) -> dict[tuple[str, str], Tally]:
        """Return copies of all counts by task and release."""
        with self._lock:
            return {key: self._tallies[key].copy() for key in sorted(self._tallies)}

    def look(self, task: str) -> tuple[Breach, ...]:
        """Return the guards whose band the task's candidate has left; none when it is no time to look."""
        with self._lock:
            trial = self._trials.get(task)
            if trial is None:
                return ()
            ours, theirs = self._tally(task, trial.candidate), self._tally(task, trial.other)
            turns, other_turns = ours.turns - trial.ours.turns, theirs.turns - trial.theirs.turns
            if min(turns, other_turns) < LEAST_TURNS or turns - trial.looked < LOOK_EVERY:
                return ()
            trial.looked = turns
            found = (
                _breach(guard, _values(ours, trial.ours, guard), _values(theirs, trial.theirs, guard))
                for guard in ALLOWED
            )
            breaches = tuple(breach for breach in found if breach.lower > ALLOWED[breach.guard])
            self._taken_back.update((task, breach.guard) for breach in breaches)
            return breaches

    def taken_back(self) -> dict[tuple[str, str], int]:
        """Return how often a candidate left its band, by task and guard."""
        with self._lock:
            return dict(self._taken_back)

    def _tally(self, task: str, release: str) -> Tally:
        return self._tallies.setdefault((task, release), Tally())


def _values(now: Tally, then: Tally, guard: str) -> tuple[float, float]:
    """Return a guard's mean over the turns since `then`, and that mean's variance.

    Two turns are added, one of 0 and one of 1, so that a few turns that all went one way do not pass for
    certainty: Agresti & Caffo, The American Statistician 54 (2000), for the difference of two proportions.
    """
    turns = now.turns - then.turns + 2
    (total, squares), (total_then, squares_then) = now.sums(guard), then.sums(guard)
    mean = (total - total_then + 1) / turns
    variance = (squares - squares_then + 1) / turns - mean * mean
    return mean, variance / turns


def _breach(guard: str, ours: tuple[float, float], theirs: tuple[float, float]) -> Breach:
    spread = Z_99 * math.sqrt(ours[1] + theirs[1])
    return Breach(guard, ours[0], theirs[0], ours[0] - theirs[0] - spread)
