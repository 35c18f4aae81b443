"""training/trainers/encoder_loop.py: what a step depends on, when it stops, and what it leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from training.errors import TrainingError
from training.recipe import Train
from training.rows import Example
from training.tasks.labelling import LabellingTask
from training.trainers.base import Fit, Job, Point
from training.trainers.encoder_loop import Stepped, learn, repeatable

pytestmark = pytest.mark.slow  # torch or a clustering starts up: seconds before the first test

ROWS = 24


class Killed(Exception):
    """Stands in for the end of a process."""


class Line:
    """Learns y = 3 x through dropout; what it validates to can be given."""

    def __init__(self, losses: Sequence[float] | None = None, *, broken_at: int = 0) -> None:
        self.module = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.Dropout(0.3), torch.nn.Linear(8, 1))
        self.lengths = [1 + row % 5 for row in range(ROWS)]
        self.topics: tuple[str, ...] = ()
        self._x = torch.linspace(-1, 1, 2 * ROWS).reshape(ROWS, 2)
        self._losses = None if losses is None else list(losses)
        self._broken_at = broken_at
        self.steps = 0

    def backward(self, rows: Sequence[int], *, micro: int) -> Stepped:
        self.steps += 1
        loss = ((self.module(self._x[list(rows)])[:, 0] - 3 * self._x[list(rows), 0]) ** 2).mean()
        if self.steps == self._broken_at:
            loss = loss * float("nan")
        loss.backward()
        return Stepped(float(loss.detach()), tokens=sum(self.lengths[row] for row in rows), trained=len(rows))

    def validate(self) -> float | None:
        if self._losses is not None:
            return self._losses.pop(0) if self._losses else None
        return float(((self.module(self._x)[:, 0] - 3 * self._x[:, 0]) ** 2).mean())


class Watched(Line):
    """Keeps the first weights of each validation."""

    def __init__(self, losses: Sequence[float]) -> None:
        super().__init__(losses)
        self.seen: list[torch.Tensor] = []

    def validate(self) -> float | None:
        self.seen.append(self.module[0].weight.detach().clone())
        return super().validate()


def job_in(folder: Path, **changes: object) -> Job:
    values = {
        "batch": 4, "epochs": 3.0, "learning_rate": 1e-2, "weight_decay": 0.1, "evaluations": 2, "saves": 3, "patience": 9
    }  # fmt: skip
    return Job(
        task=LabellingTask("line"), base=folder, base_sha256="", train=[Example(id="1", inputs={})], validation=[],
        settings=Train.model_validate(values | changes), clinic="", seed=11, out=folder / "out",
        checkpoints=folder / "checkpoints", logs=folder / "logs",
    )  # fmt: skip


def trained(job: Job, line: Line | None = None, kill_at: int = 0) -> tuple[Fit, dict[str, torch.Tensor]]:
    def progress(point: Point, _steps: int) -> None:
        if point.step == kill_at:
            raise Killed

    with repeatable(job.seed):
        line = line or Line()
        fit = learn(job, line, identity="line", progress=progress)
    return fit, {name: one.detach().clone() for name, one in line.module.named_parameters()}


def test_a_training_killed_at_any_step_ends_in_the_same_bits(tmp_path: Path) -> None:
    whole, weights = trained(job_in(tmp_path / "whole", epochs=1.5))
    assert whole.steps == 9
    for kill_at in range(1, whole.steps + 1):
        job = job_in(tmp_path / f"killed{kill_at}", epochs=1.5)
        with pytest.raises(Killed):
            trained(job, kill_at=kill_at)
        again, resumed = trained(job)
        assert again.resumed_from == (kill_at - 1) // 2 * 2  # three checkpoints an epoch of six steps
        assert all(torch.equal(weights[name], resumed[name]) for name in weights), kill_at
        record = {"seconds", "resumed_from", "peak_memory", "points"}
        assert again.model_dump(exclude=record) == whole.model_dump(exclude=record)
        timeless = [[p.model_dump(exclude={"seconds"}) for p in fit.points] for fit in (again, whole)]
        assert timeless[0] == timeless[1]


def test_another_seed_gives_other_weights(tmp_path: Path) -> None:
    _, one = trained(job_in(tmp_path / "one"))
    _, two = trained(replace(job_in(tmp_path / "two"), seed=12))
    assert not torch.equal(one["0.weight"], two["0.weight"])


def test_the_weights_of_the_best_validation_are_the_result(tmp_path: Path) -> None:
    job = job_in(tmp_path, epochs=2.0, learning_rate=0.5)
    watched = Watched([0.9, 0.4, 0.6, 0.5])
    fit, weights = trained(job, watched)
    assert (fit.best_step, fit.best_loss) == (6, 0.4)
    assert torch.equal(weights["0.weight"], watched.seen[1])
    assert not torch.equal(weights["0.weight"], watched.seen[3])


def test_where_the_last_are_asked_for_a_better_validation_before_changes_nothing(tmp_path: Path) -> None:
    job = job_in(tmp_path, epochs=2.0, learning_rate=0.5, select="last", patience=1)
    watched = Watched([0.9, 0.4, 0.6, 0.5])
    fit, weights = trained(job, watched)
    assert (fit.steps, fit.best_step, fit.best_loss, fit.stopped_early) == (12, 12, 0.5, False)
    assert torch.equal(weights["0.weight"], watched.seen[3])


def test_it_stops_after_so_many_validations_without_a_better_one(tmp_path: Path) -> None:
    fit, _ = trained(job_in(tmp_path, patience=2), Line([0.5, 0.4, 0.4, 0.45, 0.1, 0.1]))
    assert (fit.stopped_early, fit.steps, fit.best_step) == (True, 12, 6)


def test_a_stopped_training_is_not_gone_on_with(tmp_path: Path) -> None:
    job = job_in(tmp_path, patience=1)
    first, weights = trained(job, Line([0.5, 0.6]))
    line = Line([])
    second, again = trained(job, line)
    assert (second.steps, second.best_step, line.steps) == (first.steps, first.best_step, 0)
    assert torch.equal(weights["0.weight"], again["0.weight"])


def test_without_validation_rows_the_last_weights_are_the_result(tmp_path: Path) -> None:
    fit, _ = trained(job_in(tmp_path), Line([]))
    assert (fit.best_step, fit.best_loss, fit.stopped_early) == (fit.steps, 0.0, False)


def test_max_steps_and_parts_of_epochs_end_it(tmp_path: Path) -> None:
    assert trained(job_in(tmp_path / "a", max_steps=4))[0].steps == 4
    assert trained(job_in(tmp_path / "b", epochs=0.5))[0].steps == 3


def test_the_record_counts_what_was_read(tmp_path: Path) -> None:
    line = Line()
    fit, _ = trained(job_in(tmp_path, epochs=1.0), line)
    assert fit.tokens == sum(line.lengths)
    assert fit.trained_tokens == ROWS
    assert fit.trainable_parameters == fit.parameters == 2 * 8 + 8 + 8 + 1
    assert fit.peak_memory > 1_000_000
    assert fit.points[-1].step == fit.steps
    assert fit.points[-1].epoch == 1.0


def test_a_loss_that_is_no_number_stops_it_with_the_step(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="step 3"):
        trained(job_in(tmp_path), Line(broken_at=3))


def test_tensorboard_has_both_losses(tmp_path: Path) -> None:
    fit, _ = trained(job_in(tmp_path))
    board = EventAccumulator(str(tmp_path / "logs")).Reload()
    steps = [one.step for one in board.Scalars("train/loss")]
    assert steps == [point.step for point in fit.points]
    assert min(one.value for one in board.Scalars("validation/loss")) == pytest.approx(fit.best_loss)


def test_what_was_global_is_put_back() -> None:
    before, strict = torch.random.get_rng_state(), torch.are_deterministic_algorithms_enabled()
    with repeatable(5):
        torch.rand(3)
        assert torch.are_deterministic_algorithms_enabled()
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.are_deterministic_algorithms_enabled() == strict
