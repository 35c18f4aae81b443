"""Fit the numbers of retrieval/calibration*.json and say how well they hold where they were not fitted.

With a ranker (the active one, or `--ranker FOLDER`) those of calibration_ranked.json; with
`--ranker none` those of calibration.json; and each time those of calibration_questions.json, on the doctors'
pairs alone, which are all questions: judged there by fifths, each by the other four.

Each source is left out in turn: fitted on the others, judged on it. What ships is fitted on all.
A source has the same weight whatever its size, but for SOURCE_WEIGHTS. More evidence may never
lower the confidence, so no weight is negative. Without a ranker, questions whose subject the first hit lacks
are not fitted on: one number says how often it is right all the same. Only numbers leave this program.

`at_risk` says from which confidence on the stated risk is kept on the held-out clinics, each judged by a
curve that was fitted without it, beside the limits of app/decision.py: they are chosen by hand from it.
Run: python -m benchmarks.fit_confidence [--write]
"""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import typer
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.metrics import roc_auc_score
from tqdm import tqdm

from app.decision import FAQ_CONFIDENCE, GROUNDED_CONFIDENCE
from benchmarks import retrieval_sets as sets
from benchmarks.datasets import DATASETS
from benchmarks.report import Figure, report
from benchmarks.retrieval.metrics import at_risk, at_threshold, calibration_error
from benchmarks.retrieval.peers import WAYS
from retrieval.build import SAMPLE_FAQ, build_index
from retrieval.calibration import FILE, MAX_NUMBERS, QUESTIONS_FILE, RANKED_FILE, Curve, Features
from retrieval.embedder import Embedder, Vectors, faq_source, load_embedder
from retrieval.query import clean_query
from retrieval.ranker import Ranker, load_ranker
from retrieval.retriever import Retriever
from weights.defaults import EMBEDDER

QUERIES = Path(__file__).parent.parent / "tests" / "retrieval" / "queries"
SHORT = QUERIES.parent / "short_queries.jsonl"
# Judged like the others, never fitted on.
JUDGED_ONLY = "sample_test"
# Questions to a clinic are what the product gets. The doctors' pairs have questions for answers and
# near misses for all that has none; foreign questions alone say little about the doubtful ones.
SOURCE_WEIGHTS = {"sample_dev": 2.0, "question_pairs": 0.5, "sample_foreign": 0.5}
# Beside a ranker there are clinics that it has not learned from: what is asked of them counts before what is
# asked of an encyclopedia or of leaflets.
RANKED_WEIGHTS = {"medquad": 0.25, "medication_questions": 0.25}
# Left-out alternates are observed, not fitted on: each was written to share little with the others.
OBSERVED_ONLY = frozenset({JUDGED_ONLY, "sample_alternates"})
# A ranker reads answers, and the doctors' pairs have none: their entries say their questions again.
NOT_RANKED = frozenset({"question_pairs"})
# What says how near two questions are, where nothing else is to be had.
OF_QUESTIONS = ("title", "margin", "agreement")
_FIFTHS = 5
# How long questions are depends on who wrote them: a set's habit must not pass for evidence.
_LARGEST_LENGTH_WEIGHT = 0.8
_REGULARISATION = 1e-4
# Chosen by hand on sample_dev, sample_foreign and medication_questions: of the answers given from an
# entry that nothing like the question asks for, more were wrong than right.
LEAST_TITLE = 0.45
# A ranker reads what a patient's words mean: nearness of the vectors decides nothing alone.
LEAST_TITLE_RANKED = 0.0
# Of the features, those that only a ranker gives, or that are read beside one alone.
RANKED_ONLY = ("answers", "share", "some", "lead", "subject", "near")
HELD_OUT: Final = "written_"
"""What the names of the held-out clinics begin with."""
RISKS: Final = {"faq": (0.02, FAQ_CONFIDENCE), "grounded": (0.05, GROUNDED_CONFIDENCE)}
"""The stated risk of each kind of answer, and from which confidence on the app gives it."""

Floats = NDArray[np.float64]
Labels = NDArray[np.bool_]


@dataclass(frozen=True)
class Peer:
    """What a peer says of the same questions: its best score for each, and whether that entry was right."""

    score: Floats
    right: Labels


@dataclass(frozen=True)
class Observed:
    """The features of a source's questions, whether the first hit had its subject, and was right.

    `answerable` says whether any entry answers, `near` whether none does though one is near.
    """

    features: Floats
    covered: Labels
    right: Labels
    answerable: Labels
    near: Labels
    peers: Mapping[str, Peer] = field(default_factory=dict)


class Remembering:
    """An embedder that computes each text once: the sets repeat most of theirs."""

    def __init__(self, inner: Embedder) -> None:
        self._inner = inner
        self._known: dict[str, Vectors] = {}
        self.name, self.sha256, self.dimension = inner.name, inner.sha256, inner.dimension
        self.vocabulary = inner.vocabulary

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector for each text."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known.update(zip(new, self._inner.embed(new), strict=True))
        return np.stack([self._known[text] for text in texts])


def observe(
    judged: Sequence[sets.JudgedSet],
    embedder: Embedder,
    ranker: Ranker | None = None,
    *,
    each: int = 1,
    plain: Embedder | None = None,
) -> Observed:
    """Ask all questions of some sets and note features and whether the first hit was right.

    With a `plain` embedder its peers are asked the same.
    """
    rows: list[tuple[float, ...]] = []
    labels: list[tuple[bool, bool, bool, bool]] = []
    theirs: list[list[tuple[float, bool]]] = []
    for one in judged:
        retriever = opened(one, embedder, ranker)
        peer = opened(one, plain) if plain is not None else None
        # By chance: every n-th would be all of one kind.
        asked = random.Random(0).sample(one.questions, -(-len(one.questions) // each))
        for question in asked:
            allowed = retriever.mask(without=question.without)
            ranking = retriever.rank(retriever.understood(question.text), allowed=allowed)
            first = retriever.id_of(int(ranking.views.entries[ranking.order[0]]))
            rows.append(ranking.features.values())
            labels.append((ranking.covered, first in question.right, bool(question.right), question.near))
            if peer is not None:
                theirs.append(_of_peers(peer, question, allowed))
    covered, right, answerable, near = np.array(labels).T
    scores, found = np.array(theirs).T if theirs else (np.empty((0, 0)), np.empty((0, 0)))
    return Observed(
        np.array(rows),
        covered,
        right,
        answerable,
        near,
        {name: Peer(score, hit.astype(bool)) for name, score, hit in zip(WAYS, scores, found, strict=False)},
    )


def opened(judged: sets.JudgedSet, embedder: Embedder, ranker: Ranker | None = None) -> Retriever:
    """Return a retriever over a set's entries."""
    with tempfile.TemporaryDirectory() as folder:
        build_index(judged.entries, out=Path(folder) / "index", embedder=embedder)
        return Retriever.open(Path(folder) / "index", embedder, ranker)


def _of_peers(peer: Retriever, question: sets.Question, allowed: Labels) -> list[tuple[float, bool]]:
    # With every entry as a candidate, each peer ranks the whole corpus.
    views = peer.rank(clean_query(question.text), allowed=allowed, top_k=len(allowed)).views
    found = []
    for way in WAYS.values():
        scores = way(views)
        best = int(np.argmax(scores))
        found.append((float(scores[best]), peer.id_of(int(views.entries[best])) in question.right))
    return found


def collect(
    data: Path,
    embedder: Embedder,
    ranker: Ranker | None = None,
    *,
    each: int = 1,
    plain: Embedder | None = None,
) -> dict[str, Observed]:
    """Return what is observed on each source; of the large ones on each n-th question."""
    sources: dict[str, list[sets.JudgedSet]] = {
        "question_pairs": [sets.question_pairs(data)],
        "medication_questions": [sets.medication_questions(data)],
        "medquad": [sets.medquad(data)],
        "sample_alternates": list(sets.sample_alternates(SAMPLE_FAQ)),
        "sample_foreign": [sets.sample_foreign(SAMPLE_FAQ, data)],
        "sample_dev": [
            sets.sample_asked(SAMPLE_FAQ, QUERIES, "dev"),
            sets.sample_short(SAMPLE_FAQ, SHORT),
        ],
        **{one.name: [one] for one in sets.written_clinics()},
        JUDGED_ONLY: [sets.sample_asked(SAMPLE_FAQ, QUERIES, "test")],
    }
    found = {}
    for name in tqdm(sources, desc="asking", unit="source"):
        share = 1 if name in ("sample_dev", JUDGED_ONLY) else each
        found[name] = observe(sources[name], embedder, ranker, each=share, plain=plain)
    return found


def fit(
    observed: Mapping[str, Observed], *, ranked: bool = False, of: Sequence[str] = (), unbounded: bool = False
) -> Curve:
    """Fit the curve by maximum likelihood within the bounds, on all features or those `of` a few.

    Without a ranker what holds without the subject is fitted apart; with one, or `unbounded`, it is not.
    """
    names = [name for name in of or Features.names() if ranked or name not in RANKED_ONLY]
    weights = SOURCE_WEIGHTS | (RANKED_WEIGHTS if ranked else {})
    places = [Features.names().index(name) for name in names]
    features = np.concatenate([one.features[:, places] for one in observed.values()])
    covered = np.concatenate([one.covered for one in observed.values()])
    right = np.concatenate([one.right for one in observed.values()]).astype(float)
    weight = np.concatenate(
        [np.full(len(one.right), weights.get(name, 1.0) / len(one.right)) for name, one in observed.items()]
    )
    weight /= weight.sum()
    without = weight * ~covered
    unbounded = unbounded or ranked
    if not unbounded:
        weight = weight * covered / (weight @ covered)
    scale = features.std(0) + 1e-9
    scaled = features / scale

    def loss(numbers: Floats) -> tuple[float, Floats]:
        logit = numbers[0] + scaled @ numbers[1:]
        residual = (1 / (1 + np.exp(-logit)) - right) * weight
        value = weight @ (np.logaddexp(0, logit) - right * logit)
        penalty = _REGULARISATION * numbers[1:]
        return value + penalty @ numbers[1:], np.append(residual.sum(), scaled.T @ residual + 2 * penalty)

    largest = [_LARGEST_LENGTH_WEIGHT * at for at in scale]
    bounds = [(None, None)] + [
        (0.0, limit if name == "length" else None) for name, limit in zip(names, largest, strict=True)
    ]
    found = minimize(loss, np.zeros(len(names) + 1), jac=True, bounds=bounds, method="L-BFGS-B").x
    return Curve(
        fitted=f"{datetime.now(UTC).date().isoformat()} by benchmarks/fit_confidence.py",
        intercept=round(float(found[0]), 4),
        weights={name: round(float(value), 4) for name, value in zip(names, found[1:] / scale, strict=True)},
        least_title=LEAST_TITLE_RANKED if unbounded else LEAST_TITLE,
        without_subject=1.0 if unbounded else round(float(without @ right / max(without.sum(), 1e-9)), 4),
    )


def predict(curve: Curve, observed: Observed) -> Floats:
    """Return the curve's probabilities for what was observed."""
    return np.array(
        [
            curve.probability(Features(*row), covered=bool(covered))
            for row, covered in zip(observed.features, observed.covered, strict=True)
        ]
    )


def quality(probability: Floats, right: Labels) -> dict[str, Figure]:
    """Return AUROC, expected calibration error, Brier score and what is right when answering less."""
    order = np.argsort(-probability, kind="stable")
    both = right.any() and not right.all()
    return {
        "questions": len(right),
        "right": round(float(right.mean()), 3),
        "mean_confidence": round(float(probability.mean()), 3),
        "auroc": round(float(roc_auc_score(right, probability)), 3) if both else None,
        "ece": round(calibration_error(probability, right), 3),
        "brier": round(float(((probability - right) ** 2).mean()), 3),
        "right_of_answered": {
            f"{share:.0%}": round(float(right[order[: max(1, int(share * len(right)))]].mean()), 3)
            for share in (0.25, 0.5, 0.75)
        },
    }


def left_out(observed: Mapping[str, Observed], *, ranked: bool = False) -> dict[str, Floats]:
    """Return for each source the confidences of a curve that was fitted on the others."""
    found: dict[str, Floats] = {}
    apart = OBSERVED_ONLY | (NOT_RANKED if ranked else frozenset())
    for name, held in observed.items():
        # The sample's own sources know each other's entries: they are left out together.
        kin = {name} | {
            other for other in observed if name.startswith("sample") and other.startswith("sample")
        }
        if name in NOT_RANKED:
            found[name] = by_fifths(held)
            continue
        others = {other: one for other, one in observed.items() if other not in kin | apart}
        found[name] = predict(fit(others, ranked=ranked), held)
    return found


def fit_questions(observed: Observed) -> Curve:
    """Fit the curve of an FAQ that is all questions."""
    return fit({"question_pairs": observed}, of=OF_QUESTIONS, unbounded=True)


def by_fifths(observed: Observed) -> Floats:
    """Return confidences of curves for questions, each fitted on four fifths and used on the last."""
    found = np.zeros(len(observed.right))
    fifth = np.arange(len(found)) % _FIFTHS
    for at in range(_FIFTHS):
        found[fifth == at] = predict(
            fit_questions(_part(observed, fifth != at)), _part(observed, fifth == at)
        )
    return found


def _part(observed: Observed, chosen: Labels) -> Observed:
    return Observed(
        observed.features[chosen],
        observed.covered[chosen],
        observed.right[chosen],
        observed.answerable[chosen],
        observed.near[chosen],
    )


def together(
    observed: Mapping[str, Observed], confidence: Mapping[str, Floats]
) -> tuple[Floats, Labels, Labels]:
    """Return the held-out clinics' confidences, whether the first hit was right, and whether any entry is."""
    names = [name for name in observed if name.startswith(HELD_OUT)]
    return (
        np.concatenate([confidence[name] for name in names]),
        np.concatenate([observed[name].right for name in names]),
        np.concatenate([observed[name].answerable for name in names]),
    )


def risks(confidence: Floats, right: Labels, answerable: Labels) -> dict[str, Figure]:
    """Return for each kind of answer what its stated risk allows, and what the app's own limit does."""
    found: dict[str, Figure] = {}
    for kind, (limit, app) in RISKS.items():
        allowed = at_risk(confidence, right, answerable, limit)
        found[kind] = {
            "most_wrong": limit,
            "allowed": allowed,
            "app": at_threshold(confidence, right, answerable, app),
            "kept_by_app": allowed is not None and app >= float(str(allowed["threshold"])),
        }
    return found


def main(
    data: Annotated[Path, typer.Option(help="Folder with the data.")] = DATASETS,
    write: Annotated[bool, typer.Option(help="Write the fitted numbers to calibration.json.")] = False,
    out: Annotated[Path | None, typer.Option(help="Result file.")] = None,
    embedder: Annotated[str, typer.Option(help="Source; default: what FAQs are searched with.")] = "",
    ranker: Annotated[str, typer.Option(help="A release's folder; default: the active one; or none.")] = "",
    each: Annotated[int, typer.Option(min=1, help="Of the large sources ask each n-th question.")] = 1,
) -> None:
    """Fit, judge, and if wanted write the numbers."""
    embedder = embedder or faq_source(EMBEDDER)
    reader = load_ranker(ranker, embedder=embedder, models_dir=Path("models"))
    ranked = reader is not None
    observed = collect(data, Remembering(load_embedder(embedder)), reader, each=each)
    curve = fit_shipped(observed, ranked=ranked)
    confidence = left_out(observed, ranked=ranked)
    figures: dict[str, Figure] = {
        "each": each,
        "at_risk": risks(*together(observed, confidence)),
        "left_out": {name: quality(confidence[name], one.right) for name, one in observed.items()},
        "shipped": {name: quality(predict(curve, one), one.right) for name, one in observed.items()},
        "curve": {"intercept": curve.intercept, **curve.weights, "without_subject": curve.without_subject},
    }
    if write:
        write_curve(curve, RANKED_FILE if ranked else FILE)
        write_curve(fit_questions(observed["question_pairs"]), QUESTIONS_FILE)
    report("fit_confidence", figures, out)


def fit_shipped(observed: dict[str, Observed], *, ranked: bool = False) -> Curve:
    """Fit on all sources but those that are only observed."""
    apart = OBSERVED_ONLY | (NOT_RANKED if ranked else frozenset())
    return fit({name: one for name, one in observed.items() if name not in apart}, ranked=ranked)


def write_curve(curve: Curve, file: Path = FILE) -> None:
    """Write the curve. Raises ValueError when it has more numbers than may ship."""
    if 3 + len(curve.weights) > MAX_NUMBERS:
        raise ValueError(f"a curve may have {MAX_NUMBERS} numbers, this one has {3 + len(curve.weights)}")
    file.write_text(json.dumps(curve.model_dump(), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
