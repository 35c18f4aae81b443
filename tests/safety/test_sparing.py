"""safety/sparing.py: a term that was taken for a name stays; a name that holds a term goes whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from safety.placeholders import Placeholders
from safety.recognizers.clinical_terms import clinical_spans
from safety.scrubber import Scrubber
from safety.sparing import left_to_scrub, outside
from tests.safety.tiny_tagger import lookup_release, served


def left(text: str, found: str, kind: str = "PERSON") -> list[str]:
    start = text.index(found)
    span = (start, start + len(found))
    parts = left_to_scrub(text, span, kind=kind, kept=[], clinical=[*clinical_spans(text)])
    return [text[first:last] for first, last in parts]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("can adalimumab help", "adalimumab"),
        ("Barrett's esophagus", "Barrett"),
        ("Humira's effects", "Humira's"),
        ("taking Humira now", "taking Humira"),
        ("the Beck Depression Inventory test", "Beck Depression Inventory test"),
        ("a baker's cyst", "a"),
        ("her Hodgkin lymphoma", "her Hodgkin"),
        ("(lupus)", "(lupus)"),
    ],
)
def test_a_person_that_is_a_term_and_plain_words_is_nothing(text: str, found: str) -> None:
    assert left(text, found) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Candida Jones called", "Candida Jones"),
        ("Will Parkinson's disease", "Will Parkinson"),
        ("Oona Parkinson's disease", "Oona Parkinson's"),
        ("Tindle lupus", "Tindle lupus"),
        ("a friend", "a"),
        ("Lupus 7", "Lupus 7"),
    ],
)
def test_a_person_with_any_other_word_stays_whole(text: str, found: str) -> None:
    assert left(text, found) == [found]


@pytest.mark.parametrize("kind", ["LOCATION", "ORGANIZATION", "STATE", "COUNTRY", "NATIONALITY"])
def test_other_mistakes_are_cut(kind: str) -> None:
    assert left("lupus center of Harlan", "lupus center of Harlan", kind) == [" center of Harlan"]
    assert left("West Nile's", "West Nile's", kind) == []


@pytest.mark.parametrize("kind", ["URL", "EMAIL_ADDRESS", "STREET_ADDRESS", "USERNAME", "ID_NUMBER"])
def test_an_address_or_number_that_holds_a_term_is_taken_whole(kind: str) -> None:
    assert left("at lupus.example.org/humira", "lupus.example.org/humira", kind) == [
        "lupus.example.org/humira"
    ]


def test_parts_lie_outside_of_every_span() -> None:
    assert [*outside(2, 12, [(0, 3), (5, 7), (6, 8), (11, 20)])] == [(3, 5), (8, 11)]


def test_a_name_known_from_the_conversation_does_not_take_a_condition(tmp_path: Path) -> None:
    folder = served(lookup_release(tmp_path / "release", {"zerbat": "PERSON"}), tmp_path / "served")
    scrubber = Scrubber(name_model=None, tagger=folder)
    known = Placeholders()
    assert "Burkitt" not in scrubber.scrub("Dr. Burkitt saw me", known).text
    after = scrubber.scrub("is Burkitt’s lymphoma inherited, and where is Burkitt", known).text
    assert after.startswith("is Burkitt’s lymphoma inherited")
    assert not after.endswith("Burkitt")


def test_a_tagger_that_takes_a_medicine_for_a_person_changes_nothing(tmp_path: Path) -> None:
    marks = {"adalimumab": "PERSON", "lyme": "LOCATION", "zerbat": "PERSON"}
    folder = served(lookup_release(tmp_path / "release", marks), tmp_path / "served")
    text = "zerbat takes adalimumab for lyme disease, mail adalimumab@example.org"
    after = Scrubber(name_model=None, tagger=folder).scrub(text).text
    assert after == "[PERSON_1] takes adalimumab for lyme disease, mail [EMAIL_ADDRESS_1]"


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("zerbat fibromyalgia meds", "[PERSON_1] fibromyalgia meds"),
        ("re Okkomun Zerbat lymphoma staging", "re [PERSON_1] [PERSON_2] lymphoma staging"),
        ("labs for wilson lymphoma", "labs for [PERSON_1] lymphoma"),
        ("plinvale sclerosis clinic", "[LOCATION_1] sclerosis clinic"),
        ("wilson disease labs", "wilson disease labs"),
        ("hodgkin lymphoma and Barrett's esophagus", "hodgkin lymphoma and Barrett's esophagus"),
    ],
)
def test_who_is_surely_a_person_is_no_part_of_the_condition_that_follows(
    tmp_path: Path, text: str, after: str
) -> None:
    people = dict.fromkeys(("zerbat", "okkomun", "wilson", "hodgkin", "barrett"), "PERSON")
    folder = served(
        lookup_release(tmp_path / "release", people | {"plinvale": "LOCATION"}), tmp_path / "served"
    )
    assert Scrubber(name_model=None, tagger=folder).scrub(text).text == after


def test_a_known_name_is_no_part_of_a_condition_but_its_own() -> None:
    scrubber, known = Scrubber(name_model=None), Placeholders()
    text = "my name is Nkosana Wojciechowska. re wojciechowska fibromyalgia"
    assert scrubber.scrub(text, known).text == "my name is [PERSON_1]. re [PERSON_1] fibromyalgia"
    after = scrubber.scrub("WOJCIECHOWSKA lymphoma staging", known).text
    assert after == "[PERSON_1] lymphoma staging"
