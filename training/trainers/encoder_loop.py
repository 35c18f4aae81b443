"""The training loop of the small encoders: one for taggers, classifiers and embedders.

A step depends on nothing but the weights, the optimizer's state and its own number: the order of an
epoch's rows follows from seed and epoch, dropout from seed and step, the learning rate from the step.
So a training that goes on from a checkpoint cannot differ from one that never stopped, to the bit on
a CPU with the same number of threads. That is why a loop stands here and not the library's trainer,
whose position is spread over samplers, generators and callbacks.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

import torch

from training.errors import TrainingError
from training.trainers.base import Fit, Job, Point, Progress
from training.trainers.checkpoints import (
    Checkpoint,
    Position,
    Tensors,
    newest_checkpoint,
    save_checkpoint,
)
from training.trainers.encoder_schedule import epoch_batches, learning_rate, step_seed
from training.trainers.machine import device_name, hardware, peak_memory, precision

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

LOGS = 40  # logged points an epoch
_NO_DECAY_BELOW = 2  # dimensions: biases and norms are not drawn to zero


@dataclass(frozen=True)
class Stepped:
    """What one step saw: its mean loss in nats, tokens read, and tokens (or rows) that carried loss."""

    loss: float
    tokens: int
    trained: int


class Learner(Protocol):
    """What a kind of training gives to the loop."""

    @property
    def module(self) -> torch.nn.Module:
        """The model; what requires a gradient is trained."""
        ...

    @property
    def lengths(self) -> Sequence[int]:
        """Tokens of each training row."""
        ...

    @property
    def topics(self) -> Sequence[str]:
        """The topic of each training row, where only rows of one topic may share a batch; else none."""
        ...

    def backward(self, rows: Sequence[int], *, micro: int) -> Stepped:
        """Add the gradient of the mean loss over these training rows, `micro` rows a forward pass."""
        ...

    def validate(self) -> float | None:
        """Return the mean loss over the validation rows in nats; None when there are none."""
        ...


@contextmanager
def repeatable(seed: int) -> Iterator[None]:
    """Seed the generators; on a CPU use only algorithms that give the same bits. Put back what was before.

    On a GPU the same bits are not promised, and what comes near to them is slow.
    """
    strict = torch.are_deterministic_algorithms_enabled()
    with torch.random.fork_rng():
        torch.manual_seed(step_seed(seed, 0))
        torch.use_deterministic_algorithms(device_name() == "cpu")
        try:
            yield
        finally:
            torch.use_deterministic_algorithms(strict)


def learn(job: Job, learner: Learner, *, identity: str, progress: Progress) -> Fit:
    """Train `learner.module` in place, ending with the weights of the best validation.

    Goes on from the newest complete checkpoint of the same `identity`. Without validation rows the
    last weights are the result. Raises TrainingError when the loss is no number.
    """
    training = _Training(job, learner, identity)
    resumed_from = training.resume()
    training.run(progress)
    return training.finish(resumed_from)


class _Training:
    """One training on its way."""

    def __init__(self, job: Job, learner: Learner, identity: str) -> None:
        self.job, self.learner, self.settings = job, learner, job.settings
        self.batches = lru_cache(maxsize=2)(self._batches)
        self.epoch_steps = max(1, len(self.batches(0)))
        self.steps = max(1, math.ceil(self.epoch_steps * self.settings.epochs - 1e-9))
        if self.settings.max_steps:
            self.steps = min(self.steps, self.settings.max_steps)
        self.weights: dict[str, torch.nn.Parameter] = {
            name: one for name, one in learner.module.named_parameters() if one.requires_grad
        }
        decayed = [one for one in self.weights.values() if one.ndim >= _NO_DECAY_BELOW]
        others = [one for one in self.weights.values() if one.ndim < _NO_DECAY_BELOW]
        self.optimizer = torch.optim.AdamW(
            [
                {"params": decayed, "weight_decay": self.settings.weight_decay},
                {"params": others, "weight_decay": 0.0},
            ],
            lr=self.settings.learning_rate,
        )
        self.at = Position(job=identity)
        self.best: Tensors = {}
        self.started = time.monotonic()

    def resume(self) -> int:
        """Take over the newest checkpoint; return its step (0: none)."""
        found = newest_checkpoint(self.job.checkpoints, self.at.job)
        if found is None:
            return 0
        self.at, self.best = found.position, found.best
        _put(self.weights, found.weights)
        for full_name, one in found.optimizer.items():
            name, state = full_name.rsplit("/", 1)
            weight = self.weights[name]
            self.optimizer.state[weight][state] = one if state == "step" else one.to(weight.device)
        self.started -= self.at.seconds
        return self.at.step

    def run(self, progress: Progress) -> None:
        """Step to the end, or to where validation stops it."""
        from torch.utils.tensorboard import SummaryWriter

        board = SummaryWriter(str(self.job.logs), purge_step=self.at.step + 1)
        validated = _every(self.epoch_steps, self.settings.evaluations)
        saved = _every(self.epoch_steps, self.settings.saves)
        logged = _every(self.epoch_steps, LOGS)
        micro = self.settings.micro_batch or self.settings.batch
        try:
            while self.at.step < self.steps and not self.at.stopped:
                rate, norm = self._step(micro)
                last = self.at.step == self.steps
                loss = self._validated() if last or self.at.step % validated == 0 else None
                if loss is not None or last or self.at.step % logged == 0:
                    point = self._point(rate, norm, loss)
                    _write(board, point, validated=loss is not None)
                    progress(point, self.steps)
                if last or self.at.stopped or self.at.step % saved == 0:
                    self._save()
        finally:
            board.close()

    def finish(self, resumed_from: int) -> Fit:
        """Put the best weights in place and return the record."""
        _put(self.weights, self.best)
        every = list(self.learner.module.parameters())
        return Fit(
            steps=self.at.step,
            best_step=self.at.best_step or self.at.step,
            best_loss=self.at.best_loss,
            stopped_early=self.at.stopped and self.at.step < self.steps,
            resumed_from=resumed_from,
            seconds=round(time.monotonic() - self.started, 1),
            tokens=self.at.tokens,
            trained_tokens=self.at.trained_tokens,
            peak_memory=peak_memory(),
            trainable_parameters=sum(one.numel() for one in self.weights.values()),
            parameters=sum(one.numel() for one in every),
            hardware=hardware(),
            precision=precision(self.settings),
            points=self.at.points,
        )

    def _step(self, micro: int) -> tuple[float, float]:
        """Change the weights once; return the learning rate and the gradient's norm before clipping."""
        at = self.at
        epoch, place = divmod(at.step, self.epoch_steps)
        rate = learning_rate(self.settings, at.step + 1, self.steps)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        torch.manual_seed(step_seed(self.job.seed, at.step + 1))
        self.learner.module.train()
        self.optimizer.zero_grad(set_to_none=True)
        seen = self.learner.backward(self.batches(epoch)[place], micro=micro)
        norm = float(torch.nn.utils.clip_grad_norm_(self.weights.values(), self.settings.max_grad_norm))
        if not math.isfinite(seen.loss) or not math.isfinite(norm):
            raise TrainingError(
                f"step {at.step + 1}: the loss is {seen.loss}, its gradient {norm}. "
                "Lower train.learning_rate, or set train.precision to fp32"
            )
        self.optimizer.step()
        self.at = at.model_copy(
            update={
                "step": at.step + 1,
                "tokens": at.tokens + seen.tokens,
                "trained_tokens": at.trained_tokens + seen.trained,
                "loss_sum": at.loss_sum + seen.loss,
                "loss_steps": at.loss_steps + 1,
            }
        )
        return rate, norm

    def _validated(self) -> float | None:
        """Validate; keep the weights of the best, or of the newest where the last are asked for."""
        self.learner.module.eval()
        with torch.no_grad():
            loss = self.learner.validate()
        last = self.settings.select == "last"
        if loss is not None and (last or not self.at.best_step or loss < self.at.best_loss):
            self.best = _copied(self.weights)
            self.at = self.at.model_copy(update={"best_step": self.at.step, "best_loss": loss, "worse": 0})
        elif loss is not None:
            worse = self.at.worse + 1
            self.at = self.at.model_copy(update={"worse": worse, "stopped": worse >= self.settings.patience})
        return loss

    def _point(self, rate: float, norm: float, validation_loss: float | None) -> Point:
        point = Point(
            step=self.at.step,
            epoch=round(self.at.step / self.epoch_steps, 4),
            seconds=round(time.monotonic() - self.started, 2),
            train_loss=self.at.loss_sum / max(self.at.loss_steps, 1),
            validation_loss=validation_loss or 0.0,
            learning_rate=rate,
            gradient_norm=norm,
        )
        self.at = self.at.model_copy(
            update={"points": (*self.at.points, point), "loss_sum": 0.0, "loss_steps": 0}
        )
        return point

    def _save(self) -> None:
        self.at = self.at.model_copy(update={"seconds": time.monotonic() - self.started})
        optimizer = {
            f"{name}/{state}": value.detach().cpu()
            for name, weight in self.weights.items()
            for state, value in self.optimizer.state.get(weight, {}).items()
        }
        save_checkpoint(
            self.job.checkpoints,
            Checkpoint(self.at, _copied(self.weights), optimizer, self.best),
        )

    def _batches(self, epoch: int) -> list[list[int]]:
        return epoch_batches(
            self.learner.lengths,
            self.settings.batch,
            seed=self.job.seed,
            epoch=epoch,
            group_by_length=self.settings.group_by_length,
            topics=self.learner.topics,
        )


def _every(epoch_steps: int, times: int) -> int:
    return max(1, epoch_steps // times)


def _copied(weights: dict[str, torch.nn.Parameter]) -> Tensors:
    return {name: one.detach().clone() for name, one in weights.items()}


def _put(weights: dict[str, torch.nn.Parameter], values: Tensors) -> None:
    """Copy `values` into the weights of the same names."""
    with torch.no_grad():
        for name, value in values.items():
            weights[name].copy_(value)


def _write(board: SummaryWriter, point: Point, *, validated: bool) -> None:
    board.add_scalar("train/loss", point.train_loss, point.step)
    board.add_scalar("train/learning_rate", point.learning_rate, point.step)
    board.add_scalar("train/gradient_norm", point.gradient_norm, point.step)
    if validated:
        board.add_scalar("validation/loss", point.validation_loss, point.step)
