"""Vector indexes: the protocol and the table of those there are.

An index must only ever be loaded from a file whose hash has been verified.
"""

from __future__ import annotations

from retrieval.indexes.base import VectorIndex
from retrieval.indexes.exact import ExactNumpy
from retrieval.indexes.flat import FaissFlat

INDEXES: dict[str, type[VectorIndex]] = {
    "flat": FaissFlat,
    "exact": ExactNumpy,
}

__all__ = ["INDEXES", "ExactNumpy", "FaissFlat", "VectorIndex"]
