"""What is searched for, and what leans on the message before."""

from __future__ import annotations

import pytest

from retrieval.query import MAX_CHARS, clean_query, leans_on_context, points_back, points_nowhere


def test_placeholders_and_line_breaks_go() -> None:
    assert clean_query("  Can [PERSON_1] bill \n insurance for me? ") == "Can bill insurance for me?"


@pytest.mark.parametrize(
    "text",
    [
        "  I am [PERSON_1],\nborn [DATE_TIME_12]. <PHONE_NUMBER>. Refill? ",
        "Hi this is [PERSON_1], my phone number is [PHONE_NUMBER_1]\nRefill?",
        "Refill?\n[PERSON_1], [STREET_ADDRESS_1], MRN [MEDICAL_RECORD_1]",
    ],
)
def test_who_is_asking_is_not_searched_for(text: str) -> None:
    assert clean_query(text).rstrip(" ,") == "Refill?"


def test_what_is_asked_beside_a_name_stays() -> None:
    asked = "When does [PERSON_1] take new patients, and how do I reach [PERSON_2]?"
    assert clean_query(asked) == "When does take new patients, and how do I reach ?"
    assert clean_query("I am [PERSON_1], a refill, please") == "a refill, please"


def test_a_message_that_only_introduces_stays() -> None:
    assert clean_query("I am [PERSON_1], my number is [PHONE_NUMBER_1].") == "I am , my number is ."


def test_brackets_that_are_no_placeholders_stay() -> None:
    assert clean_query("see [1] and a[b] < c") == "see [1] and a[b] < c"


def test_a_very_long_text_is_cut() -> None:
    assert len(clean_query("x" * 10 * MAX_CHARS)) == MAX_CHARS


@pytest.mark.parametrize(
    "text", ["how much is it?", "and on weekends?", "what about my daughter", "why?", "parking?"]
)
def test_short_and_pointing_questions_lean_on_context(text: str) -> None:
    assert leans_on_context(text)


@pytest.mark.parametrize(
    "text",
    [
        "How do I request a copy of my medical records for a lawyer?",
        "My insurance denied a claim for blood tests at the hospital last month, what can I do?",
    ],
)
def test_full_questions_do_not(text: str) -> None:
    assert not leans_on_context(text)


@pytest.mark.parametrize("text", ["how do i apply for it?", "is it free", "can I bring them?"])
def test_what_only_an_earlier_message_could_name_points_nowhere(text: str) -> None:
    assert points_nowhere(text)


@pytest.mark.parametrize(
    "text", ["how do i apply for the sliding scale?", "parking??", "is it normal to cry a lot"]
)
def test_what_names_its_subject_points_somewhere(text: str) -> None:
    assert not points_nowhere(text)


@pytest.mark.parametrize(
    "text",
    [
        "how long does it take",
        "no i mean for my son",
        "I meant the other clinic",
        "and for my daughter?",
        "no, for the video visit",
        "sorry, I was asking about the group",
        "quise decir mi hijo",
    ],
)
def test_what_points_back_or_puts_right_is_read_with_the_message_before(text: str) -> None:
    assert points_back(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "where is the lab",
        "no parking at the clinic",
        "i mean it hurts when i pee and i would like a visit with the doctor today",
        "for staff: how is a referral sent",
    ],
)
def test_what_says_all_by_itself_points_nowhere_back(text: str) -> None:
    assert not points_back(text)
