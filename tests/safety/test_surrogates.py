"""Surrogates are stable for a seed and belong to nobody."""

from __future__ import annotations

import pytest

from safety.policies import POLICIES
from safety.surrogates import Surrogates

TYPES = sorted(set(POLICIES["wide"]))


@pytest.mark.parametrize("entity", TYPES)
def test_the_same_seed_and_value_give_the_same_surrogate(entity: str) -> None:
    assert Surrogates(3).replacement(entity, "Oona Tindle 4471") == Surrogates(3).replacement(
        entity, "Oona Tindle 4471"
    )


@pytest.mark.parametrize("entity", TYPES)
def test_no_surrogate_repeats_the_value(entity: str) -> None:
    assert "4471" not in Surrogates(1).replacement(entity, "Oona 4471 22")


def test_another_seed_gives_other_surrogates() -> None:
    values = [f"person {number}" for number in range(20)]
    assert [Surrogates(1).replacement("PERSON", v) for v in values] != [
        Surrogates(2).replacement("PERSON", v) for v in values
    ]


def test_numbers_and_addresses_are_from_the_ranges_for_fiction() -> None:
    surrogates = Surrogates(9)
    for value in map(str, range(50)):
        assert surrogates.replacement("PHONE_NUMBER", value).startswith("802-555-01")
        assert surrogates.replacement("EMAIL_ADDRESS", value).endswith("@example.org")
        assert surrogates.replacement("US_SSN", value).startswith("000-00-")
        assert surrogates.replacement("IP_ADDRESS", value).startswith("192.0.2.")


def test_a_full_name_stays_a_full_name() -> None:
    assert len(Surrogates(1).replacement("PERSON", "Oona Tindle").split()) == 2
    assert len(Surrogates(1).replacement("PERSON", "Oona").split()) == 1
