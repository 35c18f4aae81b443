"""Each swap changes one thing, and a paraphrase changes nothing that a reader would act on."""

from __future__ import annotations

import random

import pytest

from benchmarks import support_paraphrases as forms
from benchmarks.support_swaps import DEVELOPMENT, HELD_OUT, SWAPS, Around

AROUND = Around(
    passages=("The cast stays on for 6 weeks. The knee heals slowly.",),
    diseases=("knee strain", "tennis elbow"),
    foreign=("Ice helps in the first days.",),
    beside=(
        "The knee heals slowly and the splint may be worn at night.",
        "A splint is worn for the whole night.",
    ),
)


def _swapped(kind: str, sentence: str) -> str:
    return SWAPS[kind](sentence, AROUND, random.Random(3))


@pytest.mark.parametrize(
    ("kind", "sentence", "gone", "kept"),
    [
        ("number", "The cast stays on for 4 weeks.", "4", "weeks"),
        ("unit", "The cast stays on for 4 weeks.", "weeks", "4"),
        ("entity", "The heart is checked first.", "heart", "checked first"),
        ("entity", "A knee strain is treated at home.", "knee strain", "treated at home"),
        ("opposite", "The pain is severe at night.", "severe", "at night"),
        ("quantity", "Most people walk again.", "no such word", "people walk again"),
        ("certainty", "The cast may itch.", "may", "itch"),
    ],
)
def test_swap_changes_one_thing_and_keeps_the_rest(kind: str, sentence: str, gone: str, kept: str) -> None:
    wrong = _swapped(kind, sentence.replace("Most people", "In spring most people"))
    assert gone not in wrong.split()
    assert kept in wrong
    assert wrong != sentence


@pytest.mark.parametrize(
    ("sentence", "wrong"),
    [
        ("The knee is stiff.", "The knee is not stiff."),
        ("The knee is not stiff.", "The knee is stiff."),
        ("You cannot swim.", "You can swim."),
        ("Walk without a stick.", "Walk with a stick."),
        ("The knee may hurt.", ""),
    ],
)
def test_negation_is_added_or_taken_and_may_is_left_alone(sentence: str, wrong: str) -> None:
    assert _swapped("negation", sentence) == wrong


def test_cause_and_effect_change_places_or_the_verb_turns() -> None:
    sentence = "The fall causes swelling."
    made = {SWAPS["cause"](sentence, AROUND, random.Random(seed)) for seed in range(20)}
    assert made == {"Swelling causes the fall.", "The fall is caused by swelling."}
    assert _swapped("cause", "The underlying cause of pain is unknown.") == ""


def test_splice_joins_two_subjects_that_are_not_the_same() -> None:
    wrong = _splice("The crutch is adjusted once.")
    assert wrong.startswith("The crutch ")
    assert "adjusted" not in wrong
    assert _splice("The affected person is seen again soon.") == ""


def _splice(sentence: str) -> str:
    return _swapped("splice", sentence)


def test_word_of_the_last_passage_takes_the_place_of_one() -> None:
    around = Around(("a", "Plaster keeps dry."), ("x",), (), ())
    assert SWAPS["word"]("The splint is worn.", around, random.Random(1)) == ""
    around = Around(("a", "Keep the plaster dry."), ("x",), (), ())
    assert SWAPS["word"]("The splint is on.", around, random.Random(1)) == "The plaster is on."


def test_every_kind_is_held_out_or_for_development_and_none_is_both() -> None:
    assert sorted((*HELD_OUT, *DEVELOPMENT)) == sorted(SWAPS)


@pytest.mark.parametrize(
    ("form", "sentence", "other"),
    [
        (forms.contracted, "It is not broken.", "It isn't broken."),
        (forms.reordered, "If it itches, call the nurse today.", "Call the nurse today if it itches."),
        (
            forms.reordered,
            "Call the nurse today if it starts to itch.",
            "If it starts to itch, call the nurse today.",
        ),
        (forms.numbered, "It takes three weeks.", "It takes 3 weeks."),
        (forms.numbered, "It takes 3 weeks.", "It takes three weeks."),
        (forms.numbered, "It takes 3.5 weeks.", "It takes 3.5 weeks."),
        (forms.shortened, "The kneecap (patella) moves.", "The kneecap moves."),
    ],
)
def test_paraphrase_says_the_same(form: object, sentence: str, other: str) -> None:
    assert form(sentence, "test") == other  # type: ignore[operator]


def test_halves_have_no_synonym_in_common() -> None:
    lists = forms.words().synonyms
    assert not set(lists["development"]) & set(lists["test"])
    assert not set(lists["development"].values()) & set(lists["test"].values())
