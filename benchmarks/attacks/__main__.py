"""Measure the defences against attacks: what is stopped, what gets through, and what is stopped without need.

`--only` runs some sections and leaves the others in the result file as they were, each with its date.
Quick, a section takes minutes; `--full` asks the real chat everything (hours). Printed: the figures, then
one table. Neither holds a word of a set.

Run: python -m benchmarks.attacks [--only screen --only import] [--full] [--out FILE]
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from benchmarks.attacks.direct import measure_asked, measure_screen
from benchmarks.attacks.indirect import measure_import, measure_served
from benchmarks.attacks.planted import measure_planted
from benchmarks.attacks.table import table
from benchmarks.report import Figure, report

EVERY: Final = 0
SECTIONS: Final[dict[str, tuple[Callable[[], dict[str, Figure]], Callable[[], dict[str, Figure]]]]] = {
    "screen": (measure_screen, measure_screen),
    "import": (measure_import, measure_import),
    "rows": (measure_planted, lambda: measure_planted(draws=20)),
    "asked": (measure_asked, lambda: measure_asked(EVERY)),
    "served": (measure_served, lambda: measure_served(EVERY)),
}
"""Each section in its quick and in its full form."""


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
    figures: dict[str, Figure] = {}
    if only and out is not None and out.is_file():
        figures.update(json.loads(out.read_text("utf-8"))["figures"])
    for name, (quick, whole) in SECTIONS.items():
        if only and name not in only:
            continue
        since = time.perf_counter()
        found = whole() if full else quick()
        seconds = round(time.perf_counter() - since)
        figures[name] = {
            "date": datetime.now(UTC).date().isoformat(),
            "full": full,
            "seconds": seconds,
            **found,
        }
    report("attacks", figures, out)
    typer.echo(table(figures))


if __name__ == "__main__":
    typer.run(main)
