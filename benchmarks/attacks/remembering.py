"""An encoder with a memory: texts that are read at once beforehand cost a fraction of one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from retrieval.embedder import Vectors


def remembering(embed: Callable[[Sequence[str]], Vectors]) -> Callable[[Sequence[str]], Vectors]:
    """Return `embed` (texts to rows of vectors) that reads no text twice."""
    known: dict[str, Vectors] = {}

    def embedded(texts: Sequence[str]) -> Vectors:
        fresh = [text for text in dict.fromkeys(texts) if text not in known]
        if fresh:
            known.update(zip(fresh, embed(fresh), strict=True))
        return np.stack([known[text] for text in texts])

    return embedded
