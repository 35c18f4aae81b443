"""What a search returns. Apart from the retriever, because naming these must not load its libraries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from retrieval.faq import FaqEntry


@dataclass(frozen=True)
class Hit:
    """An entry that was found, its score, its passage nearest to the query, and what matched best."""

    id: str
    score: float
    entry: FaqEntry
    passage: str
    matched: Literal["question", "alternate", "passage"]


@dataclass(frozen=True)
class Retrieval:
    """The hits, best first, and the probability that the first one's entry answers the query."""

    hits: tuple[Hit, ...]
    confidence: float
