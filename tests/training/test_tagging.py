"""training/tasks/tagging.py: fields in, spans out, faults named by field."""

from __future__ import annotations

import pytest

from training.rows import Prediction, Span
from training.tasks.base import Task
from training.tasks.tagging import TaggingTask

TASK = TaggingTask("toy", labels=("name", "town"))


def span(start: object, end: object, label: object = "name") -> dict[str, object]:
    return {"start": start, "end": end, "label": label}


def test_it_is_a_task() -> None:
    assert isinstance(TASK, Task)


def test_a_row_becomes_an_example_with_its_spans_in_order() -> None:
    made = TASK.example("7", {"text": "ann in rome", "spans": [span(7, 11, "town"), span(0, 3)], "more": 1})
    assert made.id == "7"
    assert made.inputs == {"text": "ann in rome"}
    assert made.spans == (Span(start=0, end=3, label="name"), Span(start=7, end=11, label="town"))


def test_spans_may_be_missing_where_they_are_to_be_predicted() -> None:
    assert TASK.example("1", {"text": "ann"}).spans == ()


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"spans": []}, "text: missing"),
        ({"text": "  "}, "text: missing"),
        ({"text": "ann", "spans": "0-3"}, "spans: not a list"),
        ({"text": "ann", "spans": ["0-3"]}, "spans: one is not an object"),
        ({"text": "ann", "spans": [span(0, 4)]}, "spans: 0 to 4 lies outside of 3 characters"),
        ({"text": "ann", "spans": [span(2, 2)]}, "spans: 2 to 2"),
        ({"text": "ann", "spans": [span(-1, 2)]}, "spans: -1 to 2"),
        ({"text": "ann", "spans": [span("0", 2)]}, "spans: start and end are numbers"),
        ({"text": "ann", "spans": [span(0, 2, "")]}, "label a word"),
        ({"text": "ann", "spans": [span(0, 2, "drug")]}, "not one of name, town"),
        ({"text": "ann", "spans": [span(0, 2), span(1, 3)]}, "two of them overlap"),
    ],
)
def test_a_fault_is_named_by_its_field(values: dict[str, object], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        TASK.example("1", values)


def test_it_has_no_prompt() -> None:
    with pytest.raises(TypeError, match="toy is a tagger"):
        TASK.messages(TASK.example("1", {"text": "ann"}), clinic="the clinic")


def test_output_and_scores_are_those_of_the_spans() -> None:
    example = TASK.example("1", {"text": "ann in rome", "spans": [span(0, 3), span(7, 11, "town")]})
    said = Prediction(id="1", arm="tuned", spans=(Span(start=0, end=3, label="name"),))
    assert TASK.output(said) == {"spans": [span(0, 3)]}
    scores = {one.metric.name: one.value() for one in TASK.score([example], [said])}
    assert scores["span_f1"] == pytest.approx(2 / 3)
    assert scores["char_recall"] == pytest.approx(3 / 7)
    assert TASK.metric in scores
