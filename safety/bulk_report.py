"""The report of a bulk scrub: JSON, and one HTML page that asks nothing of the network.

It names files by number and scrubbed name. The only text in it is a sample of what was written, scrubbed
as it is and escaped by the template.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import Field

from safety.bulk_manifest import Frozen, Options, Record
from safety.placeholders import PLACEHOLDER
from weights.durable import write_durably

TEMPLATES: Final = Path(__file__).resolve().parent / "templates"
SAMPLES: Final = 12
_SAMPLE_CHARS: Final = 300
_READ: Final = 1 << 16
_LABEL, _BAR, _LINE = 190, 400, 24  # pixels of the chart


class Item(Frozen):
    """A file that failed or was left out."""

    number: int
    name: str
    reason: str


class RowFault(Frozen):
    """A row that was left out of a scrubbed file."""

    number: int
    name: str
    line: int
    reason: str


class BulkReport(Frozen):
    """What became of every file: files = scrubbed + failed + left_out. Of rows likewise."""

    options: Options
    files: int
    scrubbed: int
    of_earlier_runs: int = Field(description="files that an earlier run had finished, among the scrubbed")
    failed: tuple[Item, ...]
    left_out: tuple[Item, ...]
    rows_scrubbed: int
    rows_failed: int
    row_faults: tuple[RowFault, ...] = Field(description="at most a hundred of a file")
    entities: dict[str, int]
    bytes_read: int
    second_look: int = Field(description="values that only a second look found")
    renumbered: int = Field(description="times that numbering began anew within a file")
    long_numbers: int = Field(description="JSON numbers of seven digits or more, left as they are")
    parts_left_out: int = Field(description="attachments of mails, not written")
    stale: tuple[str, ...] = Field(description="outputs whose source is gone")
    seconds: float
    samples: tuple[str, ...] = Field(repr=False, description="scrubbed text")

    @property
    def clean(self) -> bool:
        """Whether nothing failed."""
        return not self.failed and not self.rows_failed


@dataclass(frozen=True)
class Bar:
    """One bar of the chart, in pixels."""

    label: str
    count: int
    y: int
    width: float


def write_report(report: BulkReport, file: Path) -> Path:
    """Write the report as JSON to `file` and as a page beside it; return the page's path."""
    file.parent.mkdir(parents=True, exist_ok=True)
    write_durably(file, report.model_dump_json(indent=1) + "\n")
    page = file.with_suffix(".html")
    write_durably(page, render(report))
    return page


def render(report: BulkReport) -> str:
    """Return the page. Every value is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    chart = bars(report.entities)
    return environment.get_template("bulk_report.html.jinja").render(
        report=report,
        bars=chart,
        label_width=_LABEL,
        chart_width=_LABEL + _BAR + 90,
        chart_height=_LINE * len(chart) + 8,
        reasons=Counter(one.reason for one in (*report.failed, *report.left_out)).most_common(),
        failed_numbers={one.number for one in report.failed},
    )


def bars(counts: dict[str, int]) -> tuple[Bar, ...]:
    """Lay out one bar a type, the longest over the whole width."""
    most = max(counts.values(), default=1)
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return tuple(
        Bar(kind, count, _LINE * place + 4, round(_BAR * count / most, 1))
        for place, (kind, count) in enumerate(ordered)
    )


def samples(out: Path, records: Sequence[Record]) -> tuple[str, ...]:
    """Return the same few stretches each time of files in which something was replaced."""
    changed = [record for record in records if record.entities]
    chosen = random.Random(len(changed)).sample(changed, min(SAMPLES, len(changed)))
    found = (_sample(out / record.path) for record in sorted(chosen, key=lambda record: record.path))
    return tuple(one for one in found if one)


def _sample(file: Path) -> str:
    """Return a stretch of an output, around the first placeholder where there is one."""
    try:
        with file.open("rb") as stream:
            text = stream.read(_READ).decode("utf-8", "ignore")
    except OSError:
        return ""
    first = PLACEHOLDER.search(text)
    begin = max(0, first.start() - _SAMPLE_CHARS // 3) if first else 0
    return text[begin : begin + _SAMPLE_CHARS].strip()
