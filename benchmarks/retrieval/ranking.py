"""How good the order is on each set, beside its peers on the plain embedder, question by question.

"ours" is the fused order of the tuned embedder, read by the ranker; "fused" is without the ranker, "untuned"
the fused order of the plain embedder. Beside each stands what "ours" has more, with an interval.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from benchmarks import retrieval_sets as sets
from benchmarks.fit_confidence import opened
from benchmarks.report import Figure
from benchmarks.retrieval.metrics import Floats, average_precision, ndcg, paired, reciprocal_rank
from benchmarks.retrieval.peers import WAYS
from retrieval.embedder import Embedder
from retrieval.query import clean_query
from retrieval.ranker import Ranker
from retrieval.retriever import Retriever

DEPTH: Final = 10
METRICS: Final = ("ndcg@10", "mrr@10", "recall@1", "map")
Gains = Mapping[str, Floats]
"""By way: for each question its metrics, [questions, metrics]."""


def gains(judged: sets.JudgedSet, plain: Embedder, tuned: Embedder, ranker: Ranker | None) -> Gains:
    """Ask each question of a set that has an answer, each way."""
    found: dict[str, list[tuple[float, ...]]] = {name: [] for name in ("ours", "fused", "untuned", *WAYS)}
    untuned, fused = opened(judged, plain), opened(judged, tuned)
    reading = opened(judged, tuned, ranker)
    everything, count = fused.mask(), len(judged.entries)
    for question in tqdm(answerable(judged), desc=judged.name, unit="question"):
        understood = fused.understood(question.text)
        # With every entry as a candidate, each way ranks the whole corpus.
        whole = fused.rank(understood, allowed=everything, top_k=count)
        below = [int(at) for at in whole.views.entries[whole.order]]
        read = reading.rank(understood, allowed=everything, top_k=DEPTH)
        above = [int(at) for at in read.views.entries[read.order[:DEPTH]]]
        first = set(above)
        orders: dict[str, Sequence[int]] = {
            "ours": [*above, *(at for at in below if at not in first)],
            "fused": below,
        }
        views = untuned.rank(clean_query(question.text), allowed=everything, top_k=count).views
        theirs = {"untuned": views.score, **{name: way(views) for name, way in WAYS.items()}}
        for name, scores in theirs.items():
            orders[name] = [int(at) for at in views.entries[np.argsort(-scores, kind="stable")]]
        for name, order in orders.items():
            found[name].append(gains_of(fused, question, order))
    return {name: np.array(rows) for name, rows in found.items()}


def answerable(judged: sets.JudgedSet) -> list[sets.Question]:
    """Return the questions that an entry answers."""
    return [question for question in judged.questions if question.right and not question.without]


def gains_of(retriever: Retriever, question: sets.Question, order: Sequence[int]) -> tuple[float, ...]:
    """Return METRICS of one order of entries by number."""
    hits = [retriever.id_of(at) in question.right for at in order]
    right = len(question.right)
    return (
        ndcg(hits, right, depth=DEPTH),
        reciprocal_rank(hits, depth=DEPTH),
        float(hits[0]),
        average_precision(hits, right),
    )


def summary(entries: int, table: Gains) -> dict[str, Figure]:
    """Return the means of each way, and what ours has more of each."""
    return {
        "entries": entries,
        "questions": len(table["ours"]),
        **{name: _means(rows, table["ours"]) for name, rows in table.items()},
    }


def pooled(tables: Sequence[Gains]) -> Gains:
    """Put the questions of several sets together."""
    return {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}


def _means(rows: NDArray[np.float64], ours: NDArray[np.float64]) -> dict[str, Figure]:
    found: dict[str, Figure] = {}
    for at, name in enumerate(METRICS):
        found[name] = round(float(rows[:, at].mean()), 4)
        if rows is not ours:
            found[f"{name}, ours more"] = paired(ours[:, at], rows[:, at])
    return found
