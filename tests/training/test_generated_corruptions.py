"""Corruptions: what they do to a text, and that no span loses its place, whatever they do."""

from __future__ import annotations

import html
import re
from random import Random
from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.generated.corruptions import (
    CORRUPTIONS,
    Marked,
    corrupted,
    doubled_spaces,
    edited,
    html_entities,
    line_break,
    lower_case,
    missing_spaces,
    no_punctuation,
    odd_spaces,
    spelled_digits,
    typos,
    unicode_dashes,
    upper_case,
    zero_width,
)
from training.generated.labels import LABELS
from training.rows import Span

TEXT = "Dr. José Núñez, 42yo, call 555-201-9988 or write to Ann O'Brien, 12 Elm St, please."
VALUES = (("José Núñez", "PERSON"), ("42", "AGE"), ("555-201-9988", "PHONE_NUMBER"), ("Ann O'Brien", "PERSON"),
          ("12 Elm St", "STREET_ADDRESS"))  # fmt: skip


def marked(text: str = TEXT, values: tuple[tuple[str, str], ...] = VALUES) -> Marked:
    spans = [
        Span(start=at, end=at + len(one), label=label)
        for one, label in values
        if (at := text.index(one)) >= 0
    ]
    return Marked(text, tuple(spans))


def values_of(one: Marked) -> list[str]:
    return [one.text[span.start : span.end] for span in one.spans]


@st.composite
def texts(draw: st.DrawFn) -> Marked:
    """Any text in which some stretches are labelled: no space at their ends, none empty."""
    pieces = draw(st.lists(st.tuples(st.text(max_size=12), st.booleans()), max_size=8))
    text, spans = "", []
    for piece, personal in pieces:
        value = piece.strip() if personal else piece
        if personal and value:
            label = draw(st.sampled_from(LABELS))
            spans.append(Span(start=len(text), end=len(text) + len(value), label=label))
        text += value
    return Marked(text, tuple(spans))


@settings(max_examples=60, deadline=None)
@given(one=texts(), seed=st.integers(0, 999))
@pytest.mark.parametrize("name", sorted(CORRUPTIONS))
def test_spans_keep_order_labels_and_something_in_them(name: str, one: Marked, seed: int) -> None:
    after = CORRUPTIONS[name](one, Random(seed))
    assert [span.label for span in after.spans] == [span.label for span in one.spans]
    at = 0
    for span in after.spans:
        assert at <= span.start < span.end <= len(after.text)
        at = span.end


@settings(max_examples=60, deadline=None)
@given(one=texts(), seed=st.integers(0, 999))
@pytest.mark.parametrize("name", sorted(set(CORRUPTIONS) - {"typos", "spelled_digits", "missing_spaces"}))
def test_a_span_holds_the_same_letters_as_before(name: str, one: Marked, seed: int) -> None:
    after = CORRUPTIONS[name](one, Random(seed))
    assert [plain(value) for value in values_of(after)] == [plain(value) for value in values_of(one)]
    assert plain(outside(after)) == plain(outside(one))


def plain(text: str) -> str:
    """Return the letters and digits of a text, as nobody's corruption changes them."""
    text = normalize("NFKC", html.unescape(html.unescape(text))).upper().lower()
    return "".join(sign for sign in normalize("NFKC", text) if sign.isalnum())


def outside(one: Marked) -> str:
    kept, at = "", 0
    for span in one.spans:
        kept += one.text[at : span.start] + "|"
        at = span.end
    return kept + one.text[at:]


@settings(max_examples=100, deadline=None)
@given(one=texts(), seed=st.integers(0, 999))
def test_edits_inside_a_span_change_it_as_they_would_change_it_alone(one: Marked, seed: int) -> None:
    rng = Random(seed)
    edits = [
        (at, at + 1, rng.choice(("", "xy", "z")))
        for span in one.spans
        for at in range(span.start + 1, span.end, 2)
    ]
    after = edited(one, edits)
    for before, span in zip(one.spans, after.spans, strict=True):
        inner = [
            (s - before.start, e - before.start, new) for s, e, new in edits if before.start <= s < before.end
        ]
        alone = edited(Marked(one.text[before.start : before.end]), inner)
        assert after.text[span.start : span.end] == alone.text


def test_what_is_inserted_at_the_ends_of_a_span_stays_outside() -> None:
    after = edited(Marked("a Bob c", (Span(start=2, end=5, label="PERSON"),)), [(2, 2, "<"), (5, 5, ">")])
    assert (after.text, values_of(after)) == ("a <Bob> c", ["Bob"])


@pytest.mark.parametrize("edit", [(1, 3, ""), (4, 6, "x"), (2, 5, "")])
def test_an_edit_that_would_cut_or_empty_a_span_is_refused(edit: tuple[int, int, str]) -> None:
    with pytest.raises(ValueError, match="span"):
        edited(Marked("a Bob c", (Span(start=2, end=5, label="PERSON"),)), [edit])


def test_overlapping_edits_are_refused() -> None:
    with pytest.raises(ValueError, match="overlaps"):
        edited(Marked("abcdef"), [(0, 3, ""), (2, 4, "")])


def test_cases() -> None:
    assert lower_case(marked(), Random(1)).text == TEXT.lower()
    assert values_of(upper_case(marked(), Random(1)))[0] == "JOSÉ NÚÑEZ"
    grown = upper_case(marked("Ms Groß is here", (("Groß", "PERSON"),)), Random(1))
    assert (grown.text, values_of(grown)) == ("MS GROSS IS HERE", ["GROSS"])


def test_typos_change_words_but_not_their_first_letters() -> None:
    text = "please write to Margaret Hamilton tomorrow"
    changed = [typos(marked(text, (("Margaret Hamilton", "PERSON"),)), Random(seed)) for seed in range(40)]
    assert sum(one.text != text for one in changed) > 30
    assert any(value != "Margaret Hamilton" for one in changed for value in values_of(one))
    assert all(
        [word[0] for word in one.text.split()] == [word[0] for word in text.split()] for one in changed
    )


def test_punctuation_goes_and_numbers_and_addresses_keep_theirs() -> None:
    text = "Hi, it's Ann O'Brien. A1c 7.2, bp 120/80, mail ann.o@x.org, born 3/4/1980."
    after = no_punctuation(
        marked(text, (("Ann O'Brien", "PERSON"), ("ann.o@x.org", "EMAIL_ADDRESS"))), Random(1)
    )
    assert after.text == "Hi its Ann OBrien A1c 7.2 bp 120/80 mail ann.o@x.org born 3/4/1980"
    assert values_of(after) == ["Ann OBrien", "ann.o@x.org"]


def test_a_line_breaks_inside_a_value() -> None:
    broken = [line_break(marked(), Random(seed)) for seed in range(20)]
    assert all(any(re.search(r"\S\s*\n\s*\S", value) for value in values_of(one)) for one in broken)
    number = line_break(marked("call 555-0199", (("555-0199", "PHONE_NUMBER"),)), Random(1))
    assert values_of(number) == ["555-\n0199"]


def test_dashes_and_spaces_become_other_ones_of_unicode() -> None:
    assert re.fullmatch(r"555[^-]201[^-]9988", values_of(unicode_dashes(marked(), Random(1)))[2])
    assert re.fullmatch(r"12[^ ]Elm[^ ]St", values_of(odd_spaces(marked(), Random(1)))[4])


def test_characters_without_width_stand_inside_values() -> None:
    after = zero_width(marked(), Random(1))
    hidden = re.compile("[\u200b\u200c\u200d\u2060\ufeff\u00ad]")
    assert any(hidden.search(value) for value in values_of(after))
    assert hidden.sub("", after.text) == TEXT


def test_numbers_are_spelled_as_they_are_read_out() -> None:
    text = "call 202-5511, i am 42, see 42yo"
    after = spelled_digits(marked(text, (("202-5511", "PHONE_NUMBER"), ("42", "AGE"))), Random(2))
    phone, age = values_of(after)
    assert re.fullmatch(r"two (zero|oh|o) two (double five|five five) (double one|one one)", phone)
    assert re.fullmatch(r"forty[- ]two", age)
    glued = marked("a 42yo man", (("42", "AGE"),))
    assert spelled_digits(glued, Random(1)) == glued


def test_spaces_are_doubled_or_missing() -> None:
    text = "one, two. three: four five six seven eight nine ten"
    assert "  " in doubled_spaces(marked(text, ()), Random(1)).text
    assert re.search(r"[,.:]\w", missing_spaces(marked(text, ()), Random(1)).text)


def test_html_entities_can_be_read_back() -> None:
    text = 'José & Ann O\'Brien said "no" <twice>'
    after = html_entities(marked(text, (("José", "PERSON"), ("Ann O'Brien", "PERSON"))), Random(3))
    assert "&amp;" in after.text and "&lt;twice&gt;" in after.text
    assert html.unescape(after.text).replace("\u00a0", " ") == text
    assert [html.unescape(value).replace("\u00a0", " ") for value in values_of(after)] == [
        "José",
        "Ann O'Brien",
    ]


def test_a_share_of_texts_gets_one_or_two_corruptions() -> None:
    same = sum(corrupted(marked(), Random(seed)) == marked() for seed in range(300))
    assert 130 < same < 230
