"""training/tasks/labelling.py: a text in, a label out, faults named by field."""

from __future__ import annotations

import pytest

from training.rows import Prediction
from training.tasks.base import Task
from training.tasks.labelling import LabellingTask

TASK = LabellingTask("toy", labels=("yes", "no"))


def test_it_is_a_task() -> None:
    assert isinstance(TASK, Task)


def test_a_row_becomes_an_example_and_its_label_may_be_missing() -> None:
    made = TASK.example("7", {"text": "aye", "label": " yes "})
    assert (made.id, made.inputs, made.target) == ("7", {"text": "aye"}, "yes")
    assert TASK.example("1", {"text": "aye"}).target == ""


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"label": "yes"}, "text: missing"),
        ({"text": 3}, "text: missing"),
        ({"text": "aye", "label": 1}, "label: not a word"),
        ({"text": "aye", "label": "perhaps"}, "label: not one of yes, no"),
    ],
)
def test_a_fault_is_named_by_its_field_without_the_value(values: dict[str, object], fault: str) -> None:
    with pytest.raises(ValueError, match=fault) as caught:
        TASK.example("1", values)
    assert "perhaps" not in str(caught.value)


def test_any_label_is_allowed_where_none_is_stated() -> None:
    assert LabellingTask("open").example("1", {"text": "aye", "label": "perhaps"}).target == "perhaps"


def test_it_has_no_prompt() -> None:
    with pytest.raises(TypeError, match="toy is a classifier"):
        TASK.messages(TASK.example("1", {"text": "aye"}), clinic="the clinic")


def test_output_and_scores_are_those_of_the_label() -> None:
    examples = [
        TASK.example(str(n), {"text": "aye", "label": label}) for n, label in enumerate(("yes", "no"))
    ]
    said = [Prediction(id=str(n), arm="tuned", text="yes", nll=0.5, nll_tokens=1) for n in range(2)]
    assert TASK.output(said[0]) == {"label": "yes"}
    scores = {one.metric.name: one.value() for one in TASK.score(examples, said)}
    assert scores["accuracy"] == 0.5
    assert scores["perplexity"] == pytest.approx(1.6487, abs=1e-4)
    assert TASK.metric in scores
