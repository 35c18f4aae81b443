"""Sentences come out as soon as they are whole, and fragments never."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sentences import sentences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Call us. We answer.", ["Call us.", "We answer."]),
        ("Ask Dr. Reyes. She knows.", ["Ask Dr. Reyes.", "She knows."]),
        ("Take it at 8 a.m. with food. Then rest.", ["Take it at 8 a.m. with food.", "Then rest."]),
        ("It costs $4.50 today! Yes?", ["It costs $4.50 today!", "Yes?"]),
        ('She said "stop." Then left.', ['She said "stop."', "Then left."]),
        ("First line\nSecond line.", ["First line", "Second line."]),
        ("1. Call us. 2. Come in.", ["1. Call us.", "2. Come in."]),
        ("A whole one. And a frag", ["A whole one."]),
        ("", []),
    ],
)
def test_split(text: str, expected: list[str]) -> None:
    assert list(sentences([text])) == expected


@given(st.text(alphabet="ab .!?\n\"'", max_size=60), st.integers(1, 7))
def test_pieces_of_any_size_give_the_same_sentences(text: str, size: int) -> None:
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    whole = list(sentences([text]))
    assert "".join("".join(whole).split()) == "".join("".join(sentences(pieces)).split())


def test_sentence_is_given_before_the_next_piece_is_asked_for() -> None:
    asked = []

    def pieces() -> object:
        for piece in ("One. T", "wo. ", "Three."):
            asked.append(piece)
            yield piece

    stream = sentences(pieces())  # type: ignore[arg-type]
    assert next(stream) == "One."
    assert len(asked) == 1
