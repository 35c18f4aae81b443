"""The command `python -m safety screen`: messages in, verdicts out, one JSON object a line.

It must never print a message: bad lines are reported by their number alone.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import BaseModel, ConfigDict

from safety.command_line import MODELS, CacheDir, ModelsDir, Offline, stop
from safety.crisis import CrisisGate, load_gate
from safety.errors import SafetyError
from safety.verdict import LEVELS, Action, Level, Verdict
from weights.jsonl import BadLine, RowId, read_jsonl, report_bad_line, write_row

if TYPE_CHECKING:
    from safety.screen import Screener


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


_ReaderOption = typer.Option(help="Folder of a message reader's release, or 'none'; default: the active one.")


def screen(
    file: Annotated[Path | None, _FileArgument] = None,
    reader: Annotated[str, _ReaderOption] = "",
    models_dir: ModelsDir = MODELS,
    cache_dir: CacheDir = None,
    offline: Offline = False,
) -> None:
    """Screen messages for crisis, emergency, prompt injection and harmful requests.

    Without the weights of the reader the rules and the shipped classifier decide, and standard error says so.
    """
    from safety.screen import Screener

    if file is not None and not file.is_file():
        sys.stderr.write(f"no such file: {file}\n")
        raise typer.Exit(2)
    gate = _with_reader(load_gate(), reader, models_dir=models_dir, cache_dir=cache_dir, offline=offline)
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
        verdict = _in_conversation(screener, row.value.text, _own_words(row.value.history))
        write_row(
            ScreenAnswer(id=row.id, action=verdict.action, category=verdict.category, level=verdict.level)
        )
    raise typer.Exit(1 if failed else 0)


def _in_conversation(screener: Screener, text: str, before: Sequence[str]) -> Verdict:
    """Screen a message after others of the same person; risk stays when the topic changes, as in the chat."""
    verdict = screener.screen(text, before)
    if verdict.action != "allow":
        return verdict
    earlier = [screener.screen(message, before[:place]).risk for place, message in enumerate(before)]
    risk: Level = max(earlier, key=LEVELS.index, default="none")
    return verdict if risk == "none" else Verdict("support", "earlier_risk", risk)


def _with_reader(
    gate: CrisisGate, choice: str, *, models_dir: Path, cache_dir: Path | None, offline: bool
) -> CrisisGate:
    """Return the gate with its reader; for want of the active one, the gate as it is, and say so.

    Ends with 2 where a reader was named that cannot be used.
    """
    from safety.reader import load_reader
    from weights.errors import WeightsError
    from weights.served import READER, chosen_encoder

    try:
        folder = chosen_encoder(choice, READER, models_dir=models_dir, cache_dir=cache_dir, offline=offline)
        found = load_reader(gate.ngrams, folder)
    except (SafetyError, WeightsError, OSError, ImportError) as error:
        why = str(error) if isinstance(error, (SafetyError, WeightsError)) else type(error).__name__
        if choice:
            stop(f"--reader: {why}")
        sys.stderr.write(f"without the reader of messages: {why}\n")
        return gate
    return gate.with_reader(lambda: found)


def _own_words(history: tuple[str | Turn, ...]) -> list[str]:
    """Return what the person wrote before, without the answers they got."""
    return [turn if isinstance(turn, str) else turn.content for turn in history if _is_own(turn)]


def _is_own(turn: str | Turn) -> bool:
    return isinstance(turn, str) or turn.role == "user"
