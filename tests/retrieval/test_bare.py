"""An FAQ without answers of its own: it is known as such, and how near the questions are is the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from retrieval.bare import only_questions
from retrieval.build import SAMPLE_FAQ, build_index
from retrieval.calibration import Features, load_curve
from retrieval.embedder import HashEmbedder
from retrieval.faq import FaqEntry, load_faq
from retrieval.ranker import Ranker
from retrieval.retriever import Retriever

ASKED = (
    "Can I drive after a seizure?", "How long is strep contagious?", "Is it safe to fly with a cold?",
    "Why does my knee click?", "What helps against hay fever?", "Can stress raise blood sugar?",
    "Do braces hurt?", "How much sleep does a toddler need?", "Is a low pulse dangerous?",
    "What is a hernia?", "Can I swim with an ear tube?", "Why do my hands shake?",
)  # fmt: skip


def faq(*answers: str) -> list[FaqEntry]:
    return [
        FaqEntry(f"q{number}", question, answers[number % len(answers)] if answers else question)
        for number, question in enumerate(ASKED)
    ]


@pytest.mark.parametrize(
    "entries",
    [
        faq(),
        faq("See your clinician."),
        faq("Please call the front desk on weekdays for help."),
        faq("Yes.", "No."),
    ],
)
def test_questions_again_or_the_same_few_words_are_no_answers(entries: list[FaqEntry]) -> None:
    assert only_questions(entries)


def test_an_faq_with_answers_is_not_taken_for_one_without() -> None:
    assert not only_questions(load_faq([SAMPLE_FAQ]).entries)
    assert not only_questions(
        faq("Rest at home until the fever has gone.", "Ask the nurse before the next dose.")
    )
    half = [*faq()[:6], *faq("Rest at home until the fever has gone.", "Ask the nurse before breakfast.")[6:]]
    assert not only_questions(half)
    assert not only_questions(faq()[:3])  # too few to tell
    assert not only_questions([])


class Unread(Ranker):
    """A ranker that nobody may ask."""

    def __init__(self) -> None:
        pass

    def scores(self, query: str, texts: Sequence[str]) -> np.ndarray:  # type: ignore[type-arg]
        raise AssertionError((query, len(texts)))


def test_there_is_nothing_to_read_and_a_near_question_is_a_sure_one(tmp_path: Path) -> None:
    build_index(faq(), out=tmp_path / "index", embedder=HashEmbedder())
    retriever = Retriever.open(tmp_path / "index", HashEmbedder(), Unread())
    again = retriever.search("Can I drive after a seizure?")
    assert again.hits[0].id == "q0" and again.confidence > 0.9
    assert retriever.search("Where do I park my truck?").confidence < 0.1
    build_index(
        faq("Rest until the fever has gone.", "Ask the nurse first."),
        out=tmp_path / "b",
        embedder=HashEmbedder(),
    )
    with pytest.raises(AssertionError):
        Retriever.open(tmp_path / "b", HashEmbedder(), Unread()).search("Can I drive after a seizure?")


def test_the_curve_for_questions_rises_with_nearness_and_nothing_bounds_it() -> None:
    curve = load_curve(questions=True)
    near = Features(title=0.95, margin=0.3, coverage=0.1, agreement=1.0, length=1.0)
    far = Features(title=0.5, margin=0.05, coverage=0.9, agreement=0.5, length=3.0)
    assert curve.probability(near, covered=False) == curve.probability(near) > 0.9
    assert curve.probability(far) < 0.05
    assert all(weight >= 0 for weight in curve.weights.values())
