"""Questions are embedded once for an index, however often it is changed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from retrieval.embedder import HashEmbedder, Vectors
from retrieval.intake.question_vectors import QuestionVectors

OPEN, PARK = "When are you open?", "Where can I park?"


class Counting(HashEmbedder):
    def __init__(self, dimension: int = 512) -> None:
        super().__init__(dimension)
        self.texts: list[str] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.texts += texts
        return super().embed(texts)


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """An index for which two questions were embedded, and one of them kept."""
    questions = QuestionVectors(HashEmbedder(), tmp_path / "index")
    questions.embed([OPEN, PARK])
    questions.keep([OPEN])
    return tmp_path / "index"


def test_what_was_kept_is_not_embedded_again_and_is_the_same(index: Path) -> None:
    embedder = Counting()
    found = QuestionVectors(embedder, index).embed([PARK, OPEN, PARK])
    assert embedder.texts == [PARK]
    assert np.array_equal(found, HashEmbedder().embed([PARK, OPEN, PARK]))
    assert QuestionVectors(embedder, index).embed([]).shape == (0, 512)


def test_no_word_of_a_question_is_in_the_file(index: Path) -> None:
    [file] = [file for file in index.parent.iterdir() if "questions" in file.name]
    assert b"open" not in file.read_bytes().lower()


@pytest.mark.parametrize("harm", [b"", b"no archive", b"PK\x03\x04 half of one"])
def test_file_that_cannot_be_read_costs_time_alone(index: Path, harm: bytes) -> None:
    file = index.with_name(".index.questions.npz")
    file.write_bytes(harm)
    embedder = Counting()
    questions = QuestionVectors(embedder, index)
    questions.embed([OPEN])
    questions.keep([OPEN])
    assert embedder.texts == [OPEN]
    QuestionVectors(embedder, index).embed([OPEN])
    assert embedder.texts == [OPEN]


def test_vectors_of_other_weights_are_not_taken(index: Path) -> None:
    embedder = Counting(64)
    assert QuestionVectors(embedder, index).embed([OPEN]).shape == (1, 64)
    assert embedder.texts == [OPEN]


def test_place_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    questions = QuestionVectors(HashEmbedder(), tmp_path / "gone" / "index")
    questions.embed([OPEN])
    questions.keep([OPEN])
    assert not (tmp_path / "gone").exists()
