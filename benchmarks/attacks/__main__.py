"""Measure the defences against attacks: what is stopped, what gets through, and what is stopped without need.

`--only` runs some sections and leaves the others in the result file as they were, each with its date.
Quick, a section takes minutes; `--full` asks the real chat everything (hours). Printed: the figures, then
one table. Neither holds a word of a set.

Run: python -m benchmarks.attacks [--only screen --only import] [--full] [--out FILE]
"""

from __future__ import annotations

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
from benchmarks.report import Figure, earlier, report

EVERY: Final = 0
Section = Callable[[bool, Mapping[str, Figure]], dict[str, Figure]]
SECTIONS: Final[dict[str, Section]] = {
    "screen": lambda _full, _earlier: measure_screen(),
    "public": lambda _full, _earlier: measure_public(),
    "import": lambda _full, _earlier: measure_import(),
    "ordinary": lambda _full, _earlier: measure_ordinary(),
    "rows": lambda full, _earlier: measure_planted(FULL_DRAWS if full else DRAWS),
    "asked": lambda full, _earlier: measure_asked(EVERY if full else ASKED_DIRECTLY),
    "served": lambda full, earlier: measure_served(_let_in(earlier), FULL if full else ASKED_FOR),
}
"""Each section, told whether everything is wanted and what the sections before it found."""


def main(
    only: Annotated[
        list[str] | None, typer.Option(help=f"A section, as often as wanted: {', '.join(SECTIONS)}.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Ask the chat every message (hours).")] = False,
    out: Annotated[Path | None, typer.Option()] = None,
) -> None:
    """Measure each section, print one table and write the result."""
    unknown = sorted(set(only or ()) - set(SECTIONS))
    if unknown:
        raise typer.BadParameter(f"{unknown[0]!r} is no section: choose of {', '.join(SECTIONS)}")
    figures = earlier(out) if only else {}
    for name, section in SECTIONS.items():
        if only and name not in only:
            continue
        since = time.perf_counter()
        found = section(full, figures)
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
