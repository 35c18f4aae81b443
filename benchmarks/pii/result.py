"""What a run measured: lines of figures, the goals that they are held against, and the table of both."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from benchmarks.pii.estimates import Estimate
from benchmarks.pii.scores import METRICS
from benchmarks.pii.systems import SAFE_HARBOR, WIDE
from benchmarks.report import Figure

Unit = Literal["share", "ms", "documents/s", "times", "MiB", "count"]


@dataclass(frozen=True)
class Line:
    """One measure of one slice of one section, for each system that it was taken of.

    A line of `detail` is kept and is on the page, and is in no table to be read at once.
    """

    section: str
    slice: str
    measure: str
    values: Mapping[str, Estimate]
    unit: Unit = "share"
    detail: bool = False
    date: str = ""


@dataclass(frozen=True)
class Skipped:
    """A part that was not measured, and why."""

    section: str
    slice: str
    reason: str


@dataclass(frozen=True)
class Goal:
    """A bound on one figure of one system; `of` says which end of its interval has to hold it."""

    section: str
    slice: str
    measure: str
    system: str
    bound: float
    at_least: bool = True
    of: Literal["value", "low", "high"] = "value"

    def met(self, estimate: Estimate) -> bool:
        """Say whether a figure is within the bound."""
        figure = float(getattr(estimate, self.of))
        return figure >= self.bound if self.at_least else figure <= self.bound

    def __str__(self) -> str:
        of = {"value": "", "low": "lower end of ", "high": "upper end of "}[self.of]
        return f"{self.slice}: {of}{self.measure} {'≥' if self.at_least else '≤'} {self.bound:g}"


QUERIES = "clinician_query"  # the register of clinicians' searches in templates.jsonl
EVERY_FORM = "found in every form"
FOUND = "found whole"
GAP_ORIGINS, GAP_CASES = "gap between origins", "gap between cases"
LOST = "recall@1 lost by scrubbing"
AS_ASKED, WOVEN = "all, as asked", "all, with personal data woven in"
FAULTS = (
    "another error than failing closed", "offsets out of place", "no well-formed placeholder",
    "a found value left", "found more in the output", "over the time limit",
)  # fmt: skip
RECALL, PRECISION, F2, _, NO_LEAK = METRICS

GOALS: tuple[Goal, ...] = (
    *(Goal("templates", QUERIES, measure, WIDE, bound)
      for measure, bound in ((RECALL, 0.975), (PRECISION, 0.89), (F2, 0.955), (NO_LEAK, 0.92))),
    Goal("templates", "all", F2, WIDE, 0.93),
    *(Goal("identifiers", "all", EVERY_FORM, system, 1.0) for system in (SAFE_HARBOR, WIDE)),
    *(Goal("names", "all", gap, system, 0.02, at_least=False, of="high")
      for gap in (GAP_ORIGINS, GAP_CASES) for system in (SAFE_HARBOR, WIDE)),
    Goal("terms", "all", "untouched", SAFE_HARBOR, 0.995),
    Goal("terms", "all", "untouched", WIDE, 0.995),
    Goal("speed", "500 characters", "p95", SAFE_HARBOR, 25, at_least=False),
    Goal("speed", "4,000 ordinary characters", "longest", SAFE_HARBOR, 250, at_least=False),
    Goal("speed", "4,000 hostile characters", "longest", SAFE_HARBOR, 1_000, at_least=False),
    Goal("speed", "corpus", "against the plain loop", WIDE, 3),
    Goal("threads", "16 threads", "same as one thread", SAFE_HARBOR, 1.0),
    Goal("memory", "resident", "growth per 10,000 messages", SAFE_HARBOR, 1.0, at_least=False),
    *(Goal("utility", part, LOST, SAFE_HARBOR, 0.01, at_least=False) for part in (AS_ASKED, WOVEN)),
    *(Goal("fuzz", "all", fault, system, 0, at_least=False)
      for fault in FAULTS for system in (SAFE_HARBOR, WIDE)),
)  # fmt: skip


def markdown(lines: Sequence[Line], skipped: Sequence[Skipped]) -> str:
    """Write the figures as tables, one a section, and the goals beneath them."""
    parts = []
    for section in dict.fromkeys(line.section for line in lines):
        rows = [line for line in lines if line.section == section and not line.detail]
        names = list(dict.fromkeys(name for line in rows for name in line.values))
        parts.append(f"### {section}\n\n| what | measure | n | " + " | ".join(names) + " |")
        parts[-1] += "\n|---|---|---|" + "---|" * len(names)
        for line in rows:
            n = max((estimate.n for estimate in line.values.values()), default=0)
            cells = [shown(line.values[name], line.unit) if name in line.values else "" for name in names]
            parts[-1] += f"\n| {line.slice} | {line.measure} | {n:,} | " + " | ".join(cells) + " |"
    parts += [
        "\n".join(f"Not measured: {one.section}, {one.slice}: {one.reason}." for one in skipped)
    ] * bool(skipped)
    parts.append("### goals\n\n| section | goal | system | measured | met |\n|---|---|---|---|---|")
    for goal, estimate, unit in held(lines):
        verdict = "yes" if goal.met(estimate) else "no"
        parts[-1] += f"\n| {goal.section} | {goal} | {goal.system} | {shown(estimate, unit)} | {verdict} |"
    return "\n\n".join(parts)


def held(lines: Sequence[Line]) -> Iterator[tuple[Goal, Estimate, Unit]]:
    """Yield each goal that was measured, with its figure."""
    for goal in GOALS:
        for line in lines:
            same = (line.section, line.slice, line.measure) == (goal.section, goal.slice, goal.measure)
            if same and goal.system in line.values:
                yield goal, line.values[goal.system], line.unit


def shown(estimate: Estimate, unit: Unit) -> str:
    """Write a figure with its interval: a share with four decimals, else what one reads."""
    digits = {"share": 4, "ms": 2, "times": 2, "MiB": 2, "documents/s": 1, "count": 0}[unit]
    after = {"share": "", "ms": " ms", "times": " ×", "MiB": " MiB", "documents/s": " /s", "count": ""}[unit]
    value = f"{estimate.value:,.{digits}f}{after}"
    if estimate.low == estimate.high == estimate.value:
        return value
    return f"{value} [{estimate.low:,.{digits}f}, {estimate.high:,.{digits}f}]"


def shown_share(found: Mapping[str, float]) -> str:
    """Write a share with its interval, three decimals; what is short of 1 never reads as 1."""

    def written(value: float) -> str:
        return "1" if value == 1 else f"{min(value, 0.999):.3f}".lstrip("0") if value > 0 else "0"

    return f"{written(found['value'])} [{written(found['low'])}, {written(found['high'])}]"


def figures(lines: Sequence[Line], skipped: Sequence[Skipped]) -> dict[str, Figure]:
    """Return the run as JSON takes it: numbers and names of ours, no text of anybody."""
    return {
        "lines": [row_of(line) for line in lines],
        "goals": [
            {"section": goal.section, "goal": str(goal), "system": goal.system, "met": goal.met(estimate)}
            for goal, estimate, _unit in held(lines)
        ],
        "not_measured": [
            {"section": one.section, "slice": one.slice, "reason": one.reason} for one in skipped
        ],
    }


def row_of(line: Line) -> dict[str, Figure]:
    """Return a line as JSON takes it."""
    return {
        "section": line.section, "slice": line.slice, "measure": line.measure, "unit": line.unit,
        "detail": line.detail, "date": line.date,
        "values": {
            name: {
                "value": round(one.value, 6), "low": round(one.low, 6), "high": round(one.high, 6),
                "n": one.n,
            }
            for name, one in line.values.items()
        },
    }  # fmt: skip


def line_of(row: Mapping[str, Any]) -> Line:
    """Return the line that `row_of` wrote."""
    values = {name: Estimate(**numbers) for name, numbers in row["values"].items()}
    return Line(**{**row, "values": values})


def measured_before(file: Path, *, of: Collection[str]) -> tuple[list[Line], list[Skipped]]:
    """Read back these sections of an earlier run's file."""
    if not file.is_file():
        return [], []
    written = json.loads(file.read_text(encoding="utf-8"))
    lines = [line_of({**row, "date": row["date"] or written["date"]}) for row in written["figures"]["lines"]]
    skipped = [Skipped(**row) for row in written["figures"]["not_measured"]]
    return (
        [line for line in lines if line.section in of],
        [one for one in skipped if one.section in of],
    )
