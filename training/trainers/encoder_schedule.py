"""What follows from a seed and a number alone: the order of rows, the seed of a step, its learning rate."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from training.recipe import Train

_SORTED_TOGETHER = 32  # batches whose rows are sorted by length among themselves


def epoch_batches(
    lengths: Sequence[int],
    batch: int,
    *,
    seed: int,
    epoch: int,
    group_by_length: bool,
    topics: Sequence[str] = (),
) -> list[list[int]]:
    """Return the rows of each step of one epoch, shuffled; each row once.

    Grouped, rows of about one length share a batch, and the batches come in random order. With `topics`,
    one a row, only rows of one topic share a batch, and a topic's batches are of about one size, at most
    `batch`; lengths then decide nothing.
    """
    random = np.random.default_rng([step_seed(seed, 0), epoch])
    order = [int(row) for row in random.permutation(len(lengths))]
    if topics:
        of_topic: dict[str, list[int]] = {}
        for row in order:
            of_topic.setdefault(topics[row], []).append(row)
        parts = [
            [int(row) for row in part]
            for topic in sorted(of_topic)
            for part in np.array_split(of_topic[topic], math.ceil(len(of_topic[topic]) / batch))
        ]
        return [parts[at] for at in random.permutation(len(parts))]
    if not group_by_length:
        return [order[at : at + batch] for at in range(0, len(order), batch)]
    span = batch * _SORTED_TOGETHER
    batches = []
    for start in range(0, len(order), span):
        together = sorted(order[start : start + span], key=lambda row: -lengths[row])
        batches += [together[at : at + batch] for at in range(0, len(together), batch)]
    return [batches[at] for at in random.permutation(len(batches))]


def learning_rate(settings: Train, step: int, steps: int) -> float:
    """Return the rate of step 1..steps: a linear rise, then the schedule."""
    warm = round(settings.warmup_share * steps)
    if step <= warm:
        return settings.learning_rate * step / (warm + 1)
    done = (step - 1 - warm) / max(steps - warm, 1)
    shape = {"linear": 1 - done, "cosine": 0.5 * (1 + math.cos(math.pi * done)), "constant": 1.0}
    return settings.learning_rate * shape[settings.schedule]


def step_seed(seed: int, step: int) -> int:
    """Return a seed of 63 bits for one step; neighbours share nothing."""
    return int(np.random.SeedSequence([abs(seed), int(seed < 0), step]).generate_state(1, np.uint64)[0] >> 1)
