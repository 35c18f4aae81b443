"""Read FAQ rows out of JSON Lines, CSV and Markdown; what a row means is `faq.py`'s business.

CSV: one row an entry, the header names the fields (any case, any order, unknown ones ignored);
comma, semicolon or tab. Row numbers count records, the header being row 1, as a spreadsheet does.

Markdown: see `retrieval/faq_markdown.py`.

`READERS` is the table: a file's ending and its reader.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from retrieval.faq_markdown import Section, read_sections

FIELDS = (
    "id",
    "question",
    "answer",
    "alternates",
    "audience",
    "topic",
    "owner",
    "source",
    "reviewed",
    "language",
    "review_by",
)
_NOT_JSON = "not a JSON object in UTF-8"


@dataclass(frozen=True)
class RawRow:
    """A row as its file has it: known fields only, or a fault when the row cannot be read at all."""

    number: int
    fields: dict[str, object] = field(default_factory=dict, repr=False)
    fault: str = ""
    remarks: tuple[str, ...] = ()


def read_jsonl_rows(path: Path) -> Iterator[RawRow]:
    """Yield one row for each line that is not blank; `number` is the line's."""
    with path.open("rb") as stream:
        for number, raw in enumerate(stream, start=1):
            line = raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw
            if not line.strip():
                continue
            try:
                value = json.loads(line)
            except (ValueError, RecursionError):
                yield RawRow(number, fault=_NOT_JSON)
                continue
            if isinstance(value, dict):
                yield RawRow(number, _known(value))
            else:
                yield RawRow(number, fault=_NOT_JSON)


def read_csv_rows(path: Path) -> Iterator[RawRow]:
    """Yield one row for each record below the header; `number` counts records, the header's too."""
    text, remarks = decode(path.read_bytes())
    csv.field_size_limit(max(csv.field_size_limit(), 16 * 1024 * 1024))
    # An unescaped NUL cannot be part of a word, and the csv module refuses it.
    stream = io.StringIO(text.replace("\x00", ""), newline="")
    header_line = text.lstrip().split("\n", 1)[0]
    reader = csv.reader(stream, delimiter=max(",;\t", key=header_line.count))
    header: list[str] = []
    for number, record in enumerate(reader, start=1):
        if not any(cell.strip() for cell in record):
            continue
        if header:
            yield RawRow(number, _known(dict(zip(header, record, strict=False))), remarks=remarks)
        else:
            header = [name.strip() for name in record]


def read_markdown_rows(path: Path) -> Iterator[RawRow]:
    """Yield one row for each question heading; `number` is the heading's line."""
    text, remarks = decode(path.read_bytes())
    for section in read_sections(text):
        yield _markdown_row(section, remarks)


READERS: dict[str, Callable[[Path], Iterator[RawRow]]] = {
    ".jsonl": read_jsonl_rows,
    ".ndjson": read_jsonl_rows,
    ".csv": read_csv_rows,
    ".tsv": read_csv_rows,
    ".md": read_markdown_rows,
    ".markdown": read_markdown_rows,
}


def _markdown_row(section: Section, remarks: tuple[str, ...]) -> RawRow:
    fields: dict[str, object] = {"question": section.heading, "answer": section.text, **section.values}
    if not section.values.get("id"):
        fields["id"] = section.anchor
        remarks = (*remarks, "no id given: the heading's anchor is used")
    return RawRow(section.line, fields, remarks=remarks)


def _known(values: dict[str, object]) -> dict[str, object]:
    """Keep the known fields; their names may come in any case, the first of equal ones counts."""
    known: dict[str, object] = {}
    for name, value in values.items():
        key = name.strip().lower()
        if key in FIELDS and key not in known:
            known[key] = value
    return known


def decode(raw: bytes) -> tuple[str, tuple[str, ...]]:
    """Decode UTF-8 or UTF-16 by its mark; what is neither is read as Windows-1252 with a remark."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace"), ()
    try:
        return raw.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace"), ("the file is not UTF-8: read as Windows-1252",)
