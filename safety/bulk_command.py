"""`python -m safety scrub-folder IN OUT`: every text file of a folder tree, scrubbed.

What each file became is in a report (JSON, and a page beside it); standard error tells of files by number
and scrubbed name alone. A run that was stopped goes on when it is started again.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from safety.command_line import MODELS, SOME_FAILED, CacheDir, ModelsDir, NameModel, Offline, Tagger, stop
from safety.errors import SafetyError
from safety.policies import Policy
from weights.defaults import NAME_MODEL
from weights.errors import WeightsError

if TYPE_CHECKING:
    from safety.bulk_report import BulkReport

_LOG_INTERVAL_S = 60
_SHOWN = 20


def scrub_folder(
    source: Annotated[Path, typer.Argument(metavar="IN", help="The folder to scrub; it is only read.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A new folder, or one that a run began.")],
    policy: Annotated[Policy, typer.Option(help="What counts as personal data.")] = "wide",
    surrogates: Annotated[
        bool, typer.Option("--surrogates", help="Write made-up values, not placeholders.")
    ] = False,
    seed: Annotated[
        int | None, typer.Option(help="Of the surrogates; default: drawn anew for each file.")
    ] = None,
    field: Annotated[
        list[str] | None,
        typer.Option(help="Scrub only this column of CSV or what is below this key of JSON; repeatable."),
    ] = None,
    encoding: Annotated[str, typer.Option(help="Of files without a byte order mark.")] = "utf-8",
    workers: Annotated[int, typer.Option(min=1, help="Processes; each loads its own scrubber.")] = 1,
    report: Annotated[
        Path | None, typer.Option(help="Where the JSON report goes; default: OUT/.scrub/report.json.")
    ] = None,
    name_model: NameModel = NAME_MODEL,
    tagger: Tagger = "",
    models_dir: ModelsDir = MODELS,
    cache_dir: CacheDir = None,
    offline: Offline = False,
) -> None:
    """Scrub the text files of a folder into another, and report on every file."""
    import codecs

    from tqdm import tqdm

    from safety.bulk import BulkSettings, check_apart
    from safety.bulk import scrub_folder as run
    from safety.bulk_manifest import FOLDER
    from safety.bulk_report import write_report
    from safety.bulk_scrubber import build_scrubber, choose_scrubber

    try:
        codecs.lookup(encoding)
    except LookupError:
        stop(f"no encoding {encoding!r}")
    target = report or out / FOLDER / "report.json"
    if target.suffix == ".html" or target.resolve().is_relative_to(source.resolve()):
        stop("--report names a JSON file outside IN; the page is written beside it")
    try:
        check_apart(source.resolve(), out.resolve())
        choice = choose_scrubber(
            policy, name_model, tagger=tagger, models_dir=models_dir, cache_dir=cache_dir, offline=offline
        )
        scrubber = build_scrubber(choice)
        settings = BulkSettings(
            choice=choice, surrogates=surrogates, seed=seed, fields=tuple(field or ()), encoding=encoding,
            workers=workers,
        )  # fmt: skip
        live = sys.stderr.isatty()
        with tqdm(
            desc="scrubbing", unit="B", unit_scale=True, total=0, ncols=None if live else 80, leave=live,
            mininterval=0.1 if live else _LOG_INTERVAL_S, maxinterval=10 if live else _LOG_INTERVAL_S,
            delay=0 if live else _LOG_INTERVAL_S,
        ) as bar:  # fmt: skip
            done = run(
                source,
                out,
                settings=settings,
                scrubber=scrubber,
                on_total=lambda size: setattr(bar, "total", size),
                on_bytes=lambda count: bar.update(count),
            )
    except (SafetyError, WeightsError) as error:
        stop(str(error))
    except OSError as error:
        # Its own message would name the file. What is finished by now stays so.
        sys.stderr.write(f"error: {type(error).__name__} {error.errno} while reading or writing\n")
        raise typer.Exit(SOME_FAILED) from None
    page = write_report(done, target)
    _tell(done)
    sys.stderr.write(f"report: {page.name} and {target.name}\n")
    raise typer.Exit(0 if done.clean else SOME_FAILED)


def _tell(report: BulkReport) -> None:
    """Say on standard error what failed, and the counts."""
    for one in report.failed[:_SHOWN]:
        sys.stderr.write(f"file {one.number} ({one.name}): {one.reason}\n")
    for fault in report.row_faults[:_SHOWN]:
        sys.stderr.write(f"file {fault.number} ({fault.name}) line {fault.line}: {fault.reason}\n")
    sys.stderr.write(
        f"{report.files} files: {report.scrubbed} scrubbed ({report.of_earlier_runs} earlier), "
        f"{len(report.failed)} failed, {len(report.left_out)} left out; "
        f"rows: {report.rows_scrubbed} scrubbed, {report.rows_failed} failed; "
        f"values replaced: {sum(report.entities.values())}\n"
    )
