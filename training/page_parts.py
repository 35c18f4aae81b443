"""What the pages of a run are made of: cells, tables, sections, and how a figure is written.

A page is one HTML file that asks nothing of the network: its content policy forbids it. Every value is
escaped by the template; only the pictures of `plots.py` are handed in as markup.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from training.metrics import Interval

TEMPLATES = Path(__file__).resolve().parent / "templates"
Tone = Literal["", "good", "bad", "muted"]


@dataclass(frozen=True)
class Cell:
    """One cell: a figure or words, with smaller words below; `tone` never says what the words do not."""

    text: str
    small: str = ""
    tone: Tone = ""


MISSING = Cell("not measured", tone="muted")


@dataclass(frozen=True)
class Table:
    """A table: its first column heads the rows."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Section:
    """A part of a page. `missing` is said instead of a content that was not measured."""

    key: str
    title: str
    intro: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    tables: tuple[Table, ...] = ()
    plots: tuple[Markup, ...] = ()
    missing: bool = False


def render(template: str, **values: object) -> str:
    """Fill a template of `templates/`; every value is escaped."""
    return _environment().get_template(template).render(**values)


def table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[Cell | str]]) -> Table:
    """Build a table; plain words become cells."""
    cells = (tuple(one if isinstance(one, Cell) else Cell(one) for one in row) for row in rows)
    return Table(caption, tuple(heads), tuple(cells))


def lines_of(table: Table) -> Iterator[str]:
    """Yield a table's rows as lines of words, for a terminal."""
    for first, *others in table.rows:
        told = (
            f"{head} {one.text}{f' ({one.small})' if one.small else ''}"
            for head, one in zip(table.heads[1:], others, strict=True)
        )
        yield f"{first.text}: {', '.join(told)}"


def figure(value: float) -> str:
    """Write a number with as many digits as one reads: 12,345, 19.5, 0.031."""
    size = abs(value)
    if value == int(value) and size < 1e15:
        return f"{int(value):,}"
    if size >= 1000:
        return f"{value:,.0f}"
    if size >= 100:
        return f"{value:.1f}"
    return f"{value:.3g}" if size >= 0.001 else f"{value:.8f}".rstrip("0").rstrip(".")


def between(interval: Interval) -> str:
    """Write the bounds of an interval, with as many decimals as its value has."""
    _, low, high = _alike(interval)
    return f"{low} to {high}"


def spread(interval: Interval, *, tone: Tone = "") -> Cell:
    """Put a value above its interval."""
    return Cell(_alike(interval)[0], between(interval), tone)


def change(interval: Interval) -> str:
    """Write a difference with its sign and its interval."""
    return f"{'+' if interval.value > 0 else ''}{_alike(interval)[0]} ({between(interval)})"


def share(part: float, whole: float) -> str:
    """Write a share in per cent; of nothing it is a dash."""
    return f"{figure(round(100 * part / whole, 1))} %" if whole else "–"


def duration(seconds: float) -> str:
    """Write seconds as people say them: 42 s, 18 min, 2.4 h."""
    if seconds < 10:
        return f"{seconds:.2g} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def gib(size: float) -> str:
    """Write bytes as GiB."""
    return f"{size / 2**30:.1f} GiB"


def money(amount: float, currency: str) -> str:
    """Write an amount; small ones keep two digits that count."""
    return f"{currency} {amount:,.2f}" if amount >= 0.1 or amount == 0 else f"{currency} {figure(amount)}"


def cost_of_1000(cost: float | None, currency: str) -> str:
    """Write what a thousand of something cost that costs `cost` each; None: nobody has said a price."""
    return "no price given" if cost is None else money(1000 * cost, currency)


def picture(svg: str) -> Markup:
    """Mark a picture that `plots.py` drew as markup: matplotlib has escaped its labels."""
    return Markup(svg)  # noqa: S704


def _alike(interval: Interval) -> tuple[str, str, str]:
    numbers = (interval.value, interval.low, interval.high)
    size = max(map(abs, numbers))
    whole = all(number == int(number) for number in numbers)
    digits = 0 if whole or size >= 1000 else 1 if size >= 10 else 2 if size >= 1 else 3
    written = [f"{number:,.{digits}f}" for number in numbers]
    return written[0], written[1], written[2]


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
