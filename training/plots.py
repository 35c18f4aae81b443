"""Pictures for reports, as SVG text that stands inside one HTML file. The only home of matplotlib.

Figures get numbers, never a row's words. Colours are told apart by people with colour blindness
(Okabe & Ito) and every series has a label at its side.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import quoteattr

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.metrics import Interval

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#555555")
MARKS, STROKES = "os^Dv", ("-", "--", "-.", ":")
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


def lines(
    title: str, series: Mapping[str, Sequence[tuple[float, float]]], *, x: str, y: str, log_x: bool = False
) -> str:
    """Draw one line a name through (x, y) points; `log_x` spaces x by its logarithm."""
    figure, axes = _figure(title)
    for place, (name, points) in enumerate(series.items()):
        colour = COLOURS[place % len(COLOURS)]
        axes.plot(
            [p[0] for p in points], [p[1] for p in points], color=colour, label=name,
            marker=MARKS[place % len(MARKS)] if len(points) < 40 else "", markersize=4,
            linestyle=STROKES[place % len(STROKES)],
        )  # fmt: skip
    if series:
        axes.legend(frameon=False)
    if log_x:
        axes.set_xscale("log")
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
    axes.set_ylim(len(values) - 0.5, -0.5)
    if zero:
        axes.axvline(0, color=COLOURS[-1], linewidth=1)
    axes.set_xlabel(unit)
    return _svg(figure, title)


def _figure(title: str, *, height: float = 2.8) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(7.2, height), layout="constrained", facecolor="none")
    axes = figure.add_subplot(facecolor="none")
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(title, loc="left", fontsize=11)
    return figure, axes


def _svg(figure: Figure, title: str) -> str:
    """Return the figure as one <svg> that takes its page's ink, and colours from --plot-0 to --plot-6."""
    written = io.StringIO()
    figure.savefig(written, format="svg", metadata={"Date": None, "Title": title})
    text = written.getvalue()
    text = text[text.index("<svg") :]
    # Its metadata names web addresses and its style would hold for the whole page.
    text = re.sub(r"\s*<(metadata|title|style)\b.*?</\1>", "", text, flags=re.DOTALL)
    text = re.sub(r"\s*<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r"font-family: [^;\"]*", "font-family: inherit", text)
    text = re.sub(r' id="[a-z0-9.]+_\d+"', "", text)
    text = text.replace("#000000", "currentColor")
    for place, colour in enumerate(COLOURS):
        text = text.replace(f": {colour}", f": var(--plot-{place}, {colour})")
    # Two pictures of one page must not share the names of their clips and marks.
    mine = hashlib.sha256(text.encode()).hexdigest()[:8]
    text = re.sub(r'(id="|href="#|url\(#)', rf"\g<1>s{mine}", text)
    head = f'<svg role="img" aria-label={quoteattr(title)} fill="currentColor" '
    return text.replace("<svg ", head + 'style="stroke-linejoin: round; stroke-linecap: butt" ', 1)
