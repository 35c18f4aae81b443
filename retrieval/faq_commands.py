"""The commands that keep a FAQ alive: import, add, edit, retire, restore, generations, rollback, export.

Each changes an index in place by making its next generation. What they need of other packages is loaded by
`guards`, which `retrieval/__main__.py` sets: this file imports retrieval alone.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from weights.defaults import EMBEDDER

if TYPE_CHECKING:
    from retrieval.changes import Book
    from retrieval.embedder import Embedder
    from retrieval.faq import FaqEntry
    from retrieval.intake.judge import Guards, Judged, Rules
    from retrieval.intake.question_vectors import QuestionVectors
    from retrieval.intake.similar import SameQuestions
    from retrieval.manifest import Manifest

DONE, SOME_ASIDE = 0, 1

LoadGuards = Callable[[Path | None, "Weights"], "Guards"]
Index = Annotated[
    Path, typer.Option(envvar="CAREFOLD_INDEX_DIR", help="Index folder; a change makes its next generation.")
]
EmbedderSource = Annotated[
    str, typer.Option(envvar="CAREFOLD_EMBEDDER", help="Source of the embedder of a new index, or 'hash'.")
]
Models = Annotated[
    Path, typer.Option("--models-dir", envvar="CAREFOLD_MODELS_DIR", help="Folder of releases.")
]
CacheDir = Annotated[
    Path | None, typer.Option(envvar="CAREFOLD_CACHE_DIR", help="Folder of fetched weights.")
]
Offline = Annotated[bool, typer.Option(envvar="CAREFOLD_OFFLINE", help="Never fetch weights.")]
ClinicFile = Annotated[
    Path | None, typer.Option(envvar="CAREFOLD_CLINIC", help="Clinic's profile: its own names and numbers.")
]
Accept = Annotated[
    list[str] | None, typer.Option(help="Let rows with this oddity in, e.g. unknown_contact; repeatable.")
]
Keep = Annotated[
    int, typer.Option(min=0, help="Earlier generations that are kept to go back to: those last in place.")
]
Seconds = Annotated[
    float, typer.Option(min=0.1, help="Seconds that reading one document may take; then it is set aside.")
]
ReviewDays = Annotated[int, typer.Option(min=1, help="Days after which an entry is to be reviewed again.")]


@dataclass(frozen=True)
class Weights:
    """Where a command's weights come from: the releases, the cache, and whether any may be fetched."""

    models_dir: Path
    cache_dir: Path | None = None
    offline: bool = False


def take_in(
    paths: list[Path],
    *,
    index: Path | None,
    load_guards: LoadGuards,
    clinic: Path | None,
    embedder: str,
    weights: Weights,
    accept: list[str],
    review_days: int,
    dry_run: bool,
    kept: Path | None,
    set_aside: Path | None,
    keep: int,
    seconds: float,
) -> int:
    """Import files into an index (or, without one, into row files), and return the exit code.

    Raises RetrievalError, WeightsError, ValueError for a code that cannot be accepted.
    """
    from tqdm import tqdm

    from retrieval.changes import Book, change_index, put, read_book
    from retrieval.errors import FaqFileError
    from retrieval.intake.documents import documents
    from retrieval.intake.judge import Rules, accepted, judge
    from retrieval.intake.reading import Limits, read_apart
    from retrieval.intake.report import line_of, summary, write_aside, write_kept
    from retrieval.intake.similar import SameQuestions

    rules = Rules(_today(), review_days, accepted(accept))
    missing = [path for path in paths if not path.exists()]
    if missing:
        raise FaqFileError(f"nothing at {', '.join(map(str, missing))}")
    there = index is not None and index.exists() and any(index.iterdir())
    book = read_book(index) if index is not None and there else Book()
    model = _embedder(index if there else None, embedder, weights)
    files = documents(paths)
    quiet = not sys.stderr.isatty()
    read = read_apart(files, limits=Limits(seconds))
    found = [row for rows in tqdm(read, "reading", len(files), unit="file", disable=quiet) for row in rows]
    guards = load_guards(clinic, weights)
    questions = _questions(index, model, weights)
    same = SameQuestions(questions.embed, vocabulary=questions.vocabulary)
    gone = [one.entry for one in book.retired]
    judged = judge(found, served=book.entries, retired=gone, guards=guards, rules=rules, same=same)
    for one in judged:
        typer.echo(line_of(one))
    typer.echo(summary(judged), err=True)
    if kept is not None:
        write_kept(judged, kept)
    if set_aside is not None:
        write_aside(judged, set_aside)
    fresh = [one.entry for one in judged if one.fate in ("new", "changed")]
    if index is not None and fresh and not dry_run:
        manifest = change_index(
            index, lambda now: put(now, fresh), embedder=model, what=f"import {len(fresh)}", keep=keep
        )
        questions.keep([entry.question for entry in read_book(index).entries])
        _tell(index, manifest)
    elif dry_run:
        typer.echo("dry run: nothing was changed", err=True)
    return SOME_ASIDE if any(one.fate == "aside" for one in judged) else DONE


def put_one(
    index: Path,
    make: Callable[[Book], FaqEntry],
    *,
    what: str,
    load_guards: LoadGuards,
    clinic: Path | None,
    embedder: str,
    weights: Weights,
    accept: list[str],
    keep: int,
) -> None:
    """Put one entry into the index, judged like an imported row.

    Raises ChangeRefused with the oddities when they are not accepted.
    """
    from retrieval.changes import change_index, put, read_book
    from retrieval.errors import ChangeRefused
    from retrieval.intake.judge import Rules, accepted
    from retrieval.intake.similar import SameQuestions

    model = _embedder(index if index.exists() else None, embedder, weights)
    rules = Rules(_today(), accept=accepted(accept))
    guards = load_guards(clinic, weights)
    questions = _questions(index, model, weights)

    def change(book: Book) -> Book:
        entry = make(book)
        same = SameQuestions(questions.embed, vocabulary=questions.vocabulary)
        judged = _judge_one(entry, book, guards, rules, same)
        for odd in judged.odd:
            typer.echo(f"{entry.id}: {odd.code}: {odd}", err=True)
        if judged.fate == "aside":
            codes = " ".join(f"--accept {odd.code}" for odd in judged.reasons)
            raise ChangeRefused(
                f"{entry.id!r} is not put in for what is said above. Mend it, or give {codes}"
            )
        return put(book, [judged.entry])

    manifest = change_index(index, change, embedder=model, what=what, keep=keep)
    questions.keep([entry.question for entry in read_book(index).entries])
    _tell(index, manifest)


def edited(
    entry: FaqEntry,
    *,
    question: str | None,
    answer: str | None,
    alternates: list[str] | None,
    audience: Literal["patient", "staff", "both"] | None,
    topic: str | None,
    owner: str | None,
    source: str | None,
    language: str | None,
    reviewed: datetime | None,
    review_by: datetime | None,
) -> FaqEntry:
    """Return the entry with the fields that are given; None leaves a field as it is."""
    entry = dataclasses.replace(
        entry,
        question=" ".join((entry.question if question is None else question).split()),
        answer=entry.answer if answer is None else answer.strip(),
        alternates=tuple(alternates) if alternates else entry.alternates,
        audience=audience or entry.audience,
        topic=entry.topic if topic is None else topic,
    )
    return dataclasses.replace(
        entry,
        owner=entry.owner if owner is None else owner,
        source=entry.source if source is None else source,
        language=language or entry.language,
        reviewed=reviewed.date() if reviewed else entry.reviewed,
        review_by=review_by.date() if review_by else entry.review_by,
    )


def take_out(index: Path, ids: list[str], *, weights: Weights, keep: int) -> None:
    """Retire entries. Raises UnknownEntry or ChangeRefused."""
    from retrieval.changes import change_index, retire

    today = _today()
    manifest = change_index(
        index,
        lambda book: retire(book, ids, on=today),
        embedder=_embedder(index, "", weights),
        what=f"retire {' '.join(ids)}",
        keep=keep,
    )
    _tell(index, manifest)


def put_back(index: Path, entry_id: str, *, weights: Weights, keep: int) -> None:
    """Serve a retired entry again. Raises UnknownEntry or ChangeRefused."""
    from retrieval.changes import bring_back, change_index

    manifest = change_index(
        index,
        lambda book: bring_back(book, entry_id),
        embedder=_embedder(index, "", weights),
        what=f"restore {entry_id}",
        keep=keep,
    )
    _tell(index, manifest)


def list_generations(index: Path) -> None:
    """Print the generations, newest first, the one in place with a star."""
    from retrieval.generations import generations

    for one in generations(index):
        mark = "*" if one.in_place else " "
        when = one.created.isoformat(timespec="minutes")
        typer.echo(f"{mark} {one.number:>5}  {when}  {one.entries:>6} entries  {one.change}")


def export(index: Path, file: Path) -> None:
    """Write the served entries as FAQ rows."""
    from retrieval.changes import read_book
    from retrieval.faq import entry_to_json

    entries = read_book(index).entries
    file.write_text("".join(entry_to_json(one) + "\n" for one in entries), encoding="utf-8", newline="\n")
    typer.echo(f"{file}: {len(entries)} entries", err=True)


def _judge_one(entry: FaqEntry, book: Book, guards: Guards, rules: Rules, same: SameQuestions) -> Judged:
    import json

    from retrieval.faq import entry_to_json
    from retrieval.intake.found import Found
    from retrieval.intake.judge import judge

    fields: dict[str, object] = json.loads(entry_to_json(entry))
    row = Found(Path("command line"), 1, "row", fields)
    gone = [one.entry for one in book.retired]
    [judged] = judge([row], served=book.entries, retired=gone, guards=guards, rules=rules, same=same)
    return judged


def _embedder(index: Path | None, source: str, weights: Weights) -> Embedder:
    """Load the embedder that built the index; for a new index, the one that FAQs are searched with."""
    from retrieval.embedder import faq_source, load_embedder
    from retrieval.manifest import read_manifest

    if index is not None:
        name = read_manifest(index).embedder.name
    else:
        name = faq_source(source or EMBEDDER, models_dir=weights.models_dir)
    return load_embedder(
        name, cache_dir=weights.cache_dir, offline=weights.offline, models_dir=weights.models_dir
    )


def _questions(index: Path | None, model: Embedder, weights: Weights) -> QuestionVectors:
    """Return what embeds questions to be compared, with what was embedded for this index before."""
    from retrieval.embedder import plain_embedder
    from retrieval.intake.question_vectors import QuestionVectors

    plain = plain_embedder(model, cache_dir=weights.cache_dir, offline=weights.offline)
    return QuestionVectors(plain, index)


def _tell(index: Path, manifest: Manifest) -> None:
    typer.echo(
        f"{index}: generation {manifest.generation} with {manifest.counts.entries} entries is in place; "
        f"{manifest.embedded} of {manifest.counts.vectors} texts were embedded",
        err=True,
    )


def _today() -> date:
    return datetime.now(UTC).date()
