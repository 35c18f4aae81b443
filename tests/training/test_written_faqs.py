"""The written FAQs that the ranker learns from: they can be read, keep their rules, and no clinic leaks."""

from __future__ import annotations

import random
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from rapidfuzz import fuzz, process

from benchmarks.foreign_faq.__main__ import FOLDER as FOREIGN
from benchmarks.sample_faq.__main__ import FOLDER as SAMPLE
from benchmarks.through_ask import Asked
from retrieval.ranker import entry_text
from training.errors import CorpusError
from training.rows import read_rows
from training.written.faq_rows import (
    AUTHORS,
    CANDIDATES,
    HELD_OUT,
    NONE,
    candidates,
    clinics,
    training_pairs,
    training_rows,
    validation_rows,
)
from training.written.faq_rows import (
    test_pairs as held_out_pairs,
)
from training.written.faq_rows import (
    test_rows as held_out_rows,
)

CLINICS = list(clinics())
QUESTIONS = [
    text
    for clinic in CLINICS
    for text in (
        *clinic.absent,
        *(text for entry in clinic.entries for text in (*entry.asked, *entry.near, entry.question)),
    )
]


def test_every_clinic_has_entries_each_asked_often_and_nearly_missed() -> None:
    assert {clinic.name for clinic in CLINICS} == set(AUTHORS)
    for clinic in CLINICS:
        assert len(clinic.entries) >= 34 and len(clinic.absent) >= 22, clinic.name
        assert len({entry.id for entry in clinic.entries}) == len(clinic.entries)
        assert all(len(entry.asked) == 10 and len(entry.near) == 4 for entry in clinic.entries)


def test_nobody_can_be_called_or_looked_up_in_them() -> None:
    texts = QUESTIONS + [entry.answer for clinic in CLINICS for entry in clinic.entries]
    assert [text for text in texts if re.search(r"\d{3}[-. ]\d{4}|https?:|www\.|@", text)] == []


def test_no_question_is_asked_twice_in_a_clinic() -> None:
    for clinic in CLINICS:
        asked = Counter(
            text.lower() for entry in clinic.entries for text in (*entry.asked, *entry.near, entry.question)
        )
        assert [text for text, count in asked.items() if count > 1] == []


@pytest.mark.parametrize("folder", [FOREIGN, SAMPLE])
def test_no_question_is_one_of_a_frozen_benchmark(folder: Path) -> None:
    frozen = [one.question for one in read_rows(folder / "questions.jsonl", Asked)]
    near = process.cdist(QUESTIONS, frozen, scorer=fuzz.ratio, score_cutoff=90, workers=2)
    # A greeting or a word of four letters may be the same; a question may not.
    alike = [QUESTIONS[at] for at in np.flatnonzero(near.max(axis=1) >= 90) if len(QUESTIONS[at].split()) > 4]
    assert alike == []


@pytest.mark.slow
def test_rows_hold_the_right_entry_or_say_that_none_is_there() -> None:
    entries = {
        clinic.name: {entry_text(one.question, one.answer): one for one in clinic.entries}
        for clinic in CLINICS
    }
    rows = list(training_rows(1))
    assert rows == list(training_rows(1))
    missing = 0
    for row in rows:
        texts, own = row["candidates"], entries[str(row["clinic"])]
        assert isinstance(texts, list) and len(texts) in (CANDIDATES, CANDIDATES - 1)
        right = [at for at, text in enumerate(texts) if row["query"] in own[text].asked]
        assert str(row["answer"]) == (str(right[0]) if right else NONE)
        missing += any(row["query"] in one.asked for one in own.values()) and not right
    assert 0.05 < missing / len(rows) < 0.15
    places = Counter(str(row["answer"]) for row in rows)
    assert min(places[str(at)] for at in range(CANDIDATES)) > 0.8 * places["0"]


@pytest.mark.slow
def test_no_clinic_stands_in_two_splits() -> None:
    splits = [
        {str(row["clinic"]) for row in rows(1)} for rows in (training_rows, validation_rows, held_out_rows)
    ]
    assert splits[1] == set(HELD_OUT["validation"]) and splits[2] == set(HELD_OUT["test"])
    assert sum(map(len, splits)) == len(set.union(*splits)) == len(CLINICS)


def test_candidates_are_the_right_one_and_the_nearest_in_every_way() -> None:
    by_words = np.array([0.1, 0.9, 0.0, 0.0, 0.8, 0.0, 0.0, 0.2])
    by_patients = np.array([0.9, 0.0, 0.1, 0.0, 0.0, 0.0, 0.8, 0.0])
    for seed in range(20):
        chosen = candidates([by_words, by_patients], 5, random.Random(seed))
        assert len(chosen) == len(set(chosen)) == CANDIDATES
        assert {5, 0, 1, 4, 6} <= set(chosen)
    orders = {tuple(candidates([by_words], None, random.Random(seed))) for seed in range(20)}
    assert len(orders) > 1 and len({frozenset(order) for order in orders}) == 1


def test_a_faulty_line_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"kind": "absent", "text": "x"}\n{"kind": "entry"}\n')
    with pytest.raises(CorpusError, match=r"a\.jsonl:2"):
        list(clinics(tmp_path))


def test_a_question_is_paired_with_its_entry_and_with_one_that_only_sounds_like_it() -> None:
    pairs = list(held_out_pairs(1))
    chosen = [clinic for clinic in CLINICS if clinic.name in HELD_OUT["test"]]
    assert {str(pair["topic"]) for pair in pairs} == {clinic.name for clinic in chosen}
    assert len({pair["id"] for pair in pairs}) == len(pairs)
    answered = [pair for pair in pairs if pair["positive"] != NONE]
    asked = sum(len(entry.asked) for clinic in chosen for entry in clinic.entries)
    without = sum(len(clinic.absent) + sum(len(e.near) for e in clinic.entries) for clinic in chosen)
    assert (len(answered), len(pairs) - len(answered)) == (asked, without)
    by_id = {f"{clinic.name}-{entry.id}": entry for clinic in chosen for entry in clinic.entries}
    for pair in answered:
        entry = by_id[str(pair["group"])]
        assert pair["anchor"] in entry.asked
        title, beginning = str(pair["positive"]).split("\n")
        assert title == entry.question and entry.answer.split()[:5] == beginning.split()[:5]
    assert all(pair["negative"] not in (pair["positive"], NONE) for pair in pairs)
    assert all(pair["group"] == "" for pair in pairs if pair["positive"] == NONE)


def test_no_pair_of_a_held_out_clinic_is_learned_from() -> None:
    held = {name for part in HELD_OUT.values() for name in part}
    assert held.isdisjoint(str(pair["topic"]) for pair in training_pairs(1))
