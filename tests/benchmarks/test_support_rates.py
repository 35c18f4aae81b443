"""AUROC is the field's, its interval draws whole groups, and shares are counted."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from benchmarks.support_rates import Scored, auroc, auroc_interval, rates, table


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_auroc_is_sklearns_with_ties(seed: int) -> None:
    rng = np.random.default_rng(seed)
    fine, wrong = rng.integers(2, 9, 40) / 10, rng.integers(0, 7, 30) / 10
    labels = [1] * 40 + [0] * 30
    assert auroc(fine, wrong) == pytest.approx(roc_auc_score(labels, [*fine, *wrong]))


def test_auroc_of_one_side_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        auroc(np.array([]), np.array([0.5]))


def _rows(groups: int, each: int) -> list[Scored]:
    rng = np.random.default_rng(0)
    rows = []
    for group in range(groups):
        fine, wrong = rng.normal(0.7, 0.1), rng.normal(0.5, 0.1)
        rows += [Scored("number", str(group), "verbatim", fine, wrong, fine >= 0.6, wrong >= 0.6)] * each
    return rows


def test_interval_is_as_wide_for_copies_as_for_one_of_each() -> None:
    one, copied = auroc_interval(_rows(40, 1)), auroc_interval(_rows(40, 5))
    assert one["value"] == copied["value"]
    assert copied["high"] - copied["low"] == pytest.approx(one["high"] - one["low"], abs=0.02)  # type: ignore[operator]


def test_shares_count_what_is_shown_and_what_is_dropped() -> None:
    rows = [
        Scored("number", "a", "verbatim", 0.9, 0.1, True, False),
        Scored("number", "b", "verbatim", 0.2, 0.8, False, True),
    ]
    found = rates(rows)
    assert found["unsupported_shown"]["rate"] == 0.5  # type: ignore[index, call-overload]
    assert found["supported_dropped"]["rate"] == 0.5  # type: ignore[index, call-overload]
    assert "number" in table({"number": found})
