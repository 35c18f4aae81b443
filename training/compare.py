"""Runs side by side: the table that a team shows its management.

Quality with intervals, verdict, time, tokens, cost, hardware, data, privacy (`compare_rows.py`). What a run
has not measured is said, never guessed; runs that were measured on different rows are said to be so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from training.compare_rows import tables
from training.errors import RunError
from training.page_parts import Cell, between, picture, render, spread
from training.report import ReportData
from training.report_page import ARROWS
from training.rows import Frozen, read_value
from training.run_folder import RunFolder

MEASURED = "report"


class Comparison(Frozen):
    """Runs side by side: `runs` heads the columns, `warnings` say how far the columns compare."""

    runs: tuple[str, ...]
    data: tuple[ReportData, ...]
    warnings: tuple[str, ...] = ()


def compare(runs: Sequence[ReportData | RunFolder]) -> Comparison:
    """Read runs and put them side by side.

    A folder is read from its `measured/report.json`. Raises RunError when there is no run, or when one has
    no report yet.
    """
    if not runs:
        raise RunError("nothing to compare: name at least one run folder")
    data = tuple(_read(one) for one in runs)
    return Comparison(runs=_names(runs, data), data=data, warnings=_warnings(data))


def comparison_page(comparison: Comparison) -> str:
    """Draw a comparison as one HTML page without script or request."""
    from training import plots  # matplotlib takes a second to import

    primary = comparison.data[0].metric
    measured = {
        name: score.interval
        for name, run in zip(comparison.runs, comparison.data, strict=True)
        if (score := run.score("tuned", primary))
    }
    drawn = plots.intervals(f"{primary} of the tuned models", measured, unit=primary) if measured else ""
    return render(
        "compare.html.jinja",
        title=f"{_runs(len(comparison.runs))} compared",
        answer=answer(comparison),
        warnings=comparison.warnings,
        tables=tables(comparison.runs, comparison.data),
        plot=picture(drawn),
    )


def comparison_text(comparison: Comparison) -> str:
    """Write a comparison as aligned plain text for a terminal."""
    lines = [answer(comparison), *(f"! {warning}" for warning in comparison.warnings)]
    for part in tables(comparison.runs, comparison.data):
        rows = [part.heads, *(tuple(_flat(cell) for cell in row) for row in part.rows)]
        widths = [max(len(row[at]) for row in rows) for at in range(len(part.heads))]
        lines += ["", part.caption]
        lines += ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return "\n".join(lines) + "\n"


def answer(comparison: Comparison) -> str:
    """Say in one sentence which runs passed their gates, and which of them scored best."""
    metric = comparison.data[0].metric
    passed = [
        (name, score)
        for name, run in zip(comparison.runs, comparison.data, strict=True)
        if run.verdict and run.verdict.kind == "release" and (score := run.score("tuned", metric))
    ]
    if not passed:
        return f"None of {_runs(len(comparison.runs))} passed the gate."
    better = passed[0][1].better
    said = f"{len(passed)} of {_runs(len(comparison.runs))} passed the gate"
    if len({run.identity.test_sha256 for run in comparison.data}) > 1 or len(passed) == 1:
        return f"{said}: {', '.join(name for name, _ in passed)}."
    name, best = sorted(passed, key=lambda one: one[1].interval.value, reverse=better == "higher")[0]
    return (
        f"{said}. Best by {metric} ({ARROWS[better]}) is {name}: "
        f"{spread(best.interval).text} ({between(best.interval)})."
    )


def _read(run: ReportData | RunFolder) -> ReportData:
    if isinstance(run, ReportData):
        return run
    file = run.measured(MEASURED)
    if not file.is_file():
        raise RunError(f"{run.path.name} has no report yet: let the run go on to its report first")
    return read_value(file, ReportData)


def _names(runs: Sequence[ReportData | RunFolder], data: Sequence[ReportData]) -> tuple[str, ...]:
    """Name runs by their recipe; where two share it, by folder or recipe hash as well."""
    often = Counter(run.name for run in data)
    named: list[str] = []
    for run, read in zip(runs, data, strict=True):
        more = (
            run.path.name if isinstance(run, RunFolder) else f"{read.name}-{read.identity.recipe_sha256[:10]}"
        )
        named.append(read.name if often[read.name] == 1 else more)
    again = Counter(named)
    return tuple(name if again[name] == 1 else f"{name} ({at})" for at, name in enumerate(named, start=1))


def _warnings(data: Sequence[ReportData]) -> tuple[str, ...]:
    said = []
    if len({run.task for run in data}) > 1:
        said.append(f"The runs are of different jobs: {', '.join(dict.fromkeys(run.task for run in data))}.")
    tests = {run.identity.test_sha256 for run in data}
    if len(tests) > 1:
        said.append("The runs were measured on different test rows: do not compare their scores.")
    elif "" in tests and len(data) > 1:
        said.append("The runs do not say on which test rows they were measured.")
    if len({run.identity.policy_hash for run in data}) > 1:
        said.append("The runs were scrubbed under different policies.")
    if len({run.fit.hardware for run in data if run.fit}) > 1:
        said.append("The runs used different hardware: do not compare their times.")
    return tuple(said)


def _runs(count: int) -> str:
    return f"{count} run" if count == 1 else f"{count} runs"


def _flat(cell: Cell) -> str:
    return f"{cell.text} [{cell.small}]" if cell.small else cell.text
