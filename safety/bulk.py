"""Scrub the text files of a folder tree into another one.

Streaming, so that a file of any size fits; resumable, so that a killed run goes on where it stopped;
and whole or not at all: a file stands in the output only when it was searched to its end and is on the
disk. Every file is counted once: scrubbed, failed or left out, each with its reason.

Must not: write into the source, or let a name or a text of it into a message.
Run: `python -m safety scrub-folder IN OUT`.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from safety.bulk_manifest import FOLDER, Manifest, ManifestMismatch, Options, Record
from safety.bulk_plan import Found, Plan, make_plan, walk
from safety.bulk_pool import run_jobs
from safety.bulk_report import BulkReport, Item, RowFault, samples
from safety.bulk_scrubber import ScrubberChoice
from safety.bulk_worker import Done, Job
from safety.errors import SafetyError

if TYPE_CHECKING:
    from safety.scrubber import Scrubber


class FolderFault(SafetyError):
    """The folders that were named cannot be used together."""


@dataclass(frozen=True)
class BulkSettings:
    """How to scrub a folder. Without `seed` surrogates are drawn anew for each file."""

    choice: ScrubberChoice = field(default_factory=ScrubberChoice)
    surrogates: bool = False
    seed: int | None = None
    fields: tuple[str, ...] = ()
    encoding: str = "utf-8"
    workers: int = 1


def scrub_folder(
    source: Path,
    out: Path,
    *,
    settings: BulkSettings,
    scrubber: Scrubber,
    on_total: Callable[[int], object] = lambda _size: None,
    on_bytes: Callable[[int], object] = lambda _count: None,
) -> BulkReport:
    """Scrub every text file below `source` into `out`; what is finished there already is not done again.

    `scrubber` must be of the settings' policy. `on_total` is told how many bytes there are, `on_bytes`
    how many more were read. Raises FolderFault and ManifestMismatch before anything is done.
    """
    started = time.monotonic()
    source, out = source.resolve(), out.resolve()
    check_apart(source, out)
    options = Options(
        policy=settings.choice.policy,
        policy_hash=scrubber.policy_hash,
        surrogates=settings.surrogates,
        seed=settings.seed if settings.surrogates else None,
        fields=tuple(sorted(settings.fields)),
        encoding=settings.encoding,
    )
    with _locked(out):
        manifest = Manifest(out, options)
        try:
            found = tuple(walk(source))
            on_total(sum(one.size for one in found if not one.reason))
            plan = make_plan(found, manifest.records, out, on_done=on_bytes)
            records = dict(plan.done)
            failed = {one.number: one.reason for one in found if one.failed}
            by_number = {one.number: one for one in plan.todo}
            jobs = (_job(one, manifest.parts) for one in plan.todo)
            for job, done in run_jobs(
                jobs, options, choice=settings.choice, scrubber=scrubber,
                workers=settings.workers, on_bytes=on_bytes,
            ):  # fmt: skip
                one = by_number[job.number]
                if done.reason:
                    failed[one.number] = done.reason
                    continue
                record = _record(one, plan.paths[one.number], done)
                try:
                    manifest.place(job.part, record, out)
                except OSError as error:
                    failed[one.number] = f"cannot be written: {type(error).__name__} {error.errno}"
                    continue
                records[one.number] = record
        finally:
            manifest.close()
        return _report(options, plan, records, failed, out=out, seconds=time.monotonic() - started)


def check_apart(source: Path, out: Path) -> None:
    """Raise FolderFault when the folders cannot be source and output."""
    if not source.is_dir():
        raise FolderFault("IN is no folder")
    if out.exists() and not out.is_dir():
        raise FolderFault("OUT is no folder")
    if out == source or out.is_relative_to(source) or source.is_relative_to(out):
        raise FolderFault("OUT lies in IN, or IN in OUT: name a folder apart")


@contextmanager
def _locked(out: Path) -> Iterator[None]:
    folder = out / FOLDER
    fresh = not folder.exists() and out.exists() and any(out.iterdir())
    if fresh:
        raise ManifestMismatch("the output folder holds files and no manifest: name an empty or new one")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with FileLock(folder / "lock", timeout=0):
            yield
    except Timeout:
        raise FolderFault("another run is writing to OUT: wait for it to end") from None


def _job(one: Found, parts: Path) -> Job:
    return Job(one.number, one.path, one.relative.as_posix(), one.ending, parts / f"{one.number}.part")


def _record(one: Found, path: str, done: Done) -> Record:
    return Record(
        path=path,
        base=one.base,
        size=done.size,
        sha256=done.sha256,
        out_size=done.out_size,
        out_sha256=done.out_sha256,
        entities=done.entities,
        rows=done.rows.scrubbed,
        rows_failed=done.rows.failed,
        faults=tuple(done.rows.faults),
        long_numbers=done.rows.long_numbers,
        parts_left_out=done.rows.parts_left_out,
        second_look=done.second_look,
        renumbered=done.renumbered,
    )


def _report(
    options: Options,
    plan: Plan,
    records: dict[int, Record],
    failed: dict[int, str],
    *,
    out: Path,
    seconds: float,
) -> BulkReport:
    """Count what became of every file."""
    entities: Counter[str] = Counter()
    for record in records.values():
        entities.update(record.entities)
    left_out = [one for one in plan.found if one.reason and not one.failed]
    names = {one.number: one.base for one in plan.found}
    kept = records.values()
    return BulkReport(
        options=options,
        files=len(plan.found),
        scrubbed=len(records),
        of_earlier_runs=len(plan.done),
        failed=tuple(Item(number=n, name=names[n], reason=why) for n, why in sorted(failed.items())),
        left_out=tuple(Item(number=one.number, name=one.base, reason=one.reason) for one in left_out),
        rows_scrubbed=sum(record.rows for record in kept),
        rows_failed=sum(record.rows_failed for record in kept),
        row_faults=tuple(
            RowFault(number=number, name=record.path, line=fault.line, reason=fault.reason)
            for number, record in sorted(records.items())
            for fault in record.faults
        ),
        entities=dict(entities.most_common()),
        bytes_read=sum(record.size for record in kept),
        second_look=sum(record.second_look for record in kept),
        renumbered=sum(record.renumbered for record in kept),
        long_numbers=sum(record.long_numbers for record in kept),
        parts_left_out=sum(record.parts_left_out for record in kept),
        stale=tuple(record.path for record in plan.stale if (out / record.path).exists()),
        seconds=round(seconds, 3),
        samples=samples(out, [record for _, record in sorted(records.items())]),
    )
