"""Which rows fall into which slice, and that a slice's scores are its own."""

from __future__ import annotations

import pytest

from training.metrics import Metric, Scored, ratio
from training.rows import Example, Prediction
from training.scores import accuracy_scored, perplexity_scored
from training.slices import TOPICS, asked, has_typos, sliced, slices


def example(number: int, words: int = 20, *, topic: str = "", question: str = "") -> Example:
    text = question or " ".join(["word"] * words)
    return Example(id=str(number), inputs={"question": text}, target="yes", topic=topic, group=f"g{number}")


def names(found: dict[str, list[bool]], row: int) -> set[str]:
    return {name for name, keep in found.items() if keep[row]}


def test_every_row_lies_in_one_third_of_length_and_thirds_are_about_equal() -> None:
    found = slices([example(n, 10 + n) for n in range(30)])
    thirds = [found[f"question: {name} third"] for name in ("short", "middle", "long")]
    assert [sum(column) for column in zip(*thirds, strict=True)] == [1] * 30
    assert all(9 <= sum(third) <= 11 for third in thirds)
    assert thirds[0][0] and thirds[2][29]


def test_terse_is_below_12_words_and_long_above_120() -> None:
    found = slices([example(0, 11), example(1, 12), example(2, 120), example(3, 121)])
    assert found["writer: terse"] == [True, False, False, False]
    assert found["writer: long"] == [False, False, False, True]


def test_the_eight_largest_topics_have_a_slice_and_rows_without_topic_none() -> None:
    examples = [example(10 * size + n, topic=f"t{size}") for size in range(1, 11) for n in range(size)]
    found = slices([*examples, example(999)])
    topics = {name for name in found if name.startswith("topic:")}
    assert len(topics) == TOPICS
    assert topics == {f"topic: t{size}" for size in range(3, 11)}
    assert not {name for name in names(found, len(examples)) if name.startswith("topic")}


def test_slices_without_rows_are_left_out() -> None:
    found = slices([example(0), example(1)])
    assert "writer: terse" not in found
    assert "typos: some" not in found
    assert all(any(keep) for keep in found.values())


@pytest.mark.parametrize(
    "text",
    [
        "I can not slep since the move",
        "my freind does not call",
        "it is very dificult to talk",
        "I feel lonley, and tired",
    ],
)
def test_a_misspelt_word_is_a_typo(text: str) -> None:
    assert has_typos(text)


@pytest.mark.parametrize(
    "text",
    [
        "I can't sleep since the move, and I don't know why.",
        "Mom's new neighbor Grzegorz is a self-taught counselor.",
        "My fiancé and I quarrel over behaviors that I can’t explain.",
        "My OCD got worse in 2021, esp. at night.",
        "",
    ],
)
def test_names_shortened_forms_accents_and_american_spelling_are_no_typos(text: str) -> None:
    assert not has_typos(text)


def test_rows_with_and_without_typos_are_complements() -> None:
    found = slices([example(0, question="I feel lonley"), example(1, question="I feel lonely")])
    assert found["typos: some"] == [True, False]
    assert found["typos: none"] == [False, True]


def test_what_was_asked_is_the_inputs_without_passages() -> None:
    row = Example(id="1", inputs={"question": "When?", "section": ""}, passages=("At nine.",))
    assert asked(row) == "When?"


def test_a_slice_has_the_scores_of_its_own_rows() -> None:
    examples = [example(n, topic="work" if n < 4 else "family") for n in range(8)]
    predictions = [Prediction(id=str(n), arm="a", text="yes" if n < 4 else "no") for n in range(8)]
    found = {one.name: one for one in sliced(accuracy_scored(examples, predictions), examples, resamples=200)}
    assert found["topic: work"].metrics["accuracy"].value == 1.0
    assert found["topic: family"].metrics["accuracy"].value == 0.0
    assert found["topic: work"].rows == 4


def test_a_metric_that_was_taken_on_fewer_rows_is_sliced_by_row() -> None:
    examples = [example(n, topic="work" if n < 2 else "family") for n in range(4)]
    predictions = [Prediction(id="0", arm="a", nll=2.0, nll_tokens=2)] + [
        Prediction(id=str(n), arm="a") for n in range(1, 4)
    ]
    found = {
        one.name: one for one in sliced(perplexity_scored(examples, predictions), examples, resamples=200)
    }
    assert found["topic: work"].metrics["perplexity"].value == pytest.approx(2.718281828)
    assert found["topic: family"].metrics == {}


def test_intervals_come_from_the_rows_of_the_slice() -> None:
    import numpy as np

    examples = [example(n, topic="work") for n in range(6)]
    scored = Scored(
        Metric("hit", ratio), np.asarray([[float(n % 2), 1.0] for n in range(6)]),
        tuple(one.id for one in examples), tuple(one.group for one in examples),
    )  # fmt: skip
    (work,) = [one for one in sliced([scored], examples, resamples=500) if one.name == "topic: work"]
    assert work.metrics["hit"].low < 0.5 < work.metrics["hit"].high


def test_no_rows_have_no_slices() -> None:
    assert slices([]) == {}
