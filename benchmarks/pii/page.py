"""The measurement as one page: the goals, a picture of recall by category for each section, and all figures.

The page asks nothing of the network and holds numbers and names of ours only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from benchmarks.pii.result import FOUND, Line, Skipped, held, shown, shown_share
from training.page_parts import TEMPLATES, Cell, Table, table

HERE = Path(__file__).resolve().parent
_PICTURED = (FOUND, "untouched")
_LEFT, _WIDTH, _ROW, _TOP = 240, 400, 30, 30  # of the picture, in its own units


@dataclass(frozen=True)
class Dot:
    """A figure in the picture: where it stands with its interval, whose it is, and its words."""

    x: float
    y: float
    low: float
    high: float
    system: int
    words: str


@dataclass(frozen=True)
class PictureRow:
    """One category: its name, the height of its line, and a dot for each system."""

    name: str
    y: float
    dots: tuple[Dot, ...]


@dataclass(frozen=True)
class Picture:
    """Shares by category, from the least to 1."""

    title: str
    systems: tuple[str, ...]
    rows: tuple[PictureRow, ...]
    ticks: tuple[tuple[float, str], ...]
    height: int


def page(
    lines: Sequence[Line],
    skipped: Sequence[Skipped],
    categories: Sequence[Mapping[str, Any]] = (),
    *,
    date: str,
) -> str:
    """Write the page."""
    environment = Environment(
        loader=FileSystemLoader([HERE, TEMPLATES]), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    sections = list(dict.fromkeys(line.section for line in lines))
    return environment.get_template("pii.html.jinja").render(
        title="Personal data: what is found, and what is left alone",
        date=date,
        goals=_goals(lines),
        categories=_categories(categories),
        sections=[
            (name, _pictures(name, [line for line in lines if line.section == name]), _figures(name, lines))
            for name in sections
        ],
        skipped=skipped,
    )


def _goals(lines: Sequence[Line]) -> Table:
    rows = [
        (goal.section, str(goal), goal.system, shown(estimate, unit),
         Cell("met", tone="good") if goal.met(estimate) else Cell("not met", tone="bad"))
        for goal, estimate, unit in held(lines)
    ]  # fmt: skip
    return table("Goals", ("section", "goal", "system", "measured", ""), rows)


def _categories(rows: Sequence[Mapping[str, Any]]) -> Table | None:
    """Lay out the categories of Safe Harbor: what finds each, and each policy's share of its values."""
    if not rows:
        return None
    systems = list(dict.fromkeys(name for row in rows for name in row["values"]))
    return table(
        "The 18 categories of 45 CFR 164.514(b)(2)(i): values found whole",
        ("category", "found by", "n", *systems),
        [
            (
                Cell(f"({row['letter']}) {row['category']}"),
                ", ".join(row["found by"]),
                f"{max(found['n'] for found in row['values'].values()):,}",
                *(shown_share(row["values"][name]) for name in systems),
            )
            for row in rows
        ],
    )


def _figures(section: str, lines: Sequence[Line]) -> Table:
    mine = [line for line in lines if line.section == section]
    systems = list(dict.fromkeys(name for line in mine for name in line.values))
    rows: list[tuple[Cell | str, ...]] = [
        (
            Cell(line.slice, line.measure),
            f"{max(one.n for one in line.values.values()):,}" if line.values else "",
            *(shown(line.values[name], line.unit) if name in line.values else "" for name in systems),
        )
        for line in mine
    ]
    return table(f"All figures of {section}", ("what", "n", *systems), rows)


def _pictures(section: str, lines: Sequence[Line]) -> list[Picture]:
    """Draw the shares of this section's categories, where it has any."""
    mine = [
        line
        for line in lines
        if line.measure in _PICTURED and line.slice != "all" and line.values and not line.detail
    ]
    if not mine:
        return []
    systems = tuple(dict.fromkeys(name for line in mine for name in line.values))
    least = min(estimate.low for line in mine for estimate in line.values.values())
    floor = min(0.9, int(least * 10) / 10)

    def across(share: float) -> float:
        return round(_LEFT + _WIDTH * (share - floor) / (1 - floor), 1)

    def heights(place: int, name: str) -> float:
        # Side by side, so that equal figures of two systems do not hide each other.
        return _TOP + _ROW * (place + (systems.index(name) + 1) / (len(systems) + 1))

    rows = tuple(
        PictureRow(
            line.slice,
            _TOP + _ROW * (place + 0.5),
            tuple(
                Dot(across(one.value), heights(place, name), across(one.low), across(one.high),
                    systems.index(name), f"{line.slice}, {name}: {shown(one, line.unit)}")
                for name, one in line.values.items()
            ),
        )
        for place, line in enumerate(mine)
    )  # fmt: skip
    ticks = tuple(
        (across(floor + (1 - floor) * part / 4), f"{floor + (1 - floor) * part / 4:.3g}") for part in range(5)
    )
    return [Picture(f"{section}: {mine[0].measure}", systems, rows, ticks, _TOP + _ROW * len(rows) + 10)]
