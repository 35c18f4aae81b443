"""The report of a run as one HTML file: the verdict in plain words, the one table, then the details.

It draws what `ReportData` holds and computes nothing of its own but words. It asks nothing of the network
and needs no script, so that it can be sent by mail and still be read in ten years.
"""

from __future__ import annotations

from training.page_parts import (
    MISSING,
    Cell,
    Table,
    Tone,
    between,
    change,
    figure,
    picture,
    render,
    spread,
    table,
)
from training.report import Difference, ReportData
from training.report_sections import sections

HEADLINES = {
    "release": "Release: the tuned model passed every check of the gate.",
    "no": "No release: the gate said no.",
    "dont_tune": "Don't tune: a good prompt does as well.",
    "": "No verdict: the gate was not asked.",
}
ARROWS = {"higher": "higher is better", "lower": "lower is better", "neither": "neither way is better"}
ARMS = ("base", "prompt", "retrieval", "remote", "tuned")


def report_page(data: ReportData) -> str:
    """Draw a report as one HTML page."""
    from training import plots  # matplotlib takes a second to import

    verdict = data.verdict
    kind = verdict.kind if verdict else ""
    failed = [check.text for check in verdict.checks if not check.passed] if verdict else []
    reasons = [*(verdict.reasons if verdict else ()), *failed]
    measured = {arm: score.interval for arm in arms(data) if (score := data.score(arm))}
    title = f"{data.metric} of each arm"
    return render(
        "report.html.jinja",
        title=f"{HEADLINES[kind].split(':')[0]} · {data.name}",
        data=data,
        headline=HEADLINES[kind],
        tone="good" if kind == "release" else "bad" if kind else "",
        summary=summary(data),
        reasons=list(dict.fromkeys(reasons)),
        comparison=comparison_table(data) if data.scores else None,
        scores_plot=picture(plots.intervals(title, measured, unit=data.metric)) if measured else "",
        absent=data.not_measured(),
        sections=sections(data),
        figure=figure,
    )


def summary(data: ReportData) -> list[str]:
    """Say the result by the primary metric in sentences."""
    tuned = data.score("tuned")
    if not tuned:
        return []
    others = [score for arm in arms(data) if arm != "tuned" and (score := data.score(arm))]
    told = "; ".join(f"{one.arm} {spread(one.interval).text}" for one in others)
    said = [
        f"On {tuned.rows:,} rows that it never saw, the tuned model's {data.metric} "
        f"({ARROWS[tuned.better]}) is {spread(tuned.interval).text}, 95 % interval {between(tuned.interval)}"
        + (f"; {told}." if told else ".")
    ]
    for one in data.differences:
        if one.metric == data.metric:
            said.append(f"Against {one.against}: {one.plainly}, difference {change(one.interval)}.")
    return said


def arms(data: ReportData) -> tuple[str, ...]:
    """Name the arms that were measured, in the order of a report."""
    there = dict.fromkeys(one.arm for one in data.scores)
    return tuple(sorted(there, key=lambda arm: ARMS.index(arm) if arm in ARMS else len(ARMS)))


def comparison_table(data: ReportData) -> Table:
    """Put metrics by arms, and the tuned model's difference to each other arm, into one table."""
    names = arms(data)
    against = tuple(dict.fromkeys(one.against for one in data.differences))
    rows: list[list[Cell]] = []
    metrics = sorted(dict.fromkeys(one.metric for one in data.scores), key=lambda name: name != data.metric)
    for metric in metrics:
        found = {arm: score for arm in names if (score := data.score(arm, metric))}
        first = next(iter(found.values()))
        row = [Cell(metric, f"{ARROWS[first.better]}, {first.rows:,} rows")]
        row += [spread(found[arm].interval) if arm in found else MISSING for arm in names]
        for other in against:
            shown = [d for d in data.differences if (d.against, d.metric) == (other, metric)]
            row.append(difference_cell(shown[0]) if shown else MISSING)
        rows.append(row)
    heads = ("metric", *names, *(f"tuned against {other}" for other in against))
    return table("Scores on the test rows", heads, rows)


def difference_cell(one: Difference) -> Cell:
    """Say a difference in words above its figures."""
    tone: Tone = {"better": "good", "worse": "bad"}.get(one.plainly, "")  # type: ignore[assignment]
    return Cell(one.plainly, change(one.interval), tone)
