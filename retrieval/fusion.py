"""Put the three views of an entry together: its questions, its passages, its words.

    score = TITLE * (best + mean cosine of question and alternates) / 2
          + PASSAGE * best cosine of the passages
          + LEXICAL * BM25 as a share of the highest possible

The mean is in it because one alternate may be near by accident, all of them hardly.

A sum of comparable scores, not of ranks: a clear winner in one view stays a clear winner. Long
noisy questions have words that no entry has, so their lexical share is small by itself and the
dense views lead; in short clean ones it counts. `python -m benchmarks.retrieval --only weights` says
what weights fitted on other sets would change.

Pure: no models, no files.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.indexes.base import Numbers, VectorIndex, Vectors

TITLE = 0.40
PASSAGE = 0.25
LEXICAL = 0.35

QUESTION_KIND, ALTERNATE_KIND, PASSAGE_KIND = 0, 1, 2
# Below the cosine of unrelated texts: what an entry without a vector of a kind would get.
_NOTHING = -1.0


@dataclass(frozen=True)
class Layout:
    """Which vector belongs to what: for each its entry, its kind and its place among that kind."""

    entry: NDArray[np.int32]
    kind: NDArray[np.int32]
    part: NDArray[np.int32]
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, table: NDArray[np.int32]) -> Layout:
        """Read a table of (entry, kind, part), sorted by entry and kind; every entry has vectors."""
        entry, kind, part = (np.ascontiguousarray(column) for column in table.T)
        starts = np.flatnonzero(np.diff(entry, prepend=-1)).astype(np.int64)
        return cls(entry, kind, part, np.append(starts, len(entry)))

    @property
    def entry_count(self) -> int:
        """Return how many entries there are."""
        return len(self.starts) - 1


@dataclass(frozen=True)
class Views:
    """The views of some entries for one query, each [entries], with the best vector of each kind."""

    entries: Numbers
    title: Vectors
    title_mean: Vectors
    passage: Vectors
    lexical: Vectors
    title_at: Numbers
    passage_at: Numbers

    @property
    def dense(self) -> Vectors:
        """Return the cosines' part of the fused scores."""
        title = (self.title + self.title_mean) / 2
        found: Vectors = TITLE * title + PASSAGE * self.passage
        return found

    @property
    def score(self) -> Vectors:
        """Return the fused scores."""
        fused: Vectors = self.dense + LEXICAL * self.lexical
        return fused


def candidates(
    query: Vectors,
    index: VectorIndex,
    layout: Layout,
    *,
    lexical: Vectors,
    allowed: NDArray[np.bool_],
    wanted: int,
) -> Numbers:
    """Return at least min(wanted, allowed) allowed entries: the best by vectors and the best by words."""
    reachable = int(allowed.sum())
    wanted = min(wanted, reachable)
    if wanted == reachable:
        return np.flatnonzero(allowed)
    k = min(index.size, 8 * wanted)
    while True:
        _, numbers = index.search(query, k)
        entries = layout.entry[numbers]
        found = np.unique(entries[allowed[entries]])
        if len(found) >= wanted or k == index.size:
            break
        k = min(index.size, 4 * k)
    masked = np.where(allowed, lexical, -1.0)
    by_words = np.argpartition(-masked, wanted - 1)[:wanted]
    return np.union1d(found, by_words[masked[by_words] > 0]).astype(np.int64)


def views(query: Vectors, index: VectorIndex, layout: Layout, *, lexical: Vectors, entries: Numbers) -> Views:
    """Return all views of `entries` (one at least), computed exactly, however they were found."""
    lengths = layout.starts[entries + 1] - layout.starts[entries]
    firsts = np.cumsum(lengths) - lengths
    numbers = np.arange(int(lengths.sum())) + np.repeat(layout.starts[entries] - firsts, lengths)
    # Not `@`: a product so small takes BLAS longer to spread over busy cores than to compute.
    cosines = np.einsum("ij,j->i", index.vectors(numbers), query)
    is_passage = layout.kind[numbers] == PASSAGE_KIND
    title, title_at = _best(np.where(is_passage, _NOTHING, cosines), firsts, lengths)
    passage, passage_at = _best(np.where(is_passage, cosines, _NOTHING), firsts, lengths)
    sums = np.add.reduceat(np.where(is_passage, 0.0, cosines), firsts)
    counts = np.add.reduceat(~is_passage, firsts, dtype=np.int64)
    mean = (sums / counts).astype(np.float32)
    return Views(entries, title, mean, passage, lexical[entries], numbers[title_at], numbers[passage_at])


def blend(first: Views, second: Views, share: float) -> Views:
    """Mix the views of one list of entries for two queries; `share` is the second one's."""

    def mixed(own: Vectors, other: Vectors) -> Vectors:
        return ((1 - share) * own + share * other).astype(np.float32)

    return Views(
        first.entries,
        mixed(first.title, second.title),
        mixed(first.title_mean, second.title_mean),
        mixed(first.passage, second.passage),
        mixed(first.lexical, second.lexical),
        second.title_at,
        second.passage_at,
    )


def _best(values: Vectors, firsts: Numbers, lengths: Numbers) -> tuple[Vectors, Numbers]:
    """Return the maximum of each run of `values` and where it first stands."""
    best = np.maximum.reduceat(values, firsts)
    hits = np.flatnonzero(values == np.repeat(best, lengths))
    run = np.repeat(np.arange(len(firsts)), lengths)[hits]
    return best.astype(np.float32), hits[np.unique(run, return_index=True)[1]].astype(np.int64)
