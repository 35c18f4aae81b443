"""Metrics as sums: each row gives a vector, and the metric is a function of the vectors' sum.

That one form serves a mean, a ratio (perplexity, corpus BLEU) and a count table (macro F1), and
makes the bootstrap a matrix product. Whole question groups are drawn, because answers to one
question are not independent (cluster bootstrap, Davison & Hinkley 1997, section 3.8).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.rows import Frozen

Array = NDArray[np.float64]


class Interval(Frozen):
    """A value with its 95 % interval, in the metric's unit."""

    value: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Say whether zero lies outside."""
        return self.low > 0 or self.high < 0


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
    if ours.ids != theirs.ids or ours.metric.name != theirs.metric.name:
        raise ValueError(f"{ours.metric.name} and {theirs.metric.name} were not measured on the same rows")
    draws = _draws(ours.groups, resamples, seed)
    values = ours.metric.of(draws @ ours.stats) - theirs.metric.of(draws @ theirs.stats)
    low, high = np.percentile(values, [2.5, 97.5])
    return Interval(value=ours.value() - theirs.value(), low=float(low), high=float(high))


def _draws(groups: Sequence[str], resamples: int, seed: int) -> Array:
    """Return [resamples, rows]: how often each row is drawn when groups are drawn with replacement."""
    names, member = np.unique(np.asarray(groups), return_inverse=True)
    times = np.random.default_rng(seed).multinomial(
        len(names), np.full(len(names), 1 / len(names)), resamples
    )
    drawn: Array = times[:, member].astype(np.float64)
    return drawn
