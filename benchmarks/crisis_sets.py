"""The frozen evaluation set of the crisis gate: written by authors who saw neither rules nor training text.

`crisis_eval/` holds a file an author and `eval.sha256`, made before anything was tuned. What does not have
its hash is not measured. Must not be read while rules, limits or training text are changed: it would then
measure nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

from pydantic import Field

from benchmarks.frozen import frozen_files
from training.rows import Frozen, read_rows

FOLDER: Final = Path(__file__).parent / "crisis_eval"


class EvalRow(Frozen):
    """One conversation: a person's messages in order, most often one, and what is right for them."""

    id: str
    author: str
    language: Literal["en", "es"]
    turns: tuple[str, ...] = Field(min_length=1)
    action: Literal["crisis", "emergency", "support", "allow"]
    level: str


def frozen_rows(folder: Path = FOLDER) -> Iterator[EvalRow]:
    """Yield the rows of every file that the hashes name. Raises ChangedSet for one that differs."""
    for file in frozen_files(folder):
        yield from read_rows(file, EvalRow)
