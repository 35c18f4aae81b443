"""Exact search with numpy alone: the reference for the others, and a home without faiss."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import numpy as np

from retrieval.indexes.base import Numbers, VectorIndex, Vectors


class ExactNumpy(VectorIndex):
    """A matrix and one product per query."""

    filename = "vectors.npy"

    def __init__(self, matrix: Vectors) -> None:
        self._matrix = matrix

    @classmethod
    def build(cls, vectors: Vectors) -> Self:
        """Keep a copy of the vectors."""
        return cls(np.array(vectors, dtype=np.float32, order="C"))

    def search(self, query: Vectors, k: int) -> tuple[Vectors, Numbers]:
        """Return scores and numbers of the best min(k, n) vectors, best first, equal ones by number."""
        scores = self._matrix @ query
        k = min(k, self.size)
        if k == 0:
            return np.empty(0, dtype=np.float32), np.empty(0, dtype=np.int64)
        # Of the vectors that tie with the last one, those with the lowest numbers are in.
        limit = np.partition(scores, self.size - k)[self.size - k]
        inside = np.flatnonzero(scores >= limit)
        order = inside[np.lexsort((inside, -scores[inside]))][:k]
        return scores[order], order.astype(np.int64)

    def vectors(self, numbers: Numbers) -> Vectors:
        """Return the vectors with these numbers."""
        return self._matrix[numbers]

    def save(self, file: Path) -> None:
        """Write the matrix in numpy's own format."""
        with file.open("wb") as stream:
            np.save(stream, self._matrix, allow_pickle=False)

    @classmethod
    def load(cls, file: Path) -> Self:
        """Read the matrix."""
        return cls(np.load(file, allow_pickle=False))

    @property
    def size(self) -> int:
        """Return how many vectors there are."""
        return int(self._matrix.shape[0])

    @property
    def dimension(self) -> int:
        """Return the vectors' length."""
        return int(self._matrix.shape[1])
