"""A search with a ranker: what it reads, the order and scores it gives, and how confidence follows.

The ranker here is a stand-in with known scores; tests/retrieval/test_sample.py asks the shipped one.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from retrieval.build import build_index
from retrieval.embedder import HashEmbedder
from retrieval.faq import FaqEntry
from retrieval.ranker import Ranker, Scores, load_ranker
from retrieval.retriever import Retriever
from weights.errors import WeightsError


class Knows(Ranker):
    """Gives the texts with a word this score, all others another; notes what it was given."""

    def __init__(self, word: str, *, high: float = 9.0, low: float = -9.0) -> None:
        self._word, self._high, self._low = word, high, low
        self.read: list[tuple[str, tuple[str, ...]]] = []

    def scores(self, query: str, texts: Sequence[str]) -> Scores:
        self.read.append((query, tuple(texts)))
        return np.array(
            [self._high if self._word in text.lower() else self._low for text in texts], dtype=np.float32
        )


def opened(index: Path, ranker: Ranker | None) -> Retriever:
    return Retriever.open(index, HashEmbedder(), ranker)


def test_the_entry_that_the_ranker_is_sure_of_comes_first(index_folder: Path) -> None:
    query = "can i park while i get a refill of my medicine"
    plain = opened(index_folder, None).search(query)
    found = opened(index_folder, Knows("refill", high=30.0)).search(query)
    assert plain.hits[0].id == "parking" and found.hits[0].id == "refill"
    assert {hit.id for hit in found.hits} == {hit.id for hit in plain.hits}


def test_scores_are_shares_that_never_rise(index_folder: Path) -> None:
    hits = opened(index_folder, Knows("parking", high=2.0, low=0.0)).search("open").hits
    scores = [hit.score for hit in hits]
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] >= 0.0 and sum(scores) < 1.0


def test_when_it_reads_nothing_that_answers_confidence_is_low(index_folder: Path) -> None:
    query = "When is the office open?"
    sure = opened(index_folder, Knows("open?")).search(query).confidence
    unsure = opened(index_folder, Knows("no such word")).search(query).confidence
    assert unsure < 0.3 < sure
    assert opened(index_folder, Knows("no such word")).search(query).hits[0].id == "hours"  # the fused order


def test_it_reads_the_nearest_wording_and_the_passage(index_folder: Path) -> None:
    ranker = Knows("garage")
    opened(index_folder, ranker).search("is there a garage", top_k=1)
    ((query, texts),) = ranker.read
    assert query == "is there a garage"
    assert any(text.startswith("is there a garage : The garage behind the building") for text in texts)
    assert "is there a garage" in texts[0]


def test_it_reads_no_entry_that_may_not_be_shown(index_folder: Path) -> None:
    ranker = Knows("drill")
    opened(index_folder, ranker).search("fire drill", audience="patient")
    assert not any("drill" in text for _, texts in ranker.read for text in texts)


def test_a_follow_up_is_read_with_what_was_said_before(index_folder: Path) -> None:
    ranker = Knows("no such word")
    opened(index_folder, ranker).search("and how much is it?", context="where can i park my car")
    assert "where can i park my car and how much is it?" in [query for query, _ in ranker.read]


def test_of_many_entries_only_the_best_are_read_and_all_are_returned(tmp_path: Path) -> None:
    entries = [
        FaqEntry(f"e{number}", f"Question {number} of rooms?", f"Ask desk {number} downstairs before lunch.")
        for number in range(40)
    ]
    build_index(entries, out=tmp_path / "index", embedder=HashEmbedder())
    ranker = Knows("no such word")
    hits = opened(tmp_path / "index", ranker).search("question about rooms", top_k=30).hits
    assert len({hit.id for hit in hits}) == 30
    assert [len(texts) for _, texts in ranker.read] == [6]


def test_what_is_far_behind_the_best_is_not_read_but_the_next_always_is(index_folder: Path) -> None:
    ranker = Knows("no such word")
    searched = opened(index_folder, ranker)
    first, second = searched.search("When is the office open?").hits[:2]
    ((_, texts),) = ranker.read
    assert [text.split(" : ")[0] for text in texts] == [first.entry.question, second.entry.question]


def test_no_ranker_is_loaded_where_none_is_active_or_wanted(tmp_path: Path) -> None:
    places = {"models_dir": tmp_path}
    assert load_ranker("", embedder="hash", **places) is None
    assert load_ranker("none", embedder="pypi:x==1", **places) is None
    assert load_ranker("", embedder="pypi:x==1", **places) is None
    with pytest.raises(WeightsError):
        load_ranker(str(tmp_path / "gone"), embedder="pypi:x==1", **places)
