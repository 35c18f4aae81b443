"""The bootstrap over groups: it covers, it pairs, and it knows that rows of a group go together."""

from __future__ import annotations

import numpy as np
import pytest

from training.metrics import Metric, Scored, difference, interval, perplexity, rate_change, ratio

MEAN = Metric("mean", ratio)


def scored(values: list[float], groups: list[str] | None = None, metric: Metric = MEAN) -> Scored:
    rows = len(values)
    return Scored(
        metric,
        np.array([[value, 1.0] for value in values]),
        tuple(map(str, range(rows))),
        tuple(groups or map(str, range(rows))),
    )


def test_perplexity_is_of_all_tokens_and_not_the_mean_of_rows() -> None:
    one = Scored(Metric("perplexity", perplexity), np.array([[2.0, 1.0], [1.0, 9.0]]), ("a", "b"), ("a", "b"))
    assert one.value() == pytest.approx(np.exp(3 / 10))


def test_an_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    draw = np.random.default_rng(5)
    hits = 0
    for number in range(200):
        found = interval(scored(list(draw.normal(1.0, 1.0, 60))), resamples=400, seed=number)
        hits += found.low <= 1.0 <= found.high
    assert 0.89 <= hits / 200 <= 0.99


def test_rows_of_one_group_are_drawn_together() -> None:
    values = [0.0, 1.0] * 20
    alone = interval(scored(values))
    pairs = [str(n // 2) for n in range(40)]
    # Within each pair the values cancel: drawn by pairs, nothing varies.
    together = interval(scored(values, pairs))
    assert alone.high - alone.low > 0.2
    assert together.high == together.low == 0.5


def test_a_paired_difference_sees_what_two_intervals_do_not() -> None:
    draw = np.random.default_rng(1)
    base = draw.normal(0, 5, 80)
    ours, theirs = scored(list(base + 0.5)), scored(list(base))
    assert interval(ours).low < interval(theirs).high
    found = difference(ours, theirs)
    assert found.excludes_zero
    assert found.value == pytest.approx(0.5)


def test_other_rows_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="same rows"):
        difference(scored([1.0, 2.0]), scored([1.0, 2.0, 3.0]))


def test_a_part_of_the_rows_keeps_ids_and_groups() -> None:
    part = scored([1.0, 2.0, 3.0]).only([True, False, True])
    assert (part.ids, part.value()) == (("0", "2"), 2.0)


@pytest.mark.parametrize(("higher", "lost"), [(True, 3), (False, 3), (True, 2), (True, -6)])
def test_a_loss_is_sure_from_three_of_24_and_on_the_worse_side_alone(higher: bool, lost: int) -> None:
    metric = Metric("rate", ratio, higher)
    good, bad = (1.0, 0.0) if higher else (0.0, 1.0)
    before = scored([bad] * max(-lost, 0) + [good] * (24 - max(-lost, 0)), metric=metric)
    after = scored([bad] * max(lost, 0) + [good] * (24 - max(lost, 0)), metric=metric)
    found = rate_change(after, before)
    assert (found.better, found.rows) == ("higher" if higher else "lower", 24)
    assert found.loss == pytest.approx(lost / 24)
    assert (found.loss_low > 0) == (lost >= 3)
    # Three of 24, the least that is sure, is what so many rows can show; asked on both sides it is not.
    assert found.visible >= 0.124
    assert lost != 3 or not found.difference.excludes_zero


def test_a_rate_that_did_not_change_is_seldom_surely_lost() -> None:
    draw = np.random.default_rng(2)
    sure = 0
    for number in range(400):
        before, after = (scored([float(one) for one in draw.random(60) < 0.5]) for _ in range(2))
        sure += rate_change(after, before, resamples=200, seed=number).loss_low > 0
    assert 0.02 <= sure / 400 <= 0.08
