"""Checkpoints that a killed training can trust.

The library writes a checkpoint file by file and, asked to resume, takes the newest folder even when
it is torn; and it reads what it finds there, such as a `pytorch_model.bin` in place of an adapter. Here
a folder counts only when its marker stands in it and it holds those files alone: the marker is written
last and has the SHA-256 of every file. The library's own optimiser state is a pickle, which it reads
with `weights_only=True`.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from pydantic import Field

from training.rows import Frozen, read_value, write_value
from weights.cache import hash_file
from weights.durable import sync

MARKER = "COMPLETE.json"


class Complete(Frozen):
    """The files of a finished checkpoint and the SHA-256 of each.

    `job` names what was trained, `seconds` is the time that it took so far, over all its starts.
    """

    job: str
    seconds: float = 0.0
    files: dict[str, str] = Field(default_factory=dict)


def mark_complete(checkpoint: Path, job: str, *, seconds: float = 0.0) -> None:
    """Write the marker, after every other file has reached the disk."""
    for file in _files(checkpoint).values():
        sync(file)
    write_value(checkpoint / MARKER, Complete(job=job, seconds=seconds, files=_hashes(checkpoint)))


def newest_complete(folder: Path, job: str) -> Path | None:
    """Remove torn or altered checkpoints and those of another job; return the newest that is left."""
    left: list[tuple[int, Path]] = []
    for checkpoint in sorted(folder.glob("checkpoint-*")):
        step = checkpoint.name.rpartition("-")[2]
        if step.isdigit() and _is_complete(checkpoint, job):
            left.append((int(step), checkpoint))
        else:
            shutil.rmtree(checkpoint)
    return max(left)[1] if left else None


def seconds_until(checkpoint: Path) -> float:
    """Return the time in seconds that the training had taken when a complete checkpoint was written."""
    return read_value(checkpoint / MARKER, Complete).seconds


def _is_complete(checkpoint: Path, job: str) -> bool:
    try:
        marker = Complete.model_validate_json((checkpoint / MARKER).read_bytes())
    except (OSError, ValueError):
        return False
    return marker.job == job and marker.files == _hashes(checkpoint)


def _hashes(checkpoint: Path) -> dict[str, str]:
    return {name: hash_file(file) for name, file in _files(checkpoint).items()}


def _files(checkpoint: Path) -> dict[str, Path]:
    return {
        file.relative_to(checkpoint).as_posix(): file
        for file in sorted(checkpoint.rglob("*"))
        if file.is_file() and file != checkpoint / MARKER
    }
