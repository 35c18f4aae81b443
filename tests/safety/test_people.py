"""Names are taken apart by their form, and nicknames lead to the same person."""

from __future__ import annotations

import pytest

from safety.people import pieces, same_given, sex_of, word_list


@pytest.mark.parametrize(
    ("value", "roles"),
    [
        ("Oona Tindle", [("given", "Oona"), ("family", "Tindle")]),
        ("TINDLE, OONA M.", [("family", "TINDLE"), ("given", "OONA"), ("middle", "M")]),
        ("Dr. Tindle", [("title", "Dr"), ("family", "Tindle")]),
        ("Oona Tindle, MD", [("given", "Oona"), ("family", "Tindle"), ("suffix", "MD")]),
        ("Maria de la Cruz", [("given", "Maria"), ("family", "de la Cruz")]),
        ("Oona's", [("single", "Oona")]),
        ("O.T.", [("initials", "O"), ("initials", "T")]),
        ("JD", [("initials", "JD")]),
        ("BOB", [("single", "BOB")]),
        ("123", []),
    ],
)
def test_the_parts_of_a_name_are_told_by_its_form(value: str, roles: list[tuple[str, str]]) -> None:
    assert [(piece.role, value[piece.start : piece.end]) for piece in pieces(value)] == roles


def test_a_nickname_leads_to_the_given_name_and_to_its_other_nicknames() -> None:
    assert {"robert", "bob", "rob"} <= same_given("bobby")
    assert "robert" not in same_given("oona")


@pytest.mark.parametrize(
    ("name", "titles", "sex"),
    [("robert", [], "male"), ("liz", [], "female"), ("zxqv", [], "either"), ("zxqv", ["mrs"], "female")],
)
def test_the_sex_of_a_name_is_that_of_its_title_or_its_list(name: str, titles: list[str], sex: str) -> None:
    assert sex_of(name, titles=titles) == sex


def test_the_lists_of_made_up_names_are_long_and_hold_no_common_word() -> None:
    female, male = word_list("female_names"), word_list("male_names")
    assert len(female) >= 150 and len(male) >= 150 and not female & male
    for name in ("female_names", "male_names", "unisex_names", "invented_families"):
        assert not word_list(name) & (word_list("common_words") | word_list("cities") | word_list("states"))


def test_a_name_is_not_shown_by_repr() -> None:
    assert "tindle" not in repr(pieces("Oona Tindle")).lower()
