"""Pairs are made from documents where they lie: the same for a seed, halved by condition, never empty of change."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.support_pairs import FILE, half_of, pairs, pairs_sha256
from safety.evidence import quoted_in


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Write sixty invented documents in MedQuAD's form."""
    file = tmp_path / FILE
    file.parent.mkdir()
    rows = []
    for number in range(60):
        name = f"Strain {chr(65 + number % 26)}{chr(97 + number // 26)}"
        days = number + 3
        answer = (
            f"{name} is not felt in the first {days} hours of the day by those who rest. "
            f"The doctor will see a person with {name} after {days + 1} weeks and {days + 2} days of rest. "
            f"A fall on wet grass number {days + 4} causes swelling at the upper end of the heart of {name}. "
            f"Plenty of rest in bed number {days + 5} is needed before the walk to work with {name} begins. "
            f"When the swelling of {name} goes down, the {days + 6} bandages are taken off by the nurse."
        )
        rows.append({"id": str(number), "focus": name, "type": "treatment", "answer": answer})
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return tmp_path


def test_pairs_are_the_same_for_a_seed_and_others_for_another(data: Path) -> None:
    made = pairs(data, "test", each=5)
    assert made == pairs(data, "test", each=5)
    assert pairs_sha256(made) != pairs_sha256(pairs(data, "test", each=5, seed=8))


def test_halves_share_no_condition_and_no_kind(data: Path) -> None:
    fitted, measured = pairs(data, "development", each=9), pairs(data, "test", each=9)
    assert fitted and measured
    assert {half_of(pair.group) for pair in fitted} == {"development"}
    assert {half_of(pair.group) for pair in measured} == {"test"}
    assert not {pair.kind for pair in fitted} & {pair.kind for pair in measured}


def test_wrong_sentence_differs_and_stands_in_no_passage(data: Path) -> None:
    for pair in pairs(data, "test", each=9):
        assert pair.wrong != pair.fine
        assert not quoted_in(pair.wrong, pair.passages)


def test_document_gives_one_pair_of_a_kind(data: Path) -> None:
    made = pairs(data, "test", kinds=["number"], each=50)
    assert made
    assert len({pair.group for pair in made}) == len(made)


def test_words_of_a_pair_stay_out_of_its_repr(data: Path) -> None:
    pair = pairs(data, "test", each=1)[0]
    assert pair.fine not in repr(pair)
    assert pair.passages[0] not in repr(pair)
