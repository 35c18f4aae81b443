"""The decision: pure, monotone in confidence, and a feeling is no FAQ question."""

from __future__ import annotations

from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.decision import (
    CLARIFY_CONFIDENCE,
    FAQ_CONFIDENCE,
    GROUNDED_CONFIDENCE,
    asks_for_fact,
    decide,
    says_outright,
    tells_of_feeling,
)
from safety.verdict import ALLOW, Verdict

SUPPORT = Verdict("support", "distress", "concern")


@pytest.mark.parametrize(
    ("confidence", "route"),
    [
        (FAQ_CONFIDENCE, "faq"),
        (FAQ_CONFIDENCE - 0.01, "grounded"),
        (GROUNDED_CONFIDENCE, "grounded"),
        (GROUNDED_CONFIDENCE - 0.01, "clarify"),
        (CLARIFY_CONFIDENCE, "clarify"),
        (CLARIFY_CONFIDENCE - 0.01, "abstain"),
        (0.0, "abstain"),
    ],
)
def test_question_goes_by_confidence(confidence: float, route: str) -> None:
    assert decide("where is the lab", confidence=confidence, verdict=ALLOW).route == route


@pytest.mark.parametrize(
    "warning",
    [
        "Call 911 if", "call or text 988", "the poison center", "an emergency room", "It is dangerous when",
        "Call the nurse the same day", "see a doctor right away if", "Never combine the two,",
        "Do not stop on your own if",
    ],
)  # fmt: skip
def test_an_answer_that_warns_is_given_whole(warning: str) -> None:
    approved = f"Ask us first. {warning} it gets worse."
    partly = decide("i took two", confidence=GROUNDED_CONFIDENCE, verdict=ALLOW, approved=approved)
    assert partly.route == "faq"
    unsure = GROUNDED_CONFIDENCE - 0.01
    assert decide("i took two", confidence=unsure, verdict=ALLOW, approved=approved).route == "clarify"
    assert (
        decide("i took two", confidence=GROUNDED_CONFIDENCE, verdict=ALLOW, approved="Ask us.").route
        == "grounded"
    )


@pytest.mark.parametrize(
    "text",
    [
        "i feel so alone since my wife left",
        "My husband and I fight every night and I am exhausted",
        "I'm scared all the time and I can't sleep",
        "my mother never trusts me and it makes me so angry",
    ],
)
def test_feeling_without_evidence_is_support(text: str) -> None:
    assert tells_of_feeling(text)
    assert decide(text, confidence=0.05, verdict=ALLOW).route == "support"


@pytest.mark.parametrize(
    "text",
    [
        "what is the capital of france",
        "do you take blue cross",
        "can i take ibuprofen with lisinopril",
        "how do i cancel an appointment",
        "write a poem about the sea",
    ],
)
def test_request_for_a_fact_is_no_feeling(text: str) -> None:
    assert not tells_of_feeling(text)
    assert decide(text, confidence=0.05, verdict=ALLOW).route == "abstain"


def test_support_verdict_counts_unless_a_fact_is_asked_for() -> None:
    assert decide("what's the point of it all", confidence=0.05, verdict=SUPPORT).route == "support"
    assert asks_for_fact("when is the office open")
    assert decide("when is the office open", confidence=0.05, verdict=SUPPORT).route == "abstain"


@pytest.mark.parametrize(
    "text",
    ["when is the depression group", "hi, who leads the grief class?", "do you have therapists for panic"],
)
def test_who_asks_after_what_a_clinic_offers_tells_of_no_feeling(text: str) -> None:
    assert decide(text, confidence=0.05, verdict=ALLOW, heard=lambda _text: True).route == "abstain"
    assert decide(text, confidence=0.05, verdict=SUPPORT, heard=lambda _text: True).route == "abstain"


@pytest.mark.parametrize(
    "text",
    [
        "when will it stop hurting", "is there any hope", "does anyone care", "what is the point of it all",
        "when is the group, i feel so alone", "who would miss me in that group", "nobody likes me at school",
    ],
)  # fmt: skip
def test_who_asks_out_of_a_feeling_is_heard(text: str) -> None:
    assert decide(text, confidence=0.05, verdict=ALLOW, heard=lambda _text: True).route == "support"


def test_confident_answer_wins_over_a_feeling() -> None:
    assert decide("i feel lonely, is there a group", confidence=0.95, verdict=ALLOW).route == "faq"


ORDER = ["abstain", "clarify", "grounded", "faq"]


@given(st.floats(0, 1), st.floats(0, 1))
def test_more_evidence_never_answers_less(one: float, other: float) -> None:
    low, high = sorted((one, other))
    routes = [decide("where is the lab", confidence=value, verdict=ALLOW).route for value in (low, high)]
    assert ORDER.index(routes[0]) <= ORDER.index(routes[1])


@pytest.mark.parametrize("told", [True, False])
def test_what_reads_has_the_word_before_a_list_of_words(told: bool) -> None:
    for text in ("i feel so alone since my wife left", "how do i cancel an appointment"):
        found = decide(text, confidence=0.05, verdict=ALLOW, heard=lambda _text: told)
        assert found.route == ("support" if told else "abstain")
        sure = decide(text, confidence=GROUNDED_CONFIDENCE, verdict=ALLOW, heard=lambda _text: told)
        assert sure.route == "grounded"


def test_where_nothing_reads_words_decide() -> None:
    text = "i feel so alone since my wife left"
    assert decide(text, confidence=0.05, verdict=ALLOW, heard=lambda _text: None).route == "support"


@pytest.mark.parametrize(
    "text",
    [
        "nobody at school talks to me since the video",
        "my dad's biopsy is tomorrow and i can't think about anything else",
        "estoy muy sola desde que murió mi esposo",
        "me siento vacía",
        "extraño mucho a mi abuela",
        "nadie me entiende",
    ],
)
@pytest.mark.parametrize("told", [None, False, True])
def test_a_feeling_said_outright_is_one_whatever_the_encoder_hears(text: str, told: bool | None) -> None:
    heard = mock.Mock(return_value=told)
    assert decide(text, confidence=0.05, verdict=ALLOW, heard=heard).route == "support"


@pytest.mark.parametrize(
    "text",
    [
        "me siento mal, tengo fiebre",
        "nobody from billing talks to me about my bill",
        "estoy embarazada, ¿puedo vacunarme?",
        "can i think about it and call back",
    ],
)
def test_what_only_sounds_like_a_feeling_said_outright_is_none(text: str) -> None:
    assert not says_outright(text)
