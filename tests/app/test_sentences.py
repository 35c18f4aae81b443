"""What is shown is never withdrawn, and ends where a sentence ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sentences import WholeSentences, split_sentences


def released(text: str) -> str:
    sentences = WholeSentences()
    return "".join(sentences.feed(character) for character in text) + sentences.finish()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Call us. We are ope", "Call us."),
        ("Call us.", "Call us."),
        ("Call us", ""),
        ("Ask Dr. Lee. Then", "Ask Dr. Lee."),
        ("It costs 2.50 dollars. Pay by", "It costs 2.50 dollars."),
        ("Do this:\n1. Call us.\n2. Come", "Do this:\n1. Call us."),
        ('She said "come in." Then', 'She said "come in."'),
        ("Open 9 a.m. to 5 p.m. on weekdays. Or", "Open 9 a.m. to 5 p.m. on weekdays."),
        ("Is it so? Yes! No...", "Is it so? Yes! No..."),
        ("See Dr.", ""),
        ("It was J. Doe.", "It was J. Doe."),
        ("", ""),
    ],
)
def test_table(text: str, shown: str) -> None:
    assert released(text) == shown


@given(
    st.lists(st.sampled_from(["Call", " us", ".", " ", "\n", "Dr", "!", '"', "3", " a.m", "…"]), max_size=30)
)
def test_what_is_shown_is_a_prefix_that_ends_with_a_sentence(pieces: list[str]) -> None:
    sentences = WholeSentences()
    shown = "".join(map(sentences.feed, pieces)) + sentences.finish()
    assert "".join(pieces).startswith(shown)
    assert not shown or shown.rstrip("\"'”’)]* \n")[-1] in ".!?…"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Call us. We answer.", ["Call us.", "We answer."]),
        ("Ask Dr. Reyes. She knows.", ["Ask Dr. Reyes.", "She knows."]),
        ("Come at 8 a.m. with food. Then rest.", ["Come at 8 a.m. with food.", "Then rest."]),
        ("It costs $4.50 today! Yes?", ["It costs $4.50 today!", "Yes?"]),
        ('She said "stop." Then left.', ['She said "stop."', "Then left."]),
        ("First line\nSecond line.", ["First line", "Second line."]),
        ("[1] Call us.\n[2] Come in.", ["Call us.", "Come in."]),
        ('The answer to the question is: "Call us."', ["Call us."]),
        ("A: Call us.\n- Come in.", ["Call us.", "Come in."]),
        ("", []),
    ],
)
def test_whole_sentences_are_split_and_freed_of_marks(text: str, expected: list[str]) -> None:
    assert split_sentences(text) == expected
