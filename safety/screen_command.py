"""The command `python -m safety screen`: messages in, verdicts out, one JSON object a line.

It must never print a message: bad lines are reported by their number alone.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from pydantic import BaseModel, ConfigDict

from safety.verdict import Action, Level
from weights.jsonl import BadLine, RowId, read_jsonl, report_bad_line, write_row


class Turn(BaseModel):
    """An earlier turn of the conversation, as chat programs write it."""

    model_config = ConfigDict(hide_input_in_errors=True)

    role: str
    content: str


class ScreenRow(BaseModel):
    """One message to be screened, with what was said before it."""

    model_config = ConfigDict(hide_input_in_errors=True)

    id: RowId = ""
    text: str
    history: tuple[str | Turn, ...] = ()


class ScreenAnswer(BaseModel):
    """One verdict, as it is written out."""

    id: str
    action: Action
    category: str
    level: Level


_FileArgument = typer.Argument(
    help="JSON Lines with id, text and, if wanted, history; default: standard input."
)


def screen(file: Annotated[Path | None, _FileArgument] = None) -> None:
    """Screen messages for crisis, emergency, prompt injection and harmful requests."""
    from safety.crisis import load_gate
    from safety.screen import Screener

    if file is not None and not file.is_file():
        sys.stderr.write(f"no such file: {file}\n")
        raise typer.Exit(2)
    gate = load_gate()
    screener = Screener(gate=gate)
    sys.stderr.write(f"detectors: {', '.join(screener.detectors)}\n")
    if gate.missing:
        sys.stderr.write(f"{gate.missing}\n")
    failed = 0
    for row in read_jsonl(file, ScreenRow):
        if isinstance(row, BadLine):
            report_bad_line(row)
            failed += 1
            continue
        verdict = screener.screen(row.value.text, _own_words(row.value.history))
        write_row(
            ScreenAnswer(id=row.id, action=verdict.action, category=verdict.category, level=verdict.level)
        )
    raise typer.Exit(1 if failed else 0)


def _own_words(history: tuple[str | Turn, ...]) -> list[str]:
    """Return what the person wrote before, without the answers they got."""
    return [turn if isinstance(turn, str) else turn.content for turn in history if _is_own(turn)]


def _is_own(turn: str | Turn) -> bool:
    return isinstance(turn, str) or turn.role == "user"
