"""Typing mistakes in a question: what is put right, and what nobody may touch."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.lexical import content_words
from retrieval.spelling import Speller
from retrieval.subject import Vocabulary
from retrieval.terms import drug_names, is_drug, medical_terms

QUESTIONS = (
    "How do I cancel my appointment?",
    "Where can I park at Quarry Road?",
    "Can I get a refill of my medicine?",
    "Is the Steady Ground group for panic attacks?",
    "Does insurance cover Lexapro?",
)
ORDINARY = (
    "ability step wife month insurance pixel panel different sleep calm there house feel attack kidney form"
)
VOCABULARY = Vocabulary.of({word: 2_000 + at for at, word in enumerate(ORDINARY.split())})
STEMS = frozenset(stem for text in (*QUESTIONS, "telehealth for months") for stem in content_words(text))


@pytest.fixture
def speller() -> Speller:
    return Speller(QUESTIONS, known_stems=STEMS, vocabulary=VOCABULARY)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("how do i cancle my appointmnet", "how do i cancel my appointment"),
        ("wher can i parl at quary road", "where can i park at quarry road"),
        ("reffill of my mdicine", "refill of my medicine"),
        ("Refil please", "refill please"),
        ("PANCI ATTACKS", "panic ATTACKS"),
        ("every mnoth", "every month"),
        ("is it diffferent", "is it different"),
    ],
)
def test_one_slip_in_a_word_is_put_right(speller: Speller, typed: str, meant: str) -> None:
    assert speller.repair(typed) == meant


@pytest.mark.parametrize(
    "text",
    [
        "do you prescribe abilify or abilifi",  # one letter from "ability"
        "i take paxil, paxel, zoloft and zolofft",
        "does lexaprro or lexapro help",
        "strep throat and a stent",
        "she calms down and sleeps",
        "is Dr. Parck taking patients, asked Wiffe",
        "telehealth visits",
        "what is the wifi code",
        "write to me@quary.test or see refil-form and 4refil",
        "[PERSON_1] has a refill",
        "",
    ],
)
def test_medicines_terms_names_and_right_words_stay(speller: Speller, text: str) -> None:
    assert speller.repair(text) == text


def test_no_listed_medicine_or_term_is_ever_changed() -> None:
    everything = Vocabulary.of({word: 2_000 + at for at, word in enumerate(sorted(medical_terms()))})
    speller = Speller(QUESTIONS, known_stems=STEMS, vocabulary=everything)
    changed = [word for word in (*drug_names(), *medical_terms()) if speller.repair(word) != word]
    assert changed == []


def test_nothing_is_repaired_into_a_medicine(speller: Speller) -> None:
    near = ("lexapr", "lexparo", "llexapro", "lexaprp")
    assert [speller.repair(word) for word in near] == list(near)
    assert is_drug("lexapro")


def test_a_word_that_only_an_answer_has_stays(speller: Speller) -> None:
    assert speller.repair("where is parl") == "where is park"
    there = Speller(QUESTIONS, known_stems=STEMS | {"parl"}, vocabulary=VOCABULARY)
    assert there.repair("where is parl") == "where is parl"


def test_without_a_vocabulary_nothing_is_changed() -> None:
    assert Speller(QUESTIONS, known_stems=STEMS, vocabulary=Vocabulary()).repair("cancle") == "cancle"


@given(st.text(max_size=60))
@settings(max_examples=100, deadline=None)
def test_any_text_keeps_its_number_of_words(text: str) -> None:
    speller = Speller(QUESTIONS, known_stems=STEMS, vocabulary=VOCABULARY)
    assert len(speller.repair(text).split()) == len(text.split())
