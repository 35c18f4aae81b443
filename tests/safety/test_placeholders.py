"""Placeholders stay the same for the same value, and hold nothing of it."""

from __future__ import annotations

import pickle

import pytest

from safety.placeholders import PLACEHOLDER, Placeholders


def test_numbers_count_by_type() -> None:
    placeholders = Placeholders()
    assert placeholders.replacement("PERSON", "Oona Tindle") == "[PERSON_1]"
    assert placeholders.replacement("PHONE_NUMBER", "802-555-0100") == "[PHONE_NUMBER_1]"
    assert placeholders.replacement("PERSON", "Jorah Vane") == "[PERSON_2]"


@pytest.mark.parametrize(
    ("entity", "first", "again"),
    [
        ("PERSON", "Oona Tindle", "OONA  TINDLE"),
        ("PERSON", "Dr. Oona Tindle", "oona tindle"),
        ("PERSON", "Oona Tindle", "Oona"),
        ("PERSON", "Oona Tindle", "tindle"),
        ("PHONE_NUMBER", "(802) 555-0100", "802.555.0100"),
        ("US_SSN", "219-09-9998", "219 09 9998"),
    ],
)
def test_the_same_value_written_otherwise_keeps_its_placeholder(entity: str, first: str, again: str) -> None:
    placeholders = Placeholders()
    assert placeholders.replacement(entity, first) == placeholders.replacement(entity, again)


def test_different_values_and_types_get_different_placeholders() -> None:
    placeholders = Placeholders()
    written = [
        placeholders.replacement(*one)
        for one in [
            ("PERSON", "Oona"),
            ("PERSON", "Jorah"),
            ("LOCATION", "Oona"),
            ("AGE", "91"),
            ("AGE", "92"),
        ]
    ]
    assert len(set(written)) == 5


def test_nothing_of_a_value_is_kept() -> None:
    placeholders = Placeholders()
    placeholders.replacement("PERSON", "Oona Tindle")
    held = pickle.dumps(vars(placeholders)) + repr(placeholders).encode()
    assert b"oona" not in held.lower()
    assert b"tindle" not in held.lower()


def test_two_conversations_share_no_hashes() -> None:
    first, second = Placeholders(), Placeholders()
    first.replacement("PERSON", "Oona")
    second.replacement("PERSON", "Oona")
    assert not set(first._numbers) & set(second._numbers)


@pytest.mark.parametrize("text", ["[PERSON_1]", "[MEDICAL_RECORD_NUMBER_12]", "[AGE_3]"])
def test_the_form_of_a_placeholder(text: str) -> None:
    assert PLACEHOLDER.fullmatch(text)


@pytest.mark.parametrize("text", ["[PERSON_]", "[jane_1]", "[PHONE_8025550100]", "PERSON_1", "[PERSON 1]"])
def test_what_is_not_a_placeholder(text: str) -> None:
    assert not PLACEHOLDER.fullmatch(text)
