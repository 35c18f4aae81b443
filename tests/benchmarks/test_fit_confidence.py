"""The curve is fitted within its bounds, each source is judged without itself, the app keeps what it states."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.decision import FAQ_CONFIDENCE, GROUNDED_CONFIDENCE
from benchmarks import fit_confidence
from benchmarks.fit_confidence import Observed, Remembering, fit, left_out, observe, predict, risks, together
from benchmarks.retrieval.peers import WAYS
from benchmarks.retrieval_sets import JudgedSet, Question
from retrieval.calibration import Features
from retrieval.embedder import HashEmbedder
from retrieval.faq import FaqEntry

RESULTS = Path(fit_confidence.__file__).parent / "results"
NAMES = Features.names()


def _observed(seed: int, count: int = 400, *, turned: bool = False) -> Observed:
    """Make questions that are right the more surely the nearer the title is; `turned`: the other way."""
    rng = np.random.default_rng(seed)
    features = rng.random((count, len(NAMES)))
    chance = 1 / (1 + np.exp(-(8 * features[:, NAMES.index("title")] - 4)))
    right = rng.random(count) < (1 - chance if turned else chance)
    covered = np.ones(count, dtype=bool)
    return Observed(features, covered, right, right | (rng.random(count) < 0.5), np.zeros(count, dtype=bool))


def test_the_fit_finds_what_right_answers_go_by() -> None:
    curve = fit({"a": _observed(1, 4000)})
    assert curve.weights["title"] == pytest.approx(8, abs=1.5)
    assert all(weight < 1.5 for name, weight in curve.weights.items() if name != "title")
    assert not set(curve.weights) & set(fit_confidence.RANKED_ONLY)


def test_more_evidence_never_lowers_the_confidence() -> None:
    curve = fit({"a": _observed(1, turned=True)}, ranked=True)
    assert min(curve.weights.values()) >= 0
    assert set(curve.weights) == set(NAMES)


def test_what_lacks_its_subject_is_as_sure_as_it_was_right() -> None:
    one = _observed(1)
    covered = np.arange(len(one.right)) % 2 == 0
    right = np.where(covered, one.right, np.arange(len(one.right)) % 8 == 1)
    curve = fit({"a": replace(one, covered=covered, right=right)})
    assert curve.without_subject == pytest.approx(0.25, abs=0.01)


def test_a_source_is_judged_by_a_curve_that_has_not_seen_it() -> None:
    same, other = _observed(1), _observed(2, turned=True)
    observed = {"written_a": same, "written_b": _observed(3), "medquad": other}
    found = left_out(observed)
    assert np.array_equal(
        found["written_a"], predict(fit({"written_b": observed["written_b"], "medquad": other}), same)
    )
    assert not np.allclose(found["written_a"], predict(fit(observed), same))


def test_the_samples_sources_are_left_out_together() -> None:
    observed = {"sample_dev": _observed(1), "sample_test": _observed(2), "medquad": _observed(3)}
    found = left_out(observed)
    assert np.array_equal(
        found["sample_test"], predict(fit({"medquad": observed["medquad"]}), observed["sample_test"])
    )


def test_the_stated_risk_is_of_the_held_out_clinics_alone() -> None:
    observed = {"written_a": _observed(1), "medquad": _observed(2), "written_b": _observed(3)}
    confidence = {name: np.full(len(one.right), 0.9) for name, one in observed.items()}
    found, right, answerable = together(observed, confidence)
    assert len(found) == len(right) == len(answerable) == 800
    assert right.sum() == observed["written_a"].right.sum() + observed["written_b"].right.sum()


def test_a_limit_of_the_app_that_lets_too_much_through_is_said() -> None:
    confidence = np.linspace(0, 1, 2000)
    answerable, right = np.ones(2000, dtype=bool), confidence > 0.5
    found = risks(confidence, right, answerable)
    assert found["faq"]["kept_by_app"] is True  # type: ignore[index, call-overload]
    # Wrong from .9 to 1: no limit of the app's keeps that.
    found = risks(confidence, confidence < 0.9, answerable)
    assert found["faq"]["kept_by_app"] is False  # type: ignore[index, call-overload]
    assert found["faq"]["app"]["threshold"] == FAQ_CONFIDENCE  # type: ignore[index, call-overload]
    assert found["grounded"]["app"]["threshold"] == GROUNDED_CONFIDENCE  # type: ignore[index, call-overload]


def test_peers_are_asked_the_same_and_hidden_entries_are_hidden_from_them() -> None:
    entries = (
        FaqEntry("park", "where can i park", "Behind the house."),
        FaqEntry("hours", "when are you open", "From nine to five."),
    )
    questions = (
        Question("where can i park my car", frozenset({"park"})),
        Question("where can i park my car", frozenset(), frozenset({"park"})),
        Question("when is the park open", frozenset(), near=True),
    )
    embedder = Remembering(HashEmbedder())
    found = observe([JudgedSet("tiny", entries, questions)], embedder, plain=embedder)
    by_text = {
        (bool(a), bool(n)): at for at, (a, n) in enumerate(zip(found.answerable, found.near, strict=True))
    }
    asked, hidden, near = (by_text[key] for key in ((True, False), (False, False), (False, True)))
    assert found.right[asked] and not found.right[hidden] and not found.right[near]
    assert set(found.peers) == set(WAYS)
    for peer in found.peers.values():
        assert peer.right[asked] and not peer.right[hidden]
    assert found.peers["minilm"].score[hidden] < found.peers["minilm"].score[asked]


def test_the_apps_limits_keep_the_stated_risk_in_the_result_that_is_kept() -> None:
    """Whoever measures anew, with another ranker or curve, learns here that the limits no longer hold."""
    figures = json.loads((RESULTS / "fit_confidence.json").read_text(encoding="utf-8"))["figures"]
    kept = figures["at_risk"]
    assert kept["faq"]["app"]["threshold"] == FAQ_CONFIDENCE
    assert kept["grounded"]["app"]["threshold"] == GROUNDED_CONFIDENCE
    for kind, limit in (("faq", 0.02), ("grounded", 0.05)):
        assert kept[kind]["most_wrong"] == limit
        assert kept[kind]["app"]["wrong"]["high"] <= limit, f"{kind}: {kept[kind]}"
