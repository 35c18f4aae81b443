"""What an order and a confidence are worth: pure figures over arrays, with paired bootstrap intervals.

`hits` says for each place of an order, best first, whether the entry there is right. Intervals are 95 %
percentile bootstraps over questions, the same draws for both sides. Must not know where figures come from.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.report import Figure
from benchmarks.screen import wilson
from benchmarks.support_rates import auroc

Floats = NDArray[np.float64]
Labels = NDArray[np.bool_]
DRAWS: Final = 2_000
AUROC_DRAWS: Final = 500


def ndcg(hits: Sequence[bool], right: int, *, depth: int = 10) -> float:
    """Return nDCG at `depth` with gains of 0 and 1; `right` entries are right (Järvelin, Kekäläinen 2002)."""
    discounts = 1 / np.log2(np.arange(2, depth + 2))
    found = np.array(hits[:depth], dtype=float)
    return float(discounts[: len(found)] @ found / discounts[: min(right, depth)].sum())


def reciprocal_rank(hits: Sequence[bool], *, depth: int = 10) -> float:
    """Return 1 / the place of the first right entry among the first `depth`; 0 without one."""
    return next((1 / place for place, hit in enumerate(hits[:depth], start=1) if hit), 0.0)


def average_precision(hits: Sequence[bool], right: int) -> float:
    """Return the mean precision at each of the `right` entries over a whole order; one not in it counts 0."""
    found = np.flatnonzero(np.array(hits, dtype=bool))
    return float((np.arange(1, len(found) + 1) / (found + 1)).sum() / right)


def paired(ours: Floats, theirs: Floats) -> list[float]:
    """Return the mean of what `ours` has more, question by question, and its interval."""
    more = ours - theirs
    drawn = np.random.default_rng(0).integers(0, len(more), (DRAWS, len(more)))
    low, high = np.percentile(more[drawn].mean(axis=1), [2.5, 97.5])
    return [round(float(one), 4) for one in (more.mean(), low, high)]


def auroc_of(positive: Labels, scores: dict[str, Floats], *, ours: str) -> dict[str, Figure] | None:
    """Return each score's AUROC with its interval, and what `ours` has more; None where one side is empty.

    Each side is drawn by itself, so that a draw never lacks one.
    """
    yes, no = np.flatnonzero(positive), np.flatnonzero(~positive)
    if not len(yes) or not len(no):
        return None
    chance = np.random.default_rng(0)
    draws = [(chance.choice(yes, len(yes)), chance.choice(no, len(no))) for _ in range(AUROC_DRAWS)]
    drawn = {
        name: np.array([auroc(one[above], one[below]) for above, below in draws])
        for name, one in scores.items()
    }
    value = {name: auroc(one[yes], one[no]) for name, one in scores.items()}
    found: dict[str, Figure] = {"positive": len(yes), "negative": len(no)}
    for name in scores:
        found[name] = [round(float(at), 4) for at in (value[name], *np.percentile(drawn[name], [2.5, 97.5]))]
        if name != ours:
            more = np.percentile(drawn[ours] - drawn[name], [2.5, 97.5])
            found[f"{name}, ours more"] = [round(float(at), 4) for at in (value[ours] - value[name], *more)]
    return found


def reliability(probability: Floats, right: Labels, *, bins: int = 10) -> list[tuple[int, float, float]]:
    """Return (questions, mean probability, share right) of each bin of equal width that has any."""
    place = np.minimum((probability * bins).astype(int), bins - 1)
    return [
        (int(chosen.sum()), float(probability[chosen].mean()), float(right[chosen].mean()))
        for chosen in (place == at for at in range(bins))
        if chosen.any()
    ]


def calibration_error(probability: Floats, right: Labels, *, bins: int = 10) -> float:
    """Return the expected calibration error over bins of equal width (Naeini et al. 2015)."""
    return sum(
        count / len(right) * abs(said - was)
        for count, said, was in reliability(probability, right, bins=bins)
    )


def at_threshold(
    confidence: Floats, right: Labels, answerable: Labels, threshold: float
) -> dict[str, Figure]:
    """Return what answering from `threshold` on does; `right` says whether the first entry answers.

    `wrong`: of the answerable questions, those that get a wrong entry. `coverage`: those that get the right
    one. `unanswerable_answered`: of the others. `wrong_of_given`: of all answers given.
    """
    given = confidence >= threshold
    answered, of = given & answerable, int(answerable.sum())
    return {
        "threshold": round(threshold, 3),
        "coverage": wilson(int((answered & right).sum()), of),
        "wrong": wilson(int((answered & ~right).sum()), of),
        "unanswerable_answered": wilson(int((given & ~answerable).sum()), int((~answerable).sum())),
        "wrong_of_given": wilson(int((given & ~right).sum()), int(given.sum())),
    }


def at_risk(confidence: Floats, right: Labels, answerable: Labels, limit: float) -> dict[str, Figure] | None:
    """Return `at_threshold` at the lowest threshold (in thousandths) that keeps the risk.

    The risk is kept when the upper bound of the 95 % interval of `wrong` is at most `limit`. None: there are
    too few answerable questions to show that of any threshold, or all that are sure are wrong.
    """
    of = int(answerable.sum())
    wrong = np.sort(confidence[answerable & ~right])[::-1]
    allowed = -1
    while allowed < of and _upper(allowed + 1, of) <= limit:
        allowed += 1
    if allowed < 0:
        return None
    threshold = math.floor(1000 * wrong[allowed] + 1) / 1000 if allowed < len(wrong) else 0.0
    return at_threshold(confidence, right, answerable, threshold) if threshold <= 1 else None


def risk_curve(confidence: Floats, right: Labels, answerable: Labels) -> list[tuple[float, float]]:
    """Return (share of the answerable that get the right entry, share that get a wrong one), sure ones first.

    A point stands where equal confidences end: no threshold can part them.
    """
    order = np.argsort(-confidence[answerable], kind="stable")
    sorted_right, sure = right[answerable][order], confidence[answerable][order]
    ends = np.flatnonzero(np.append(np.diff(sure) != 0, True))
    of = len(order)
    found = np.cumsum(sorted_right)[ends]
    return [(float(one / of), float((end + 1 - one) / of)) for end, one in zip(ends, found, strict=True)]


def _upper(hits: int, total: int) -> float:
    high = wilson(hits, total).get("high", 1.0)
    assert isinstance(high, float)
    return high
