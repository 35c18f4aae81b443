"""Checkpoints of the small encoders: a folder that is there whole, or does not count.

A checkpoint is written into a neighbour folder, brought to the disk, given the SHA-256 of every file
as its last file, and renamed into place. Reading hashes again: what a killed run left half written,
or what a disk lost, is passed over for the one before. Tensors stand as safetensors, so that reading
a checkpoint runs no code.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from training.errors import RunError
from training.rows import Frozen, read_value, write_value
from training.trainers.base import Point
from weights.cache import publish, verified
from weights.durable import sync
from weights.errors import WeightsCorrupt

KEPT = 2  # the newest, and one to fall back on
Tensors = dict[str, torch.Tensor]
_PARTS = ("weights", "optimizer", "best")


class Position(Frozen):
    """Where a training stands. `job` names what is trained; the order of rows and the dropout follow
    from the seed and `step`, so that no state of a random generator has to be kept."""

    job: str
    step: int = 0
    seconds: float = 0.0
    tokens: int = 0
    trained_tokens: int = 0
    best_step: int = 0
    best_loss: float = 0.0
    worse: int = 0
    stopped: bool = False
    loss_sum: float = 0.0
    loss_steps: int = 0
    points: tuple[Point, ...] = ()


@dataclass(frozen=True)
class Checkpoint:
    """A position with its tensors by parameter name; `best` is empty before a validation.

    The optimizer's are named `parameter/state`.
    """

    position: Position
    weights: Tensors
    optimizer: Tensors
    best: Tensors = field(default_factory=dict)


def save_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint below `folder`, then remove all but the newest `KEPT`."""

    def fill(fresh: Path) -> None:
        for part in _PARTS:
            tensors: Tensors = getattr(checkpoint, part)
            save_file(
                {name: one.contiguous() for name, one in tensors.items()}, fresh / f"{part}.safetensors"
            )
            sync(fresh / f"{part}.safetensors")
        write_value(fresh / "position.json", checkpoint.position)

    publish(folder / f"step-{checkpoint.position.step:08}", checkpoint.position.job, fill)
    sync(folder)
    for old in [*_newest_first(folder)][KEPT:]:
        shutil.rmtree(old)


def newest_checkpoint(folder: Path, job: str) -> Checkpoint | None:
    """Return the newest complete checkpoint of `job` (None: start anew); remove what else lies there."""
    for left_over in folder.glob(".step-*"):
        shutil.rmtree(left_over, ignore_errors=True)
    for one in _newest_first(folder):
        try:
            if verified(one).source == job:
                return Checkpoint(
                    read_value(one / "position.json", Position),
                    *(load_file(one / f"{part}.safetensors") for part in _PARTS),
                )
        except (WeightsCorrupt, RunError, SafetensorError, OSError):
            pass  # torn: the one before is as good, it only costs the steps between
        shutil.rmtree(one, ignore_errors=True)
    return None


def _newest_first(folder: Path) -> Iterator[Path]:
    yield from sorted(folder.glob("step-*"), key=lambda one: one.name, reverse=True)
