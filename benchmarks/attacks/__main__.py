"""Measure the defences against attacks: what is stopped, what gets through, and what is stopped without need.

`--only` runs some sections and leaves the others in the result file as they were, each with its date.
Quick, a section takes minutes; `--full` asks the real chat everything (hours). Printed: the figures, then
one table. Neither holds a word of a set.

Run: python -m benchmarks.attacks [--only screen --only import] [--full] [--out FILE]
In parts: --only asked --only served --full --out FILE --resume FOLDER --minutes 8, again and again until it
ends with 0 instead of 3. The folder holds what the chat answered, under a hash of the questions, the index,
the prompts and the base: delete it when anything else has changed.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from benchmarks.attacks.direct import ASKED as ASKED_DIRECTLY
from benchmarks.attacks.direct import measure_asked, measure_public, measure_screen
from benchmarks.attacks.indirect import ASKED as ASKED_FOR
from benchmarks.attacks.indirect import FULL, LET_IN, measure_import, measure_ordinary, measure_served
from benchmarks.attacks.planted import DRAWS, FULL_DRAWS, measure_planted
from benchmarks.attacks.table import table
from benchmarks.kept import Kept, OutOfTime
from benchmarks.report import Figure, earlier, report

EVERY: Final = 0
AGAIN: Final = 3
Section = Callable[[bool, Mapping[str, Figure], Kept], dict[str, Figure]]
SECTIONS: Final[dict[str, Section]] = {
    "screen": lambda _full, _earlier, _kept: measure_screen(),
    "public": lambda _full, _earlier, _kept: measure_public(),
    "import": lambda _full, _earlier, _kept: measure_import(),
    "ordinary": lambda _full, _earlier, _kept: measure_ordinary(),
    "rows": lambda full, _earlier, _kept: measure_planted(FULL_DRAWS if full else DRAWS),
    "asked": lambda full, _earlier, kept: measure_asked(EVERY if full else ASKED_DIRECTLY, kept=kept),
    "served": lambda full, earlier, kept: measure_served(
        _let_in(earlier), FULL if full else ASKED_FOR, kept=kept
    ),
}
"""Each section, told whether everything is wanted, what the sections before it found, and what is kept."""


def main(
    only: Annotated[
        list[str] | None, typer.Option(help=f"A section, as often as wanted: {', '.join(SECTIONS)}.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Ask the chat every message (hours).")] = False,
    resume: Annotated[
        Path | None, typer.Option(help="Folder of what was answered before a stop; go on there.")
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(min=0.1, help=f"With --resume: stop after so long, with exit code {AGAIN}."),
    ] = None,
    out: Annotated[Path | None, typer.Option()] = None,
) -> None:
    """Measure each section, print one table and write the result."""
    if minutes is not None and resume is None:
        raise typer.BadParameter("--minutes needs --resume FOLDER, or what was answered is lost")
    kept = Kept(resume, seconds=None if minutes is None else 60 * minutes)
    unknown = sorted(set(only or ()) - set(SECTIONS))
    if unknown:
        raise typer.BadParameter(f"{unknown[0]!r} is no section: choose of {', '.join(SECTIONS)}")
    figures = earlier(out) if only else {}
    for name, section in SECTIONS.items():
        if only and name not in only:
            continue
        since = time.perf_counter()
        try:
            found = section(full, figures, kept)
        except OutOfTime as progress:
            sys.stderr.write(f"time is over at {progress}; the same command goes on\n")
            raise typer.Exit(AGAIN) from None
        seconds = round(time.perf_counter() - since)
        figures[name] = {
            "date": datetime.now(UTC).date().isoformat(),
            "full": full,
            "seconds": seconds,
            **found,
        }
    report("attacks", figures, out)
    typer.echo(table(figures))


def _let_in(earlier: Mapping[str, Figure]) -> list[str]:
    """Return the ids of the poisoned entries that the import section let in."""
    found = earlier.get("import")
    ids = found.get(LET_IN) if isinstance(found, Mapping) else None
    if not isinstance(ids, list):
        raise typer.BadParameter(
            "'served' asks for what 'import' let in: measure that first, with the same --out"
        )
    return [str(one) for one in ids]


if __name__ == "__main__":
    typer.run(main)
