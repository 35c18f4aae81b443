"""How far two or more raters agree beyond chance.

Cohen's kappa is kept as sums of a confusion table, as every metric here, so that it has an interval:
on the forty rows of an overlap the value alone says little.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from training.metrics import Array, Interval, Metric, Scored, interval, ratio
from training.rows import Frozen


class Agreement(Frozen):
    """Two raters on the rows that both rated.

    `share` is how often they said the same. `kappa` is 0 and `defined` false when both always gave
    one and the same verdict, or share no row: then chance alone explains everything.
    """

    raters: tuple[str, str]
    n: int
    share: float
    kappa: Interval
    defined: bool


def agreement(
    one: Mapping[str, str],
    other: Mapping[str, str],
    *,
    names: tuple[str, str],
    groups: Mapping[str, str] | None = None,
    seed: int = 0,
) -> Agreement:
    """Compare two raters' verdicts by row id; Cohen's kappa (Cohen 1960), unweighted.

    `groups` names the question group of a row; whole groups are drawn for the interval.
    """
    ids = sorted(one.keys() & other.keys())
    kinds = sorted({verdict for row in ids for verdict in (one[row], other[row])})
    if not ids:
        return Agreement(raters=names, n=0, share=0.0, kappa=_nothing(), defined=False)
    place = {verdict: n for n, verdict in enumerate(kinds)}
    tables = np.zeros((len(ids), len(kinds), len(kinds)))
    for row, name in enumerate(ids):
        tables[row, place[one[name]], place[other[name]]] = 1
    drawn = tuple((groups or {}).get(name) or f"row {name}" for name in ids)
    scored = Scored(
        Metric("kappa", partial(_kappa, kinds=len(kinds))), tables.reshape(len(ids), -1), tuple(ids), drawn
    )
    defined = len(kinds) > 1
    return Agreement(
        raters=names,
        n=len(ids),
        share=float(np.mean([one[name] == other[name] for name in ids])),
        kappa=interval(scored, seed=seed) if defined else _nothing(),
        defined=defined,
    )


def fleiss_kappa(verdicts: Sequence[Sequence[str]]) -> float:
    """Return the agreement of several raters on the same rows (Fleiss 1971): one list a row.

    Every row must have as many verdicts, two at least; 0 where there is none, or one verdict alone.
    """
    if not verdicts:
        return 0.0
    raters = len(verdicts[0])
    if raters < 2 or any(len(row) != raters for row in verdicts):
        raise ValueError("Fleiss' kappa needs the same number of verdicts, two or more, on every row")
    kinds = sorted({verdict for row in verdicts for verdict in row})
    table = np.asarray([[Counter(row)[kind] for kind in kinds] for row in verdicts], dtype=np.float64)
    seen = float(((table**2).sum(axis=1) - raters).mean() / (raters * (raters - 1)))
    chance = float(((table.sum(axis=0) / table.sum()) ** 2).sum())
    return (seen - chance) / (1 - chance) if chance < 1 else 0.0


def _kappa(sums: Array, *, kinds: int) -> Array:
    table = sums.reshape(*sums.shape[:-1], kinds, kinds)
    total = table.sum(axis=(-2, -1))
    seen = np.trace(table, axis1=-2, axis2=-1) * total
    chance = (table.sum(axis=-1) * table.sum(axis=-2)).sum(axis=-1)
    return ratio(np.stack([seen - chance, total**2 - chance], axis=-1))


def _nothing() -> Interval:
    return Interval(value=0.0, low=0.0, high=0.0)
