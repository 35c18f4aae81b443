"""A restorer gives back exactly its own placeholders, and is never stored."""

from __future__ import annotations

import copy
import json
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safety.placeholders import PLACEHOLDER
from safety.restore import Restorer

KINDS = st.sampled_from(["PERSON", "PHONE_NUMBER", "DATE_TIME", "ID_NUMBER"])
TYPED = st.lists(st.sampled_from(["[PERSON_1]", "[PERSON_2]", "[PHONE_NUMBER_1]", "[AGE_9]"]), max_size=4)


def test_values_come_back_in_the_output() -> None:
    restorer = Restorer(["call Oona Tindle on 802-555-0100"])
    name, number = (
        restorer.replacement("PERSON", "Oona Tindle"),
        restorer.replacement("PHONE_NUMBER", "802-555-0100"),
    )
    assert restorer.restore(f"Called {name} ({number}).") == "Called Oona Tindle (802-555-0100)."


def test_what_the_user_typed_or_the_model_made_up_stays() -> None:
    typed = "ask [PERSON_1] about it"
    restorer = Restorer([typed])
    mine = restorer.replacement("PERSON", "Oona Tindle")
    assert mine == "[PERSON_2]"
    assert (
        restorer.restore("[PERSON_1], [PERSON_7] and [PERSON_2]") == "[PERSON_1], [PERSON_7] and Oona Tindle"
    )


def test_a_value_that_looks_like_a_placeholder_is_not_restored_twice() -> None:
    restorer = Restorer()
    first = restorer.replacement("ID_NUMBER", "[PERSON_1]")
    restorer.replacement("PERSON", "Oona Tindle")
    assert restorer.restore(first) == "[PERSON_1]"


def test_one_person_comes_back_by_the_full_name_and_two_of_a_family_are_not_mixed_up() -> None:
    restorer = Restorer()
    oona = restorer.replacement("PERSON", "Oona Tindle")
    assert restorer.replacement("PERSON", "oona") == oona
    assert restorer.replacement("PERSON", "Jorah Tindle") != oona
    assert restorer.replacement("PERSON", "Tindle") not in (
        oona,
        restorer.replacement("PERSON", "Jorah Tindle"),
    )
    assert restorer.restore(f"{oona}'s note") == "Oona Tindle's note"


def test_its_repr_shows_counts_only() -> None:
    restorer = Restorer()
    restorer.replacement("PERSON", "Oona Tindle")
    assert repr(restorer) == "Restorer(1 placeholders)"


@pytest.mark.parametrize("store", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps])
def test_it_cannot_be_pickled_copied_or_stored(store: object) -> None:
    restorer = Restorer()
    restorer.replacement("PERSON", "Oona Tindle")
    with pytest.raises(TypeError) as caught:
        store(restorer)  # type: ignore[operator]
    assert "Oona" not in str(caught.value)


def test_after_forgetting_nothing_comes_back() -> None:
    restorer = Restorer()
    mark = restorer.replacement("PERSON", "Oona Tindle")
    restorer.forget()
    assert restorer.restore(mark) == mark


@given(st.lists(st.tuples(KINDS, st.text(min_size=1, max_size=12)), max_size=8), TYPED)
@settings(deadline=None)
def test_own_placeholders_are_never_typed_ones_and_always_come_back(
    values: list[tuple[str, str]], typed: list[str]
) -> None:
    restorer = Restorer(typed)
    for kind, value in values:
        mark = restorer.replacement(kind, value)
        assert PLACEHOLDER.fullmatch(mark) and mark not in typed
        assert restorer.restore(mark) != mark or value == mark
    for mark in typed:
        assert restorer.restore(mark) == mark
