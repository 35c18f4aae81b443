"""training/trainers/checkpoints.py: whole, or as if it were not there."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from training.trainers.base import Point
from training.trainers.checkpoints import KEPT, Checkpoint, Position, newest_checkpoint, save_checkpoint

JOB = "a" * 64


def at_step(step: int, job: str = JOB) -> Checkpoint:
    point = Point(step=step, epoch=0.1 + 0.2, seconds=1 / 3, train_loss=2 / 3)
    return Checkpoint(
        Position(job=job, step=step, best_step=1, best_loss=0.1 + 0.7, points=(point,)),
        weights={"layer.weight": torch.full((2, 3), float(step))},
        optimizer={"layer.weight/exp_avg": torch.rand(2, 3), "layer.weight/step": torch.tensor(float(step))},
        best={"layer.weight": torch.ones(2, 3)},
    )


def test_a_checkpoint_comes_back_as_it_was_to_the_last_bit(tmp_path: Path) -> None:
    saved = at_step(5)
    save_checkpoint(tmp_path, saved)
    found = newest_checkpoint(tmp_path, JOB)
    assert found is not None
    assert found.position == saved.position
    for part in ("weights", "optimizer", "best"):
        before, after = getattr(saved, part), getattr(found, part)
        assert before.keys() == after.keys()
        assert all(torch.equal(before[name], after[name]) for name in before)


def test_the_newest_is_taken_and_old_ones_are_removed(tmp_path: Path) -> None:
    for step in (9, 10, 100):
        save_checkpoint(tmp_path, at_step(step))
    found = newest_checkpoint(tmp_path, JOB)
    assert found is not None
    assert found.position.step == 100
    assert len(list(tmp_path.iterdir())) == KEPT


@pytest.mark.parametrize("damage", ["cut", "altered", "missing", "unmarked"])
def test_a_torn_checkpoint_is_passed_over_for_the_one_before(tmp_path: Path, damage: str) -> None:
    save_checkpoint(tmp_path, at_step(1))
    save_checkpoint(tmp_path, at_step(2))
    file = tmp_path / "step-00000002" / "optimizer.safetensors"
    content = file.read_bytes()
    if damage == "cut":
        file.write_bytes(content[:-3])
    elif damage == "altered":
        file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elif damage == "missing":
        file.unlink()
    else:
        (file.parent / "CAREFOLD.json").unlink()
    found = newest_checkpoint(tmp_path, JOB)
    assert found is not None
    assert found.position.step == 1
    assert not file.parent.exists()


def test_what_was_half_written_is_no_checkpoint_and_is_cleared_away(tmp_path: Path) -> None:
    half = tmp_path / ".step-00000007.abc" / "fresh"
    half.mkdir(parents=True)
    (half / "weights.safetensors").write_bytes(b"half")
    assert newest_checkpoint(tmp_path, JOB) is None
    assert not list(tmp_path.iterdir())


def test_a_checkpoint_of_another_job_is_not_gone_on_from(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, at_step(3, job="b" * 64))
    assert newest_checkpoint(tmp_path, JOB) is None


def test_no_folder_is_no_checkpoint(tmp_path: Path) -> None:
    assert newest_checkpoint(tmp_path / "nothing", JOB) is None
