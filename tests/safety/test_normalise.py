"""Normalised text and its map back to the original."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety.normalise import folded, normalise

ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=200)
TRICKY = st.text(
    alphabet="aA1 9-\n\t.()\u2011\u200b\u00ad\u0301\uff11\uff20\ufb01\u0430\u03bf½ﷺé\u2019", max_size=60
)


@given(ANY_TEXT | TRICKY)
def test_every_span_maps_inside_the_original_and_in_order(text: str) -> None:
    plain = normalise(text)
    assert len(plain.starts) == len(plain.ends) == len(plain.text)
    assert list(plain.starts) == sorted(plain.starts)
    assert list(plain.ends) == sorted(plain.ends)
    for at in range(len(plain.text)):
        start, end = plain.span(at, at + 1)
        assert 0 <= start < end <= len(text)


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=200))
def test_plain_ascii_on_one_line_keeps_its_words_and_single_spaces(text: str) -> None:
    single = " ".join(text.split())
    plain = normalise(single)
    assert plain.text == single
    assert plain.span(0, len(single)) == (0, len(single))


@given(TRICKY)
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    once = normalise(text.replace("\u0301", "")).text
    assert normalise(once).text == once


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("219\u201109\u20119999", "219-09-9999"),
        ("219-\u200b09-9999", "219-09-9999"),
        ("jane\uff20gmail.com", "jane@gmail.com"),
        ("８０２", "802"),
        ("٨٠٢", "802"),
        ("J\u0430ne", "Jane"),
        ("my name\u2019s", "my name's"),
        ("802-\n555   0100", "802- 555 0100"),
        ("so\u00adcial", "social"),
        ("привет", "привет"),
        ("219-\udc0009-\ud8009999", "219-09-9999"),
    ],
)
def test_plain_form(text: str, expected: str) -> None:
    assert normalise(text).text == expected


def test_a_span_after_removed_characters_points_at_the_right_place() -> None:
    text = "\u200bssn 219-\u200b09\u20119999 ok"
    plain = normalise(text)
    at = plain.text.index("219")
    start, end = plain.span(at, at + len("219-09-9999"))
    assert text[start:end] == "219-\u200b09\u20119999"


def test_a_span_outside_the_text_is_an_error() -> None:
    with pytest.raises(ValueError, match="outside"):
        normalise("abc").span(2, 9)


def test_hostile_text_takes_linear_time() -> None:
    for unit in ("1 \n", "a\u0301", "\u200b", "\u0430a", "1-\n", "ﷺ"):
        began = time.process_time()
        normalise(unit * 20_000)
        assert time.process_time() - began < 2.0, repr(unit)


@pytest.mark.parametrize(
    "written", ["8\ufe0f\u20e30\ufe0f\u20e32\ufe0f\u20e3", "8\u20e30\u20e32\u20e3", "⑧⓪②", "❽⓪❷", "８０２"]
)
def test_digits_on_keys_and_in_circles_are_digits(written: str) -> None:
    found = normalise(f"a {written} b")
    assert found.text == "a 802 b"
    assert found.span(2, 5)[0] == 2


@pytest.mark.parametrize(
    ("word", "plain"),
    [("José", "jose"), ("ŁUKASZ", "lukasz"), ("Tin\u200bdle", "tindle"), ("Straße", "strasse")],
)
def test_a_folded_word_has_neither_case_nor_accents(word: str, plain: str) -> None:
    assert folded(word) == plain
