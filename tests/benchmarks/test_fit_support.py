"""The fit gives coefficients that only speak against support, and a threshold that keeps its promise."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.fit_support import Observed, fit, left_out_scores, scores, threshold, write_weights
from safety.support import SupportScorer
from safety.support_features import MEANING, Features

NAMES = list(Features.names())


def _observed(count: int = 400) -> Observed:
    """Make sentences whose `edited` share tells them apart and whose `disorder` speaks for support."""
    rng = np.random.default_rng(0)
    fine = rng.random(count) < 0.5
    given = np.zeros((count, len(NAMES)))
    given[:, NAMES.index("edited")] = np.where(fine, rng.uniform(0, 0.5, count), rng.uniform(0.3, 1, count))
    given[:, NAMES.index("disorder")] = np.where(fine, rng.uniform(0.5, 1, count), rng.uniform(0, 0.5, count))
    groups = np.array([f"condition {number % 40}" for number in range(count)])
    return Observed(given, fine, groups, np.full(count, np.nan))


def test_sign_against_support_gets_weight_and_one_for_it_gets_none() -> None:
    head = fit(_observed(), NAMES)
    assert head.weights["edited"] < -1
    assert head.weights["disorder"] == 0.0
    assert max(head.weights.values()) <= 0.0


def test_threshold_shows_at_most_what_it_may_and_no_less_than_it_could() -> None:
    of = np.array([0.2, 0.4, 0.6, 0.8, 0.9, 0.95])
    fine = np.array([False, False, False, False, True, True])
    assert threshold(of, fine, shown=0.25) == 0.601
    assert threshold(of, fine, shown=0.0) == 0.801
    assert threshold(np.ones(4), np.zeros(4, dtype=bool), shown=0.01) == 1.0


def test_settled_sentences_keep_their_score_and_do_not_move_the_fit() -> None:
    observed = _observed()
    more = Observed(
        np.vstack([observed.features, np.ones((100, len(NAMES)))]),
        np.append(observed.fine, np.ones(100, dtype=bool)),
        np.append(observed.groups, ["other"] * 100),
        np.append(observed.settled, np.zeros(100)),
    )
    assert fit(more, NAMES) == fit(observed, NAMES)
    assert set(scores(fit(more, NAMES), more)[-100:]) == {0.0}


def test_left_out_scores_come_from_other_conditions() -> None:
    observed = _observed()
    of = left_out_scores(observed, NAMES)
    assert of[observed.fine].mean() > of[~observed.fine].mean() + 0.2


def test_written_coefficients_are_those_that_are_read(tmp_path: Path) -> None:
    encoded = fit(_observed(), NAMES)
    alone = fit(_observed(), [name for name in NAMES if name not in MEANING])
    file = tmp_path / "weights.json"
    write_weights(alone, encoded, encoder="hash", pairs_hash="0" * 64, file=file)
    read = SupportScorer.load(file).weights
    assert (read.words_alone, read.with_encoder, read.encoder) == (alone, encoded, "hash")
