"""Ask a clinic's FAQ through the whole path: right entry, wrong entry, and answers that no entry has.

Every question goes through the real `ChatService`, as a conversation of its own, over an index of that FAQ.
What counts is the decision before a model writes: an entry's approved words ("faq"), or its passages for
the model ("grounded"). Beside it MiniLM alone: the entry with the nearest question or passage, given where
the cosine reaches one threshold, the best on the sample FAQ's development questions. Rates stand with
95 % Wilson intervals. The result holds counts only. `benchmarks.foreign_faq` and `benchmarks.sample_faq`
run it.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
from tqdm import tqdm

from app.answer import ChatAnswer
from app.chat import ChatService
from app.conversation import Conversation
from app.settings import load_settings
from app.wiring import build
from benchmarks import retrieval_sets as sets
from benchmarks.fit_confidence import QUERIES
from benchmarks.report import Figure
from benchmarks.screen import wilson
from retrieval.build import SAMPLE_FAQ, build_index
from retrieval.embedder import Embedder, faq_source, load_embedder
from retrieval.faq import load_faq
from retrieval.query import clean_query
from retrieval.retriever import Retriever
from training.rows import Frozen
from weights.defaults import EMBEDDER

UNANSWERABLE: Final = ("near_miss", "absent", "out_of_purpose")
GIVEN: Final = ("faq", "grounded")


class Asked(Frozen):
    """A question; `entry` names the entry that answers it, two for "two", none where there is none."""

    id: str
    question: str
    entry: str
    kind: Literal["paraphrase", "near_miss", "absent", "out_of_purpose", "two"]

    @property
    def right(self) -> frozenset[str]:
        """The ids of the entries that answer it."""
        return frozenset(self.entry.split())


@dataclass(frozen=True)
class Got:
    """What a question gets: the decision, and the entries that are given, or would be read by a model."""

    route: str
    entries: frozenset[str]


def measure(faq: Sequence[Path], asked: Sequence[Asked]) -> dict[str, Figure]:
    """Build an index of the files in `faq`, ask everything, and return the rates beside MiniLM alone."""
    embedder = load_embedder(EMBEDDER)
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder) / "index"
        entries = load_faq(faq).entries
        build_index(entries, out=index, embedder=load_embedder(faq_source(EMBEDDER)))
        build_index(entries, out=Path(folder) / "plain", embedder=embedder)
        threshold = _threshold(embedder, Path(folder) / "sample")
        alone = Retriever.open(Path(folder) / "plain", embedder)
        near = [_nearest(alone, one.question) for one in tqdm(asked, disable=not sys.stderr.isatty())]
        given = load_settings(
            {"CAREFOLD_DATA_DIR": folder, "CAREFOLD_INDEX_DIR": str(index), "CAREFOLD_MODEL": "echo"}
        )
        application = build(given)
        ours = [
            _got(application.service, application.service.answer(one.question, Conversation()))
            for one in tqdm(asked, disable=not sys.stderr.isatty())
        ]
        application.close()
    peer = [Got("faq", frozenset({name})) if cosine >= threshold else Got("clarify", frozenset())
            for name, cosine in near]  # fmt: skip
    first = [
        name in one.right for one, (name, _) in zip(asked, near, strict=True) if one.kind == "paraphrase"
    ]
    return {
        "entries": len(alone.entries),
        "questions": len(asked),
        "whole path": rates(asked, ours),
        "MiniLM alone": {
            "threshold": round(threshold, 3),
            "first hit right": wilson(sum(first), len(first)),
            **rates(asked, peer),
        },
    }


def _nearest(retriever: Retriever, text: str) -> tuple[str, float]:
    """Return the entry with the question or passage nearest to a text, and the cosine."""
    views = retriever.rank(clean_query(text), allowed=retriever.mask(), top_k=len(retriever.entries)).views
    cosines = np.maximum(views.title, views.passage)
    best = int(cosines.argmax())
    return retriever.id_of(int(views.entries[best])), float(cosines[best])


def _threshold(embedder: Embedder, index: Path) -> float:
    """Return the cosine from which most of the sample's development questions get what is right for them."""
    judged = sets.sample_asked(SAMPLE_FAQ, QUERIES, "dev")
    build_index(judged.entries, out=index, embedder=embedder)
    retriever = Retriever.open(index, embedder)
    found = [(one.right, *_nearest(retriever, one.text)) for one in judged.questions]

    def served(limit: float) -> int:
        return sum(name in right if cosine >= limit else not right for right, name, cosine in found)

    return max(sorted(cosine for *_, cosine in found), key=served)


def _got(service: ChatService, answer: ChatAnswer) -> Got:
    """Read the decision of an answer: what the model made of it is not asked."""
    if answer.kind not in ("faq", "grounded", "clarify", "abstain", "support"):
        return Got(answer.kind, frozenset())
    if "partly_confident" not in answer.reasons:
        return Got(answer.kind, frozenset(citation.id for citation in answer.citations))
    # A model that wrote too little leaves the first title as a suggestion, or as the answer.
    titles = {entry.question: entry.id for entry in service.parts.retriever.get().entries.values()}
    first = answer.citations[0].id if answer.citations else titles[answer.suggestions[0]]
    return Got("grounded", frozenset({first}))


def rates(asked: Sequence[Asked], got: Sequence[Got]) -> dict[str, Figure]:
    pairs = list(zip(asked, got, strict=True))
    figures: dict[str, Figure] = {}
    one = [(a, g) for a, g in pairs if a.kind == "paraphrase"]
    for name, routes in (("answered", GIVEN), ("approved words alone", GIVEN[:1])):
        given = [(a, g) for a, g in one if g.route in routes]
        figures[f"paraphrases, {name}"] = {
            "right entry": wilson(sum(g.entries == a.right for a, g in given), len(one)),
            "right entry beside another": wilson(sum(a.right < g.entries for a, g in given), len(one)),
            "wrong entry": wilson(sum(not a.right & g.entries for a, g in given), len(one)),
        }
        for kind in (*UNANSWERABLE, "all"):
            group = [g for a, g in pairs if a.kind in UNANSWERABLE and kind in (a.kind, "all")]
            figures[f"unanswerable, {name}: {kind}"] = wilson(
                sum(g.route in routes for g in group), len(group)
            )
    if two := [(a, g) for a, g in pairs if a.kind == "two"]:
        given = [(a, g) for a, g in two if g.route in GIVEN]
        figures["two questions"] = {
            "both right": wilson(sum(g.entries == a.right for a, g in given), len(two)),
            "one right": wilson(sum(g.entries < a.right for a, g in given), len(two)),
            "one wrong": wilson(sum(bool(g.entries - a.right) for a, g in given), len(two)),
        }
    stopped = [g for _, g in pairs if g.route not in (*GIVEN, "clarify", "abstain", "support")]
    figures["stopped by the gate or the screen"] = wilson(len(stopped), len(pairs))
    figures["heard as a feeling"] = wilson(sum(g.route == "support" for _, g in pairs), len(pairs))
    return figures
