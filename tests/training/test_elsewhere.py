"""What tuning cost elsewhere: the chat's other answers, by how likely they are before and after."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from app.models.base import Message
from training.elsewhere import ENTRIES, answers_elsewhere, elsewhere, questions
from training.metrics import difference
from training.written.faq_rows import held_out_clinics, taught_clinics


class Sure:
    """A model to which each token has the same probability, which may be another for one clinic."""

    def __init__(self, chance: float, of: dict[str, float] | None = None) -> None:
        self.chance, self.of = chance, of or {}
        self.clinics = {one.answer: one.clinic for one in questions()}
        self.prompts: list[Sequence[Message]] = []

    def likelihood(self, prompt: Sequence[Message], answer: str) -> tuple[float, int]:
        self.prompts.append(prompt)
        tokens = len(answer.split())
        return -tokens * math.log(self.of.get(self.clinics[answer], self.chance)), tokens


def test_questions_are_of_held_out_clinics_and_a_few_of_each() -> None:
    held = {one.name for one in held_out_clinics()}
    asked = [one.clinic for one in questions()]
    assert set(asked) == held and not held & {one.name for one in taught_clinics()}
    assert {asked.count(name) for name in held} <= {ENTRIES - 1, ENTRIES}
    assert len({one.id for one in questions()}) == len(asked)


def test_the_prompt_is_the_chats_own_and_holds_the_passage() -> None:
    model = Sure(0.5)
    list(answers_elsewhere(model, arm="base"))
    for one, prompt in zip(questions(), model.prompts, strict=True):
        assert [message.role for message in prompt] == ["system", "user"]
        assert one.question in prompt[1].content
        assert " ".join(one.answer.split())[:100] in prompt[1].content


def test_the_score_is_the_mean_probability_of_a_token() -> None:
    name = questions()[0].clinic
    base = elsewhere(list(answers_elsewhere(Sure(0.8), arm="base")))
    tuned = elsewhere(list(answers_elsewhere(Sure(0.8, {name: 0.2}), arm="tuned")))
    assert base.value() == pytest.approx(0.8)
    share = sum(one.clinic == name for one in questions()) / len(questions())
    changed = difference(tuned, base)
    assert changed.value == pytest.approx(-0.6 * share)
    assert changed.low < changed.value < changed.high


def test_an_answer_that_is_missing_is_named() -> None:
    said = list(answers_elsewhere(Sure(0.8), arm="base"))
    with pytest.raises(ValueError, match=questions()[0].id):
        elsewhere(said[1:])
