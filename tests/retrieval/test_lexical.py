"""BM25: shares between 0 and 1, stems, and the same answers after saving."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.faq import FaqEntry
from retrieval.lexical import LexicalIndex, content_words


@pytest.fixture(scope="module")
def words(entries: tuple[FaqEntry, ...]) -> LexicalIndex:
    return LexicalIndex.build(entries)


def test_stop_words_go_and_stems_stay() -> None:
    assert content_words("How do I get the REFILLS of my pills?") == ["refil", "pill"]


def test_a_word_counts_in_any_form_and_a_rare_word_most(words: LexicalIndex) -> None:
    scores = words.scores(words.query("refills at the office"))
    assert scores.argmax() == 2
    assert scores[3] == 0


@given(st.text(max_size=80))
def test_scores_are_shares_whatever_is_asked(words: LexicalIndex, text: str) -> None:
    scores = words.scores(words.query(text))
    assert scores.shape == (5,)
    assert (scores >= 0).all()
    assert (scores < 1).all()


def test_coverage_is_the_share_of_words_that_the_entry_has(words: LexicalIndex) -> None:
    assert words.coverage(words.query("parking garage"), 1) == pytest.approx(1.0)
    assert 0 < words.coverage(words.query("parking zeppelin"), 1) < 0.6
    assert words.coverage(words.query("zeppelin"), 1) == 0


def test_unknown_words_lower_the_share(words: LexicalIndex) -> None:
    known, mixed = (words.scores(words.query(text)).max() for text in ("garage", "garage zeppelin"))
    assert mixed < known


def test_saved_and_loaded_it_scores_the_same_and_no_file_is_a_pickle(
    words: LexicalIndex, tmp_path: Path
) -> None:
    words.save(tmp_path)
    again = LexicalIndex.load(tmp_path, entry_count=5)
    query = "pharmacy request"
    assert again.scores(again.query(query)).tolist() == words.scores(words.query(query)).tolist()
    for file in tmp_path.iterdir():
        assert file.suffix in (".npy", ".json")
        assert not file.read_bytes().startswith(b"\x80")


def test_entries_without_words_can_be_indexed() -> None:
    index = LexicalIndex.build([FaqEntry("a", "?", "!")])
    assert index.scores(index.query("anything")).tolist() == [0.0]
