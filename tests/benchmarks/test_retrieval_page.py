"""Sections are chosen by name or group, one leaves the others as they were, and the page has no gap."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from benchmarks.fit_confidence import by_fifths, observe
from benchmarks.report import Figure
from benchmarks.retrieval import __main__ as command
from benchmarks.retrieval import knowing, ranking, tried
from benchmarks.retrieval.page import goals, page
from benchmarks.retrieval.peers import WAYS
from benchmarks.retrieval_sets import JudgedSet, Question
from retrieval.embedder import HashEmbedder
from retrieval.faq import FaqEntry

app = typer.Typer()
app.command()(command.main)
TINY = JudgedSet(
    "tiny",
    (
        FaqEntry("park", "where can i park", "Behind the house."),
        FaqEntry("hours", "when are you open", "From nine to five."),
        FaqEntry("bill", "how do i pay a bill", "At the desk."),
    ),
    (
        Question("where do i park", frozenset({"park"})),
        Question("when are you open today", frozenset({"hours"})),
        Question("when is the park open", frozenset(), near=True),
        Question("which gene is it", frozenset()),
    ),
)
BEFORE = {"date": "2026-01-02", "quick": False, "seconds": 3.0}
LOST = {"value": 3.6, "low": 1.7, "high": 5.6}
TYPOS: dict[str, Figure] = {
    "seeds": 5,
    **{
        part: {"queries": 150, "recall@1 clean": 0.98, "recall@1 mistyped": 0.944, "points lost": LOST}
        for part in ("dev", "short")
    },
}
LEXICAL: dict[str, Figure] = {
    "entries": 1500,
    "questions": 20,
    "index_s": {"bm25s": 0.5, "rank_bm25": 0.7},
    "score_ms": {name: {"n": 20, "p50": 1.2, "p95": 3.4, "max": 5.0} for name in ("bm25s", "rank_bm25")},
    "same_first_entry": 19,
}


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give two sections figures that cost nothing."""
    monkeypatch.setattr(command.Run, "mistype", lambda self: TYPOS)
    monkeypatch.setattr(command.Run, "words", lambda self: LEXICAL)


def test_an_unknown_section_is_named_with_those_there_are() -> None:
    result = CliRunner().invoke(app, ["--only", "typos,weather"])
    assert result.exit_code == 2
    assert "weather" in result.output and "medlars" in result.output


def test_sections_and_groups_are_chosen_in_the_order_of_the_page() -> None:
    known = list(command.sections(command.Run(Path(), ranker="", each=1, quick=True)))
    assert set(known) > {name for group in command.GROUPS.values() for name in group}
    assert command._chosen(["speed,medlars"], known) == ["medlars", *command.GROUPS["speed"]]
    assert command._chosen(["typos", "medlars"], known) == ["medlars", "typos"]
    assert command._chosen([], known) == known


def test_one_section_leaves_the_others_as_they_were(tmp_path: Path, quick: None) -> None:
    out, file = tmp_path / "retrieval.json", tmp_path / "retrieval.html"
    out.write_text(json.dumps({"figures": {"typos": {**BEFORE, **TYPOS}, "gone": {}}}), encoding="utf-8")
    result = CliRunner().invoke(app, ["--only", "lexical", "--out", str(out), "--page", str(file)])
    assert result.exit_code == 0, result.output
    figures = json.loads(out.read_text(encoding="utf-8"))["figures"]
    assert figures["typos"] == {**BEFORE, **TYPOS}
    assert set(figures) == {"typos", "lexical"}
    written = file.read_text(encoding="utf-8")
    assert "rank_bm25" in written and "2026-01-02" in written
    assert written.count("Not measured in this run.") == 6


def test_each_progress_line_says_how_many_there_are(quick: None) -> None:
    result = CliRunner().invoke(app, ["--only", "typos,lexical"])
    assert "[1/2] typos" in result.stderr and "[2/2] lexical" in result.stderr


def test_a_goal_that_is_missed_is_said_to_be() -> None:
    found = {what: met for what, _, _, met in goals({"typos": TYPOS})}
    assert not found["a typing mistake in each word, dev"]
    kept = {**TYPOS, "dev": {**TYPOS["dev"], "points lost": {**LOST, "value": 3.0}}}  # type: ignore[dict-item]
    assert {what: met for what, _, _, met in goals({"typos": kept})}["a typing mistake in each word, dev"]


def test_the_page_asks_nothing_of_the_network() -> None:
    written = page({"typos": {**BEFORE, **TYPOS}, "lexical": {**BEFORE, **LEXICAL}})
    assert "http" not in written.replace("http-equiv", "").replace("http://www.w3.org/", "")
    assert "default-src 'none'" in written


def _times(value: float) -> dict[str, Figure]:
    return {"n": 9, "p50": value, "p95": 2 * value, "max": 3 * value}


def _measured() -> dict[str, Figure]:
    """Measure a tiny FAQ by the sections' own code; what needs weights is given."""
    embedder = HashEmbedder()
    tables = {name: ranking.gains(TINY, embedder, embedder, None) for name in command.GROUPS["ranking"]}
    observed = {"written_a": observe([TINY], embedder, plain=embedder)}
    confidence = {"written_a": np.array([0.9, 0.2, 0.7, 0.4])}
    asked = observe([replace(TINY, questions=5 * TINY.questions)], embedder, plain=embedder)
    return {
        **{name: {"sets": {f"{name} set": ranking.summary(3, table)}} for name, table in tables.items()},
        "knowing": {"each": 1, **knowing.figures(observed, confidence)},
        "questions": {"each": 1, knowing.PAIRS: knowing._of_source(asked, by_fifths(asked))},
        "typos": TYPOS,
        "search": {
            "entries": 15333, "vectors": 46000, "index_s": 200.0, "index_peak_mb": 900, "open_s": 0.4,
            "ranker": True, "with_ranker_ms": _times(20), "without_ranker_ms": _times(9),
            "encoder_alone_ms": _times(5),
        },
        "indexing": {
            "texts": 10, "rounds": 3, "threads": 2, "texts_per_second": {"ours": 90.0, "plain_encode_fp32": 40.0},
            "times_plain": 2.25, "cosine_with_plain": {"mean": 0.9999, "least": 0.9991},
        },
        "lexical": LEXICAL,
        "growth": {
            "real_entries": 3,
            **{
                size: {
                    "vectors": 6, "build_without_encoder_s": 0.1, "with_ranker_ms": _times(20),
                    "without_ranker_ms": _times(10),
                }
                for size in ("1000", "3000")
            },
        },
        "texts": {"sets": tried.texts([TINY], embedder, None)},
        "weights": {"sets": tried.fusion([TINY, replace(TINY, name="again")], embedder)},
    }  # fmt: skip


def test_what_every_section_measures_stands_on_the_page_with_its_pictures() -> None:
    figures = _measured()
    assert set(figures) == set(command.sections(command.Run(Path(), ranker="", each=1, quick=True)))
    written = page({name: {**BEFORE, **one} for name, one in figures.items()})  # type: ignore[dict-item]
    assert "Not measured" not in written
    assert all(f"{name} set" in written for name in command.GROUPS["ranking"])
    # Three of leads, reliability, two of risk, growth.
    assert written.count("<svg") == 7
    met = {what: met for what, _, _, met in goals(figures)}
    assert not met["search at 15,333 entries, p95"] and not met["embedding beside plain fp32 encoding"]
    assert not met["ahead of every peer, drugs set, recall@1"]


def test_order_is_judged_the_same_without_a_ranker_and_beside_each_peer() -> None:
    embedder = HashEmbedder()
    found = ranking.summary(3, ranking.gains(TINY, embedder, embedder, None))
    assert (found["entries"], found["questions"]) == (3, 2)
    assert set(found) == {"entries", "questions", "ours", "fused", "untuned", *WAYS}
    assert found["ours"] == dict.fromkeys(ranking.METRICS, 1.0)
    assert found["fused"]["map, ours more"] == [0, 0, 0]  # type: ignore[index, call-overload]


def test_questions_of_several_sets_count_alike_when_put_together() -> None:
    one, two = {"ours": np.ones((1, 4))}, {"ours": np.zeros((3, 4))}
    assert ranking.pooled([one, two])["ours"].mean() == 0.25


def test_near_misses_and_absent_questions_are_told_apart() -> None:
    embedder = HashEmbedder()
    observed = {"written_a": observe([TINY], embedder, plain=embedder)}
    # Two have an answer, one is near, one is absent; by chance they are asked in another order.
    of = {(bool(a), bool(n)): at for at, (a, n) in enumerate(
        zip(observed["written_a"].answerable, observed["written_a"].near, strict=True))}  # fmt: skip
    confidence = np.full(4, 0.6)
    confidence[of[False, True]], confidence[of[False, False]] = 0.9, 0.1
    found = knowing.figures(observed, {"written_a": confidence})[knowing.CLINICS]
    assert found["against near misses"][knowing.OURS][0] == 0  # type: ignore[index, call-overload]
    assert found["against absent questions"][knowing.OURS][0] == 1  # type: ignore[index, call-overload]
    assert found["answerable"] == 2  # type: ignore[index, call-overload]
