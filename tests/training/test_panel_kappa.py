"""Agreement against scikit-learn and the worked example of Fleiss (1971)."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from training.panel_kappa import agreement, fleiss_kappa

KINDS = ("ours", "theirs", "tie")


def verdicts(seed: int, n: int = 40) -> dict[str, str]:
    drawn = np.random.default_rng(seed).choice(KINDS, size=n, p=[0.5, 0.3, 0.2])
    return {f"r{number}": str(kind) for number, kind in enumerate(drawn)}


@pytest.mark.parametrize("seed", range(4))
def test_kappa_is_sklearns(seed: int) -> None:
    one, other = verdicts(seed), verdicts(seed) | verdicts(seed + 50, 15)
    found = agreement(one, other, names=("a", "b"))
    rows = sorted(one)
    expected = cohen_kappa_score([one[row] for row in rows], [other[row] for row in rows])
    assert found.kappa.value == pytest.approx(float(expected))
    assert found.kappa.low < found.kappa.value < found.kappa.high
    assert found.n == 40
    assert found.defined


def test_only_rows_that_both_rated_count() -> None:
    found = agreement({"1": "ours", "2": "tie"}, {"2": "tie", "3": "ours"}, names=("a", "b"))
    assert (found.n, found.share) == (1, 1.0)


def test_kappa_is_undefined_where_both_always_say_the_same_or_share_nothing() -> None:
    always = {"1": "ours", "2": "ours"}
    same = agreement(always, always, names=("a", "b"))
    apart = agreement(always, {"9": "ours"}, names=("a", "b"))
    assert (same.defined, same.share, same.kappa.value) == (False, 1.0, 0.0)
    assert (apart.defined, apart.n) == (False, 0)


def test_rows_of_one_group_are_drawn_together() -> None:
    one, other = verdicts(1), verdicts(1) | verdicts(51, 15)
    alone = agreement(one, other, names=("a", "b")).kappa
    grouped = agreement(
        one, other, names=("a", "b"), groups={row: f"g{int(row[1:]) // 10}" for row in one}
    ).kappa
    assert grouped.value == alone.value
    assert (grouped.low, grouped.high) != (alone.low, alone.high)


def test_fleiss_kappa_is_that_of_the_published_example() -> None:
    table = (
        (0, 0, 0, 0, 14), (0, 2, 6, 4, 2), (0, 0, 3, 5, 6), (0, 3, 9, 2, 0), (2, 2, 8, 1, 1),
        (7, 7, 0, 0, 0), (3, 2, 6, 3, 0), (2, 5, 3, 2, 2), (6, 5, 2, 1, 0), (0, 2, 2, 3, 7),
    )  # fmt: skip
    rows = [[str(kind) for kind, times in enumerate(row) for _ in range(times)] for row in table]
    assert fleiss_kappa(rows) == pytest.approx(0.210, abs=0.001)


def test_fleiss_kappa_of_full_agreement_is_one_and_wants_equal_rows() -> None:
    assert fleiss_kappa([["a", "a", "a"], ["b", "b", "b"]]) == pytest.approx(1.0)
    assert fleiss_kappa([["a", "a"], ["a", "a"]]) == 0.0
    with pytest.raises(ValueError, match="same number"):
        fleiss_kappa([["a", "a"], ["a"]])
