"""What every trainer is: examples in, a folder of weights and a record out.

A trainer knows nothing of runs, gates or releases. It resumes from `job.checkpoints` by itself when
the last call was killed, and the same job gives the same weights on a CPU.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from training.recipe import Train
from training.rows import Example, Frozen, Prediction
from training.tasks.base import Task


@dataclass(frozen=True)
class Job:
    """What is to be trained. `base` is the verified folder of the base model's weights.

    `out` receives the result (for an adapter: `adapter_model.safetensors`, `adapter_config.json`),
    `checkpoints` what a killed run goes on from, `logs` TensorBoard files.
    """

    task: Task
    base: Path
    base_sha256: str
    train: Sequence[Example]
    validation: Sequence[Example]
    settings: Train
    clinic: str
    seed: int
    out: Path
    checkpoints: Path
    logs: Path
    cache_dir: Path | None = None
    base_source: str = ""


class Point(Frozen):
    """One point of the learning record. Losses are mean nats a target token; 0 where none was taken."""

    step: int
    epoch: float
    seconds: float
    train_loss: float = 0.0
    validation_loss: float = 0.0
    learning_rate: float = 0.0
    gradient_norm: float = 0.0


class Fit(Frozen):
    """The record of a training. Token counts include the prompt; `trained_tokens` carried loss."""

    steps: int
    best_step: int
    best_loss: float
    stopped_early: bool
    resumed_from: int = 0
    seconds: float
    tokens: int
    trained_tokens: int
    peak_memory: int = 0
    trainable_parameters: int
    parameters: int
    hardware: str
    precision: str
    points: tuple[Point, ...]


Progress = Callable[[Point, int], None]


@runtime_checkable
class Predictor(Protocol):
    """A model in the form that is served, ready to be asked."""

    def predict(self, examples: Sequence[Example], *, arm: str) -> Iterator[Prediction]:
        """Yield one prediction an example, in order."""
        ...

    def close(self) -> None:
        """Give the memory back."""
        ...


@runtime_checkable
class Trainer(Protocol):
    """One kind of training."""

    def fit(self, job: Job, progress: Progress) -> Fit:
        """Train, and write `job.out` whole. `progress` hears each logged point and the last step."""
        ...

    def predictor(self, job: Job, adapter: Path | None) -> Predictor:
        """Load the base with `adapter` (None: as it comes) in the form that is served."""
        ...
