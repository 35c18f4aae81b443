"""A sheet for two readers: sentences that a model really wrote, beside their passages, to be judged.

    python -m benchmarks.support_sheet write sheet.csv [--sentences 300] [--models DIR]
    python -m benchmarks.support_sheet write more.csv --beyond sheet.csv --skip 13 [--sentences 120]
    python -m benchmarks.support_sheet join all-a.csv reader-a.csv more-reader-a.csv
    python -m benchmarks.support_sheet score reader-a.csv reader-b.csv [--out FILE]

Each reader fills the two empty columns of a copy, without sight of the other's: `supported` (yes or no: do
the passages say this?) and `answers` (yes or no: does it answer the question?). Whether the check would show
a sentence is not on the sheet. The questions are those of the sample FAQ, then, until there are enough
sentences, those of the written clinics that nothing is trained on, each asked of its own FAQ. The sheet holds
questions and passages of these invented clinics and a model's words, no user's. A second sheet goes on
beyond the first: other questions, none of its sentences, ids that follow. Rows may be in any order.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated, Final, Literal

import numpy as np
import typer
from pydantic import Field, ValidationError, field_validator

from benchmarks.report import Figure, report
from benchmarks.screen import wilson
from benchmarks.support_asked import Written, served, turns, written
from benchmarks.support_rates import auroc_apart
from retrieval.embedder import load_embedder
from safety.evidence import Embed
from safety.support import SupportScorer
from training.panel_kappa import agreement
from training.rows import Frozen
from weights.defaults import EMBEDDER

COLUMNS: Final = ("id", "question", "passages", "sentence", "supported", "answers")
LABELS: Final = ("supported", "answers")
_BETWEEN: Final = "\n---\n"
app = typer.Typer(add_completion=False, help=__doc__, no_args_is_help=True)


class FilledRow(Frozen):
    """A row that a reader has judged."""

    id: str
    question: str = Field(repr=False)
    passages: str = Field(repr=False)
    sentence: str = Field(repr=False)
    supported: Literal["yes", "no"]
    answers: Literal["yes", "no"]

    @field_validator("supported", "answers", mode="before")
    @classmethod
    def _as_written(cls, value: str) -> str:
        return {"y": "yes", "n": "no"}.get(value.strip().lower(), value.strip().lower())


class SheetError(ValueError):
    """A sheet cannot be used; the message says which row and what is wanted, never a sentence."""


@app.command("write")
def write(
    file: Annotated[Path, typer.Argument(help="The sheet to write; kept out of the repository.")],
    sentences: Annotated[int, typer.Option(help="So many sentences, or as many as there are.")] = 300,
    models: Annotated[Path | None, typer.Option(help="Folder of releases; the base model without.")] = None,
    beyond: Annotated[
        Path | None, typer.Option(help="An earlier sheet: none of its sentences, ids that follow on.")
    ] = None,
    skip: Annotated[
        int, typer.Option(min=0, help="Turns that the earlier sheet asked: the sample's, then 60 a clinic.")
    ] = 0,
) -> None:
    """Let the model answer questions and write what it said, each sentence once."""
    rows = [] if beyond is None else rows_of(beyond)
    known = {(row["passages"], row["sentence"]) for row in rows}
    found: list[Written] = []
    for questions, entries in islice(turns(), skip, None):
        if len(found) >= sentences:
            break
        with served(entries) as index:
            texts = [one.text for one in questions]
            wrote = written(texts, index=index, sentences=sentences, models=models)[0]
        found = [
            one
            for one in once_each([*found, *wrote])
            if (_BETWEEN.join(one.passages), one.sentence) not in known
        ]
    write_sheet(file, found[:sentences], first=1 + max((int(row["id"]) for row in rows), default=0))
    print(f"{len(found[:sentences])} sentences in {file.name}", file=sys.stderr)


@app.command("join")
def join(
    file: Annotated[Path, typer.Argument(help="The sheet to write.")],
    sheets: Annotated[list[Path], typer.Argument(help="One reader's filled sheets, which follow on.")],
) -> None:
    """Put one reader's sheets together, by id."""
    try:
        rows = sorted((row for one in sheets for row in read_sheet(one).values()), key=lambda row: row.id)
        with file.open("w", encoding="utf-8", newline="") as stream:
            joined = csv.DictWriter(stream, COLUMNS, quoting=csv.QUOTE_ALL)
            joined.writeheader()
            joined.writerows(row.model_dump() for row in rows)
        rows_of(file)
    except SheetError as error:
        raise typer.BadParameter(str(error)) from None
    print(f"{len(rows)} sentences in {file.name}", file=sys.stderr)


@app.command("score")
def score(
    one: Annotated[Path, typer.Argument(help="The first reader's sheet.")],
    other: Annotated[Path, typer.Argument(help="The second reader's sheet.")],
    embedder: Annotated[
        str, typer.Option(envvar="CAREFOLD_EMBEDDER", help="Source of the encoder; 'none': words alone.")
    ] = EMBEDDER,
    out: Annotated[Path | None, typer.Option(help="Result file.")] = None,
) -> None:
    """Report how far the readers agree, and how well the score parts what both call supported or not."""
    try:
        embed = None if embedder == "none" else load_embedder(embedder).embed
        figures = {"embedder": embedder, **compared(read_sheet(one), read_sheet(other), embed)}
    except SheetError as error:
        raise typer.BadParameter(str(error)) from None
    report("support_sheet", figures, out)


def once_each(found: Sequence[Written]) -> list[Written]:
    """Return each sentence once for the passages that it was written from: more of the same shows nothing."""
    return list({(one.passages, one.sentence): one for one in found}.values())


def write_sheet(file: Path, found: Sequence[Written], *, first: int = 1) -> None:
    """Write a sheet with empty columns of labels, numbered from `first`."""
    with file.open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream, quoting=csv.QUOTE_ALL)
        rows.writerow(COLUMNS)
        for number, row in enumerate(found, start=first):
            rows.writerow((f"{number:03d}", row.question, _BETWEEN.join(row.passages), row.sentence, "", ""))


def rows_of(file: Path) -> list[dict[str, str]]:
    """Return the rows of a sheet, filled or not. Raises SheetError for other columns, or an id twice."""
    with file.open(encoding="utf-8-sig", newline="") as stream:
        given = csv.DictReader(stream)
        if tuple(given.fieldnames or ()) != COLUMNS:
            raise SheetError(f"{file.name} must have the columns {', '.join(COLUMNS)}")
        rows = list(given)
    if twice := sorted(name for name, count in Counter(row["id"] for row in rows).items() if count > 1):
        raise SheetError(f"{file.name} has more than one row {', '.join(twice)}: join sheets that follow on")
    return rows


def read_sheet(file: Path) -> dict[str, FilledRow]:
    """Return the rows of a filled sheet by id. Raises SheetError that names every row that is not filled."""
    rows: dict[str, FilledRow] = {}
    faults = []
    for row in rows_of(file):
        try:
            rows[row["id"]] = FilledRow.model_validate(row)
        except ValidationError as error:
            wrong = sorted({str(fault["loc"][0]) for fault in error.errors()})
            faults.append(f"row {row['id']}: {', '.join(wrong)}")
    if faults:
        raise SheetError(f"{file.name}: write yes or no in {'; '.join(faults)}")
    return rows


def compared(
    one: Mapping[str, FilledRow], other: Mapping[str, FilledRow], embed: Embed | None = None
) -> dict[str, Figure]:
    """Return kappa for each column, and AUROC of the score over the rows where both readers agree.

    Without `embed`, the page's encoder, words alone are scored. Raises SheetError when the sheets are not
    copies of one.
    """
    if any(one[row].sentence != other[row].sentence for row in one.keys() & other.keys()):
        raise SheetError("the two sheets hold different sentences under one id: score copies of one sheet")
    figures: dict[str, Figure] = {"rows": len(one.keys() & other.keys())}
    for column in LABELS:
        found = agreement(
            {name: getattr(row, column) for name, row in one.items()},
            {name: getattr(row, column) for name, row in other.items()},
            names=("first", "second"),
        )
        figures[column] = {
            "same": round(found.share, 4),
            "kappa": found.kappa.model_dump() if found.defined else None,
        }
    agreed = [row for name, row in one.items() if name in other and other[name].supported == row.supported]
    scorer = SupportScorer.load()
    judged = [scorer.judge(row.sentence, row.passages.split(_BETWEEN), embed) for row in agreed]
    fine = np.array([row.supported == "yes" for row in agreed], dtype=bool)
    of = np.array([found.score for found in judged])
    figures["agreed"] = len(agreed)
    figures["called_supported"] = int(fine.sum())
    figures["auroc"] = auroc_apart(of[fine], of[~fine])
    shown = np.array([found.shown for found in judged], dtype=bool)
    figures["unsupported_shown"] = wilson(int(shown[~fine].sum()), int((~fine).sum()))
    figures["supported_dropped"] = wilson(int((~shown[fine]).sum()), int(fine.sum()))
    return figures


if __name__ == "__main__":
    app()
