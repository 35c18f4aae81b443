"""What typing mistakes cost: recall@1 of the sample FAQ's development queries, clean and mistyped.

A mistake stands in each content word of four letters or more: two letters swapped, one left out, one
doubled, or the key beside it. Several seeds; the difference is paired by query, its interval a bootstrap
over queries. Parts: `dev` are whole questions, `short` a few words.

Run: python -m benchmarks.retrieval --only typos
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import Final

import numpy as np

from benchmarks import retrieval_sets as sets
from benchmarks.fit_confidence import QUERIES, SHORT, opened
from benchmarks.report import Figure
from benchmarks.retrieval.metrics import Floats
from retrieval.build import SAMPLE_FAQ
from retrieval.embedder import Embedder
from retrieval.lexical import STOP_WORDS
from retrieval.ranker import Ranker
from retrieval.retriever import Retriever

ROWS: Final = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
SHORTEST: Final = 4
RESAMPLES: Final = 2_000
SEEDS: Final = 5
_WORD = re.compile(r"[A-Za-z]+")


def measure(embedder: Embedder, ranker: Ranker | None, *, seeds: int = SEEDS) -> dict[str, Figure]:
    """Return recall@1 clean and mistyped and the points lost, by part."""
    parts = {
        "dev": sets.sample_asked(SAMPLE_FAQ, QUERIES, "dev"),
        "short": sets.sample_short(SAMPLE_FAQ, SHORT),
    }
    retriever = opened(parts["dev"], embedder, ranker)
    figures: dict[str, Figure] = {"seeds": seeds}
    for name, judged in parts.items():
        clean, wrong = recalls(retriever, judged, seeds=seeds)
        figures[name] = {
            "queries": len(clean),
            "recall@1 clean": round(float(clean.mean()), 4),
            "recall@1 mistyped": round(float(wrong.mean()), 4),
            "points lost": _interval(100 * (clean - wrong)),
        }
    return figures


def recalls(retriever: Retriever, judged: sets.JudgedSet, *, seeds: int = SEEDS) -> tuple[Floats, Floats]:
    """Return for each query whether its entry came first, clean, and how often mistyped by each seed."""
    asked = [question for question in judged.questions if question.right]
    typed = [
        [mistyped(one.text, random.Random(f"{seed} {at}")) for seed in range(seeds)]
        for at, one in enumerate(asked)
    ]
    clean = np.array([_right(retriever, one, one.text) for one in asked], dtype=float)
    wrong = np.array(
        [
            np.mean([_right(retriever, one, text) for text in versions])
            for one, versions in zip(asked, typed, strict=True)
        ]
    )
    return clean, wrong


def mistyped(text: str, chance: random.Random) -> str:
    """Return the text with one typing mistake in each content word of four letters or more."""

    def one(match: re.Match[str]) -> str:
        word = match.group()
        return word if len(word) < SHORTEST or word.lower() in STOP_WORDS else _slip(word, chance)

    return _WORD.sub(one, text)


def _slip(word: str, chance: random.Random) -> str:
    """Swap, drop, double or replace one letter; the first one is hardly ever wrong and stays."""
    for _ in range(20):
        at = chance.randrange(1, len(word))
        kind = chance.choice(("swap", "drop", "double", "beside"))
        if kind == "swap" and at + 1 < len(word):
            made = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        elif kind == "drop":
            made = word[:at] + word[at + 1 :]
        elif kind == "double":
            made = word[: at + 1] + word[at:]
        else:
            made = word[:at] + chance.choice(_beside(word[at])) + word[at + 1 :]
        if made != word:
            return made
    return word


def _beside(letter: str) -> Sequence[str]:
    row = next(row for row in ROWS if letter.lower() in row)
    at = row.index(letter.lower())
    return [row[place] for place in (at - 1, at + 1) if 0 <= place < len(row)]


def _right(retriever: Retriever, question: sets.Question, text: str) -> bool:
    return retriever.search(text, top_k=1).hits[0].id in question.right


def _interval(values: Floats) -> Figure:
    chance = np.random.default_rng(0)
    means = chance.choice(values, (RESAMPLES, len(values))).mean(1)
    low, high = np.quantile(means, (0.025, 0.975))
    return {
        "value": round(float(values.mean()), 2),
        "low": round(float(low), 2),
        "high": round(float(high), 2),
    }
