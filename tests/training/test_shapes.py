"""Rows of every shape become the job's examples, or are set aside with a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from app.models.base import Message
from training.metrics import Scored
from training.reading import RawRow
from training.recipe import Corpus
from training.rows import Example, Prediction, SetAside
from training.shapes import shape_of, to_examples
from training.tasks.base import Task, TrainerKind

SECRET = "Zebulon Quirke"


class Answering:
    """question -> answer."""

    name = "answering"
    trainer: TrainerKind = "causal_lm"
    fields: tuple[str, ...] = ("question",)
    target = "answer"
    metric = "perplexity"
    chat = True

    def example(self, row_id: str, values: Mapping[str, object]) -> Example:
        for name in (*self.fields, self.target):
            if not isinstance(values.get(name), str) or not str(values[name]).strip():
                raise ValueError(f"{name}: not a text but {values.get(name)!r}")
        inputs = {name: str(values[name]) for name in self.fields}
        return Example(id=row_id, inputs=inputs, target=str(values[self.target]))

    def messages(
        self, example: Example, *, clinic: str, system: str = "", shots: Sequence[Example] = ()
    ) -> tuple[Message, ...]:
        return (Message("user", example.inputs["question"]),)

    def output(self, prediction: Prediction) -> dict[str, object]:
        return {"answer": prediction.text}

    def score(self, examples: Sequence[Example], predictions: Sequence[Prediction]) -> tuple[Scored, ...]:
        return ()


class Pairing(Answering):
    """An embedder's job: no target."""

    fields = ("anchor", "positive")
    target = ""

    def example(self, row_id: str, values: Mapping[str, object]) -> Example:
        if not values.get("positive"):
            raise ValueError("positive: missing or empty")
        return Example(id=row_id, inputs={name: str(values[name]) for name in self.fields})


TASK: Task = Answering()


def corpus(**settings: object) -> Corpus:
    return Corpus.model_validate({"source": "datasets:ours/rows.jsonl", "licence": "ours", **settings})


def row(values: Mapping[str, object]) -> RawRow:
    return RawRow("r1", "ours/rows.jsonl", 1, values)


def examples(values: Mapping[str, object], task: Task = TASK, **settings: object) -> list[Example]:
    found = to_examples(row(values), corpus(**settings), task)
    assert not isinstance(found, SetAside), found.reason
    return found


def reason(values: Mapping[str, object], **settings: object) -> str:
    found = to_examples(row(values), corpus(**settings), TASK)
    assert isinstance(found, SetAside)
    assert (found.id, found.stage) == ("r1", "shape")
    return found.reason


TURNS = [{"role": "user", "content": "Why am I tired?"}, {"role": "assistant", "content": "Let us see."}]


@pytest.mark.parametrize(
    ("shape", "values"),
    [
        ("fields", {"Question": "Why am I tired?", "ANSWER": "Let us see."}),
        ("instruction", {"prompt": "Why am I tired?", "completion": "Let us see.", "id": 4}),
        ("instruction", {"instruction": "Why am I tired?", "input": "", "output": "Let us see."}),
        ("context_response", {"Context": "Why am I tired?", "Response": "Let us see."}),
        ("chat", {"messages": TURNS}),
        ("chat", {"prompt": TURNS[:1], "completion": TURNS[1:]}),
        (
            "chat",
            {
                "conversations": [
                    {"from": "human", "value": "Why am I tired?"},
                    {"from": "gpt", "value": "Let us see."},
                ]
            },
        ),
        ("conversation", {"text": "Patient: Why am I tired? Doctor: Let us see."}),
    ],
)
def test_every_shape_gives_the_same_example(shape: str, values: Mapping[str, object]) -> None:
    assert shape_of(row(values), corpus(), TASK) == shape
    [found] = examples(values)
    assert found.id == "r1"
    assert found.inputs == {"question": "Why am I tired?"}
    assert found.target == "Let us see."
    # Naming the shape gives what detecting it gives.
    assert examples(values, shape=shape) == [found]


def test_an_example_carries_topic_source_split_and_group_of_its_corpus() -> None:
    values = {"question": "q", "answer": "a", "topic": "sleep", "qid": 7}
    [found] = examples(values, split="train", fields={"group": "qid"})
    assert (found.topic, found.source, found.split, found.group) == ("sleep", "ours/rows.jsonl", "train", "7")
    [other] = examples({**values, "theme": "work"}, fields={"topic": "theme"})
    assert (other.topic, other.split, other.group) == ("work", None, "")


def test_columns_are_mapped_and_joined_without_saying_a_thing_twice() -> None:
    fields = {"question": "title + body", "answer": "reply"}
    [found] = examples({"title": "Bad sleep", "body": "I lie awake.", "reply": "a"}, fields=fields)
    assert found.inputs["question"] == "Bad sleep\n\nI lie awake."
    [twice] = examples({"title": "I lie awake.", "body": "Hello. I lie awake.", "reply": "a"}, fields=fields)
    assert twice.inputs["question"] == "Hello. I lie awake."


def test_an_instruction_with_input_reads_both() -> None:
    [found] = examples({"instruction": "Answer kindly.", "input": "Why me?", "output": "a"})
    assert found.inputs["question"] == "Answer kindly.\n\nWhy me?"


def test_a_long_conversation_gives_one_example_an_exchange() -> None:
    more = [
        {"role": "user", "content": "What can I do against it today?"},
        {"role": "assistant", "content": "Walk."},
    ]
    found = examples({"messages": [*TURNS, *more]})
    assert [one.id for one in found] == ["r1.1", "r1.2"]
    assert found[1].inputs["question"] == "What can I do against it today?"


def test_removed_columns_never_reach_the_task() -> None:
    seen: list[Mapping[str, object]] = []

    class Watching(Answering):
        def example(self, row_id: str, values: Mapping[str, object]) -> Example:
            seen.append(values)
            return super().example(row_id, values)

    examples(
        {"question": "q", "answer": "a", "author": SECRET, "section": "s"}, Watching(), remove=["author"]
    )
    assert "author" not in seen[0]
    assert seen[0]["section"] == "s"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"question": "q"}, "missing_field:answer"),
        ({"question": None, "answer": "a"}, "missing_field:question"),
        ({"question": "q", "answer": "  "}, "empty:answer"),
        ({"question": " ", "answer": "a"}, "empty:question"),
        ({"question": "q", "answer": 5}, "faulty:answer"),
        ({"prompt": "q", "completion": ""}, "empty:answer"),
        ({"Context": "q"}, "unknown_shape"),
        ({"messages": [{"role": "user"}, 5]}, "bad_turns"),
        ({"messages": TURNS[:1]}, "no_exchange"),
        ({"title": "x"}, "unknown_shape"),
    ],
)
def test_a_row_that_fits_nothing_says_why(values: Mapping[str, object], expected: str) -> None:
    assert reason(values) == expected


def test_a_faulty_fields_words_stay_out_of_the_reason() -> None:
    assert reason({"question": [SECRET], "answer": "a"}) == "faulty:question"


def test_a_named_shape_that_a_row_has_not_is_said() -> None:
    assert reason({"Context": "q"}, shape="context_response") == "missing_field:answer"
    assert reason({"question": "q", "answer": "a"}, shape="chat") == "unknown_shape"


def test_a_job_without_target_reads_its_pair() -> None:
    [found] = examples({"anchor": "a", "positive": "b"}, Pairing())
    assert found.inputs == {"anchor": "a", "positive": "b"}
    [asked] = examples({"prompt": "a", "completion": "b"}, Pairing())
    assert asked.inputs == {"anchor": "a", "positive": "b"}
    found_none = to_examples(row({"anchor": "a", "positive": ""}), corpus(), Pairing())
    assert isinstance(found_none, SetAside)
    assert found_none.reason == "empty:positive"
