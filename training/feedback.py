"""From consented exchanges to a dataset, by way of a person who has read every row.

    export_sheet(store, Path("review.csv"), scrubber=scrubber)        a sheet for reviewers
    import_sheet(store, Path("review.csv"), Path("feedback.jsonl"), task=task, scrubber=scrubber)
    withdrawn(Path("feedback.jsonl"), store)                          before any training

A question and an approved answer come from the store, never from the sheet: what a reviewer adds is a
verdict, a corrected answer and a role. Everything is scrubbed again on its way out, and nobody in
danger is ever among the rows. Nothing here trains: a recipe names the dataset as any other corpus. No
message holds a row's words; sheet and dataset are readable by their owner alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from app.errors import UnknownTurn
from safety.crisis import CrisisGate, load_gate
from safety.errors import ScrubError
from safety.placeholders import PLACEHOLDER, Placeholders
from training.errors import CorpusError
from training.feedback_dataset import (
    DatasetManifest,
    FeedbackRow,
    publish_dataset,
    seen_hash,
    withdrawn,
    write_lines,
)
from training.review_sheet import ReviewRow, read_sheet, write_sheet
from training.rows import SetAside, StageCounts

if TYPE_CHECKING:
    from app.store import KeptExchange, Store
    from safety.scrubber import Scrubber
    from training.tasks.base import Task

__all__ = ["Reviewed", "export_sheet", "feedback_rows", "import_sheet", "withdrawn"]

EXPORT, IMPORT = "feedback export", "feedback import"
NEVER = frozenset({"crisis", "emergency"})
WRITTEN_BY_A_MODEL = frozenset({"support", "grounded"})
"""The kinds of answer that approval alone can make an example; fixed words would teach evasion."""


@dataclass(frozen=True)
class Reviewed:
    """The rows that a sheet gives, what was set aside, and how often a second scrubbing found something."""

    rows: tuple[FeedbackRow, ...]
    aside: tuple[SetAside, ...]
    scrubbed_again: int


def export_sheet(
    store: Store, file: Path, *, scrubber: Scrubber, gate: CrisisGate | None = None
) -> StageCounts:
    """Write the consented exchanges that await a review to a `.csv` or `.jsonl` sheet; return counts.

    Raises CorpusError when the file is there already or has another ending, and StoreError.
    """
    ratings = {one.turn_id: one for one in store.feedback()}
    gate = gate or load_gate()
    rows: list[ReviewRow] = []
    aside: list[SetAside] = []
    again = 0
    for exchange in store.exchanges(status="pending"):
        kind = _kind(store, exchange.turn_id)
        try:
            if kind in NEVER or _in_danger(gate, exchange.question):
                raise _Aside("someone in danger")
            question, answer = _scrubbed(scrubber, exchange.question, exchange.answer)
        except _Aside as one:
            aside.append(SetAside(id=exchange.turn_id, stage=EXPORT, reason=one.reason))
            continue
        again += (question, answer) != (exchange.question, exchange.answer)
        rating = ratings.get(exchange.turn_id)
        rows.append(
            ReviewRow(
                turn_id=exchange.turn_id,
                seen=seen_hash(exchange),
                kind=kind,
                rating=rating.rating if rating else "",
                reasons=" ".join(rating.reasons) if rating else "",
                question=question,
                answer=answer,
            )
        )
    write_sheet(file, rows)
    return StageCounts.of(EXPORT, len(rows), aside, changed={"scrubbed again": again} if again else {})


def feedback_rows(
    store: Store,
    sheet: Sequence[ReviewRow],
    *,
    task: Task,
    scrubber: Scrubber,
    gate: CrisisGate | None = None,
    today: date | None = None,
) -> Reviewed:
    """Turn a reviewed sheet into rows of `task`, checked against what the store holds now.

    Changes nothing. Raises CorpusError for a job that needs more than a question, and StoreError.
    """
    if task.fields != ("question",) or task.target != "answer":
        raise CorpusError(
            f"feedback holds a question and an answer; {task.name} needs {', '.join(task.fields)}. "
            "Use it for counseling"
        )
    kept = {exchange.turn_id: exchange for exchange in store.exchanges()}
    often = Counter(row.turn_id for row in sheet)
    gate = gate or load_gate()
    day = today or datetime.now(UTC).date()
    rows: list[FeedbackRow] = []
    aside: list[SetAside] = []
    again = 0
    for row in sheet:
        try:
            exchange = _judged(row, kept.get(row.turn_id), twice=often[row.turn_id] > 1)
            kind = _kind(store, row.turn_id) or row.kind
            if kind in NEVER or _in_danger(gate, exchange.question):
                raise _Aside("someone in danger")
            if row.verdict == "approve" and kind not in WRITTEN_BY_A_MODEL:
                raise _Aside("approved, but not written by a model")
            answer = row.corrected_answer.strip() if row.verdict == "correct" else exchange.answer
            texts = _scrubbed(scrubber, exchange.question, answer)
        except _Aside as one:
            aside.append(SetAside(id=row.turn_id, stage=IMPORT, reason=one.reason))
            continue
        again += texts != (exchange.question, answer)
        rows.append(
            FeedbackRow(
                id=row.turn_id,
                question=texts[0],
                answer=texts[1],
                verdict="correct" if row.verdict == "correct" else "approve",
                reviewer=row.reviewer,
                reviewed=day,
                consent=exchange.consent_version,
                kept=exchange.kept_at.date(),
                seen=row.seen,
            )
        )
    return Reviewed(tuple(rows), tuple(aside), again)


def import_sheet(
    store: Store,
    sheet: Path,
    out: Path,
    *,
    task: Task,
    scrubber: Scrubber,
    gate: CrisisGate | None = None,
    today: date | None = None,
) -> DatasetManifest:
    """Write the dataset of a reviewed sheet and its manifest, and note the verdicts in the store.

    The manifest stands beside the dataset as `NAME.manifest.json`, what was set aside (ids and reasons)
    as `NAME.aside.jsonl`. May be run again. Raises CorpusError for a sheet that cannot be read, with
    its faulty lines, or a dataset that is there already; and StoreError.
    """
    if out.suffix != ".jsonl":
        raise CorpusError(f"cannot write {out.name}: a dataset of feedback ends in .jsonl")
    if out.exists():
        raise CorpusError(f"{out.name} is there already: name another file, or remove it first")
    lines = read_sheet(sheet)
    found = feedback_rows(store, lines, task=task, scrubber=scrubber, gate=gate, today=today)
    rows: list[FeedbackRow] = []
    aside = list(found.aside)
    for row in found.rows:
        try:
            store.review(row.id, "approved")
        except UnknownTurn:  # withdrawn while the sheet was read
            aside.append(SetAside(id=row.id, stage=IMPORT, reason="withdrawn or unknown"))
        else:
            rows.append(row)
    for one in found.aside:
        if one.reason == "rejected":
            store.review(one.id, "rejected")
    changed = {"scrubbed again": found.scrubbed_again} if found.scrubbed_again else {}
    counts = StageCounts.of(IMPORT, len(rows), aside, changed=changed)
    write_lines(out.with_suffix(".aside.jsonl"), aside)
    return publish_dataset(out, rows, task=task.name, policy=scrubber.policy_hash, counts=(counts,))


class _Aside(Exception):
    """A row is not kept, for this reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _judged(row: ReviewRow, exchange: KeptExchange | None, *, twice: bool) -> KeptExchange:
    """Return the exchange that a row judges, or raise why the row cannot be used."""
    if exchange is None:
        raise _Aside("withdrawn or unknown")
    if twice:
        raise _Aside("judged twice")
    if not row.verdict:
        raise _Aside("not reviewed")
    if row.seen != seen_hash(exchange):
        raise _Aside("changed since the sheet was written")
    if not row.reviewer:
        raise _Aside("no reviewer")
    if row.verdict == "reject":
        raise _Aside("rejected")
    if (row.verdict == "correct") != bool(row.corrected_answer.strip()):
        raise _Aside("verdict and corrected answer disagree")
    return exchange


def _kind(store: Store, turn_id: str) -> str:
    """Return the kind of answer that the trace states; empty when the trace is past its time."""
    try:
        trace = store.trace(turn_id)
    except UnknownTurn:
        return ""
    return trace.action if trace.action in NEVER else trace.kind


def _in_danger(gate: CrisisGate, question: str) -> bool:
    """Read the question again: the rules may have learned since it was kept."""
    return gate.assess(question).action in NEVER


def _scrubbed(scrubber: Scrubber, question: str, answer: str) -> tuple[str, str]:
    replacer = _Numbered(f"{question} {answer}")
    try:
        texts = (scrubber.scrub(question, replacer).text, scrubber.scrub(answer, replacer).text)
    except ScrubError as error:
        raise _Aside("could not be searched for personal data") from error
    if not all(text.strip() for text in texts):
        raise _Aside("empty")
    return texts


class _Numbered:
    """Placeholders whose numbers go on after those that a text has already."""

    def __init__(self, text: str) -> None:
        self._own = Placeholders()
        self._last: Counter[str] = Counter()
        for found in PLACEHOLDER.finditer(text):
            kind, _, number = found[0][1:-1].rpartition("_")
            self._last[kind] = max(self._last[kind], int(number))

    def replacement(self, entity_type: str, value: str) -> str:
        """Return the placeholder of `value`."""
        number = self._own.replacement(entity_type, value).rpartition("_")[2].rstrip("]")
        return f"[{entity_type}_{self._last[entity_type] + int(number)}]"

    def knows(self, name: str, *, part: bool) -> bool:
        """Say whether a person's name was replaced before; with `part` a part of one counts."""
        return self._own.knows(name, part=part)
