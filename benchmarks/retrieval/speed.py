"""What a search and an index cost: the encoder included, beside plain encoding, and as the FAQ grows.

What is compared is measured in turns, so that a busy machine slows both. Beyond the real entries growth is
measured on invented ones (words of the real ones, drawn at random) and, at every size, on random vectors:
embedding a hundred thousand entries would measure the encoder again.
"""

from __future__ import annotations

import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from tqdm import tqdm

from benchmarks import retrieval_sets as sets
from benchmarks.report import Figure, times
from retrieval.build import build_index
from retrieval.embedder import Embedder, Vectors
from retrieval.faq import FaqEntry
from retrieval.lexical import content_words
from retrieval.passages import split_passages
from retrieval.ranker import Ranker
from retrieval.retriever import Retriever
from weights import fetch

SIZES: Final = (1_000, 3_000, 10_000, 30_000, 100_000)
_FEW: Final = 4  # texts at most that a search embeds at once
_INVENTED_WORDS: Final = (8, 60)  # of a question and of an answer


def search(
    data: Path, tuned: Embedder, ranker: Ranker | None, *, entries: int, asked: int
) -> dict[str, Figure]:
    """Index MedQuAD in a process of its own and time whole searches in it, with the ranker and without.

    `entries` 0: all.
    """
    questions = _questions(data, asked)
    with tempfile.TemporaryDirectory() as folder:
        faq, index = Path(folder) / "faq.jsonl", Path(folder) / "index"
        rows = sets.medquad_rows(data)[: entries or None]
        faq.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        command = [sys.executable, "-m", "retrieval", "build", "--out", str(index), "--faq", str(faq)]
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        built = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        start = time.perf_counter()
        fused = Retriever.open(index, tuned)
        opened = time.perf_counter() - start
        found = Retriever.open(index, tuned, ranker)
    spent = in_turns(
        {
            "with_ranker_ms": found.search,
            "without_ranker_ms": fused.search,
            "encoder_alone_ms": lambda text: tuned.embed([fused.understood(text)]),
        },
        questions,
    )
    return {
        "entries": len(rows),
        "vectors": found.manifest.counts.vectors,
        "index_s": round(built, 1),
        "index_peak_mb": peak // 1024,
        "open_s": round(opened, 3),
        "ranker": ranker is not None,
        **{name: times(values) for name, values in spent.items()},
    }


def in_turns(ways: dict[str, Callable[[str], object]], texts: Sequence[str]) -> dict[str, list[float]]:
    """Return milliseconds of each way for each text, the ways by turns; the first text is not counted."""
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for number, text in enumerate([texts[0], *texts]):
        for name, way in ways.items():
            start = time.perf_counter()
            way(text)
            if number:
                spent[name].append(1000 * (time.perf_counter() - start))
    return spent


def indexing(data: Path, plain: Embedder, *, texts: int, rounds: int) -> dict[str, Figure]:
    """Time our embedding of passages beside `SentenceTransformer.encode` in fp32, same weights, by turns."""
    import torch
    from sentence_transformers import SentenceTransformer

    passages = [part for row in sets.medquad_rows(data) for part in split_passages(row["answer"])]
    chosen = random.Random(0).sample(sorted(set(passages)), texts)
    peer = SentenceTransformer(str(fetch(plain.name).folder), device="cpu", local_files_only=True)
    ways: dict[str, Callable[[], Vectors]] = {
        "ours": lambda: plain.embed(chosen),
        "plain_encode_fp32": lambda: np.asarray(
            peer.encode(chosen, normalize_embeddings=True, show_progress_bar=False)
        ),
    }
    spent: dict[str, list[float]] = {name: [] for name in ways}
    vectors: dict[str, Vectors] = {}
    for _ in tqdm(range(rounds), desc="indexing", unit="round"):
        for name, way in ways.items():
            start = time.perf_counter()
            vectors[name] = way()
            spent[name].append(time.perf_counter() - start)
    rate = {name: texts / statistics.median(values) for name, values in spent.items()}
    cosines = (vectors["ours"] * vectors["plain_encode_fp32"]).sum(1)
    return {
        "texts": texts,
        "rounds": rounds,
        "threads": torch.get_num_threads(),
        "texts_per_second": {name: round(value, 1) for name, value in rate.items()},
        "times_plain": round(
            statistics.median(
                theirs / ours for ours, theirs in zip(spent["ours"], spent["plain_encode_fp32"], strict=True)
            ),
            2,
        ),
        "cosine_with_plain": {
            "mean": round(float(cosines.mean()), 5),
            "least": round(float(cosines.min()), 5),
        },
    }


def lexical(data: Path, *, entries: int, asked: int) -> dict[str, Figure]:
    """Time bm25s beside rank_bm25 on the same words of the same entries, and say whether scores agree."""
    import bm25s
    from rank_bm25 import BM25Plus

    rows = sets.medquad_rows(data)[: entries or None]
    words = [content_words(f"{row['question']} {row['answer']}") for row in rows]
    questions = [found for text in _questions(data, asked) if (found := content_words(text))]
    start = time.perf_counter()
    theirs = BM25Plus(words)
    their_build = time.perf_counter() - start
    start = time.perf_counter()
    ours = bm25s.BM25(method="bm25+", k1=1.5, b=0.75, delta=1.0)
    ours.index(words, show_progress=False)
    our_build = time.perf_counter() - start
    spent: dict[str, list[float]] = {"bm25s": [], "rank_bm25": []}
    same = 0
    for asked_words in tqdm(questions, desc="lexical", unit="question"):
        start = time.perf_counter()
        scores = ours.get_scores(asked_words)
        middle = time.perf_counter()
        wanted = theirs.get_scores(asked_words)
        spent["bm25s"].append(1000 * (middle - start))
        spent["rank_bm25"].append(1000 * (time.perf_counter() - middle))
        same += int(np.argmax(scores)) == int(np.argmax(wanted))
    return {
        "entries": len(words),
        "questions": len(questions),
        "index_s": {"bm25s": round(our_build, 2), "rank_bm25": round(their_build, 2)},
        "score_ms": {name: times(values) for name, values in spent.items()},
        "same_first_entry": same,
    }


class RandomVectors:
    """An embedder that gives many texts random vectors at once, and few texts their own."""

    def __init__(self, inner: Embedder) -> None:
        self._inner = inner
        self.name, self.sha256, self.dimension = inner.name, inner.sha256, inner.dimension
        self.vocabulary = inner.vocabulary

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector for each text."""
        if len(texts) <= _FEW:
            return self._inner.embed(texts)
        found = np.random.default_rng(len(texts)).standard_normal((len(texts), self.dimension), np.float32)
        found /= np.linalg.norm(found, axis=1, keepdims=True)
        return found


def growth(
    data: Path, tuned: Embedder, ranker: Ranker | None, *, sizes: Sequence[int] = SIZES, asked: int
) -> dict[str, Figure]:
    """Time whole searches and building without the encoder, at each size."""
    questions, embedder = _questions(data, asked), RandomVectors(tuned)
    real = [FaqEntry(row["id"], row["question"], row["answer"]) for row in sets.medquad_rows(data)]
    random.Random(0).shuffle(real)
    found: dict[str, Figure] = {"real_entries": len(real)}
    for size in tqdm(sizes, desc="growth", unit="size"):
        entries = [*real[:size], *invented(real, max(0, size - len(real)))]
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            manifest = build_index(entries, out=Path(folder) / "index", embedder=embedder)
            built = time.perf_counter() - start
            fused = Retriever.open(Path(folder) / "index", embedder)
            reading = Retriever.open(Path(folder) / "index", embedder, ranker)
        spent = in_turns({"with_ranker_ms": reading.search, "without_ranker_ms": fused.search}, questions)
        found[str(size)] = {
            "vectors": manifest.counts.vectors,
            "build_without_encoder_s": round(built, 1),
            **{name: times(values) for name, values in spent.items()},
        }
    return found


def invented(real: Sequence[FaqEntry], count: int, *, seed: int = 0) -> list[FaqEntry]:
    """Return entries of words of the real ones, drawn as often as they occur there."""
    words = [word for entry in real[:2_000] for word in f"{entry.question} {entry.answer}".split()]
    chance = random.Random(seed)
    asking, answering = _INVENTED_WORDS
    return [
        FaqEntry(
            f"invented-{number}",
            " ".join(chance.choices(words, k=asking)),
            " ".join(chance.choices(words, k=answering)),
        )
        for number in range(count)
    ]


def _questions(data: Path, count: int) -> list[str]:
    texts = [question.text for question in sets.medication_questions(data, hide_every=0).questions]
    return random.Random(0).sample(texts, min(count, len(texts)))
