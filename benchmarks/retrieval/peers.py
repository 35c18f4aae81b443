"""What people would otherwise pick up, over the plain embedder's views: MiniLM, BM25, reciprocal rank."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from retrieval.embedder import Vectors
from retrieval.fusion import Views

_RANK_OFFSET = 60


def _ranks(values: Vectors) -> Vectors:
    order = np.argsort(-values, kind="stable")
    ranks = np.empty(len(values), dtype=np.float32)
    ranks[order] = np.arange(1, len(values) + 1)
    return ranks


def _reciprocal(views: Views) -> Vectors:
    """Fuse by reciprocal ranks (Cormack, Clarke and Buettcher 2009)."""
    fused: Vectors = np.sum(
        [1 / (_RANK_OFFSET + _ranks(view)) for view in (views.title, views.passage, views.lexical)], axis=0
    )
    return fused


WAYS: dict[str, Callable[[Views], Vectors]] = {
    "minilm": lambda views: np.maximum(views.title, views.passage),
    "bm25_alone": lambda views: views.lexical,
    "reciprocal_rank": _reciprocal,
}
"""By name: the score of each entry."""
