"""A file's texts in pieces: borders hide nothing, one value reads the same all through."""

from __future__ import annotations

import re
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safety import bulk_pieces
from safety.bulk_pieces import TextScrubber, Unbroken
from safety.bulk_scrubber import ScrubberChoice, build_scrubber
from safety.entities import Entity, Scrubbed
from safety.placeholders import Placeholders, Replacer

_CODE = re.compile(r"Q\d\u200b* Q\d")


class Codes:
    """A scrubber of two words, quick enough for thousands of texts."""

    def find(self, text: str) -> tuple[Entity, ...]:
        return tuple(Entity(*match.span(), "ID_NUMBER", 1.0) for match in _CODE.finditer(text))

    def scrub(self, text: str, placeholders: Replacer | None = None) -> Scrubbed:
        replacer = placeholders or Placeholders()
        found = self.find(text)
        made = [replacer.replacement(one.type, text[one.start : one.end]) for one in found]
        pieces, last = [], 0
        for one, value in zip(found, made, strict=True):
            pieces += [text[last : one.start], value]
            last = one.end
        return Scrubbed("".join(pieces) + text[last:], found)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("PIECE", 60), ("RIGHT", 12), ("LEFT", 8), ("MOST", 400)):
        monkeypatch.setattr(bulk_pieces, name, value)


@settings(max_examples=100, deadline=None)
@given(words=st.lists(st.sampled_from(["Q1", "Q2", "abc", "d"]), max_size=120), size=st.integers(1, 40))
def test_pieces_give_what_the_whole_gives(words: list[str], size: int) -> None:
    # One blank between two words, two where a code must not arise by chance of the drawing.
    text = re.sub(r"(Q\d Q\d) (?=Q)", r"\1  ; ", " ".join(words))
    patch = pytest.MonkeyPatch()
    for name, value in (("PIECE", 60), ("RIGHT", 12), ("LEFT", 8), ("MOST", 400)):
        patch.setattr(bulk_pieces, name, value)
    try:
        blocks = [text[at : at + size] for at in range(0, len(text), size)]
        pieces = "".join(TextScrubber(Codes(), Placeholders).stream(blocks))
    finally:
        patch.undo()
    assert not _CODE.search(pieces)
    assert re.sub(r"\d+\]", "]", pieces) == re.sub(r"\d+\]", "]", Codes().scrub(text).text)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_text() -> None:
    def peak(blocks: int) -> int:
        tracemalloc.start()
        try:
            for _ in TextScrubber(Codes(), Placeholders).stream(
                "plain Q1 Q2 words\n" * 800 for _ in range(blocks)
            ):
                pass
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(160) < 1.3 * peak(20)


def test_a_run_without_a_place_to_cut_fails(small: None) -> None:
    with pytest.raises(Unbroken):
        list(TextScrubber(Codes(), Placeholders).stream(["a" * 2_000]))


def test_markup_is_never_cut_inside_a_tag(small: None) -> None:
    text = "word " * 9 + "<p title='Q1 Q2 and more words here'>" + "<b>Q1</b> Q2 word " * 9
    made = "".join(TextScrubber(Codes(), Placeholders).stream([text], markup=True))
    assert "Q1" not in made and made.count("<b>") == 9 and made.count("[ID_NUMBER_1]") == 10


def test_numbering_begins_anew_before_placeholders_run_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_pieces, "_HIGHEST", 3)
    text = TextScrubber(Codes(), Placeholders)
    for number in range(7):
        text.whole(f"Q{number} Q{number}")
    assert text.counts.renumbered == 2 and text.counts.entities["ID_NUMBER"] == 7


@pytest.fixture(scope="module")
def real() -> TextScrubber:
    return TextScrubber(build_scrubber(ScrubberChoice("wide")), Placeholders)


def test_a_name_reads_the_same_through_all_texts_of_a_file(real: TextScrubber) -> None:
    first = real.whole("my name is jorah tindle")
    assert first == "my name is [PERSON_1]"
    assert real.whole("so it was Jorah Tindle then") == "so it was [PERSON_1] then"


def test_a_name_without_a_cue_is_found_after_its_piece_gave_it_away(real: TextScrubber) -> None:
    assert "orah" not in real.whole("my name is jorah tindle.\nlater jorah tindle called me.")


def test_the_field_says_what_a_short_value_is(real: TextScrubber) -> None:
    assert real.whole("0048291", cue="mrn").startswith("[MEDICAL_RECORD_NUMBER")


def test_markup_keeps_its_tags_where_a_name_goes(real: TextScrubber) -> None:
    made = "".join(real.stream(["<p>my name is <b>jo</b>rah tin&#100;le</p>"], markup=True))
    assert made == "<p>my name is <b>[PERSON_1]</b></p>"
