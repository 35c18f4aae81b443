"""What was tried, each against what is served, so that what does not pay is known with an interval.

`text` searches with another text than the served one, ranker and all: as written, without the repair of
typing mistakes, or the last sentence that asks alone. `fusion` fits the weights of the fused order on other
sets, once for all questions and once apart for short and long ones. Only numbers leave this program.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from benchmarks import retrieval_sets as sets
from benchmarks.fit_confidence import opened
from benchmarks.report import Figure
from benchmarks.retrieval.metrics import Floats, paired
from benchmarks.retrieval.ranking import DEPTH, METRICS, answerable, gains_of
from benchmarks.typos import mistyped
from retrieval.embedder import Embedder
from retrieval.fusion import LEXICAL, PASSAGE, TITLE
from retrieval.lexical import content_words
from retrieval.query import clean_query
from retrieval.ranker import Ranker
from retrieval.retriever import Retriever

SHORT: Final = 5
"""Content words of a short question at most."""
SERVED: Final = (TITLE, PASSAGE, LEXICAL)
GRID: Final = np.array(
    [
        (title / 20, passage / 20, (20 - title - passage) / 20)
        for title, passage in product(range(21), repeat=2)
        if title + passage <= 20
    ]
)
"""Weights of title, passage and words that are tried, [settings, 3]; the served ones are among them."""
_INTRODUCED: Final = "Hello, my name is [PERSON_1] and my phone number is [PHONE_NUMBER_1]. "
_SENTENCE: Final = re.compile(r"[^.!?\n]+[.!?\n]*")


def as_written(text: str) -> str:
    """Return the text as it came, on one line."""
    return " ".join(text.split())


def focus(text: str) -> str:
    """Return the last sentence with a question mark; without one, the last sentence."""
    found: list[str] = _SENTENCE.findall(text)
    sentences = [one.strip() for one in found if any(letter.isalnum() for letter in one)]
    asking = [one for one in sentences if one.endswith("?")]
    return (asking or sentences or [text])[-1]


Repair = Callable[[str], str]
TEXTS: Final[Mapping[str, Callable[[str, Repair], str]]] = {
    "as written, neither cleaned nor repaired": lambda text, _: as_written(text),
    "cleaned, typing mistakes not repaired": lambda text, _: clean_query(text),
    "the last sentence that asks alone": lambda text, repaired: repaired(focus(clean_query(text))),
}
"""By name: what is searched for instead of a text; the second argument cleans and repairs."""


def introduced(judged: sets.JudgedSet) -> sets.JudgedSet:
    """Return the set with an introduction before each question, as scrubbing leaves it."""
    asked = tuple(replace(one, text=_INTRODUCED + one.text) for one in judged.questions)
    return replace(judged, name=f"{judged.name}, introduced", questions=asked)


def with_mistakes(judged: sets.JudgedSet) -> sets.JudgedSet:
    """Return the set with a typing mistake in each content word of four letters or more."""
    asked = tuple(
        replace(one, text=mistyped(one.text, random.Random(f"0 {at}")))
        for at, one in enumerate(judged.questions)
    )
    return replace(judged, name=f"{judged.name}, mistyped", questions=asked)


def texts(judged: Sequence[sets.JudgedSet], tuned: Embedder, ranker: Ranker | None) -> dict[str, Figure]:
    """Return what the served text has more than each other, by set."""
    found: dict[str, Figure] = {}
    for one in judged:
        retriever = opened(one, tuned, ranker)
        served: list[tuple[float, ...]] = []
        others: dict[str, list[tuple[float, ...]]] = {name: [] for name in TEXTS}
        changed = dict.fromkeys(TEXTS, 0)
        for question in tqdm(answerable(one), desc=one.name, unit="question"):
            text = retriever.understood(question.text)
            served.append(_ranked(retriever, text, question))
            for name, way in TEXTS.items():
                other = way(question.text, retriever.understood)
                same = other == text
                changed[name] += not same
                others[name].append(served[-1] if same else _ranked(retriever, other, question))
        found[one.name] = _against(np.array(served), {k: np.array(v) for k, v in others.items()}, changed)
    return found


def _ranked(retriever: Retriever, text: str, question: sets.Question) -> tuple[float, ...]:
    ranking = retriever.rank(text, allowed=retriever.mask(), top_k=DEPTH)
    order = [int(at) for at in ranking.views.entries[ranking.order[:DEPTH]]]
    return gains_of(retriever, question, order)


def _against(ours: Floats, others: Mapping[str, Floats], changed: Mapping[str, int]) -> dict[str, Figure]:
    at = METRICS.index("recall@1")
    return {
        "questions": len(ours),
        "recall@1": round(float(ours[:, at].mean()), 4),
        **{
            name: {
                "changed": changed[name],
                "recall@1": round(float(rows[:, at].mean()), 4),
                "served more": paired(ours[:, at], rows[:, at]),
            }
            for name, rows in others.items()
        },
    }


@dataclass(frozen=True)
class Tried:
    """A set under every weighting: reciprocal rank of the first right entry, [questions, settings]."""

    found: Floats
    short: NDArray[np.bool_]


def fusion(judged: Sequence[sets.JudgedSet], tuned: Embedder) -> dict[str, Figure]:
    """Fit the weights on all sets but one and judge them on it, against the served ones; without a ranker."""
    tables = {one.name: observed(one, tuned) for one in judged}
    found: dict[str, Figure] = {}
    for name, held in tables.items():
        others = [table for other, table in tables.items() if other != name]
        served = held.found[:, _setting(SERVED)]
        one, short, long = (fitted(others, length) for length in (None, True, False))
        apart = np.where(held.short, held.found[:, short], held.found[:, long])
        found[name] = {
            "questions": len(served),
            "short": int(held.short.sum()),
            "mrr": round(float(served.mean()), 4),
            "one set of weights, fitted": _fitted(held.found[:, one], served, [one]),
            "apart for short and long, fitted": _fitted(apart, served, [short, long]),
        }
    return found


def observed(judged: sets.JudgedSet, tuned: Embedder) -> Tried:
    """Ask each question that has an answer and rank the corpus by every weighting."""
    retriever = opened(judged, tuned)
    everything = retriever.mask()
    rows, short = [], []
    for question in tqdm(answerable(judged), desc=f"{judged.name}, weights", unit="question"):
        text = retriever.understood(question.text)
        views = retriever.rank(text, allowed=everything, top_k=len(everything)).views
        parts = np.stack([(views.title + views.title_mean) / 2, views.passage, views.lexical])
        right = np.array([retriever.id_of(int(at)) in question.right for at in views.entries])
        rows.append(1 / first_places(GRID @ parts, right))
        short.append(len(set(content_words(text))) <= SHORT)
    return Tried(np.array(rows), np.array(short))


def first_places(scores: Floats, right: NDArray[np.bool_]) -> Floats:
    """Return the place of the best right entry in each row of scores [settings, entries]; ties count half."""
    best = scores[:, right].max(axis=1, keepdims=True)
    wrong = scores[:, ~right]
    places: Floats = 1.0 + (wrong > best).sum(axis=1) + (wrong == best).sum(axis=1) / 2
    return places


def fitted(tables: Sequence[Tried], short: bool | None) -> int:
    """Return the setting with the best mean over sets of short or long questions.

    `short` None: of all questions, which is also what there is where no set has any of that length.
    """
    chosen = [table.found[table.short == short] for table in tables] if short is not None else []
    rows = [one for one in chosen if len(one)] or [table.found for table in tables]
    return int(np.mean([one.mean(axis=0) for one in rows], axis=0).argmax())


def _setting(weights: tuple[float, float, float]) -> int:
    return int(np.abs(GRID - np.array(weights)).sum(axis=1).argmin())


def _fitted(rows: Floats, served: Floats, settings: Sequence[int]) -> Figure:
    return {
        "weights": [[round(float(one), 2) for one in GRID[at]] for at in settings],
        "mrr": round(float(rows.mean()), 4),
        "served more": paired(served, rows),
    }
