"""Metrics as sums: each row gives a vector, and the metric is a function of the vectors' sum.

That one form serves a mean, a ratio (perplexity, corpus BLEU) and a count table (macro F1), and
makes the bootstrap a matrix product. Whole question groups are drawn, because answers to one
question are not independent (cluster bootstrap, Davison & Hinkley 1997, section 3.8).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from training.rows import Frozen

Array = NDArray[np.float64]
UNSURE: Final = 0.05  # how often a loss that is none may look like one, in a one-sided interval


class Interval(Frozen):
    """A value with its 95 % interval, in the metric's unit."""

    value: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Say whether zero lies outside."""
        return self.low > 0 or self.high < 0


class RateChange(Frozen):
    """A rate (0 to 1) of `rows` answers before and after tuning; `difference` is tuned minus base, paired.

    `loss_low` is where the one-sided 95 % interval of what was lost begins: above 0 it surely got worse.
    """

    name: str
    better: Literal["higher", "lower"]
    base: Interval
    tuned: Interval
    difference: Interval
    loss_low: float
    rows: int

    @property
    def loss(self) -> float:
        """How much worse the rate is after tuning; below 0 it is better."""
        return -self.difference.value if self.better == "higher" else self.difference.value

    @property
    def visible(self) -> float:
        """The smallest loss that these rows could have shown.

        It is as wide as the interval on its side, and at least what `rows` rows that never changed leave
        open: 3 / rows (Hanley and Lippman-Hand 1983, the rule of three).
        """
        return max(-math.log(UNSURE) / self.rows, self.loss - self.loss_low)


@dataclass(frozen=True)
class Metric:
    """A metric: `of(sums)` takes [..., k] summed row vectors and gives [...] values."""

    name: str
    of: Callable[[Array], Array]
    greater_is_better: bool = True


@dataclass(frozen=True)
class Scored:
    """One metric over the rows of one arm: `stats` is [rows, k], `ids` and `groups` name the rows."""

    metric: Metric
    stats: Array
    ids: tuple[str, ...]
    groups: tuple[str, ...]

    def value(self) -> float:
        """Return the metric over all rows."""
        return float(self.metric.of(self.stats.sum(axis=0)))

    def rows(self) -> Array:
        """Return the metric of each row alone, [rows]."""
        return self.metric.of(self.stats)

    def only(self, keep: Sequence[bool]) -> Scored:
        """Return the rows where `keep` is true."""
        chosen = np.flatnonzero(np.asarray(keep, dtype=bool))
        return Scored(
            self.metric,
            self.stats[chosen],
            tuple(self.ids[i] for i in chosen),
            tuple(self.groups[i] for i in chosen),
        )


def ratio(sums: Array) -> Array:
    """Return sums[0] / sums[1]: a mean when the second column counts rows."""
    return np.divide(sums[..., 0], sums[..., 1], out=np.zeros_like(sums[..., 0]), where=sums[..., 1] != 0)


def perplexity(sums: Array) -> Array:
    """Return exp(nats / tokens)."""
    return np.exp(ratio(sums))


def interval(scored: Scored, *, resamples: int = 2000, seed: int = 0) -> Interval:
    """Return the metric with its percentile bootstrap interval over groups."""
    draws = _draws(scored.groups, resamples, seed)
    values = scored.metric.of(draws @ scored.stats)
    low, high = np.percentile(values, [2.5, 97.5])
    return Interval(value=scored.value(), low=float(low), high=float(high))


def difference(ours: Scored, theirs: Scored, *, resamples: int = 2000, seed: int = 0) -> Interval:
    """Return ours minus theirs on the same rows, with its paired interval.

    Raises ValueError when the rows are not the same.
    """
    low, high = np.percentile(_differences(ours, theirs, resamples, seed), [2.5, 97.5])
    return Interval(value=ours.value() - theirs.value(), low=float(low), high=float(high))


def rate_change(tuned: Scored, base: Scored, *, resamples: int = 2000, seed: int = 0) -> RateChange:
    """Return what became of a rate, on the same rows. Raises ValueError when they are not the same."""
    sign = 1 if base.metric.greater_is_better else -1
    lost = -sign * _differences(tuned, base, resamples, seed)
    return RateChange(
        name=tuned.metric.name,
        better="higher" if sign > 0 else "lower",
        base=interval(base, resamples=resamples, seed=seed),
        tuned=interval(tuned, resamples=resamples, seed=seed),
        difference=difference(tuned, base, resamples=resamples, seed=seed),
        loss_low=float(np.percentile(lost, 100 * UNSURE)),
        rows=len(tuned.ids),
    )


def _differences(ours: Scored, theirs: Scored, resamples: int, seed: int) -> Array:
    if ours.ids != theirs.ids or ours.metric.name != theirs.metric.name:
        raise ValueError(f"{ours.metric.name} and {theirs.metric.name} were not measured on the same rows")
    draws = _draws(ours.groups, resamples, seed)
    return ours.metric.of(draws @ ours.stats) - theirs.metric.of(draws @ theirs.stats)


def _draws(groups: Sequence[str], resamples: int, seed: int) -> Array:
    """Return [resamples, rows]: how often each row is drawn when groups are drawn with replacement."""
    names, member = np.unique(np.asarray(groups), return_inverse=True)
    times = np.random.default_rng(seed).multinomial(
        len(names), np.full(len(names), 1 / len(names)), resamples
    )
    drawn: Array = times[:, member].astype(np.float64)
    return drawn
