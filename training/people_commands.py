"""The commands in which people take part: `panel` (blind sheets for experts) and `feedback` (reviews).

Feedback: `export` writes what people allowed to keep as a review sheet, `import` makes a dataset of what a
reviewer approved or corrected, `refresh` drops what was withdrawn since. Nothing trains by itself.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from training.command_line import guarded

if TYPE_CHECKING:
    from app.store import Store
    from safety.scrubber import Scrubber

panel = typer.Typer(no_args_is_help=True, help="Blind comparison by experts: sheets out, ratings in.")
feedback = typer.Typer(no_args_is_help=True, help="Reviewed, consented exchanges to a dataset.")

Run = Annotated[Path, typer.Argument(help="A run folder.")]
Database = Annotated[
    str, typer.Option(envvar="CAREFOLD_DATABASE_URL", help="SQLAlchemy URL.", show_default=False)
]


@panel.command()
def sheets(
    run: Run,
    out: Annotated[Path, typer.Option(help="Folder for sheets and key.")],
    raters: Annotated[str, typer.Option(help="Names or numbers of the raters, with commas.")],
    rows: Annotated[int, typer.Option(min=1, help="Rows a rater sees.")] = 30,
    against: Annotated[str, typer.Option(help="The other arm: base, prompt, retrieval, remote.")] = "prompt",
) -> None:
    """Write blind sheets: the tuned answer and another arm's, in random places."""

    def work() -> None:
        from training.panel import sheets as write
        from training.rows import Example, Prediction, read_rows
        from training.run_folder import RunFolder

        folder = RunFolder.open(run)
        ours = list(read_rows(folder.predictions("tuned"), Prediction))
        theirs = {one.id: one for one in read_rows(folder.predictions(against), Prediction)}
        known = {one.id: one for one in read_rows(folder.split("test"), Example)}
        done = write(
            [known[one.id] for one in ours], ours, [theirs[one.id] for one in ours],
            raters=[name.strip() for name in raters.split(",") if name.strip()], rows=rows,
            seed=folder.recipe().seed, out=out,
        )  # fmt: skip
        for file in done.files:
            sys.stdout.write(f"{file}\n")
        sys.stdout.write(f"{done.key}\tthe key: raters must not see it\n")

    guarded(work, ValueError)


@panel.command()
def ratings(
    run: Run,
    files: Annotated[list[Path], typer.Argument(help="Returned sheets (CSV).")],
    key: Annotated[Path, typer.Option(help="The key that `sheets` wrote.")],
) -> None:
    """Read returned sheets into the run; its next report shows them."""

    def work() -> None:
        from training.judge import JudgedRow, JudgeResult
        from training.panel import ratings as read
        from training.rows import read_rows, read_value, write_value
        from training.run_folder import RunFolder

        folder = RunFolder.open(run)
        rows, result = folder.measured("judged"), folder.measured("judge")
        judged = rows.exists() and result.exists()
        found = read(
            files,
            key,
            judged=list(read_rows(rows, JudgedRow)) if judged else (),
            judged_against=read_value(result, JudgeResult).against if judged else "",
        )
        write_value(folder.measured("panel"), found)
        for fault in found.faults:
            sys.stderr.write(f"{fault.file} line {fault.line}: {fault.reason}\n")
        one = found.win_rate
        sys.stdout.write(
            f"{found.ratings} ratings by {len(found.raters)} raters; tuned preferred in {one.value:.0%} "
            f"({one.low:.0%} to {one.high:.0%})\n"
        )
        for pair in found.agreements:
            sys.stdout.write(f"kappa {pair.model_dump_json()}\n")
        sys.stdout.write(f"Show it: python -m training run --from report (recipe of {folder.path.name})\n")

    guarded(work, ValueError)


@feedback.command("export")
def export_sheet(
    sheet: Annotated[Path, typer.Argument(help="Review sheet to write: .csv or .jsonl.")],
    database: Database = "",
) -> None:
    """Write the consented exchanges that await a review."""

    def work() -> None:
        from training.feedback import export_sheet as write

        with _store(database) as store:
            counts = write(store, sheet, scrubber=_scrubber())
        sys.stdout.write(f"{counts.kept} of {counts.taken} exchanges; set aside: {counts.set_aside}\n")

    guarded(work, ValueError)


@feedback.command("import")
def import_sheet(
    sheet: Annotated[Path, typer.Argument(help="The reviewed sheet.")],
    out: Annotated[Path, typer.Option(help="Dataset to write: .jsonl.")],
    task: Annotated[str, typer.Option(help="The job that it is for.")] = "counseling",
    database: Database = "",
) -> None:
    """Make a dataset of what a reviewer approved or corrected."""

    def work() -> None:
        from training.feedback import import_sheet as read
        from training.tasks import TASKS

        if task not in TASKS:
            raise typer.BadParameter(f"no task {task!r}; there is {', '.join(TASKS)}")
        with _store(database) as store:
            made = read(store, sheet, out, task=TASKS[task], scrubber=_scrubber())
        for counts in made.counts:
            sys.stdout.write(f"{counts.kept} of {counts.taken} rows; set aside: {counts.set_aside}\n")
        sys.stderr.write(
            f"Delete {sheet.name} now: what people withdraw later leaves the dataset, not the sheet.\n"
        )

    guarded(work, ValueError)


@feedback.command()
def refresh(
    dataset: Annotated[Path, typer.Argument(help="A dataset that `import` wrote.")], database: Database = ""
) -> None:
    """Drop the rows that were withdrawn since."""

    def work() -> None:
        from training.feedback_dataset import withdrawn

        with _store(database) as store:
            counts = withdrawn(dataset, store)
        sys.stdout.write(f"{counts.kept} of {counts.taken} rows stay; left: {counts.set_aside}\n")

    guarded(work, ValueError)


def database_url() -> str:
    """Return the URL of the application's store, as its settings have it."""
    from app.settings import load_settings

    return load_settings().database


@contextmanager
def _store(url: str) -> Iterator[Store]:
    from app.store import Store as Opened

    store = Opened.open(url or database_url())
    try:
        yield store
    finally:
        store.close()


def _scrubber() -> Scrubber:
    from app.encoders import active_encoder
    from app.settings import load_settings
    from safety.scrubber import Scrubber as Loaded
    from weights import fetch
    from weights.defaults import NAME_MODEL
    from weights.served import TAGGER

    settings = load_settings()
    tagger = active_encoder(
        settings.models_dir, TAGGER, cache_dir=settings.cache_dir, offline=settings.offline
    )
    names = fetch(NAME_MODEL).folder if tagger is None else None
    return Loaded(policy="wide", name_model=names, tagger=tagger, thorough=True)
