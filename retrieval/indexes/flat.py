"""FAISS flat inner product: exact, right up to about a hundred thousand vectors."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import faiss
import numpy as np

from retrieval.indexes.base import Numbers, VectorIndex, Vectors


class FaissFlat(VectorIndex):
    """`IndexFlatIP` of FAISS."""

    filename = "vectors.faiss"

    def __init__(self, index: Any) -> None:
        self._index = index

    @classmethod
    def build(cls, vectors: Vectors) -> Self:
        """Copy the vectors into a new index."""
        index = faiss.IndexFlatIP(int(vectors.shape[1]))
        index.add(np.ascontiguousarray(vectors, dtype=np.float32))
        return cls(index)

    def search(self, query: Vectors, k: int) -> tuple[Vectors, Numbers]:
        """Return scores and numbers of the best min(k, n) vectors, best first."""
        k = min(k, self.size)
        if k == 0:
            return np.empty(0, dtype=np.float32), np.empty(0, dtype=np.int64)
        scores, numbers = self._index.search(np.ascontiguousarray(query[None], dtype=np.float32), k)
        return scores[0], numbers[0]

    def vectors(self, numbers: Numbers) -> Vectors:
        """Return the vectors with these numbers.

        They are copied out of the index's memory: FAISS's own `reconstruct_batch` wakes a thread on each core
        for it, and on a busy machine waits ten times longer for them than the copy takes.
        """
        kept = faiss.rev_swig_ptr(self._index.get_xb(), self.size * self.dimension)
        found: Vectors = kept.reshape(self.size, self.dimension)[numbers]
        return found

    def save(self, file: Path) -> None:
        """Write the index in FAISS's own format."""
        faiss.write_index(self._index, str(file))

    @classmethod
    def load(cls, file: Path) -> Self:
        """Read the index."""
        return cls(faiss.read_index(str(file)))

    @property
    def size(self) -> int:
        """Return how many vectors there are."""
        return int(self._index.ntotal)

    @property
    def dimension(self) -> int:
        """Return the vectors' length."""
        return int(self._index.d)
