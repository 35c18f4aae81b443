"""JSON Lines in and out, the same for every command of the project.

It stands in `weights` because that is the one package that every other may import.
It must never put a line's content into a message: lines hold people's words.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, BinaryIO, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

RowModel = TypeVar("RowModel", bound=BaseModel)


def _id_text(value: object) -> object:
    """Take a number for a string and null for no id."""
    if value is None:
        return ""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


RowId = Annotated[str, BeforeValidator(_id_text)]


class TextRow(BaseModel):
    """The input row that most commands take: a text and, if wanted, an id."""

    model_config = ConfigDict(hide_input_in_errors=True)

    id: RowId = ""
    text: str


@dataclass(frozen=True)
class Row(Generic[RowModel]):
    """A line that could be read; `id` is the row's own, or the line number as a string."""

    number: int
    id: str
    value: RowModel


@dataclass(frozen=True)
class BadLine:
    """A line that could not be read, with the reason and without its content."""

    number: int
    reason: str


def read_jsonl(file: Path | BinaryIO | None, model: type[RowModel]) -> Iterator[Row[RowModel] | BadLine]:
    """Yield each line of a file or stream (None: standard input) as a validated row or as a bad line.

    Blank lines are passed over. Line numbers start at 1. Each line is decoded by itself, so
    that one bad byte loses one line. Raises OSError when the file cannot be opened.
    """
    opened = file.open("rb") if isinstance(file, Path) else nullcontext(file or sys.stdin.buffer)
    with opened as stream:
        yield from _read(stream, model)


def _read(stream: BinaryIO, model: type[RowModel]) -> Iterator[Row[RowModel] | BadLine]:
    for number, raw in enumerate(stream, start=1):
        if number == 1:
            raw = raw.removeprefix(b"\xef\xbb\xbf")
        if not raw.strip():
            continue
        try:
            value = model.model_validate_json(raw)
        except ValidationError as error:
            yield BadLine(number, _reason(error))
            continue
        yield Row(number, getattr(value, "id", "") or str(number), value)


def _reason(error: ValidationError) -> str:
    """Say what is wrong by field and rule; never with the value."""
    faults = []
    for fault in error.errors(include_input=False, include_context=False, include_url=False):
        if fault["type"] == "json_invalid":
            return "not valid JSON in UTF-8"
        # An unknown key is the sender's own text: name the rule, not the key.
        where = "" if fault["type"] == "extra_forbidden" else ".".join(str(part) for part in fault["loc"])
        faults.append(f"{where}: {fault['type']}" if where else fault["type"])
    return "; ".join(faults)


def write_row(row: BaseModel, stream: BinaryIO | None = None) -> None:
    """Write one row as a JSON line in UTF-8 and flush it, so that a reader sees it at once."""
    target = sys.stdout.buffer if stream is None else stream
    target.write(row.model_dump_json(by_alias=True).encode("utf-8", "replace") + b"\n")
    target.flush()


def report_bad_line(bad: BadLine) -> None:
    """Say on standard error which line failed and why."""
    sys.stderr.write(f"line {bad.number}: {bad.reason}\n")
