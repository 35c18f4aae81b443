"""Measure personal data: what is found and what is left alone, against stock Presidio in the same run.

Run: python -m benchmarks.pii [--only identifiers --only names] [--quick] [--out FILE] [--page FILE]
In parts: the same with --resume FOLDER --minutes 8, again and again until it ends with 0 instead of 3.
In full: 3,334 identifiers, each in six forms (20,004 texts), and 2,000 names of each origin, each in one of
three cases; --identifiers and --names say more or fewer.

Prints tables, writes one JSON file and one page. None of them holds a word of the data sets. With `--only`
the other sections of the file stay as they were, each line with its date.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks.kept import Kept, OutOfTime
from benchmarks.pii.categories import category_rows, measure_categories, readme_table
from benchmarks.pii.fuzz import measure_fuzz
from benchmarks.pii.options import QUICK, Options, Outcome
from benchmarks.pii.page import page
from benchmarks.pii.quality import (
    measure_identifiers,
    measure_names,
    measure_public,
    measure_templates,
    measure_terms,
)
from benchmarks.pii.result import Line, Skipped, figures, held, line_of, markdown, measured_before, row_of
from benchmarks.pii.speed import measure_speed
from benchmarks.pii.steady import measure_memory, measure_threads
from benchmarks.pii.systems import SYSTEMS, made
from benchmarks.pii.utility import measure_utility
from benchmarks.report import report
from weights.cores import usable_cores

SECTIONS: dict[str, Callable[[Options], Outcome]] = {
    "templates": measure_templates,
    "identifiers": measure_identifiers,
    "names": measure_names,
    "terms": measure_terms,
    "public": measure_public,
    "categories": measure_categories,
    "utility": measure_utility,
    "fuzz": measure_fuzz,
    "speed": measure_speed,
    "threads": measure_threads,
    "memory": measure_memory,
}
AGAIN = 3  # exit code: the time is over, the same command goes on
_ALSO = ("presidio-anonymizer", "Faker", "numpy", "scipy")
_FULL = Options()


def main(
    only: Annotated[
        list[str] | None, typer.Option(help=f"A section, as often as wanted: {', '.join(SECTIONS)}.")
    ] = None,
    system: Annotated[list[str] | None, typer.Option(help=f"A system: {', '.join(SYSTEMS)}.")] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="About 200 items of each: a check, no measurement.")
    ] = False,
    identifiers: Annotated[
        int | None, typer.Option(min=1, help=f"Each in six forms; {_FULL.identifiers:,}.")
    ] = None,
    names: Annotated[
        int | None, typer.Option(min=3, help=f"Of each origin, each in one case; {_FULL.names:,}.")
    ] = None,
    terms: Annotated[int | None, typer.Option(min=1, help="Of each kind; all.")] = None,
    texts: Annotated[
        int | None, typer.Option(min=1, help="Of the public set and of filled templates; all.")
    ] = None,
    messages: Annotated[
        int | None, typer.Option(min=20, help=f"Of the memory test; {_FULL.messages:,}.")
    ] = None,
    fuzz: Annotated[int | None, typer.Option(min=1, help=f"Hostile texts; {_FULL.fuzz:,}.")] = None,
    workers: Annotated[
        int, typer.Option(min=0, help="Processes of the parts without a clock; 0: one a core.")
    ] = 0,
    seed: int = 0,
    resume: Annotated[
        Path | None, typer.Option(help="Folder of what was measured before a stop; go on there.")
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(
            min=0.1,
            help=f"Stop after so long, with exit code {AGAIN}; speed, threads and memory are not cut in two.",
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="End with 1 where a goal of a measured section is not met.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="JSON file to write.")] = None,
    page_file: Annotated[Path | None, typer.Option("--page", help="HTML file to write.")] = None,
) -> None:
    """Measure the chosen sections with every system."""
    chosen, named = tuple(only or SECTIONS), tuple(system or SYSTEMS)
    for what, asked, known in (("section", chosen, SECTIONS), ("system", named, SYSTEMS)):
        if unknown := sorted(set(asked) - set(known)):
            sys.stderr.write(f"error: no {what} {', '.join(unknown)}; there is {', '.join(known)}\n")
            raise typer.Exit(2)
    sizes = QUICK if quick else _FULL
    options = replace(
        sizes,
        identifiers=identifiers or sizes.identifiers,
        names=names or sizes.names,
        terms=terms or sizes.terms,
        texts=texts or sizes.texts,
        messages=messages or sizes.messages,
        fuzz=fuzz or sizes.fuzz,
        workers=workers or usable_cores(),
        seed=seed,
        systems=named,
        kept=Kept(resume, seconds=None if minutes is None else 60 * minutes),
    )
    if minutes is not None and resume is None:
        sys.stderr.write("error: --minutes needs --resume FOLDER, or what was measured is lost\n")
        raise typer.Exit(2)
    versions = {name: made(name).version for name in named}
    today = datetime.now(UTC).date().isoformat()
    try:
        outcome = [one for name in chosen for one in _section(name, options, versions, today)]
    except OutOfTime as progress:
        sys.stderr.write(f"time is over at {progress}; the same command goes on\n")
        raise typer.Exit(AGAIN) from None
    lines = [one for one in outcome if isinstance(one, Line)]
    skipped = [one for one in outcome if isinstance(one, Skipped)]
    if only and out is not None:
        # Neither what is measured anew nor what is no section any more.
        before, skipped_before = measured_before(out, of=set(SECTIONS) - set(chosen))
        lines = sorted((*lines, *before), key=lambda line: list(SECTIONS).index(line.section))
        skipped += skipped_before
    categories = category_rows(lines)
    report(
        "pii",
        {
            "quick": quick,
            "seed": seed,
            "systems": versions,
            "versions": {name: version(name) for name in _ALSO},
            "categories": [dict(row) for row in categories],
            **figures(lines, skipped),
        },
        out,
        printed=False,
    )
    if page_file is not None:
        page_file.parent.mkdir(parents=True, exist_ok=True)
        page_file.write_text(page(lines, skipped, categories, date=today), encoding="utf-8")
    print(markdown(lines, skipped))
    if categories:
        print("\n### for the README\n\n" + readme_table(categories))
    if strict and not all(goal.met(estimate) for goal, estimate, _ in held(lines) if goal.section in chosen):
        raise typer.Exit(1)


def _section(name: str, options: Options, versions: Mapping[str, str], today: str) -> Outcome:
    """Measure a section, or take what a run that was stopped has measured with these sizes and systems."""

    def run() -> list[dict[str, Any]]:
        return [
            {"line": row_of(replace(one, date=today))} if isinstance(one, Line) else {"skipped": asdict(one)}
            for one in SECTIONS[name](options)
        ]

    key = ("section", name, repr(replace(options, workers=1)), *map(repr, sorted(versions.items())))
    rows = options.kept.once(key, run, title=name)
    return [line_of(row["line"]) if "line" in row else Skipped(**row["skipped"]) for row in rows]


if __name__ == "__main__":
    typer.run(main)
