"""How well scores part supported sentences from unsupported ones: AUROC, what is shown, what is dropped.

Intervals are percentile bootstraps that draw whole groups (conditions), because the pairs of one are not
independent; shares have Wilson's. Must not know where scores come from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from benchmarks.report import Figure
from benchmarks.screen import wilson

DRAWS: Final = 1_000
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Scored:
    """The scores of one pair: of the sentence that is borne out and of the one that is not."""

    kind: str
    group: str
    form: str
    fine: float
    wrong: float
    fine_shown: bool
    wrong_shown: bool


def auroc(fine: Floats, wrong: Floats) -> float:
    """Return the chance that a supported sentence scores above an unsupported one; ties count half.

    Mann and Whitney (1947). Raises ValueError when one side is empty.
    """
    if not len(fine) or not len(wrong):
        raise ValueError("AUROC needs at least one supported and one unsupported sentence")
    ranks = rankdata(np.concatenate([fine, wrong]))
    above = ranks[: len(fine)].sum() - len(fine) * (len(fine) + 1) / 2
    return float(above / (len(fine) * len(wrong)))


def auroc_interval(rows: Sequence[Scored], *, seed: int = 0, draws: int = DRAWS) -> dict[str, Figure]:
    """Return AUROC over pairs with its 95 % interval."""
    fine, wrong = np.array([row.fine for row in rows]), np.array([row.wrong for row in rows])
    names, member = np.unique([row.group for row in rows], return_inverse=True)
    places = [np.flatnonzero(member == number) for number in range(len(names))]
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(draws):
        chosen = np.concatenate([places[n] for n in rng.integers(0, len(names), len(names))])
        drawn.append(auroc(fine[chosen], wrong[chosen]))
    low, high = np.percentile(drawn, [2.5, 97.5])
    return {
        "n": len(rows), "value": round(auroc(fine, wrong), 4), "low": round(float(low), 4),
        "high": round(float(high), 4),
    }  # fmt: skip


def auroc_apart(fine: Floats, wrong: Floats, *, seed: int = 0, draws: int = DRAWS) -> dict[str, Figure]:
    """Return AUROC of sentences that come in no pairs, with its 95 % interval; both sides are drawn anew."""
    rng = np.random.default_rng(seed)
    drawn = [
        auroc(rng.choice(fine, len(fine)), rng.choice(wrong, len(wrong)))
        for _ in range(draws if len(fine) and len(wrong) else 0)
    ]
    low, high = np.percentile(drawn, [2.5, 97.5]) if drawn else (0.0, 1.0)
    return {
        "n": len(fine) + len(wrong),
        "value": round(auroc(fine, wrong), 4) if drawn else None,
        "low": round(float(low), 4),
        "high": round(float(high), 4),
    }


def rates(rows: Sequence[Scored]) -> dict[str, Figure]:
    """Return AUROC, the share of the unsupported that is shown, and of the supported that is dropped."""
    return {
        "auroc": auroc_interval(rows),
        "unsupported_shown": wilson(sum(row.wrong_shown for row in rows), len(rows)),
        "supported_dropped": wilson(sum(not row.fine_shown for row in rows), len(rows)),
    }


def table(figures: dict[str, dict[str, Figure]]) -> str:
    """Return the rates of each group of pairs as lines to read."""
    lines = [f"{'':<22}{'pairs':>6}  {'AUROC':<24}{'unsupported shown':<26}supported dropped"]
    for name, found in figures.items():
        area, shown, dropped = (found[key] for key in ("auroc", "unsupported_shown", "supported_dropped"))
        lines.append(
            f"{name:<22}{_of(area, 'n'):>6.0f}  {_with_interval(area, 'value', 3):<24}"
            f"{_with_interval(shown, 'rate', 3):<26}{_with_interval(dropped, 'rate', 3)}"
        )
    return "\n".join(lines)


def _with_interval(found: Figure, key: str, places: int) -> str:
    value, low, high = (_of(found, name) for name in (key, "low", "high"))
    return f"{value:.{places}f} ({low:.{places}f} to {high:.{places}f})"


def _of(found: Figure, key: str) -> float:
    if not isinstance(found, dict):
        raise TypeError("a rate is a table of numbers")
    return float(found[key])
