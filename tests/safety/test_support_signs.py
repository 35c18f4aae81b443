"""Each sign is found where a sentence says something else, and not where it only says it otherwise."""

from __future__ import annotations

import pytest

from safety import support_signs as signs


@pytest.mark.parametrize(
    ("claim", "source", "found"),
    [
        ("Keep the brace on for 6 weeks.", "Keep the brace on for 6 months.", True),
        ("Keep the brace on for six weeks.", "Keep the brace on for 6 weeks.", False),
        ("Rest for 6 to 8 days.", "Rest for 6 to 8 weeks.", True),
        ("Take 20 milligrams.", "Take 20 mg.", False),
        ("Take 20 g.", "Take 20 mg.", True),
        ("About 5 percent have it.", "About 5% have it.", False),
        ("The 3 groups meet.", "The 3 weeks pass.", False),
    ],
)
def test_other_unit_is_found_behind_the_same_number(claim: str, source: str, found: bool) -> None:
    assert signs.other_unit(claim, [source]) is found


@pytest.mark.parametrize(
    ("claim", "found"),
    [("Between 5 and 5 visits.", True), ("Between five and 9 visits.", False), ("9 visits.", False)],
)
def test_number_that_stands_in_anothers_place_is_found(claim: str, found: bool) -> None:
    assert signs.number_too_often(claim, ["Between 5 and 9 visits."]) is found


def test_word_that_stands_in_anothers_place_is_found() -> None:
    source = "The growth is benign or malignant."
    assert signs.said_too_often("The growth is benign or benign.", [source]) == 1
    assert signs.said_too_often("The growth is malignant or benign.", [source]) == 0


@pytest.mark.parametrize(
    ("claim", "source", "added", "lost"),
    [
        ("The rash is not painful.", "The rash is painful.", 1, 0),
        ("The rash is painful.", "The rash is not painful.", 0, 1),
        ("The rash isn't painful.", "The rash is not painful.", 0, 0),
        ("Treat the rash with cream.", "Treat the rash without cream.", 0, 1),
        ("You should not avoid eggs.", "You should avoid eggs.", 0, 1),
        ("The rash is painful.", "The rash is painful, but it does not spread.", 0, 0),
        (
            "It does not spread, and the rash is painful.",
            "The rash is painful, but it does not spread.",
            0,
            0,
        ),
    ],
)
def test_denial_counts_for_what_it_stands_before(claim: str, source: str, added: int, lost: int) -> None:
    assert signs.denials_added(claim, [source]) == added
    assert signs.denials_lost(claim, source) == lost


@pytest.mark.parametrize(
    ("claim", "source", "found"),
    [
        ("Cough causes smoking.", "Smoking causes cough.", True),
        ("Smoking is caused by cough.", "Smoking causes cough.", True),
        ("Cough is caused by smoking.", "Smoking causes cough.", False),
        ("Cough is due to smoking.", "Smoking leads to cough.", False),
        ("Because pollen is in the air, eyes itch.", "Eyes itch because pollen is in the air.", False),
        ("Pollen is in the air because eyes itch.", "Eyes itch because pollen is in the air.", True),
        ("This results from tremor.", "This results in tremor.", True),
        ("Smoking is common.", "Smoking causes cough.", False),
    ],
)
def test_cause_and_effect_turned_around_are_found(claim: str, source: str, found: bool) -> None:
    assert signs.turned_around(claim, [source]) is found


def test_cause_that_no_source_speaks_of_is_found() -> None:
    assert signs.cause_invented("Stress causes the rash.", ["People with stress may have the rash."])
    assert not signs.cause_invented("The rash is due to stress.", ["Stress causes the rash."])


def test_qualifiers_are_compared_by_what_they_say() -> None:
    source = "Most children recover, and some may need surgery."
    assert signs.qualifiers_added("All children recover.", [source]) == 1
    assert signs.qualifiers_lost("Children recover.", source) == 1
    assert signs.qualifiers_added("Children usually recover.", [source]) == 0
    assert signs.qualifiers_lost("Some may need surgery.", source) == 0
