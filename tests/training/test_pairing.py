"""training/tasks/pairing.py: pairs in, the nearest row out, faults named by field."""

from __future__ import annotations

import pytest

from training.rows import Prediction
from training.tasks.base import Task
from training.tasks.pairing import PairingTask

TASK = PairingTask("toy")


def test_it_is_a_task() -> None:
    assert isinstance(TASK, Task)


def test_a_row_becomes_an_example_with_its_negative_where_it_has_one() -> None:
    made = TASK.example("7", {"anchor": " a ", "positive": "b", "negative": "c", "more": 1})
    assert (made.id, made.inputs, made.target) == ("7", {"anchor": "a", "positive": "b", "negative": "c"}, "")
    assert TASK.example("1", {"anchor": "a", "positive": "b"}).inputs == {"anchor": "a", "positive": "b"}
    without = TASK.example("1", {"anchor": "a", "positive": "none", "negative": "c"})
    assert without.inputs == {"anchor": "a", "negative": "c"}


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"positive": "b"}, "anchor: missing"),
        ({"anchor": "a", "positive": " "}, "positive: missing"),
        ({"anchor": "a", "positive": 3}, "positive: not a text"),
        ({"anchor": "a", "positive": "b", "negative": "b"}, "negative: the same"),
    ],
)
def test_a_fault_is_named_by_its_field(values: dict[str, object], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        TASK.example("1", values)


def test_it_has_no_prompt() -> None:
    with pytest.raises(TypeError, match="toy is an embedder"):
        TASK.messages(TASK.example("1", {"anchor": "a", "positive": "b"}), clinic="the clinic")


def test_accuracy_is_the_share_that_found_their_own_positive() -> None:
    examples = [TASK.example(row_id, {"anchor": "a", "positive": "b"}) for row_id in ("1", "2")]
    said = [Prediction(id="1", arm="tuned", text="1"), Prediction(id="2", arm="tuned", text="1")]
    assert TASK.output(said[1]) == {"nearest": "1"}
    (recall,) = TASK.score(examples, said)
    assert (recall.metric.name, recall.value()) == (TASK.metric, 0.5)
