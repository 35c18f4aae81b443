"""An index that does not find its own questions is told apart from one that does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from retrieval.embedder import HashEmbedder, Vectors
from retrieval.retriever import Retriever
from retrieval.selftest import self_test


class Drifted(HashEmbedder):
    """Says that it has the same weights, and gives other vectors."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        return np.roll(super().embed(texts), 7, axis=1)


def test_whole_index_finds_its_own_questions(retriever: Retriever) -> None:
    done = self_test(retriever)
    assert (done.asked, done.missed, done.passed) == (5, (), True)


def test_embedder_that_gives_other_vectors_fails_though_the_words_still_match(index_folder: Path) -> None:
    done = self_test(Retriever.open(index_folder, Drifted()))
    assert not done.passed
    assert set(done.missed) <= {"hours", "parking", "refill", "downtime", "fire"}


def test_as_many_are_asked_for_as_wanted_and_spread_over_the_index(retriever: Retriever) -> None:
    assert self_test(retriever, count=2).asked == 2
