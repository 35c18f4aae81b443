"""Figures of an order and of a confidence, by hand where they are small and against the field's library."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, ndcg_score, roc_auc_score

from benchmarks.retrieval.metrics import (
    at_risk,
    at_threshold,
    auroc_of,
    average_precision,
    calibration_error,
    ndcg,
    paired,
    reciprocal_rank,
    reliability,
    risk_curve,
)


def test_ndcg_by_hand() -> None:
    assert ndcg([True, False], 1) == 1
    assert ndcg([False, True], 1) == pytest.approx(1 / np.log2(3))
    # Two are right and one is found: what is missing counts.
    assert ndcg([True, False, False], 2) == pytest.approx(1 / (1 + 1 / np.log2(3)))
    assert ndcg([False] * 10 + [True], 1) == 0


@pytest.mark.parametrize("seed", range(5))
def test_orders_are_judged_as_by_sklearn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    right, scores = rng.random(40) < 0.2, rng.random(40)
    assert right.any()
    hits = [bool(right[at]) for at in np.argsort(-scores)]
    assert ndcg(hits, int(right.sum())) == pytest.approx(ndcg_score([right], [scores], k=10))
    assert average_precision(hits, int(right.sum())) == pytest.approx(average_precision_score(right, scores))


def test_what_is_not_in_the_order_lowers_its_precision() -> None:
    assert average_precision([True, False, True], 2) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision([True, False, True], 4) == pytest.approx((1 + 2 / 3) / 4)


def test_reciprocal_rank_ends_at_its_depth() -> None:
    assert reciprocal_rank([False, False, True]) == pytest.approx(1 / 3)
    assert reciprocal_rank([False] * 10 + [True]) == 0


def test_a_lead_is_paired_so_that_a_hard_question_is_hard_for_both() -> None:
    hard = np.tile([0.0, 1.0], 50)
    value, low, high = paired(hard + 0.1, hard)
    assert value == low == high == pytest.approx(0.1)
    value, low, high = paired(hard, hard[::-1])
    assert low < 0 < high and value == 0


def test_auroc_is_sklearns_with_the_lead_of_ours() -> None:
    rng = np.random.default_rng(0)
    positive = np.arange(200) < 80
    good, poor = positive + rng.normal(0, 0.6, 200), positive + rng.normal(0, 3, 200)
    found = auroc_of(positive, {"ours": good, "peer": poor}, ours="ours")
    assert found is not None
    assert (found["positive"], found["negative"]) == (80, 120)
    for name, score in (("ours", good), ("peer", poor)):
        value, low, high = found[name]  # type: ignore[misc]
        assert value == pytest.approx(roc_auc_score(positive, score), abs=1e-4)
        assert low < value < high
    more, low, _ = found["peer, ours more"]  # type: ignore[misc]
    assert more == pytest.approx(found["ours"][0] - found["peer"][0], abs=2e-4)  # type: ignore[index]
    assert low > 0


def test_auroc_needs_both_sides() -> None:
    assert auroc_of(np.ones(3, dtype=bool), {"ours": np.arange(3.0)}, ours="ours") is None


def test_calibration_error_is_the_gap_of_each_bin_by_its_size() -> None:
    probability = np.array([0.05, 0.15, 0.95, 0.95])
    right = np.array([False, True, True, False])
    wanted = np.array([(1, 0.05, 0.0), (1, 0.15, 1.0), (2, 0.95, 0.5)])
    assert np.array(reliability(probability, right)) == pytest.approx(wanted)
    assert calibration_error(probability, right) == pytest.approx((0.05 + 0.85 + 2 * 0.45) / 4)


def test_certainty_has_a_bin() -> None:
    assert calibration_error(np.array([1.0, 1.0]), np.array([True, False])) == 0.5


def _asked() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give 1,000 answerable questions, of the sure ones fewer wrong, and 100 that nothing answers."""
    confidence = np.concatenate([np.linspace(0, 1, 1000), np.full(100, 0.3)])
    right = np.concatenate([np.arange(1000) % 10 != 0, np.zeros(100, dtype=bool)])
    right[700:1000] = True
    right[[950, 990]] = False
    return confidence, right, np.arange(1100) < 1000


def test_a_threshold_says_what_it_gives_and_to_whom() -> None:
    found = at_threshold(*_asked(), 0.25)
    assert found["coverage"]["n"] == 1000 and found["unanswerable_answered"]["rate"] == 1  # type: ignore[index, call-overload]
    given, wrong = 750 + 100, 45 + 2
    assert found["wrong"]["rate"] == pytest.approx(wrong / 1000, abs=1e-4)  # type: ignore[index, call-overload]
    assert found["coverage"]["rate"] == pytest.approx((750 - wrong) / 1000, abs=1e-4)  # type: ignore[index, call-overload]
    assert found["wrong_of_given"]["rate"] == pytest.approx((wrong + 100) / given, abs=1e-4)  # type: ignore[index, call-overload]


@pytest.mark.parametrize("limit", [0.01, 0.02, 0.05])
def test_the_threshold_at_a_risk_is_the_lowest_that_keeps_it(limit: float) -> None:
    confidence, right, answerable = _asked()
    found = at_risk(confidence, right, answerable, limit)
    assert found is not None
    threshold = found["threshold"]
    assert isinstance(threshold, float)
    assert found == at_threshold(confidence, right, answerable, threshold)
    assert found["wrong"]["high"] <= limit  # type: ignore[index, call-overload]
    below = at_threshold(confidence, right, answerable, threshold - 0.002)
    lower = at_threshold(confidence, right, answerable, threshold - 0.012)
    assert below["wrong"]["high"] <= limit or lower["wrong"]["high"] > limit  # type: ignore[index, call-overload]
    assert lower["wrong"]["high"] > limit  # type: ignore[index, call-overload]


def test_no_threshold_shows_a_risk_that_the_questions_are_too_few_for() -> None:
    sure = np.ones(20)
    assert at_risk(sure, np.ones(20, dtype=bool), np.ones(20, dtype=bool), 0.02) is None
    many = np.ones(500)
    kept = at_risk(many, np.ones(500, dtype=bool), np.ones(500, dtype=bool), 0.02)
    assert kept is not None and kept["threshold"] == 0
    assert at_risk(many, np.zeros(500, dtype=bool), np.ones(500, dtype=bool), 0.02) is None


def test_the_curve_has_a_point_where_a_threshold_can_stand() -> None:
    confidence = np.array([0.9, 0.9, 0.5, 0.7])
    right = np.array([True, False, True, True])
    answerable = np.array([True, True, True, False])
    found = np.array(risk_curve(confidence, right, answerable))
    assert found == pytest.approx(np.array([(1 / 3, 1 / 3), (2 / 3, 1 / 3)]))
