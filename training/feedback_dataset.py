"""A dataset of reviewed exchanges: its rows with their provenance, its manifest, and withdrawal.

    withdrawn(Path("feedback.jsonl"), store)          before any training

Beside `NAME.jsonl` stands `NAME.manifest.json` with the dataset's SHA-256 and counts that add up. Both
are readable by their owner alone, and no message holds a row's words. Importing a sheet makes a
dataset (`feedback.py`); nothing here trains.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from training.errors import CorpusError
from training.review_sheet import write_private
from training.rows import Frozen, SetAside, StageCounts, read_rows, read_value
from weights.cache import hash_file

if TYPE_CHECKING:
    from app.store import KeptExchange, Store

WITHDRAW = "feedback withdraw"


class FeedbackRow(Frozen):
    """A reviewed exchange as a training row, with where it comes from. `id` is the turn's."""

    id: str
    question: str = Field(repr=False)
    answer: str = Field(repr=False)
    source: str = "feedback"
    verdict: Literal["approve", "correct"]
    reviewer: str
    reviewed: date
    consent: str
    kept: date
    seen: str


class DatasetManifest(Frozen):
    """What a feedback dataset holds, in numbers. `sha256` is of the dataset's file."""

    task: str
    made: date
    rows: int
    sha256: str
    policy: str
    counts: tuple[StageCounts, ...]
    verdicts: dict[str, int]
    reviewers: dict[str, int]
    consents: dict[str, int]


def withdrawn(dataset: Path, store: Store) -> StageCounts:
    """Take out of a dataset the rows whose exchange the store no longer holds as approved; return counts.

    An adapter that was trained before keeps what it learned: train again, and release that. Raises
    CorpusError when dataset and manifest do not fit each other, and StoreError.
    """
    manifest = read_manifest(dataset)
    held = {exchange.turn_id: exchange for exchange in store.exchanges()}
    rows: list[FeedbackRow] = []
    aside: list[SetAside] = []
    for row in read_rows(dataset, FeedbackRow):
        reason = _gone(row, held.get(row.id))
        if reason:
            aside.append(SetAside(id=row.id, stage=WITHDRAW, reason=reason))
        else:
            rows.append(row)
    counts = StageCounts.of(WITHDRAW, len(rows), aside)
    if aside:
        publish_dataset(
            dataset, rows, task=manifest.task, policy=manifest.policy, counts=(*manifest.counts, counts)
        )
    return counts


def read_manifest(dataset: Path) -> DatasetManifest:
    """Return the manifest beside a dataset. Raises CorpusError when the dataset was altered since."""
    file = _manifest_file(dataset)
    if not dataset.is_file() or not file.is_file():
        raise CorpusError(f"{dataset.name} is no dataset of feedback: it and {file.name} must both be there")
    manifest = read_value(file, DatasetManifest)
    if manifest.sha256 != hash_file(dataset):
        raise CorpusError(f"{dataset.name} differs from the SHA-256 in {file.name}: import its sheet again")
    return manifest


def publish_dataset(
    out: Path, rows: Sequence[FeedbackRow], *, task: str, policy: str, counts: tuple[StageCounts, ...]
) -> DatasetManifest:
    """Write a dataset and, after it, its manifest."""
    write_lines(out, rows)
    manifest = DatasetManifest(
        task=task,
        made=datetime.now(UTC).date(),
        rows=len(rows),
        sha256=hash_file(out),
        policy=policy,
        counts=counts,
        verdicts=_counted(row.verdict for row in rows),
        reviewers=_counted(row.reviewer for row in rows),
        consents=_counted(row.consent for row in rows),
    )
    write_private(_manifest_file(out), manifest.model_dump_json(indent=1) + "\n")
    return manifest


def write_lines(file: Path, rows: Sequence[Frozen]) -> None:
    """Write rows as JSON Lines, whole or not at all, for their owner alone."""
    write_private(file, "".join(row.model_dump_json() + "\n" for row in rows))


def seen_hash(exchange: KeptExchange) -> str:
    """Name what a reviewer saw, so that a verdict holds for that text alone."""
    return hashlib.sha256(f"{exchange.question}\0{exchange.answer}".encode()).hexdigest()[:16]


def _gone(row: FeedbackRow, exchange: KeptExchange | None) -> str:
    if exchange is None:
        return "withdrawn"
    if exchange.status != "approved":
        return "no longer approved"
    return "" if row.seen == seen_hash(exchange) else "changed since it was reviewed"


def _counted(values: Iterator[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))


def _manifest_file(dataset: Path) -> Path:
    return dataset.with_suffix(".manifest.json")
