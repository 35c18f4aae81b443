"""Read a folder of rows that were written for this project."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from training.errors import CorpusError
from weights.jsonl import BadLine, read_jsonl

Written = TypeVar("Written", bound=BaseModel)


def written_rows(folder: Path, model: type[Written]) -> Iterator[Written]:
    """Yield the rows in the order of files and lines. Raises CorpusError that names a faulty line."""
    for file in sorted(folder.glob("*.jsonl")):
        for read in read_jsonl(file, model):
            if isinstance(read, BadLine):
                raise CorpusError(f"{file.name}:{read.number} is no row of the corpus: {read.reason}")
            yield read.value
