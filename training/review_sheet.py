"""The review sheet: a CSV file for a spreadsheet, or JSON Lines, with empty columns for a verdict.

A reviewer fills `verdict` (approve, correct or reject), `corrected_answer` for "correct", and
`reviewer`: a role, never a name. Other columns are there to be read. A sheet holds scrubbed words, so
it is readable by its owner alone, and belongs deleted once it is imported.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator, Field, ValidationError

from training.errors import CorpusError
from training.rows import Frozen
from weights.durable import durable_text
from weights.jsonl import BadLine, read_jsonl

Verdict = Literal["", "approve", "correct", "reject"]
Role = Literal["", "clinician", "counselor", "nurse", "pharmacist", "physician", "psychologist", "staff"]
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_SHOWN = 20


def _plain(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


class ReviewRow(Frozen):
    """One exchange to be judged; `seen` names the text, so that a verdict holds for it alone."""

    turn_id: str = Field(pattern=r"^[0-9a-f]{32}$")
    seen: str = Field(pattern=r"^[0-9a-f]{16}$")
    kind: str = ""
    rating: str = ""
    reasons: str = ""
    question: str = Field(repr=False)
    answer: str = Field(repr=False)
    verdict: Annotated[Verdict, BeforeValidator(_plain)] = ""
    corrected_answer: str = Field(default="", repr=False)
    reviewer: Annotated[Role, BeforeValidator(_plain)] = ""


COLUMNS = tuple(ReviewRow.model_fields)


def write_sheet(file: Path, rows: Sequence[ReviewRow]) -> None:
    """Write a new sheet, CSV or JSON Lines by its ending. Raises CorpusError; a sheet is never replaced."""
    _check_ending(file)
    if file.exists():
        raise CorpusError(f"{file.name} is there already, perhaps with verdicts: name another file")
    if file.suffix == ".jsonl":
        write_private(file, "".join(row.model_dump_json() + "\n" for row in rows))
        return
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, COLUMNS)
    table.writeheader()
    table.writerows({name: _shown(value) for name, value in row} for row in rows)
    # The mark tells spreadsheets that this is UTF-8.
    write_private(file, "\ufeff" + text.getvalue())


def read_sheet(file: Path) -> list[ReviewRow]:
    """Read a sheet that came back. Raises CorpusError with every faulty line, never with its words."""
    _check_ending(file)
    if not file.is_file():
        raise CorpusError(f"no sheet {file.name}: write one: python -m training feedback export")
    rows: list[ReviewRow] = []
    faults: list[str] = []
    for one in _jsonl(file) if file.suffix == ".jsonl" else _csv(file):
        if isinstance(one, BadLine):
            faults.append(f"  line {one.number}: {one.reason}")
        else:
            rows.append(one)
    if faults:
        more = [f"  and {len(faults) - _SHOWN} more"] if len(faults) > _SHOWN else []
        raise CorpusError("\n".join([f"{file.name} has {len(faults)} fault(s):", *faults[:_SHOWN], *more]))
    return rows


def write_private(file: Path, text: str) -> None:
    """Write a file that its owner alone can read, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with durable_text(file, private=True) as stream:
        stream.write(text.encode("utf-8", "replace").decode())


def _jsonl(file: Path) -> Iterator[ReviewRow | BadLine]:
    for row in read_jsonl(file, ReviewRow):
        yield row if isinstance(row, BadLine) else row.value


def _csv(file: Path) -> Iterator[ReviewRow | BadLine]:
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CorpusError(f'{file.name} is not UTF-8: save it as "CSV UTF-8"') from error
    first = text.partition("\n")[0]
    # A spreadsheet saves with the separator of its own country.
    separator = max(",;\t", key=first.count)
    table = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    missing = [name for name in COLUMNS if name not in (table.fieldnames or ())]
    if missing:
        raise CorpusError(
            f"{file.name} lacks the columns {', '.join(missing)}: keep the first line as it was"
        )
    try:
        for cells in table:
            if any(value for value in cells.values()):
                yield _row(cells, table.line_num)
    except csv.Error as error:
        raise CorpusError(f"{file.name}, line {table.line_num}: not CSV") from error


def _row(cells: dict[str, str], line: int) -> ReviewRow | BadLine:
    try:
        return ReviewRow.model_validate({name: _meant(cells.get(name) or "") for name in COLUMNS})
    except ValidationError as error:
        return BadLine(line, "; ".join(_faults(error)))


def _faults(error: ValidationError) -> Iterable[str]:
    choices = {"verdict": get_args(Verdict)[1:], "reviewer": get_args(Role)[1:]}
    for fault in error.errors(include_input=False, include_context=False, include_url=False):
        field = str(fault["loc"][0])
        if field in choices:
            yield f"{field}: must be empty or one of {', '.join(choices[field])}"
        else:
            yield f"{field}: not as it was written"


def _check_ending(file: Path) -> None:
    if file.suffix not in (".csv", ".jsonl"):
        raise CorpusError(f"cannot read or write {file.name}: a review sheet ends in .csv or .jsonl")


def _shown(value: str) -> str:
    """Keep a spreadsheet from running a cell as a formula."""
    return f"'{value}" if value.startswith(_FORMULA) else value


def _meant(value: str) -> str:
    return value[1:] if value[:1] == "'" and value[1:].startswith(_FORMULA) else value
