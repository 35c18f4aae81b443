"""benchmarks/sample_faq: the frozen questions are whole, and each one that is answered has its entry."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.frozen import ChangedSet, frozen_files
from benchmarks.sample_faq.__main__ import FOLDER, HASHES
from benchmarks.through_ask import UNANSWERABLE, Asked
from retrieval.build import SAMPLE_FAQ
from retrieval.faq import load_faq
from training.rows import read_rows

# Danger now gets a fixed reply, whatever the FAQ holds.
NOT_ASKED = {"crisis-what-to-do"}


def asked() -> list[Asked]:
    (questions,) = frozen_files(FOLDER, HASHES)
    return list(read_rows(questions, Asked))


def test_there_are_300_questions_of_each_sort_over_every_entry_that_patients_read() -> None:
    entries = load_faq([SAMPLE_FAQ]).entries
    for_patients = {entry.id for entry in entries if entry.audience != "staff"}
    rows = asked()
    assert Counter(one.kind for one in rows) == {
        "paraphrase": 310, "near_miss": 115, "absent": 110, "out_of_purpose": 80
    }  # fmt: skip
    assert {name for one in rows for name in one.right} == for_patients - NOT_ASKED
    assert all(len(one.right) == (one.kind not in UNANSWERABLE) for one in rows)
    assert len({one.question.casefold() for one in rows}) == len({one.id for one in rows}) == len(rows)


def test_no_question_repeats_a_title_or_an_alternate() -> None:
    known = {
        text.casefold().strip(" ?.")
        for entry in load_faq([SAMPLE_FAQ]).entries
        for text in (entry.question, *entry.alternates)
    }
    assert not [one.id for one in asked() if one.question.casefold().strip(" ?.") in known]


def test_a_changed_file_is_not_measured(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "set")
    with (tmp_path / "set" / "questions.jsonl").open("ab") as stream:
        stream.write(b"\n")
    with pytest.raises(ChangedSet, match=r"questions\.jsonl"):
        list(frozen_files(tmp_path / "set", HASHES))
