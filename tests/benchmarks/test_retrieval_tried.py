"""What is searched for instead, and the weights of the fused order on tiny tables."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.retrieval.speed import RandomVectors, growth, in_turns, invented, lexical
from benchmarks.retrieval.tried import (
    GRID,
    SERVED,
    Tried,
    first_places,
    fitted,
    focus,
    fusion,
    introduced,
    texts,
)
from benchmarks.retrieval_sets import JudgedSet, Question
from retrieval.embedder import HashEmbedder
from retrieval.faq import FaqEntry

ENTRIES = (
    FaqEntry("park", "where can i park", "Behind the house."),
    FaqEntry("hours", "when are you open", "From nine to five."),
    FaqEntry("bill", "how do i pay a bill", "At the desk."),
)
TINY = JudgedSet(
    "tiny",
    ENTRIES,
    (
        Question("where do i park", frozenset({"park"})),
        Question("Hi. i want to pay. when are you open?", frozenset({"hours"})),
        Question("which gene is it", frozenset()),
    ),
)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("i am ill. where can i park? thanks a lot.", "where can i park?"),
        ("hello. tell me about parking", "tell me about parking"),
        ("where do i park", "where do i park"),
        ("...", "..."),
    ],
)
def test_the_focus_is_the_last_sentence_that_asks(text: str, asked: str) -> None:
    assert focus(text) == asked


def test_a_tie_counts_as_half_a_place() -> None:
    scores = np.array([[0.9, 0.5, 0.1], [0.1, 0.9, 0.5], [0.5, 0.5, 0.1]])
    assert first_places(scores, np.array([True, False, False])).tolist() == [1, 3, 1.5]
    assert first_places(scores, np.array([True, False, True])).tolist() == [1, 2, 1.5]


def test_the_served_weights_are_among_those_that_are_tried() -> None:
    assert np.allclose(GRID.sum(axis=1), 1)
    assert np.abs(GRID - np.array(SERVED)).sum(axis=1).min() == pytest.approx(0)


def test_short_and_long_questions_get_the_weights_that_are_best_for_them() -> None:
    found = np.zeros((4, len(GRID)))
    found[:2, 3], found[2:, 7] = 1, 0.9
    table = Tried(found, np.array([True, True, False, False]))
    assert fitted([table], True) == 3
    assert fitted([table], False) == 7
    assert fitted([table], None) == 3


def test_weights_are_judged_on_a_set_they_were_not_fitted_on() -> None:
    found = fusion([TINY, JudgedSet("again", ENTRIES, TINY.questions)], HashEmbedder())
    assert set(found) == {"tiny", "again"}
    assert found["tiny"]["questions"] == 2  # type: ignore[index, call-overload]
    assert found["tiny"]["mrr"] == 1  # type: ignore[index, call-overload]


def test_other_texts_stand_beside_the_served_one() -> None:
    found = texts([TINY, introduced(TINY)], HashEmbedder(), None)
    plain, told = found["tiny"], found["tiny, introduced"]
    assert plain["questions"] == told["questions"] == 2  # type: ignore[index, call-overload]
    raw = "as written, neither cleaned nor repaired"
    assert plain[raw]["changed"] == 0  # type: ignore[index, call-overload]
    assert told[raw]["changed"] == 2  # type: ignore[index, call-overload]
    assert plain["the last sentence that asks alone"]["changed"] == 1  # type: ignore[index, call-overload]


def test_ways_are_timed_by_turns_and_the_first_text_is_not_counted() -> None:
    seen: list[str] = []
    ways = {"a": lambda text: seen.append(f"a{text}"), "b": lambda text: seen.append(f"b{text}")}
    spent = in_turns(ways, ["1", "2"])
    assert seen == ["a1", "b1", "a1", "b1", "a2", "b2"]
    assert [len(values) for values in spent.values()] == [2, 2]


def test_invented_entries_have_words_of_the_real_ones_and_ids_of_their_own() -> None:
    made = invented(ENTRIES, 50)
    assert len({one.id for one in made}) == 50
    words = {word for one in ENTRIES for word in f"{one.question} {one.answer}".split()}
    assert {word for one in made for word in f"{one.question} {one.answer}".split()} <= words


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Write a folder of data with a few rows."""
    rows = {
        "medquad": [{"id": one.id, "question": one.question, "answer": one.answer} for one in ENTRIES],
        "medicationqa": [
            {"question": one.text, "answer": f"{place}.", "focus_(drug)": "x", "section_title": str(place)}
            for place, one in enumerate(TINY.questions)
        ],
    }
    for name, lines in rows.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in lines))
    return tmp_path


def test_both_libraries_of_bm25_score_the_same_words(data: Path) -> None:
    pytest.importorskip("rank_bm25")
    found = lexical(data, entries=0, asked=10)
    assert (found["entries"], found["questions"], found["same_first_entry"]) == (3, 3, 3)


def test_growth_goes_on_beyond_the_real_entries(data: Path) -> None:
    found = growth(data, HashEmbedder(), None, sizes=(2, 9), asked=10)
    assert found["real_entries"] == 3
    assert (found["2"]["vectors"], found["9"]["vectors"]) == (4, 18)  # type: ignore[index, call-overload]
    assert found["9"]["with_ranker_ms"]["n"] == 3  # type: ignore[index, call-overload]


def test_a_question_keeps_its_own_vector_among_random_ones() -> None:
    inner = HashEmbedder()
    embedder = RandomVectors(inner)
    assert np.array_equal(embedder.embed(["where do i park"]), inner.embed(["where do i park"]))
    many = embedder.embed(["where do i park"] * 10)
    assert np.allclose(np.linalg.norm(many, axis=1), 1, atol=1e-5)
    assert abs(float(many[0] @ many[1])) < 0.5
