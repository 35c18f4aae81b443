"""Names that may be shown: what stays, and what is withheld."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safety.bulk_names import numbered, safe_name, safe_path


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("notes.txt", "notes.txt"),
        ("tindle_oona_0048291.txt", "x.txt"),
        ("tindle_oona_notes.txt", "x_notes.txt"),
        ("JorahTindleNotes.csv", "xNotes.csv"),
        ("grace.txt", "x.txt"),
        ("2024-03-14.jsonl", "x.jsonl"),
        ("table 12.html", "table 12.html"),
        ("jorah@tindle.eml", "x.eml"),
        ("notes.Tar.GZ", "notes.tar.gz"),
        ("notes.tindle", "notes_x"),
        (".scrub", "x"),
        ("Zoë.txt", "x.txt"),
        ("…", "x"),
        ("DR:", "DR_x"),
        (":notes.txt", "x_notes.txt"),
    ],
)
def test_only_words_that_name_nobody_stay(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_path_is_withheld_part_by_part() -> None:
    assert safe_path(PurePosixPath("tindle/notes.txt")) == "x/notes.txt"


def test_number_stands_before_the_ending() -> None:
    assert numbered("notes.tar.gz", 2) == "notes_2.tar.gz"


@settings(deadline=None)
@given(st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=40))
def test_safe_name_is_a_usable_name_and_stays_as_it_is(name: str) -> None:
    safe = safe_name(name)
    assert safe and "/" not in safe and not safe.startswith(".")
    assert safe_name(safe) == safe
