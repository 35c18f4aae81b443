"""Read FAQ rows out of JSON Lines, CSV and Markdown; what a row means is `faq.py`'s business.

CSV: one row an entry, the header names the fields (any case, any order, `NAMES` for other words);
comma, semicolon or tab; rows of a title may stand above the header. Row numbers count records, as a
spreadsheet does. Nothing is dropped unsaid: what no field takes is counted in `RawRow.left`, what no
header names comes out as a row that says so.

Markdown: see `retrieval/faq_markdown.py`.

`READERS` is the table: a file's ending and its reader.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
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
QUESTION_NAMES = frozenset({"question", "questions", "q", "faq", "ask", "asked"})
ANSWER_NAMES = frozenset({"answer", "answers", "a", "response", "reply"})
NAMES = {
    **dict.fromkeys(QUESTION_NAMES, "question"),
    **dict.fromkeys(ANSWER_NAMES, "answer"),
    "last reviewed": "reviewed", "review date": "reviewed", "reviewed on": "reviewed",
    "next review": "review_by", "expires": "review_by", "valid until": "review_by",
    "variants": "alternates", "alternate questions": "alternates", "category": "topic", "section": "topic",
    "lang": "language", "department": "owner",
}  # fmt: skip
# What a file of rows that were set aside says of them: gone once the row is mended.
_OF_AN_IMPORT = frozenset({"from", "reasons"})
_DELIMITERS = ",;\t"
_ASKING = re.compile(
    r"\s*(?:who|whom|whose|what|when|where|which|why|how|can|could|may|do|does|did|is|are|was|will|would|should"
    r"|have|has|am|must|shall)\b",
    re.IGNORECASE,
)
_NOT_JSON = "not a JSON object in UTF-8"


@dataclass(frozen=True)
class RawRow:
    """A row as its file has it: known fields only, or a fault when the row cannot be read at all."""

    number: int
    fields: dict[str, object] = field(default_factory=dict, repr=False)
    fault: str = ""
    remarks: tuple[str, ...] = ()
    left: tuple[int, ...] = ()
    """Places in the row, from 1, that hold something that no field takes."""
    taken: tuple[int, ...] = ()
    """Places in the row, from 1, that the fields come from; of rows of a table alone."""
    named: bool = True
    """Whether a header says what the cells are, or one of them asks."""


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
                fields, left, _ = named(field_names(list(value)), list(value.values()))
                yield RawRow(number, fields, left=left)
            else:
                yield RawRow(number, fault=_NOT_JSON)


def read_csv_rows(path: Path) -> Iterator[RawRow]:
    """Yield one row for each record below the header; `number` counts records, the header's too."""
    text, remarks = decode(path.read_bytes())
    csv.field_size_limit(max(csv.field_size_limit(), 16 * 1024 * 1024))
    # An unescaped NUL cannot be part of a word, and the csv module refuses it.
    stream = io.StringIO(text.replace("\x00", ""), newline="")
    reader = csv.reader(stream, delimiter=_delimiter(text))
    for row in table_rows(
        (number, [cell.strip() for cell in record]) for number, record in enumerate(reader, 1)
    ):
        yield replace(row, remarks=(*remarks, *row.remarks))


def read_markdown_rows(path: Path) -> Iterator[RawRow]:
    """Yield one row for each question heading; `number` is the heading's line."""
    text, remarks = decode(path.read_bytes())
    for section in read_sections(text):
        if not section.loose:
            yield _markdown_row(section, (*remarks, *section.remarks))


def table_rows(records: Iterable[tuple[int, Sequence[str]]]) -> Iterator[RawRow]:
    """Yield the rows of a table, given as numbers and cells, each with the header above it.

    What stands above the first header, a title say, are rows without a question. A later header that is
    worded otherwise may have been a question and its answer ("q, a"): the row below says so. In a table
    without any header the first cell of a row that asks is the question and the next one its answer: see
    `RawRow.named`.
    """
    written = [(number, cells) for number, cells in records if any(cells)]
    headers = {number: names for number, cells in written if (names := _header(cells))}
    header: tuple[str, ...] = ()
    named_by: list[str] = []
    told: tuple[str, ...] = ()
    for number, cells in written:
        if number in headers and (not header or {"question", "answer"} <= set(headers[number])):
            words = [cell.casefold() for cell in cells if cell]
            if header and words != named_by:
                told = ("what stands above it was read as another header",)
            header, named_by = headers[number], words
        elif header:
            for row in headed_row(number, cells, header):
                yield replace(row, remarks=(*told, *row.remarks))
                told = ()
        elif headers:
            yield _loose(number, list(enumerate(cells, 1)), remarks=("it stands above the header",))
        else:
            yield from _guessed(number, [(at, cell) for at, cell in enumerate(cells, 1) if cell])


def headed_row(number: int, cells: Sequence[str], header: Sequence[str]) -> Iterator[RawRow]:
    """Yield the row whose cells the header names, and what it has beyond the header as another.

    A mark that parts cells and was meant as a letter cuts a text: such a row is no row that a header names.
    """
    surplus = [(at, cell) for at, cell in enumerate(cells, 1) if at > len(header) and cell]
    fields, left, taken = named(header, cells[: len(header)])
    remarks = ("it has more cells than the header",) * bool(surplus)
    yield RawRow(number, fields, remarks=remarks, left=left, taken=taken, named=not surplus)
    if surplus:
        yield replace(_loose(number, surplus), named=False)


def field_names(names: Sequence[str]) -> tuple[str, ...]:
    """Return the field that each name stands for, each field once; empty where there is none.

    A field's own name goes before another word for it, then the first counts.
    """
    bare = [" ".join(name.replace("_", " ").strip("*: ").lower().split()) for name in names]
    own = [name.replace(" ", "_") for name in bare]
    found = [one if one in FIELDS and one not in own[:at] else "" for at, one in enumerate(own)]
    for at, name in enumerate(bare):
        other = NAMES.get(name, "")
        if other and other not in found:
            found[at] = other
        elif name in _OF_AN_IMPORT:
            found[at] = name
    return tuple(found)


def named(
    names: Sequence[str], cells: Sequence[object]
) -> tuple[dict[str, object], tuple[int, ...], tuple[int, ...]]:
    """Return the fields of a row, the places that hold what no field takes, and those that were taken."""
    fields: dict[str, object] = {}
    left: list[int] = []
    taken: list[int] = []
    for at, cell in enumerate(cells):
        name = names[at] if at < len(names) else ""
        if name in FIELDS:
            fields[name] = cell
            taken.append(at + 1)
        elif name not in _OF_AN_IMPORT and cell not in (None, "", [], {}):
            left.append(at + 1)
    return fields, tuple(left), tuple(taken)


def asks(line: str) -> bool:
    """Say whether a line is a question: by its mark, or by its first word."""
    bare = line.strip()
    return bare.endswith("?") or (bool(_ASKING.match(bare)) and len(bare.split()) > 2)


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


def _header(cells: Sequence[str]) -> tuple[str, ...]:
    """Return the fields that a header names; empty when these cells are no header."""
    names = field_names(cells)
    known = {name for name in names if name}
    return names if len(known) > 1 and known & {"question", "answer"} else ()


def _guessed(number: int, cells: Sequence[tuple[int, str]]) -> Iterator[RawRow]:
    first = next((at for at, (_, cell) in enumerate(cells) if asks(cell)), None)
    start = first or 0
    pair = cells[start : start + 2] if first is not None or len(cells) > 1 else []
    if pair:
        fields: dict[str, object] = dict(
            zip(("question", "answer"), (cell for _, cell in pair), strict=False)
        )
        yield RawRow(number, fields, taken=tuple(at for at, _ in pair), named=first is not None)
    if rest := [cell for cell in cells if cell not in pair]:
        yield replace(_loose(number, rest), named=False)


def _loose(number: int, cells: Sequence[tuple[int, str]], *, remarks: tuple[str, ...] = ()) -> RawRow:
    """Return what no question has, so that it is seen."""
    text = " | ".join(cell for _, cell in cells if cell)
    return RawRow(number, {"answer": text}, remarks=remarks, taken=tuple(at for at, _ in cells))


def _delimiter(text: str) -> str:
    """Return what parts the cells: what makes a header of one of the first lines, or the commonest."""
    first = [line for line in text.splitlines() if line.strip()][:10]
    for line in first:
        for delimiter in _DELIMITERS:
            if _header([cell.strip(' "') for cell in line.split(delimiter)]):
                return delimiter
    return max(_DELIMITERS, key=text.lstrip().split("\n", 1)[0].count)


def decode(raw: bytes) -> tuple[str, tuple[str, ...]]:
    """Decode UTF-8 or UTF-16 by its mark; what is neither is read as Windows-1252 with a remark."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace"), ()
    try:
        return raw.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace"), ("the file is not UTF-8: read as Windows-1252",)
