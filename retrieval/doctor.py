"""Say what a FAQ needs: entries to review, entries nobody needs, questions that have no entry.

A proposed entry is a wording that people used and the entry nearest to it. Its answer is left empty: only
somebody who answers for it can write one. Records come from the caller; questions in them are scrubbed.

    python -m retrieval doctor --index DIR
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np

from retrieval.embedder import Embedder, load_embedder, plain_embedder
from retrieval.faq import FaqEntry
from retrieval.intake.judge import Rules, review_due
from retrieval.manifest import read_manifest
from retrieval.ranker import load_ranker
from retrieval.retriever import Retriever

# Questions this near, on average, are taken for one wish.
_NEAR = 0.55
_LEAST = 2  # one question alone is no cluster
_MOST = 4_000  # newest questions that are clustered: the work grows with their square


@dataclass(frozen=True)
class Records:
    """What the application knows of use: answered turns by cited entry, and questions without an answer.

    From the confidence `enough` on it answers a question; `keeps` says whether it keeps those it did not.
    """

    turns: int = 0
    since: date | None = None
    hits: Mapping[str, int] = field(default_factory=dict)
    unanswered: tuple[str, ...] = field(default=(), repr=False)
    enough: float = 1.0
    keeps: bool = False


@dataclass(frozen=True)
class Proposal:
    """A cluster of questions without an answer: how many, the most typical wording, the nearest entry."""

    count: int
    question: str = field(repr=False)
    nearest: str
    confidence: float
    others: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Diagnosis:
    """What there is to do: stale entries with their day, ids never hit, proposals, most asked first.

    `answered_since` counts the clusters that an entry answers by now.
    """

    stale: tuple[tuple[str, date], ...]
    undated: tuple[str, ...]
    never_hit: tuple[str, ...]
    proposals: tuple[Proposal, ...]
    answered_since: int = 0


def diagnose(retriever: Retriever, embedder: Embedder, *, records: Records, rules: Rules) -> Diagnosis:
    """Examine an open index against the records of its use."""
    entries = tuple(retriever.entries.values())
    due = [(entry, review_due(entry, rules)) for entry in entries]
    stale = sorted(
        ((entry.id, day) for entry, day in due if day is not None and day < rules.today),
        key=lambda one: one[1],
    )
    never = tuple(entry.id for entry in entries if records.turns and not records.hits.get(entry.id))
    undated = tuple(entry.id for entry, day in due if day is None)
    found = propose(retriever, embedder, records.unanswered)
    lacking = tuple(one for one in found if one.confidence < records.enough)
    return Diagnosis(tuple(stale), undated, never, lacking, len(found) - len(lacking))


def propose(retriever: Retriever, embedder: Embedder, questions: Sequence[str]) -> tuple[Proposal, ...]:
    """Cluster questions (average linkage over cosines); of each cluster return its medoid's words."""
    from sklearn.cluster import AgglomerativeClustering

    asked = [question for question in questions if any(letter.isalnum() for letter in question)][-_MOST:]
    if len(asked) < _LEAST:
        return ()
    vectors = embedder.embed(asked)
    found = AgglomerativeClustering(
        n_clusters=None, metric="cosine", linkage="average", distance_threshold=1 - _NEAR
    ).fit_predict(vectors)
    proposals = []
    for cluster in np.unique(found):
        members = np.flatnonzero(found == cluster)
        if len(members) < _LEAST:
            continue
        nearness = vectors[members] @ vectors[members].mean(axis=0)
        order = members[np.argsort(-nearness, kind="stable")]
        question = asked[int(order[0])]
        hit = retriever.search(question, top_k=1)
        others = tuple(dict.fromkeys(asked[int(at)] for at in order[1:] if asked[int(at)] != question))
        nearest = hit.hits[0].id if hit.hits else ""
        proposals.append(Proposal(len(members), question, nearest, hit.confidence, others))
    return tuple(sorted(proposals, key=lambda one: -one.count))


def examine_index(
    index: Path,
    *,
    review_days: int,
    proposals: Path | None,
    models_dir: Path,
    load_records: Callable[[], Records] | None,
    cache_dir: Path | None = None,
    offline: bool = False,
) -> None:
    """Open an index as the application does, and the records, and print what there is to do.

    Raises RetrievalError or WeightsError.
    """
    source = read_manifest(index).embedder.name
    embedder = load_embedder(source, cache_dir=cache_dir, offline=offline, models_dir=models_dir)
    # What is enough for an answer was chosen for the confidence that the ranker has a part in.
    ranker = load_ranker("", embedder=source, models_dir=models_dir, cache_dir=cache_dir, offline=offline)
    retriever = Retriever.open(index, embedder, ranker)
    records = load_records() if load_records is not None else Records()
    rules = Rules(datetime.now(UTC).date(), review_days)
    plain = plain_embedder(embedder, cache_dir=cache_dir, offline=offline)
    diagnosis = diagnose(retriever, plain, records=records, rules=rules)
    print("\n".join(_lines(retriever.entries, diagnosis, records)))  # noqa: T201 - the command's output
    if proposals is not None:
        rows = [
            {
                "question": one.question,
                "answer": "",
                "alternates": list(one.others[:10]),
                "asked": one.count,
                "nearest": one.nearest,
            }
            for one in diagnosis.proposals
        ]
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        proposals.write_text(text, encoding="utf-8", newline="\n")


def _lines(entries: Mapping[str, FaqEntry], found: Diagnosis, records: Records) -> list[str]:
    lines = [f"{len(found.stale)} entries are past their review date"]
    lines += [
        f"  {name}  due {day.isoformat()}  {entries[name].owner or 'no owner'}" for name, day in found.stale
    ]
    if found.undated:
        lines.append(f"{len(found.undated)} entries have no review date")
    if records.turns:
        lines.append(
            f"{len(found.never_hit)} entries were not the first hit of any of {records.turns} answered turns "
            f"since {records.since.isoformat() if records.since else 'the start'}"
        )
        lines += [f"  {name}" for name in found.never_hit]
    else:
        lines.append("no records of answered turns: what is never hit cannot be said")
    if not records.keeps:
        lines.append("questions without an answer are not kept: CAREFOLD_KEEP_UNANSWERED is off")
    elif not found.proposals:
        lines.append(
            f"{len(records.unanswered)} questions without an answer are kept; none calls for an entry"
        )
    if found.answered_since:
        lines.append(f"{found.answered_since} kinds of question had no answer and have an entry by now")
    for one in found.proposals:
        lines.append(f"asked {one.count} times, no answer: {one.question}")
        lines.append(f"  nearest entry: {one.nearest} (confidence {one.confidence:.2f})")
    return lines
