"""training/tasks/ranking.py: what a row of a ranker must be, and what is scored."""

from __future__ import annotations

import pytest

from training.rows import Prediction
from training.tasks import TASKS
from training.tasks.base import Task
from training.tasks.ranking import RankingTask

TASK = RankingTask("toy")
GOOD = {"query": "where to park", "candidates": ["Parking : here", "Hours : nine"], "answer": "0"}


def test_the_faq_ranker_is_a_task() -> None:
    assert isinstance(TASKS["faq_ranker"], Task)
    assert TASKS["faq_ranker"].trainer == "ranker"


@pytest.mark.parametrize("answer", ["0", "1", "none", "", 1])
def test_a_row_names_the_place_of_its_answer_or_none(answer: object) -> None:
    row = TASK.example("a", {**GOOD, "answer": answer})
    assert row.passages == ("Parking : here", "Hours : nine")
    assert row.target == str(answer)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"query": " "}, "query"), ({"candidates": []}, "candidates"), ({"candidates": "x"}, "candidates"),
        ({"candidates": ["x", ""]}, "candidates"), ({"answer": "2"}, "answer"), ({"answer": "-1"}, "answer"),
    ],
)  # fmt: skip
def test_a_faulty_row_is_refused_by_its_field(change: dict[str, object], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        TASK.example("a", {**GOOD, **change})


def test_what_is_scored_is_the_right_place() -> None:
    rows = [TASK.example(name, {**GOOD, "answer": answer}) for name, answer in (("a", "0"), ("b", "none"))]
    said = [Prediction(id="a", arm="t", text="0"), Prediction(id="b", arm="t", text="1")]
    (accuracy,) = TASK.score(rows, said)
    assert accuracy.metric.name == "accuracy"
    assert accuracy.stats[:, 0].tolist() == [1.0, 0.0]
