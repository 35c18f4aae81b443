"""The figures of a result as lines of one table: where, what, how many of how many, and the interval."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from benchmarks.report import Figure


def table(figures: Mapping[str, Figure]) -> str:
    """Return a line for each rate of nested figures, in their order."""
    rows = [("where", "what", "n", "rate", "95 % interval"), *_rates(figures, ())]
    widths = [max(len(row[at]) for row in rows) for at in range(5)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows
    )


def _rates(figures: Mapping[str, Figure], path: tuple[str, ...]) -> Iterator[tuple[str, str, str, str, str]]:
    for name, value in figures.items():
        if not isinstance(value, Mapping):
            continue
        rate, low, high = value.get("rate"), value.get("low"), value.get("high")
        if isinstance(rate, float) and isinstance(low, float) and isinstance(high, float):
            yield "; ".join(path), name, str(value["n"]), f"{rate:.1%}", f"{low:.1%} to {high:.1%}"
        else:
            yield from _rates(value, (*path, name))
