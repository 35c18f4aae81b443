"""Cutting answers into passages."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.passages import MAX_CHARS, MAX_WORDS, split_passages, split_sentences


def test_a_short_answer_is_one_passage_as_it_stands() -> None:
    assert split_passages(" Two lines.\nOf text. ") == ("Two lines.\nOf text.",)


def test_a_long_answer_becomes_passages_of_whole_sentences_about_equal() -> None:
    sentences = [f"Sentence number {number} has a few more words than it needs." for number in range(40)]
    passages = split_passages(" ".join(sentences))
    assert " ".join(passages).split(". ") == " ".join(sentences).split(". ")
    assert all(passage.endswith("needs.") for passage in passages)
    sizes = [len(passage.split()) for passage in passages]
    assert max(sizes) <= MAX_WORDS
    assert min(sizes) > max(sizes) / 2


def test_one_sentence_longer_than_a_passage_is_cut_at_spaces() -> None:
    words = [f"word{number}" for number in range(700)]
    passages = split_passages(" ".join(words))
    assert " ".join(passages).split() == words
    assert all(len(passage.split()) <= MAX_WORDS for passage in passages)


def test_abbreviations_do_not_end_a_sentence() -> None:
    assert split_sentences("Ask Dr. Reyes at 5 p.m. today. Then rest.") == (
        "Ask Dr. Reyes at 5 p.m. today.",
        "Then rest.",
    )


def test_no_text_gives_no_passage() -> None:
    assert split_passages(" \n ") == ()


@given(st.lists(st.text(min_size=1, max_size=60), max_size=120).map(" ".join))
@settings(max_examples=60, deadline=None)
def test_no_word_is_lost_or_moved_and_bounds_hold(text: str) -> None:
    passages = split_passages(text)
    assert "".join("".join(passages).split()) == "".join(text.split())
    assert all(passage.strip() for passage in passages)
    for passage in passages:
        assert len(passage) <= MAX_CHARS or len(passage.split()) == 1
