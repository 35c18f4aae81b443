"""Vectors by which the questions of a FAQ are compared, kept beside its index from one change to the next.

    questions = QuestionVectors(plain, index);  questions.embed(texts);  questions.keep(texts)

They are those of the plain embedder, which an index need not have: it may be built by a release on top. Each
stands under the SHA-256 of its text, for one embedder's weights. The file is no part of the index: without
it, or with one that cannot be read, questions are embedded again. Must not: hold a word of a question, or
stop a change.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from retrieval.embedder import Embedder, Vectors


class QuestionVectors:
    """Embeds questions, each once; with an index also once over all its changes."""

    def __init__(self, embedder: Embedder, index: Path | None = None) -> None:
        self._embedder = embedder
        self._file = index.with_name(f".{index.name}.questions.npz") if index is not None else None
        self._made = self._read()
        self.vocabulary = embedder.vocabulary

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector for each text, [len(texts), dimension]; only new texts are embedded."""
        fresh = [text for text in dict.fromkeys(texts) if _key(text) not in self._made]
        if fresh:
            self._made.update(zip(map(_key, fresh), self._embedder.embed(fresh), strict=True))
        if not texts:
            return np.empty((0, self._embedder.dimension), dtype=np.float32)
        return np.stack([self._made[_key(text)] for text in texts])

    def keep(self, texts: Sequence[str]) -> None:
        """Write the vectors of these texts, and of no others, for the next change."""
        keys = [key for key in dict.fromkeys(map(_key, texts)) if key in self._made]
        if self._file is None or not keys:
            return
        half = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        with contextlib.suppress(OSError):  # the change is made; the next one takes longer
            with half.open("wb") as stream:
                np.savez(
                    stream,
                    embedder=np.array(self._embedder.sha256),
                    keys=np.array(keys),
                    vectors=np.stack([self._made[key] for key in keys]),
                )
            half.replace(self._file)
        half.unlink(missing_ok=True)

    def _read(self) -> dict[str, Vectors]:
        if self._file is None or not self._file.is_file():
            return {}
        try:
            with np.load(self._file, allow_pickle=False) as stored:
                embedder, keys, vectors = str(stored["embedder"]), stored["keys"], stored["vectors"]
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return {}
        fits = embedder == self._embedder.sha256 and vectors.shape == (len(keys), self._embedder.dimension)
        if not fits or not np.isfinite(vectors).all():
            return {}
        return dict(zip(map(str, keys), vectors.astype(np.float32), strict=True))


def _key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
