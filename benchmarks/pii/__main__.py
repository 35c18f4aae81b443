"""Measure personal data: what is found and what is left alone, against stock Presidio in the same run.

Run: python -m benchmarks.pii [--only identifiers --only names] [--quick] [--out FILE] [--page FILE]

Prints tables, writes one JSON file and one page. None of them holds a word of the data sets. With `--only`
the other sections of the file stay as they were, each line with its date.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.pii.options import QUICK, Options, Outcome
from benchmarks.pii.page import page
from benchmarks.pii.quality import (
    measure_identifiers,
    measure_names,
    measure_public,
    measure_templates,
    measure_terms,
)
from benchmarks.pii.result import Line, Skipped, figures, markdown, measured_before
from benchmarks.pii.speed import measure_speed
from benchmarks.pii.steady import measure_steady
from benchmarks.pii.systems import SYSTEMS, default_workers, systems
from benchmarks.report import report

SECTIONS: dict[str, Callable[[Options], Outcome]] = {
    "templates": measure_templates,
    "identifiers": measure_identifiers,
    "names": measure_names,
    "terms": measure_terms,
    "public": measure_public,
    "speed": measure_speed,
    "steady": measure_steady,
}
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
        int | None, typer.Option(min=1, help=f"Of each form; {_FULL.identifiers:,}.")
    ] = None,
    names: Annotated[int | None, typer.Option(min=1, help=f"Of each origin; {_FULL.names:,}.")] = None,
    terms: Annotated[int | None, typer.Option(min=1, help="Of each kind; all.")] = None,
    texts: Annotated[
        int | None, typer.Option(min=1, help="Of the public set and of filled templates; all.")
    ] = None,
    messages: Annotated[
        int | None, typer.Option(min=20, help=f"Of the memory test; {_FULL.messages:,}.")
    ] = None,
    workers: Annotated[
        int, typer.Option(min=0, help="Processes of the parts without a clock; 0: one a core.")
    ] = 0,
    seed: int = 0,
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
        workers=workers or default_workers(),
        seed=seed,
        systems=named,
    )
    today = datetime.now(UTC).date().isoformat()
    outcome = [one for name in chosen for one in SECTIONS[name](options)]
    lines = [replace(one, date=today) for one in outcome if isinstance(one, Line)]
    if only and out is not None:
        lines += measured_before(out, without=chosen)
        lines.sort(key=lambda line: list(SECTIONS).index(line.section))
    skipped = [one for one in outcome if isinstance(one, Skipped)]
    report(
        "pii",
        {
            "quick": quick,
            "seed": seed,
            "systems": {one.name: one.version for one in systems(named)},
            "versions": {name: version(name) for name in _ALSO},
            **figures(lines, skipped),
        },
        out,
        printed=False,
    )
    if page_file is not None:
        page_file.parent.mkdir(parents=True, exist_ok=True)
        page_file.write_text(page(lines, skipped, date=today), encoding="utf-8")
    print(markdown(lines, skipped))


if __name__ == "__main__":
    typer.run(main)
