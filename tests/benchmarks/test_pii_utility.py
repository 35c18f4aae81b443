"""What scrubbing costs the search is taken question by question, and a cost is seen where there is one."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from benchmarks.pii import utility
from benchmarks.pii.cases import Span
from benchmarks.pii.held_out import woven
from benchmarks.pii.options import Options
from benchmarks.pii.result import LOST
from benchmarks.pii.systems import SYSTEMS, System
from benchmarks.retrieval_sets import JudgedSet, Question
from retrieval.embedder import HashEmbedder
from retrieval.faq import FaqEntry

ENTRIES = (
    FaqEntry("refill", "How do I ask for a refill?", "Call the refill line."),
    FaqEntry("parking", "Where can I park?", "Parking is free."),
)
JUDGED = JudgedSet(
    "two",
    ENTRIES,
    tuple(Question(f"{text} {n}", frozenset({name})) for n in range(20) for name, text in
          (("refill", "how do i ask for a refill"), ("parking", "where can i park"))),
)  # fmt: skip


@pytest.mark.parametrize("frame", utility.FRAMES)
def test_every_frame_holds_the_question_and_something_personal(frame: str) -> None:
    said = woven("WHERE can I park?", frame, Random("x"))
    assert "WHERE can I park?" in said
    assert "{{" not in said and len(said) > 25
    assert said == woven("WHERE can I park?", frame, Random("x"))
    assert said != woven("WHERE can I park?", frame, Random("y"))


@pytest.mark.parametrize(("takes", "lost"), [("nothing", 0.0), ("park", 0.5)])
def test_a_loss_is_the_questions_that_scrubbing_makes_unfindable(
    monkeypatch: pytest.MonkeyPatch, takes: str, lost: float
) -> None:
    def find(text: str) -> list[Span]:
        # Whatever says "park" is taken from beginning to end.
        return [Span(0, len(text), "PERSON")] if takes in text else []

    name = f"takes {takes}"
    monkeypatch.setitem(SYSTEMS, name, lambda: System(name, find, "1"))
    monkeypatch.setattr(utility, "SAFE_HARBOR", name)
    monkeypatch.setattr(utility, "_judged", lambda _options: iter([JUDGED]))
    monkeypatch.setattr(utility._Search, "_load", lambda _self: (HashEmbedder(), None, "1"))
    lines = utility.measure_utility(Options(systems=(name,)))
    by = {(line.slice, line.measure): line.values for line in lines}  # type: ignore[union-attr]
    raw = by["all, as asked", "recall@1, raw"]["raw"]
    found = by["all, as asked", LOST][name]
    assert raw.value == 1.0 and raw.n == len(JUDGED.questions)
    assert found.value == pytest.approx(lost)
    assert found.low <= found.value <= found.high
    assert ("two, as asked", LOST) in by and ("all, with personal data woven in", LOST) in by


def test_a_part_of_the_questions_is_even_and_has_answers() -> None:
    judged = list(utility._judged(Options(texts=120)))
    assert len(judged) > 5
    assert all(0 < len(one.questions) <= 120 // len(judged) for one in judged)
    assert all(question.right and not question.without for one in judged for question in one.questions)


def test_the_interval_is_of_pairs() -> None:
    before = np.array([1.0, 0.0] * 20)
    found = utility._lost([JUDGED], [before], [before])
    assert (found.value, found.low, found.high) == (0.0, 0.0, 0.0)
