"""The command line of what keeps a FAQ alive: import, add, edit, retire, roll back, doctor.

An import is judged with what safety and the clinic's profile know, and the doctor reads the application's
records. Nothing but the command imports this file, so it alone of the package may ask `app` for these, in
`_guards` and `_records`; every other module takes plain functions and values (docs/design.md, "The tree").
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

from retrieval import faq_commands
from retrieval.errors import RetrievalError, UnknownLanguage
from retrieval.faq_commands import (
    Accept,
    CacheDir,
    ClinicFile,
    EmbedderSource,
    Index,
    Keep,
    Models,
    Offline,
    ReviewDays,
    Seconds,
    Weights,
)
from retrieval.languages import language_tag
from weights.defaults import EMBEDDER
from weights.errors import WeightsError

if TYPE_CHECKING:
    from retrieval.doctor import Records
    from retrieval.intake.judge import Guards

NOTHING_DONE = 2
MODELS = Path("models")


def stop(error: Exception) -> NoReturn:
    """End with 2 and what is wrong: nothing was done."""
    sys.stderr.write(f"{type(error).__name__}: {error}\n")
    raise typer.Exit(NOTHING_DONE)


def _tag(language: str | None) -> str | None:
    """Return the option in one spelling, before anything is loaded for the command."""
    try:
        return language if language is None else language_tag(language)
    except UnknownLanguage as error:
        stop(error)


Audience = Annotated[
    Literal["patient", "staff", "both"] | None, typer.Option(help="Who may read it; a new entry: both.")
]
Topic = Annotated[str | None, typer.Option(help="Topic it belongs to.")]
Owner = Annotated[str | None, typer.Option(help="Who answers for it.")]
Source = Annotated[str | None, typer.Option(help="Where its words come from.")]
Language = Annotated[
    str | None, typer.Option(callback=_tag, help="Language code, such as es or pt-BR; a new entry: en.")
]
Alternates = Annotated[
    list[str] | None, typer.Option("--alternate", help="Another wording of the question; repeatable.")
]
Reviewed = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day of the last review.")]
ReviewBy = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day of the next review.")]


def import_(
    paths: Annotated[list[Path], typer.Argument(help="Files, or folders of them.", metavar="PATH...")],
    index: Annotated[
        Path | None, typer.Option(envvar="CAREFOLD_INDEX_DIR", help="Index to put the rows into.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show row by row; change nothing.")] = False,
    kept: Annotated[Path | None, typer.Option(help="Write the rows that come in to this file.")] = None,
    set_aside: Annotated[
        Path | None, typer.Option(help="Write the rows that do not, with reasons, to this file.")
    ] = None,
    accept: Accept = None,
    review_days: ReviewDays = 365,
    clinic: ClinicFile = None,
    embedder: EmbedderSource = EMBEDDER,
    models_dir: Models = MODELS,
    cache_dir: CacheDir = None,
    offline: Offline = False,
    keep: Keep = 10,
    seconds_per_file: Seconds = 60.0,
) -> None:
    """Import JSONL, CSV, XLSX, Markdown, HTML, DOCX, PDF and call transcripts: rows in = kept + set aside."""
    if index is None and kept is None and not dry_run:
        stop(ValueError("nowhere to put the rows: give --index DIR, --kept FILE, or --dry-run"))
    codes: list[int] = []
    _told(
        lambda: codes.append(
            faq_commands.take_in(
                paths,
                index=index,
                load_guards=_guards,
                clinic=clinic,
                embedder=embedder,
                weights=Weights(models_dir, cache_dir, offline),
                accept=accept or [],
                review_days=review_days,
                dry_run=dry_run,
                kept=kept,
                set_aside=set_aside,
                keep=keep,
                seconds=seconds_per_file,
            )
        )
    )
    raise typer.Exit(codes[0])


def add(
    entry_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the new entry.")],
    index: Index,
    question: Annotated[str, typer.Option(help="The question.")],
    answer: Annotated[str, typer.Option(help="The approved answer.")],
    alternate: Alternates = None,
    audience: Audience = None,
    topic: Topic = None,
    owner: Owner = None,
    source: Source = None,
    language: Language = None,
    reviewed: Reviewed = None,
    review_by: ReviewBy = None,
    accept: Accept = None,
    clinic: ClinicFile = None,
    embedder: EmbedderSource = EMBEDDER,
    models_dir: Models = MODELS,
    cache_dir: CacheDir = None,
    offline: Offline = False,
    keep: Keep = 10,
) -> None:
    """Add an entry."""
    from retrieval.changes import Book
    from retrieval.errors import ChangeRefused
    from retrieval.faq import FaqEntry

    def make(book: Book) -> FaqEntry:
        if any(entry.id == entry_id for entry in book.entries):
            raise ChangeRefused(f"the id {entry_id!r} is used. Change that entry: edit {entry_id}")
        return faq_commands.edited(
            FaqEntry(entry_id, question, answer), question=None, answer=None, alternates=alternate,
            audience=audience, topic=topic, owner=owner, source=source, language=language, reviewed=reviewed,
            review_by=review_by,
        )  # fmt: skip

    _told(
        lambda: faq_commands.put_one(
            index, make, what=f"add {entry_id}", load_guards=_guards, clinic=clinic, embedder=embedder,
            weights=Weights(models_dir, cache_dir, offline), accept=accept or [], keep=keep,
        )
    )  # fmt: skip


def edit(
    entry_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the entry.")],
    index: Index,
    question: Annotated[str | None, typer.Option(help="The question.")] = None,
    answer: Annotated[str | None, typer.Option(help="The approved answer.")] = None,
    alternate: Alternates = None,
    audience: Audience = None,
    topic: Topic = None,
    owner: Owner = None,
    source: Source = None,
    language: Language = None,
    reviewed: Reviewed = None,
    review_by: ReviewBy = None,
    accept: Accept = None,
    clinic: ClinicFile = None,
    models_dir: Models = MODELS,
    cache_dir: CacheDir = None,
    offline: Offline = False,
    keep: Keep = 10,
) -> None:
    """Change fields of an entry; what is not given stays."""
    _told(
        lambda: faq_commands.put_one(
            index,
            lambda book: faq_commands.edited(
                book.entry(entry_id), question=question, answer=answer, alternates=alternate,
                audience=audience, topic=topic, owner=owner, source=source, language=language,
                reviewed=reviewed, review_by=review_by,
            ),
            what=f"edit {entry_id}", load_guards=_guards, clinic=clinic, embedder="",
            weights=Weights(models_dir, cache_dir, offline), accept=accept or [], keep=keep,
        )
    )  # fmt: skip


def retire(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Ids of the entries.")],
    index: Index,
    models_dir: Models = MODELS,
    cache_dir: CacheDir = None,
    offline: Offline = False,
    keep: Keep = 10,
) -> None:
    """Stop serving entries; they are kept and can come back."""
    _told(
        lambda: faq_commands.take_out(index, ids, weights=Weights(models_dir, cache_dir, offline), keep=keep)
    )


def restore(
    entry_id: Annotated[str, typer.Argument(metavar="ID", help="Id of a retired entry.")],
    index: Index,
    models_dir: Models = MODELS,
    cache_dir: CacheDir = None,
    offline: Offline = False,
    keep: Keep = 10,
) -> None:
    """Serve a retired entry again."""
    _told(
        lambda: faq_commands.put_back(
            index, entry_id, weights=Weights(models_dir, cache_dir, offline), keep=keep
        )
    )


def generations(index: Index) -> None:
    """List what can be rolled back to, newest first; the one in place has a star."""
    _told(lambda: faq_commands.list_generations(index))


def rollback(
    number: Annotated[int, typer.Argument(help="Number of the generation.")], index: Index, keep: Keep = 10
) -> None:
    """Serve an earlier generation, in one step."""
    from retrieval.generations import roll_back

    def back() -> None:
        manifest = roll_back(index, number, keep=keep)
        sys.stderr.write(f"{index}: generation {number} with {manifest.counts.entries} entries is in place\n")

    _told(back)


def export(index: Index, out: Annotated[Path, typer.Option(help="File to write, in JSON Lines.")]) -> None:
    """Write the entries of an index as an FAQ file."""
    _told(lambda: faq_commands.export(index, out))


def doctor(
    index: Index,
    review_days: ReviewDays = 365,
    proposals: Annotated[
        Path | None, typer.Option(help="Write proposed entries, without answers, to this file.")
    ] = None,
    records: Annotated[bool, typer.Option(help="Read the application's records of turns.")] = True,
    models_dir: Models = MODELS,
    cache_dir: CacheDir = None,
    offline: Offline = False,
) -> None:
    """Show stale entries, entries never hit, and what is asked and has no entry."""
    from retrieval import doctor as examination

    _told(
        lambda: examination.examine_index(
            index,
            review_days=review_days,
            proposals=proposals,
            models_dir=models_dir,
            cache_dir=cache_dir,
            offline=offline,
            load_records=_records if records else None,
        )
    )


def _guards(clinic: Path | None, weights: Weights) -> Guards:
    from app.errors import AppError
    from app.faq_guards import load_guards

    try:
        return load_guards(
            clinic, models_dir=weights.models_dir, cache_dir=weights.cache_dir, offline=weights.offline
        )
    except AppError as error:
        raise RetrievalError(str(error)) from error


def _records() -> Records:
    from app.errors import AppError
    from app.faq_records import load_records

    try:
        return load_records()
    except AppError as error:
        raise RetrievalError(str(error)) from error


def _told(command: Callable[[], None]) -> None:
    """Run a command; say in one line what went wrong, and that nothing was done."""
    try:
        command()
    except (RetrievalError, WeightsError, ValueError, OSError) as error:
        stop(error)


COMMANDS: tuple[Callable[..., None], ...] = (
    import_, add, edit, retire, restore, generations, rollback, export, doctor,
)  # fmt: skip
