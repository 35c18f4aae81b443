"""Whether the search knows when there is no answer: confidence beside the peers' best scores.

Each confidence is of a curve that was fitted on other sources. A question that no entry answers is absent
(nothing is near) or a near miss: they are told apart. The confidence is the ranking's; what the app lowers
for a message that only points back ("how do I get it") is not in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.fit_confidence import (
    HELD_OUT,
    JUDGED_ONLY,
    Observed,
    Peer,
    by_fifths,
    collect,
    left_out,
    observe,
    risks,
)
from benchmarks.report import Figure
from benchmarks.retrieval.metrics import (
    Floats,
    Labels,
    at_risk,
    auroc_of,
    calibration_error,
    reliability,
    risk_curve,
)
from benchmarks.retrieval.peers import WAYS
from benchmarks.retrieval_sets import question_pairs
from retrieval.embedder import Embedder
from retrieval.ranker import Ranker

CLINICS: Final = "held-out clinics"
PAIRS: Final = "question_pairs"
"""Measured apart, in minutes: its curve is for an FAQ that is all questions, and needs no other source."""
SOURCES: Final = (CLINICS, JUDGED_ONLY, PAIRS, "medication_questions", "medquad")
OURS: Final = "confidence"
_POINTS: Final = 60  # of a curve in the picture


def measure(
    data: Path, plain: Embedder, tuned: Embedder, ranker: Ranker | None, *, each: int = 1
) -> dict[str, Figure]:
    """Ask every source, fit without each in turn, and return figures by source."""
    observed = collect(data, tuned, ranker, each=each, plain=plain)
    confidence = left_out(observed, ranked=ranker is not None)
    return {"each": each, **figures(observed, confidence)}


def measure_questions(
    data: Path, plain: Embedder, tuned: Embedder, ranker: Ranker | None, *, each: int = 1
) -> dict[str, Figure]:
    """Ask the doctors' pairs, fit on four fifths of them and judge the last, and return figures by source."""
    observed = observe([question_pairs(data)], tuned, ranker, each=each, plain=plain)
    return {"each": each, PAIRS: _of_source(observed, by_fifths(observed))}


def figures(observed: Mapping[str, Observed], confidence: Mapping[str, Floats]) -> dict[str, Figure]:
    """Return for each of SOURCES its AUROC, calibration, and what is answered at the stated risk."""
    clinics = [name for name in observed if name.startswith(HELD_OUT)]
    found: dict[str, Figure] = {}
    for source in SOURCES:
        names = clinics if source == CLINICS else [source]
        if source == PAIRS or not names or any(name not in observed for name in names):
            continue
        one = _pooled([observed[name] for name in names])
        found[source] = _of_source(one, np.concatenate([confidence[name] for name in names]))
    return found


def _of_source(one: Observed, confidence: Floats) -> dict[str, Figure]:
    scores = {OURS: confidence, **{name: peer.score for name, peer in one.peers.items()}}
    absent = ~one.answerable & ~one.near
    return {
        "questions": len(confidence),
        "answerable": int(one.answerable.sum()),
        "against absent questions": _between(one.answerable, absent, scores),
        "against near misses": _between(one.answerable, one.near, scores),
        "first entry right": auroc_of(one.right, scores, ours=OURS),
        "ece": round(calibration_error(confidence, one.right), 4),
        "reliability": [
            [count, round(said, 4), round(was, 4)] for count, said, was in reliability(confidence, one.right)
        ],
        "risk": risks(confidence, one.right, one.answerable),
        "peers at risk": {
            name: {
                f"{limit:.0%}": at_risk(_as_share(peer.score), peer.right, one.answerable, limit)
                for limit in (0.02, 0.05)
            }
            for name, peer in one.peers.items()
        },
        "curves": {
            name: _thinned(risk_curve(score, right, one.answerable))
            for name, (score, right) in {
                OURS: (confidence, one.right),
                **{name: (peer.score, peer.right) for name, peer in one.peers.items()},
            }.items()
        },
    }


def _between(yes: Labels, no: Labels, scores: Mapping[str, Floats]) -> Figure:
    chosen = yes | no
    return auroc_of(yes[chosen], {name: one[chosen] for name, one in scores.items()}, ours=OURS)


def _as_share(score: Floats) -> Floats:
    """Put scores between 0 and 1 in their order, by rank: a threshold on one is a threshold on the other."""
    _, place = np.unique(score, return_inverse=True)
    shares: Floats = place / max(int(place.max()), 1)
    return shares


def _thinned(points: list[tuple[float, float]]) -> Figure:
    step = max(1, len(points) // _POINTS)
    return [[round(x, 4), round(y, 4)] for x, y in (*points[::step], points[-1])]


def _pooled(parts: list[Observed]) -> Observed:
    return Observed(
        features=np.concatenate([one.features for one in parts]),
        covered=np.concatenate([one.covered for one in parts]),
        right=np.concatenate([one.right for one in parts]),
        answerable=np.concatenate([one.answerable for one in parts]),
        near=np.concatenate([one.near for one in parts]),
        peers={
            name: Peer(
                np.concatenate([one.peers[name].score for one in parts]),
                np.concatenate([one.peers[name].right for one in parts]),
            )
            for name in WAYS
            if all(name in one.peers for one in parts)
        },
    )
