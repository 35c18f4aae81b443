"""training/trainers/encoder_schedule.py: what follows from a seed and a number alone."""

from __future__ import annotations

import pytest

from training.recipe import Train
from training.trainers.encoder_schedule import epoch_batches, learning_rate, step_seed


@pytest.mark.parametrize("group", [True, False])
def test_an_epoch_has_each_row_once_in_an_order_of_its_own(group: bool) -> None:
    lengths = [row % 40 for row in range(301)]
    first, again, second = (
        epoch_batches(lengths, 8, seed=1, epoch=epoch, group_by_length=group) for epoch in (0, 0, 1)
    )
    assert first == again != second
    assert sorted(row for batch in first for row in batch) == list(range(301))
    assert len(first) == 38


def test_grouped_rows_need_less_padding() -> None:
    lengths = [(row * 37) % 100 for row in range(512)]

    def padded(group: bool) -> int:
        batches = epoch_batches(lengths, 8, seed=1, epoch=0, group_by_length=group)
        return sum(len(batch) * max(lengths[row] for row in batch) for batch in batches)

    assert padded(True) < 0.65 * padded(False)


@pytest.mark.parametrize(("schedule", "last"), [("linear", 0.0125), ("cosine", 0.0004), ("constant", 1.0)])
def test_the_rate_rises_then_follows_its_schedule(schedule: str, last: float) -> None:
    settings = Train.model_validate({"learning_rate": 1.0, "schedule": schedule, "warmup_share": 0.2})
    rates = [learning_rate(settings, step, 100) for step in range(1, 101)]
    assert rates[:20] == sorted(rates[:20])
    assert rates[20] == max(rates) == 1.0
    assert rates[-1] == pytest.approx(last, abs=1e-4)


def test_seeds_of_steps_differ_from_those_of_other_steps_and_seeds() -> None:
    seeds = {step_seed(seed, step) for seed in (-1, 0, 1, 2) for step in range(50)}
    assert len(seeds) == 200
    assert all(0 <= one < 2**63 for one in seeds)
