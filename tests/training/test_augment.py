"""Augmentation: questions change, answers and what matters in a question do not."""

from __future__ import annotations

import random
import re

import pytest
from rapidfuzz.distance import OSA

from training.augment import augmented, introduced, with_another_person, with_typos
from training.recipe import Augment
from training.rows import Example, Span

_TEXT = "I started sertraline 50mg last Monday and cannot sleep, see https://example.org/sleep or [PERSON_1]"


def _row(number: int, question: str = _TEXT, answer: str = "Try to rest.") -> Example:
    inputs = {"question": question, "context": "kept"}
    return Example(id=f"r{number}", inputs=inputs, target=answer, group="g", split="train", topic="t")


def test_copies_alone_come_back_with_their_own_ids_and_the_same_answer() -> None:
    rows = [_row(n, "I am a tired man and my wife left me yesterday") for n in range(3)]
    copies = list(augmented(rows, Augment(typos=1, demographics=1), seed=0))
    assert [copy.id for copy in copies] == [f"r{n}-{kind}" for n in range(3) for kind in ("typos", "swapped")]
    assert all(
        (c.target, c.group, c.split, c.inputs["context"]) == ("Try to rest.", "g", "train", "kept")
        for c in copies
    )
    assert all(copy.inputs["question"] != rows[0].inputs["question"] for copy in copies)


def test_the_share_and_the_seed_decide_who_gets_a_copy() -> None:
    rows = [_row(n) for n in range(400)]
    some = [row.id for row in augmented(rows, Augment(typos=0.25), seed=0)]
    assert 70 <= len(some) <= 130
    assert some == [row.id for row in augmented(rows, Augment(typos=0.25), seed=0)]
    assert some != [row.id for row in augmented(rows, Augment(typos=0.25), seed=1)]
    assert set(some) >= {row.id for row in augmented(rows[:50], Augment(typos=0.25), seed=0)}
    assert list(augmented(rows, Augment(), seed=0)) == []


def test_slips_spare_numbers_drugs_addresses_and_placeholders() -> None:
    for seed in range(60):
        slipped = with_typos(_TEXT, random.Random(seed))
        assert slipped != _TEXT or seed
        assert all(
            part in slipped for part in ("sertraline", "50mg", "https://example.org/sleep", "[PERSON_1]")
        )
        assert 0 <= OSA.distance(_TEXT, slipped) <= 2


def test_about_one_word_in_twelve_slips() -> None:
    text = " ".join(["morning walking quietly through gardens together"] * 20)
    slipped = with_typos(text, random.Random(1)).split()
    assert 6 <= sum(a != b for a, b in zip(text.split(), slipped, strict=True)) <= 10


@pytest.mark.parametrize(
    ("question", "swapped"),
    [
        ("My husband said he lost his job, I told him that.", "My wife said she lost her job, I told her that."),
        ("My sister left her phone, I called her and it is hers.", "My brother left his phone, I called him and it is his."),
        ("SHE is a Woman", "HE is a Man"),
    ],
)  # fmt: skip
def test_sex_changes_in_every_word(question: str, swapped: str) -> None:
    assert with_another_person(question, "Talk to each other.", random.Random(0)) == swapped


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("My husband drinks.", "Ask what he needs."),
        ("She is pregnant.", "Rest well."),
        ("I am 34 years old.", "At your age sleep changes."),
        ("I am 34 and tired.", "At 34 that happens."),
        ("I'm 15 and sad.", "Talk to someone."),
        ("I am a Black woman", "Racism and being a woman at work is hard."),
        ("I have Medicaid.", "Insurance often covers it."),
        ("I am 20% sure, I am 12 weeks in, it is black outside.", "Rest."),
    ],
)
def test_a_question_stays_when_its_answer_speaks_of_it_or_a_body_does(question: str, answer: str) -> None:
    assert all(with_another_person(question, answer, random.Random(seed)) == question for seed in range(8))


def test_age_ethnicity_and_insurance_change_and_read_well() -> None:
    def all_of(question: str) -> set[str]:
        return {with_another_person(question, "Rest.", random.Random(seed)) for seed in range(40)}

    assert {"I am 46 and tired.", "I am 77 and tired."} < all_of("I am 34 and tired.")
    assert {"As an Asian person I ask.", "As a Native American person I ask."} < all_of(
        "As a white person I ask."
    )
    assert {"I am on Medicaid.", "I am on private insurance."} < all_of("I am uninsured.")
    assert "As a white person I ask." not in all_of("As a white person I ask.")


def test_labelled_rows_get_no_copy() -> None:
    row = Example(id="t", inputs={"text": "I am a tired man"}, spans=(Span(start=0, end=1, label="X"),))
    assert list(augmented([row], Augment(typos=1, demographics=1), seed=0)) == []


def test_somebody_says_who_they_are_and_the_answer_stays() -> None:
    rows = [_row(n, "I cannot sleep since the move.") for n in range(40)]
    copies = list(augmented(rows, Augment(introductions=1), seed=0))
    assert [copy.id for copy in copies] == [f"r{n}-introduced" for n in range(40)]
    assert {copy.target for copy in copies} == {"Try to rest."}
    added = {copy.inputs["question"].replace("I cannot sleep since the move.", "").strip() for copy in copies}
    assert len(added) > 15 and not any("{" in one or " a A" in one for one in added)
    for sign in ("insur", "family", "man", r"\d\d"):
        assert any(re.search(sign, one) for one in added), sign


@pytest.mark.parametrize(
    ("question", "answer", "never"),
    [
        ("My wife left.", "Rest.", "male|man|guy"),
        ("I am 34 and tired.", "Rest.", "\\d\\d(?! and tired)"),
        ("I am tired.", "At your age sleep changes.", "\\d\\d"),
        ("I am tired.", "Racism at work is hard.", "family|household|if it matters"),
        ("I have Medicaid.", "Ask them.", "covered|insurance|uninsured|coverage"),
        ("I have Blue Cross.", "Ask them.", "covered|insurance|uninsured|coverage|Medic"),
        ("I'm forty and tired.", "Rest.", "\\d\\d"),
        ("I'm in 10th grade.", "Rest.", "\\d\\d(?!th)"),
        ("I'm Mexican and new here.", "Rest.", "family|household|if it matters"),
    ],
)
def test_nobody_says_of_themselves_what_question_or_answer_speak_of(
    question: str, answer: str, never: str
) -> None:
    said = [introduced(question, answer, random.Random(seed)) for seed in range(60)]
    assert not [one for one in said if re.search(never, one)]
    assert len(set(said)) > 5


def test_adding_introductions_changes_no_other_copy() -> None:
    rows = [_row(n, "I am a tired man and my wife left me yesterday") for n in range(20)]
    without = list(augmented(rows, Augment(typos=0.5, demographics=0.5), seed=3))
    beside = augmented(rows, Augment(typos=0.5, demographics=0.5, introductions=0.5), seed=3)
    assert [one for one in beside if not one.id.endswith("introduced")] == without
