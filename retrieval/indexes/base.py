"""What every vector index can do. The contract suite in tests/contracts holds them all to it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Numbers = NDArray[np.int64]


class VectorIndex(ABC):
    """Unit vectors, numbered from 0, searched by inner product; safe for concurrent reading."""

    filename: ClassVar[str]

    @classmethod
    @abstractmethod
    def build(cls, vectors: Vectors) -> Self:
        """Index the rows of `vectors` [n, dimension]; a row's number is its place."""

    @abstractmethod
    def search(self, query: Vectors, k: int) -> tuple[Vectors, Numbers]:
        """Return scores and numbers of the best min(k, n) vectors for one query, best first."""

    @abstractmethod
    def vectors(self, numbers: Numbers) -> Vectors:
        """Return the vectors with these numbers, [len(numbers), dimension]."""

    @abstractmethod
    def save(self, file: Path) -> None:
        """Write the index to `file`."""

    @classmethod
    @abstractmethod
    def load(cls, file: Path) -> Self:
        """Read what `save` wrote; the caller has verified the file's hash."""

    @property
    @abstractmethod
    def size(self) -> int:
        """Return how many vectors there are."""

    @property
    @abstractmethod
    def dimension(self) -> int:
        """Return the vectors' length."""
