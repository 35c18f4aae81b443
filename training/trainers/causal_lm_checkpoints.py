"""Checkpoints that a killed training can trust.

The library writes a checkpoint file by file and, asked to resume, takes the newest folder even when
it is torn. Here a folder counts only when its marker stands in it: the marker is written last and
lists the size of every file.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from pydantic import Field

from training.rows import Frozen, read_value, write_value
from weights.durable import sync

MARKER = "COMPLETE.json"


class Complete(Frozen):
    """The files of a finished checkpoint and their sizes in bytes.

    `job` names what was trained, `seconds` is the time that it took so far, over all its starts.
    """

    job: str
    seconds: float = 0.0
    files: dict[str, int] = Field(default_factory=dict)


def mark_complete(checkpoint: Path, job: str, *, seconds: float = 0.0) -> None:
    """Write the marker, after every other file has reached the disk."""
    files = [file for file in checkpoint.rglob("*") if file.is_file() and file.name != MARKER]
    for file in files:
        sync(file)
    sizes = {file.relative_to(checkpoint).as_posix(): file.stat().st_size for file in files}
    write_value(checkpoint / MARKER, Complete(job=job, seconds=seconds, files=sizes))


def newest_complete(folder: Path, job: str) -> Path | None:
    """Remove torn checkpoints and those of another job; return the newest that is left, if any."""
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
    return marker.job == job and all(
        (checkpoint / name).is_file() and (checkpoint / name).stat().st_size == size
        for name, size in marker.files.items()
    )
