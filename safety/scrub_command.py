"""`python -m safety scrub`: rows of {"id", "text"} in, scrubbed text and entities out.

A row whose text could not be searched in full gives no output row (exit 1): text that is not
scrubbed never leaves this command. Must not write any of the text to standard error.
"""

from __future__ import annotations

import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import BaseModel

from safety.command_line import MODELS, SOME_FAILED, CacheDir, ModelsDir, NameModel, Offline, Tagger, stop
from safety.errors import SafetyError, ScrubError
from safety.policies import Policy
from weights.defaults import NAME_MODEL
from weights.errors import WeightsError
from weights.jsonl import BadLine, TextRow, read_jsonl, report_bad_line, write_row

if TYPE_CHECKING:
    from safety.placeholders import Replacer
    from safety.scrubber import Scrubber


class EntityRow(BaseModel):
    """Personal data in the input text: type, code points from start to end, how sure."""

    type: str
    start: int
    end: int
    score: float


class ScrubRow(BaseModel):
    """One output row."""

    id: str
    text: str
    entities: list[EntityRow]


def scrub(
    file: Annotated[
        Path | None, typer.Argument(metavar="[F]", help="JSON Lines; default: standard input.")
    ] = None,
    policy: Annotated[Policy, typer.Option(help="What counts as personal data.")] = "wide",
    surrogates: Annotated[
        bool, typer.Option("--surrogates", help="Write made-up values, not placeholders.")
    ] = False,
    seed: Annotated[
        int | None, typer.Option(help="Of the surrogates; default: drawn anew for each run.")
    ] = None,
    name_model: NameModel = NAME_MODEL,
    tagger: Tagger = "",
    models_dir: ModelsDir = MODELS,
    cache_dir: CacheDir = None,
    offline: Offline = False,
) -> None:
    """Replace personal data in each row's text."""
    if file is not None and not file.is_file():
        stop(f"no file {str(file)!r}")
    scrubber = open_scrubber(
        policy, name_model, tagger=tagger, models_dir=models_dir, cache_dir=cache_dir, offline=offline
    )
    raise typer.Exit(SOME_FAILED if _run(scrubber, file, _salt(seed) if surrogates else None) else 0)


def _salt(seed: int | None) -> bytes | int:
    """Return what the surrogates of one run are drawn from; without a seed nobody can draw them again."""
    return secrets.token_bytes(32) if seed is None else seed


def _run(scrubber: Scrubber, file: Path | None, salt: bytes | int | None) -> int:
    """Scrub all rows, and return how many failed."""
    from tqdm import tqdm

    from safety.placeholders import Placeholders
    from safety.surrogates import Surrogates

    failed = 0
    for row in tqdm(read_jsonl(file, TextRow), unit=" rows", disable=not sys.stderr.isatty()):
        if isinstance(row, BadLine):
            report_bad_line(row)
            failed += 1
            continue
        replacer: Replacer = Placeholders() if salt is None else Surrogates(salt)
        try:
            scrubbed = scrubber.scrub(row.value.text, replacer)
        except ScrubError as error:
            report_bad_line(BadLine(row.number, str(error)))
            failed += 1
            continue
        entities = [
            EntityRow(type=one.type, start=one.start, end=one.end, score=one.score)
            for one in scrubbed.entities
        ]
        write_row(ScrubRow(id=row.id, text=scrubbed.text, entities=entities))
    return failed


def open_scrubber(
    policy: Policy, name_model: str, *, tagger: str, models_dir: Path, cache_dir: Path | None, offline: bool
) -> Scrubber:
    """Build the scrubber that a command's options name, or end the command with 2."""
    from safety.bulk_scrubber import build_scrubber, choose_scrubber

    try:
        return build_scrubber(
            choose_scrubber(
                policy, name_model, tagger=tagger, models_dir=models_dir, cache_dir=cache_dir, offline=offline
            )
        )
    except (WeightsError, SafetyError) as error:
        stop(str(error))
