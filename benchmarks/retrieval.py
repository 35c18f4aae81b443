"""Measure the retriever: quality by fusion against each view alone, confidence, and speed.

The peers stand in the same run: dense views alone, BM25 alone, and reciprocal-rank fusion.
Run: python -m benchmarks.retrieval [--index-time] [--out FILE]
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from benchmarks import retrieval_sets as sets
from benchmarks.datasets import DATASETS
from benchmarks.fit_confidence import QUERIES, Observed, Remembering, observe, predict, quality
from benchmarks.report import Figure, report, times
from retrieval.build import SAMPLE_FAQ, build_index
from retrieval.calibration import load_curve
from retrieval.embedder import Embedder, Vectors, faq_source, load_embedder
from retrieval.fusion import Views
from retrieval.query import clean_query
from retrieval.ranker import Ranker, load_ranker
from retrieval.retriever import Retriever
from weights.defaults import EMBEDDER

DEPTH = 10
METRICS = ("ndcg@10", "mrr@10", "recall@1")
_RANK_OFFSET = 60


def _ranks(values: Vectors) -> Vectors:
    order = np.argsort(-values, kind="stable")
    ranks = np.empty(len(values), dtype=np.float32)
    ranks[order] = np.arange(1, len(values) + 1)
    return ranks


def _reciprocal(views: Views) -> Vectors:
    fused: Vectors = np.sum(
        [1 / (_RANK_OFFSET + _ranks(view)) for view in (views.title, views.passage, views.lexical)], axis=0
    )
    return fused


WAYS: dict[str, Callable[[Views], Vectors]] = {
    "minilm": lambda views: np.maximum(views.title, views.passage),
    "bm25_alone": lambda views: views.lexical,
    "reciprocal_rank": _reciprocal,
}


def rank_quality(
    judged: sets.JudgedSet, plain: Embedder, tuned: Embedder, ranker: Ranker | None
) -> dict[str, Figure]:
    """Return nDCG@10, MRR@10 and recall@1 of each way to rank, over the questions that have an answer.

    "ours" is the fused order of the tuned embedder, read by the ranker; "fused" is without the ranker. The
    peers take the plain embedder. Beside each stands what "ours" has more, with a 95 % interval by bootstrap
    over the questions.
    """
    asked = [question for question in judged.questions if question.right and not question.without]
    gains: dict[str, list[tuple[float, float, float]]] = {name: [] for name in ("ours", "fused", *WAYS)}
    with tempfile.TemporaryDirectory() as folder:
        for name, one in (("plain", plain), ("tuned", tuned)):
            build_index(judged.entries, out=Path(folder) / name, embedder=one)
        retriever = Retriever.open(Path(folder) / "plain", plain)
        fused = Retriever.open(Path(folder) / "tuned", tuned)
        reading = Retriever.open(Path(folder) / "tuned", tuned, ranker)
    everything = retriever.mask()
    for question in asked:
        # With every entry as a candidate, each way ranks the whole corpus.
        views = retriever.rank(
            clean_query(question.text), allowed=everything, top_k=len(judged.entries)
        ).views
        for name, one in (("ours", reading), ("fused", fused)):
            ranking = one.rank(one.understood(question.text), allowed=everything, top_k=DEPTH)
            gains[name].append(_gains(one, question, ranking.views, ranking.order[:DEPTH]))
        for name, way in WAYS.items():
            order = np.argsort(-way(views), kind="stable")[:DEPTH]
            gains[name].append(_gains(retriever, question, views, order))
    table = {name: np.array(rows) for name, rows in gains.items()}
    return {
        "entries": len(judged.entries),
        "questions": len(asked),
        **{name: _summary(rows, table["ours"]) for name, rows in table.items()},
    }


def _gains(
    retriever: Retriever, question: sets.Question, views: Views, order: NDArray[np.int64]
) -> tuple[float, float, float]:
    hits = [retriever.id_of(int(views.entries[at])) in question.right for at in order]
    reciprocal = 1 / (1 + hits.index(True)) if any(hits) else 0.0
    return _ndcg(hits, len(question.right)), reciprocal, float(hits[0])


def _summary(rows: NDArray[np.float64], ours: NDArray[np.float64]) -> dict[str, Figure]:
    """Return the means of a way, and what ours has more of each."""
    draws = np.random.default_rng(0).integers(0, len(rows), (2000, len(rows)))
    found: dict[str, Figure] = {}
    for at, name in enumerate(METRICS):
        found[name] = round(float(rows[:, at].mean()), 3)
        if rows is not ours:
            more = (ours - rows)[:, at]
            low, high = np.percentile(more[draws].mean(axis=1), [2.5, 97.5])
            found[f"{name}, ours more"] = [round(float(one), 3) for one in (more.mean(), low, high)]
    return found


def _ndcg(hits: list[bool], right: int) -> float:
    discounts = 1 / np.log2(np.arange(2, DEPTH + 2))
    found = discounts[: len(hits)] @ np.array(hits, dtype=float)
    return float(found / discounts[: min(right, DEPTH)].sum())


def confidence_quality(observed: dict[str, Observed], *, ranked: bool) -> dict[str, Figure]:
    """Return how well the shipped confidence tells right from wrong on each source."""
    curve = load_curve(ranked=ranked)
    return {name: quality(predict(curve, one), one.right) for name, one in observed.items()}


def search_times(judged: sets.JudgedSet, embedder: Embedder, ranker: Ranker | None) -> dict[str, Figure]:
    """Return milliseconds for one whole search, embedding and ranking included."""
    with tempfile.TemporaryDirectory() as folder:
        build_index(judged.entries, out=Path(folder) / "index", embedder=embedder)
        start = time.perf_counter()
        retriever = Retriever.open(Path(folder) / "index", embedder, ranker)
        opened = time.perf_counter() - start
    spent = []
    for question in judged.questions:
        start = time.perf_counter()
        retriever.search(question.text)
        spent.append(1000 * (time.perf_counter() - start))
    return {"entries": len(judged.entries), "open_s": round(opened, 3), "search_ms": times(spent)}


def index_time(data: Path) -> dict[str, Figure]:
    """Index the whole of MedQuAD in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        faq = Path(folder) / "faq.jsonl"
        rows = sets.medquad_rows(data)
        faq.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        command = [sys.executable, "-m", "retrieval", "build", "--out", f"{folder}/index"]
        start = time.perf_counter()
        subprocess.run([*command, "--faq", str(faq)], check=True)
        spent = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return {"entries": len(rows), "seconds": round(spent, 1), "peak_mb": peak // 1024}


def main(
    data: Annotated[Path, typer.Option(help="Folder with the data.")] = DATASETS,
    whole_index: Annotated[
        bool, typer.Option("--index-time", help="Also time the index of all MedQuAD (minutes).")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Result file.")] = None,
    ranker: Annotated[str, typer.Option(help="A release's folder; default: the active one; or none.")] = "",
) -> None:
    """Measure and report."""
    tuned = load_embedder(faq_source(EMBEDDER))
    reader = load_ranker(ranker, embedder=EMBEDDER, models_dir=Path("models"))
    plain, embedder = Remembering(load_embedder(EMBEDDER)), Remembering(tuned)
    sample = {part: sets.sample_asked(SAMPLE_FAQ, QUERIES, part) for part in ("dev", "test")}
    drugs = sets.medication_questions(data, hide_every=0)
    figures: dict[str, Figure] = {
        "ranking": {
            judged.name: rank_quality(judged, plain, embedder, reader)
            for judged in (
                *sample.values(),
                sets.question_pairs(data),
                drugs,
                sets.medlars(data),
                sets.medquad(data),
                *sets.written_clinics(),
            )
        },
        "confidence": confidence_quality(
            {
                "sample_test": observe([sample["test"]], embedder, reader),
                "medication_questions": observe([sets.medication_questions(data)], embedder, reader),
            },
            ranked=reader is not None,
        ),
        "speed": search_times(drugs, tuned, reader),
    }
    if whole_index:
        figures["index_medquad"] = index_time(data)
    report("retrieval", figures, out)


if __name__ == "__main__":
    typer.run(main)
