"""safety/repeats.py: what was found once is found again, and common words are left alone."""

from __future__ import annotations

import pytest

from safety.repeats import Repeats

KNOWN = [
    ("PERSON", "Wilhelmina Abernethy"),
    ("PERSON", "Will Hope"),
    ("PHONE_NUMBER", "802-555-0100"),
    ("LOCATION", "Quimbleton"),
    ("AGE", "94"),
    ("DATE_TIME", "4 May 1990"),
    ("DATE_TIME", "christmas"),
    ("PARTIAL_NUMBER", "4417"),
    ("US_SSN", "9317"),
    ("PERSON", "Nkosana Łysiak"),
    ("US_NPI", "12"),
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("so abernethy it was", ["abernethy"]),
        ("WILHELMINA  ABERNETHY's", ["WILHELMINA  ABERNETHY"]),
        ("will you? i hope so", []),
        ("will hope came", ["will hope"]),
        ("on 802 555 0100 or (802)555.0100", ["802 555 0100", "802)555.0100"]),
        ("in quimbleton, not quimbletons", ["quimbleton"]),
        ("94 pills on 4 may, 1990 and 12 more", ["4 may, 1990"]),
        ("at christmas", []),
        ("yes 4417, not 44175 nor 417", ["4417"]),
        ("and 9317 too", ["9317"]),
        ("4417 steps, 4417mg, 4417 calories or 4417 it is", ["4417"]),
        ("lysiak and ŁYSIAK and nkosána", ["lysiak", "ŁYSIAK", "nkosána"]),
        ("will said so, will you", ["will"]),
        ("abernethys and myabernethy", []),
        ("abernethy. wilhelmina", ["abernethy", "wilhelmina"]),
        ("wilhelmina went out with others; abernethy did not", ["wilhelmina", "abernethy"]),
        ("", []),
    ],
)  # fmt: skip
def test_values_are_found_whole_in_any_case_and_spacing(text: str, expected: list[str]) -> None:
    assert [text[start:end] for _, start, end in Repeats(KNOWN).spans(text)] == expected


def test_a_value_keeps_the_type_that_it_was_found_as() -> None:
    found = [kind for kind, _, _ in Repeats(KNOWN).spans("abernethy of quimbleton, 802 555 0100")]
    assert found == ["PERSON", "LOCATION", "PHONE_NUMBER"]


def test_what_was_found_is_not_shown_by_repr() -> None:
    assert "abernethy" not in repr(Repeats(KNOWN)).lower()


def test_a_value_that_is_mostly_signs_is_found_again_as_it_stood() -> None:
    known = Repeats([("IP_ADDRESS", "a1 >>>>>>>> b2")])
    text = "x a1 >>>>>>>> b2 y a1 >>>>>>>>>>>> b2"
    assert [text[start:end] for _, start, end in known.spans(text)] == ["a1 >>>>>>>> b2"]
