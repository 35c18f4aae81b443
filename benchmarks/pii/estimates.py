"""Values with their 95 % intervals: shares by Wilson, sums over templates or documents by the bootstrap."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[np.float64]

_AT_ONCE = 5_000_000  # numbers in one block of draws: 40 MB


@dataclass(frozen=True)
class Estimate:
    """A value, the ends of its 95 % interval and the number of cases behind it."""

    value: float
    low: float
    high: float
    n: int


def share(part: int, whole: int) -> Estimate:
    """Return part / whole with its Wilson interval (Wilson 1927). Raises ValueError for nothing measured."""
    if whole <= 0:
        raise ValueError(f"a share of {whole} cases has no value")
    interval = stats.binomtest(part, whole).proportion_ci(method="wilson")
    return Estimate(part / whole, float(interval.low), float(interval.high), whole)


def resampled(
    rows: Array, groups: Sequence[str], of: Callable[[Array], Array], *, resamples: int = 2_000, seed: int = 0
) -> list[Estimate]:
    """Return m metrics of summed rows with their percentile intervals over groups.

    `rows` is [n, k]; `of` takes [..., k] sums and gives [..., m]. Whole groups are drawn (cluster bootstrap,
    Davison & Hinkley 1997, section 3.8): cases from one template are not independent.
    """
    names, member = np.unique(np.asarray(groups), return_inverse=True)
    sums = np.zeros((len(names), rows.shape[1]))
    np.add.at(sums, member, rows)
    generator = np.random.default_rng(seed)
    size = max(1, _AT_ONCE // len(names))
    drawn = []
    for first in range(0, resamples, size):
        number = min(size, resamples - first)
        times = generator.multinomial(len(names), np.full(len(names), 1 / len(names)), number)
        drawn.append(of(times.astype(np.float64) @ sums))
    low, high = np.percentile(np.concatenate(drawn), [2.5, 97.5], axis=0)
    values = of(rows.sum(axis=0))
    return [
        Estimate(float(value), float(least), float(most), len(rows))
        for value, least, most in zip(values, low, high, strict=True)
    ]


def exact(value: float, n: int) -> Estimate:
    """Return what was counted and not sampled: its interval is itself."""
    return Estimate(value, value, value, n)


def quantile(values: Sequence[float], at: float) -> Estimate:
    """Return the quantile `at` of measurements with its percentile bootstrap interval, in their unit."""
    numbers = np.asarray(values, dtype=np.float64)
    draws = np.random.default_rng(0).choice(numbers, size=(2_000, len(numbers)))
    low, high = np.percentile(np.quantile(draws, at, axis=1), [2.5, 97.5])
    return Estimate(float(np.quantile(numbers, at)), float(low), float(high), len(numbers))
