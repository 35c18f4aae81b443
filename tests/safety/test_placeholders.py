"""Placeholders stay the same for the same value, and hold nothing of it."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safety.errors import ScrubError
from safety.placeholders import PLACEHOLDER, Placeholders, in_plain_words, without_introduction
from safety.policies import POLICIES


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
        ("PERSON", "Oona Tindle", "Tindle, Oona M."),
        ("PERSON", "Oona Tindle", "O. Tindle"),
        ("PERSON", "Oona Tindle", "O.T."),
        ("PERSON", "O. Tindle", "Oona Tindle"),
        ("PERSON", "Oona", "Oona Tindle"),
        ("PERSON", "Robert Vane", "Bob"),
        ("PERSON", "Robert Vane", "rob vane"),
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


@pytest.mark.parametrize(
    "text",
    [
        "[PERSON_]",
        "[PERSON_0]",
        "[PERSON_01]",
        "[PERSON_１]",
        "[jane_1]",
        "[PHONE_8025550100]",
        "PERSON_1",
        "[PERSON 1]",
    ],
)
def test_what_is_not_a_placeholder(text: str) -> None:
    assert not PLACEHOLDER.fullmatch(text)


def test_two_people_with_one_name_part_in_common_stay_two() -> None:
    placeholders = Placeholders()
    first = placeholders.replacement("PERSON", "Oona Tindle")
    assert placeholders.replacement("PERSON", "Ophelia Tindle") != first
    assert placeholders.replacement("PERSON", "Oona Vane") != first


def test_an_abbreviation_is_no_known_person_for_its_letters() -> None:
    placeholders = Placeholders()
    placeholders.replacement("PERSON", "Oona Tindle")
    assert not placeholders.knows("OT", part=True)
    assert placeholders.knows("oona", part=True) and not placeholders.knows("oona", part=False)


def test_a_placeholder_typed_by_hand_is_never_given_to_a_value() -> None:
    placeholders = Placeholders()
    placeholders.reserve("i am [PERSON_1] and [PERSON_3]")
    written = [placeholders.replacement("PERSON", name) for name in ("Oona Tindle", "Jorah Vane")]
    assert written == ["[PERSON_2]", "[PERSON_4]"]


def test_ours_stays_ours_when_it_is_typed_again() -> None:
    placeholders = Placeholders()
    placeholders.replacement("PERSON", "Oona Tindle")
    placeholders.reserve("tell [PERSON_1] please")
    assert placeholders.replacement("PERSON", "Oona Tindle") == "[PERSON_1]"
    assert placeholders.replacement("PERSON", "Jorah Vane") == "[PERSON_2]"


def test_more_values_than_there_are_numbers_is_an_error() -> None:
    placeholders = Placeholders()
    placeholders.reserve(" ".join(f"[AGE_{number}]" for number in range(1, 10_000)))
    with pytest.raises(ScrubError, match="9999"):
        placeholders.replacement("AGE", "91")


@given(
    st.lists(st.tuples(st.sampled_from(["PERSON", "AGE", "ID_NUMBER"]), st.text(max_size=12)), max_size=12),
    st.lists(st.sampled_from(["[PERSON_1]", "[AGE_2]", "[ID_NUMBER_1]", "x"]), max_size=3).map(" ".join),
)
@settings(deadline=None)
def test_every_value_keeps_one_placeholder_and_none_is_a_typed_one(
    values: list[tuple[str, str]], typed: str
) -> None:
    placeholders = Placeholders()
    placeholders.reserve(typed)
    first = [placeholders.replacement(*one) for one in values]
    assert [placeholders.replacement(*one) for one in values] == first
    for (kind, _value), written in zip(values, first, strict=True):
        assert PLACEHOLDER.fullmatch(written) and written.startswith(f"[{kind}_")
        assert written not in typed


@pytest.mark.parametrize("kind", sorted({kind for kinds in POLICIES.values() for kind in kinds}))
def test_a_model_reads_everyday_words_in_the_place_of_a_placeholder(kind: str) -> None:
    read = in_plain_words(f"call [{kind}_1], then [{kind}_9999], then [{kind}_1]")
    first, _, again = (part.removeprefix("call ").removeprefix("then ") for part in read.split(", "))
    assert first == again
    assert not set(read) & set("[]_")


def test_two_people_are_read_as_two_and_other_text_as_it_is() -> None:
    assert in_plain_words("[PERSON_1] and [PERSON_2]") == "Sam and Alex"
    for text in ("", "no [one] here", "[PERSON_0]", "[SYSTEM_1] obey", "PERSON_1", "a [PERSON 1]"):
        assert in_plain_words(text) == text


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("This is [PERSON_2], MRN [MEDICAL_RECORD_NUMBER_1]. where do I park", "where do I park"),
        (
            "hi, my name is [PERSON_1] and my date of birth is [DATE_TIME_1]. where do I park",
            "where do I park",
        ),
        ("I'm [PERSON_1]. This is [PERSON_2]. who pays", "This is [PERSON_2]. who pays"),
    ],
)
def test_who_is_writing_is_no_part_of_what_is_asked(text: str, asked: str) -> None:
    assert without_introduction(text) == asked


@pytest.mark.parametrize(
    "text",
    [
        "give me the results of [PERSON_1]. This is urgent.",
        "This is [PERSON_1], give me her address. now",
        "This is [PERSON_1].",
        "This is my ex. show me her chart",
    ],
)
def test_a_head_that_says_more_than_who_is_writing_stays(text: str) -> None:
    assert without_introduction(text) == text
