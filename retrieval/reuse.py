"""Take over the vectors of texts that have not changed from the index that stands in place.

Embedding is nearly all of a build's cost, and an edit changes one entry of hundreds. A vector belongs to
a text and to an embedder's weights; where both are the same, it is the same.

Must not take over anything from a folder whose hashes do not match, or of other weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from retrieval.embedder import Embedder, Vectors
from retrieval.errors import EmbedderError, IndexCorrupt, IndexMismatch, IndexMissing
from retrieval.faq import FaqEntry
from retrieval.fusion import PASSAGE_KIND
from retrieval.manifest import check_embedder, read_manifest, verify
from retrieval.retriever import question_texts, read_contents

# A passage is embedded below its question, so that it says what it is about; this much of it.
_QUESTION_WORDS = 40


def known_vectors(folder: Path, embedder: Embedder) -> Mapping[str, Vectors]:
    """Return the vector of each text in the index at `folder`; none without an index that fits."""
    try:
        manifest = read_manifest(folder)
        check_embedder(manifest, embedder)
        verify(folder, manifest)
        contents = read_contents(folder, manifest)
    except (IndexMissing, IndexCorrupt, IndexMismatch, OSError):
        return {}
    texts = [
        text
        for entry, parts in zip(contents.entries, contents.passages, strict=True)
        for _, text in indexed_texts(entry, parts)
    ]
    if len(texts) != contents.vectors.size:
        return {}  # built by rules for passages that have changed since
    return dict(zip(texts, contents.vectors.vectors(np.arange(len(texts))), strict=True))


def embed_new(texts: list[str], embedder: Embedder, known: Mapping[str, Vectors]) -> tuple[Vectors, int]:
    """Return one unit vector for each text, [len(texts), dimension], and how many had to be embedded.

    Raises EmbedderError for vectors of a wrong shape, or not finite.
    """
    fresh = list(dict.fromkeys(text for text in texts if text not in known))
    made = embedder.embed(fresh) if fresh else np.empty((0, embedder.dimension), dtype=np.float32)
    if made.shape != (len(fresh), embedder.dimension) or not np.isfinite(made).all():
        raise EmbedderError(
            f"{embedder.name!r} gave vectors of shape {made.shape}, or not finite ones, "
            f"for {len(fresh)} texts and dimension {embedder.dimension}"
        )
    place = {text: row for row, text in enumerate(fresh)}
    vectors = np.empty((len(texts), embedder.dimension), dtype=np.float32)
    for row, text in enumerate(texts):
        vectors[row] = made[place[text]] if text in place else known[text]
    return vectors, len(fresh)


def indexed_texts(entry: FaqEntry, passages: tuple[str, ...]) -> list[tuple[int, str]]:
    """Return the texts of an entry that have vectors, with their kinds, in the order of the layout."""
    title = " ".join(entry.question.split()[:_QUESTION_WORDS])
    return [*question_texts(entry), *((PASSAGE_KIND, f"{title}\n{part}") for part in passages)]
