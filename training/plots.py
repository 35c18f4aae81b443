"""Pictures for reports, as SVG text that stands inside one HTML file. The only home of matplotlib.

Figures get numbers, never a row's words. Colours are told apart by people with colour blindness
(Okabe & Ito) and every series has a label at its side.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.metrics import Interval

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#555555")
# Text stays text, so that a reader can search and a screen reader can speak it; ids are the same each time.
mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "carefold", "font.size": 10})


def bars(title: str, values: Mapping[str, float], *, unit: str = "") -> str:
    """Draw one horizontal bar a label, in the order given."""
    figure, axes = _figure(title, height=0.9 + 0.32 * max(len(values), 1))
    labels = list(values)
    axes.barh(labels, list(values.values()), color=COLOURS[0])
    axes.bar_label(axes.containers[0], fmt="{:,.4g}", padding=3)  # type: ignore[arg-type]
    axes.margins(x=0.15)
    axes.invert_yaxis()
    axes.set_xlabel(unit)
    return _svg(figure, title)


def histogram(title: str, values: Sequence[float], *, unit: str, mark: float = 0.0) -> str:
    """Draw how often values occur; `mark` draws a limit (0: none)."""
    figure, axes = _figure(title)
    axes.hist(list(values), bins=min(40, max(len(set(values)), 1)), color=COLOURS[0])
    if mark:
        axes.axvline(mark, color=COLOURS[1], linestyle="--", label=f"limit {mark:g}")
        axes.legend(frameon=False)
    axes.set_xlabel(unit)
    axes.set_ylabel("rows")
    return _svg(figure, title)


def lines(title: str, series: Mapping[str, Sequence[tuple[float, float]]], *, x: str, y: str) -> str:
    """Draw one line a name through (x, y) points."""
    figure, axes = _figure(title)
    for place, (name, points) in enumerate(series.items()):
        colour = COLOURS[place % len(COLOURS)]
        axes.plot(
            [p[0] for p in points], [p[1] for p in points], color=colour, label=name,
            marker="o" if len(points) < 40 else "", markersize=3,
        )  # fmt: skip
    if series:
        axes.legend(frameon=False)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    return _svg(figure, title)


def intervals(title: str, values: Mapping[str, Interval], *, unit: str, zero: bool = False) -> str:
    """Draw a value with its interval for each name; `zero` draws the line of no difference."""
    figure, axes = _figure(title, height=0.9 + 0.36 * max(len(values), 1))
    for place, (_name, one) in enumerate(values.items()):
        axes.plot([one.low, one.high], [place, place], color=COLOURS[0], linewidth=2)
        axes.plot([one.value], [place], "o", color=COLOURS[0])
    axes.set_yticks(range(len(values)), list(values))
    axes.invert_yaxis()
    if zero:
        axes.axvline(0, color=COLOURS[-1], linewidth=1)
    axes.set_xlabel(unit)
    return _svg(figure, title)


def _figure(title: str, *, height: float = 2.8) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(7.2, height), layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(title, loc="left", fontsize=11)
    return figure, axes


def _svg(figure: Figure, title: str) -> str:
    written = io.StringIO()
    figure.savefig(written, format="svg", metadata={"Date": None, "Title": title})
    text = written.getvalue()
    return text[text.index("<svg") :]
