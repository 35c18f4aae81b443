"""What the doctor says of an index and of its use."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from retrieval.build import build_index
from retrieval.doctor import Records, diagnose, examine_index
from retrieval.embedder import HashEmbedder
from retrieval.faq import FaqEntry
from retrieval.intake.judge import Rules
from retrieval.ranker import Ranker, Scores
from retrieval.retriever import Retriever

RULES = Rules(date(2026, 6, 1))
ASKED = (
    "do you treat migraine headaches",
    "do you treat bad migraine headaches",
    "do you treat migraine headaches here",
    "is there wifi",
)


def test_entries_past_their_review_are_stale_oldest_first(
    entries: tuple[FaqEntry, ...], tmp_path: Path
) -> None:
    dated = (
        dataclasses.replace(entries[0], reviewed=date(2025, 5, 1)),
        dataclasses.replace(entries[1], review_by=date(2025, 12, 1)),
        dataclasses.replace(entries[2], reviewed=date(2026, 5, 1)),
        *entries[3:],
    )
    build_index(dated, out=tmp_path / "index", embedder=HashEmbedder())
    retriever = Retriever.open(tmp_path / "index", HashEmbedder())
    found = diagnose(retriever, HashEmbedder(), records=Records(), rules=RULES)
    assert found.stale == (("parking", date(2025, 12, 1)), ("hours", date(2026, 5, 1)))
    assert found.undated == ("downtime", "fire")
    assert found.never_hit == ()  # without records nothing is known of use


def test_entries_that_no_answered_turn_hit_are_named(retriever: Retriever) -> None:
    records = Records(turns=9, hits={"hours": 8, "refill": 1})
    found = diagnose(retriever, HashEmbedder(), records=records, rules=RULES)
    assert found.never_hit == ("parking", "downtime", "fire")


def test_cluster_that_an_entry_answers_by_now_is_counted_and_not_proposed(retriever: Retriever) -> None:
    asked = (
        "where can I park my car",
        "where can I park my car",
        "do you treat migraine",
        "do you treat migraine",
    )
    before = diagnose(retriever, HashEmbedder(), records=Records(unanswered=asked), rules=RULES)
    migraine, parking = sorted(before.proposals, key=lambda one: one.confidence)
    assert (parking.question, parking.nearest) == (asked[0], "parking")
    records = Records(unanswered=asked, enough=parking.confidence)
    found = diagnose(retriever, HashEmbedder(), records=records, rules=RULES)
    assert (found.proposals, found.answered_since) == ((migraine,), 1)


@pytest.mark.parametrize(
    ("records", "said"),
    [
        (Records(), "CAREFOLD_KEEP_UNANSWERED is off"),
        (Records(keeps=True), "0 questions without an answer are kept; none calls for an entry"),
    ],
)
def test_what_is_not_kept_is_told_apart_from_what_nobody_asked(
    records: Records, said: str, index_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    examine_index(
        index_folder, review_days=365, proposals=None, models_dir=index_folder, load_records=lambda: records
    )
    assert said in capsys.readouterr().out


def test_unanswered_questions_are_clustered_into_one_proposal_without_an_answer(
    index_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    examine_index(
        index_folder,
        review_days=365,
        proposals=tmp_path / "rows.jsonl",
        models_dir=tmp_path,
        load_records=lambda: Records(turns=4, unanswered=ASKED),
    )
    [row] = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text().splitlines()]
    assert (row["question"] in ASKED[:3], row["answer"], row["asked"]) == (True, "", 3)
    assert set(row["alternates"]) == set(ASKED[:3]) - {row["question"]}
    shown = capsys.readouterr().out
    assert f"asked 3 times, no answer: {row['question']}" in shown
    assert f"nearest entry: {row['nearest']}" in shown


def test_index_is_opened_as_the_application_opens_it_with_the_active_ranker(
    index_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = {"embedder": "hash", "models_dir": tmp_path, "cache_dir": tmp_path / "cache", "offline": True}

    class Unsure(Ranker):
        def __init__(self) -> None:
            pass

        def scores(self, query: str, texts: Sequence[str]) -> Scores:
            return np.full(len(texts), -9.0, dtype=np.float32)

    def load(choice: str, **options: object) -> Ranker | None:
        assert (choice, options) == ("", asked)
        return Unsure()

    monkeypatch.setattr("retrieval.doctor.load_ranker", load)
    records = Records(unanswered=("where can I park my car",) * 2, enough=0.5)
    examine_index(
        index_folder, review_days=365, proposals=None, models_dir=tmp_path, cache_dir=tmp_path / "cache",
        offline=True, load_records=lambda: records,
    )  # fmt: skip
    # The words alone are sure of the garage; who reads both is not, and the application would not answer.
    assert "asked 2 times, no answer: where can I park my car" in capsys.readouterr().out
