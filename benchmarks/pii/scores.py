"""Scores of what a system found: characters, whole spans, and documents without a leak.

Only letters and digits count: a system that leaves the blanks of an address has leaked nothing, one that
leaves its last digit has. F2 weighs recall four times as much as precision.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from benchmarks.pii.cases import Case, Span
from benchmarks.pii.estimates import Array, Estimate, resampled

# The columns of `counts`.
COLUMNS = ("hit", "missed", "extra", "whole spans", "spans", "clean documents", "documents")
METRICS = ("character recall", "precision", "F2", "span recall", "documents without a leak")


def counts(case: Case, found: Iterable[Span]) -> Array:
    """Return one row of COLUMNS for what was found in a case.

    What is optional in a case counts neither way. A document counts as clean when nothing asked for is left.
    """
    taken = np.zeros(len(case.text), dtype=bool)
    for span in found:
        taken[span.start : span.end] = True
    letters = np.fromiter(map(str.isalnum, case.text), dtype=bool, count=len(case.text))
    wanted, free = np.zeros_like(taken), np.zeros_like(taken)
    for span in case.optional:
        free[span.start : span.end] = True
    whole = 0
    for span in case.spans:
        wanted[span.start : span.end] = True
        inside = slice(span.start, span.end)
        whole += bool(np.all(taken[inside] | ~letters[inside]))
    missed = int(np.sum(wanted & letters & ~taken))
    return np.array(
        (
            np.sum(wanted & letters & taken), missed, np.sum(taken & letters & ~wanted & ~free),
            whole, len(case.spans), missed == 0, 1,
        ),
        dtype=np.float64,
    )  # fmt: skip


def metrics(sums: Array) -> Array:
    """Return METRICS of summed rows: [..., 7] gives [..., 5]. A ratio of nothing is 1: nothing was wrong."""
    hit, missed, extra, whole, spans, clean, documents = np.moveaxis(sums, -1, 0)
    recall, precision = _ratio(hit, hit + missed), _ratio(hit, hit + extra)
    f2 = _ratio(5 * hit, 5 * hit + 4 * missed + extra)
    return np.stack([recall, precision, f2, _ratio(whole, spans), _ratio(clean, documents)], axis=-1)


def score(cases: Sequence[Case], rows: Array) -> dict[str, Estimate]:
    """Return METRICS over cases, with intervals over their groups."""
    found = resampled(rows, [case.group for case in cases], metrics)
    return dict(zip(METRICS, found, strict=True))


def _ratio(part: Array, whole: Array) -> Array:
    return np.divide(part, whole, out=np.ones_like(part, dtype=np.float64), where=whole != 0)
