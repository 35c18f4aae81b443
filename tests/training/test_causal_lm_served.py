"""Answers in the form that is served: many at once, in order, each as it would be alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.models.base import Message
from app.models.transformers_local_decode import Decoder
from app.models.transformers_local_row import Row
from app.prompting import SUPPORT_NO_REPEAT
from training.recipe import Train
from training.tasks import TASKS
from training.tasks.counseling import Counseling
from training.trainers import causal_lm_served
from training.trainers.base import Job
from training.trainers.causal_lm_served import ServedLM

pytestmark = pytest.mark.weights

WORDS = ["sleep", "work", "school", "money", "moving", "sister", "dog", "garden"]
PROMPTS = [(Message("user", f"I worry about {' and '.join(WORDS[:n])}."),) for n in range(1, 8)]


@pytest.fixture
def served(tiny_base: Path, tmp_path: Path) -> ServedLM:
    return ServedLM(
        Job(
            TASKS["counseling"], tiny_base, "0" * 64, (), (), Train(), "the clinic", 0,
            tmp_path / "out", tmp_path / "checkpoints", tmp_path / "logs", base_source=f"path:{tiny_base}",
        ),
        None,
    )  # fmt: skip


def test_rows_that_join_as_others_end_write_what_each_would_write_alone(
    served: ServedLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(causal_lm_served, "MOST_ROWS", 1)
    alone = [said.text for said in served.answers(PROMPTS, max_new_tokens=24)]
    monkeypatch.setattr(causal_lm_served, "MOST_ROWS", 3)
    together = list(served.answers(PROMPTS, max_new_tokens=24))
    assert [said.text for said in together] == alone
    assert len(set(alone)) > 1, "answers that are all alike would prove no order"
    assert all(said.seconds > 0 and 0 < said.new_tokens <= 24 for said in together)


def _runs(row: Row) -> list[tuple[int, ...]]:
    size = SUPPORT_NO_REPEAT
    return [tuple(row.said[at : at + size]) for at in range(len(row.said) - size + 1)]


def test_the_job_is_asked_as_the_chat_asks_it(served: ServedLM, monkeypatch: pytest.MonkeyPatch) -> None:
    rows: list[Row] = []
    admit = Decoder.admit
    monkeypatch.setattr(Decoder, "admit", lambda decoder, row: (rows.append(row), admit(decoder, row)))

    def repeated() -> bool:
        rows.clear()
        list(served.answers(PROMPTS, max_new_tokens=96))
        return any(len(set(runs)) < len(runs) for runs in map(_runs, rows))

    assert not repeated()
    monkeypatch.setattr(Counseling, "no_repeat_ngram_size", 8)
    assert repeated(), "an answer without repeats would prove nothing"


def test_a_prompt_that_is_too_long_is_answered_with_nothing_and_stops_no_other(served: ServedLM) -> None:
    long = (Message("user", "a long letter about the garden " * 4000),)
    first, empty, last = served.answers([PROMPTS[0], long, PROMPTS[1]], max_new_tokens=8)
    assert (empty.text, empty.new_tokens, empty.ended) == ("", 0, False)
    assert first.new_tokens and last.new_tokens
