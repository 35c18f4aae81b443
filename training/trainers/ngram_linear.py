"""Train a linear classifier over hashed word and character n-grams: the crisis gate's second reader.

Multinomial logistic regression (scikit-learn, L-BFGS) over what `safety/ngrams.py` makes of a text. Its
limits come from authors whom the weights have not seen: each author is left out once, and scored by what the
others teach, in the form that is served (`training/out_of_author.py`). An example's `topic` is its author.

    model.safetensors        int8 weights [columns, labels], a scale and a bias for each label
    crisis_ngrams.json       labels, limits, the hash of the weights (safety/crisis_ngrams.py reads both)
    out_of_author.csv        what each row got when its author was left out; it stays with the run's logs,
                             because nothing that serves needs it

Authors are left out side by side, one a core; each takes a minute. One that was killed goes on with those
that it lacks. It needs no base.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from safetensors.numpy import save as save_tensors
from sklearn.linear_model import LogisticRegression

from safety.crisis_ngrams import (
    CONFIG,
    EMERGENCY,
    KINDS,
    SAFE_LABELS,
    WEIGHTS,
    Ceilings,
    CrisisNgrams,
    Limit,
    NgramConfig,
)
from safety.errors import CrisisWeightsError
from safety.language import LANGUAGES, Language
from safety.ngrams import BITS, FEW, hashed, windows
from training.errors import CorpusError, RecipeError, ReleaseError
from training.out_of_author import OUT_OF_AUTHOR, Score, limits_from, read_scores, scored, write_scores
from training.rows import Example, Prediction, write_value
from training.tasks.crisis_classifier import CrisisTask
from training.trainers.base import Fit, Job, Point, Predictor, Progress
from weights.cache import publish
from weights.cores import usable_cores

STRENGTH: Final = 10.0  # C of the regression
PART_DISCOUNT: Final = 1.5  # log-odds; without it the sentences of a short message raise false alarms
CLINIC_AUTHORS: Final = 5
_ITERATIONS: Final = 60
_TOLERANCE: Final = 3e-3
_LEAST_ROWS: Final = 3  # a column that fewer rows have says little of other rows, and costs time
_LEAST: Final = 1e-12
_UNLIMITED: Final = tuple(
    Limit(action=kind, language=tongue, short=short, act=1.0, support=1.0)
    for kind in KINDS for tongue in LANGUAGES for short in (False, True)
)  # fmt: skip
# What an action weighs in the loss, whatever the number of its rows.
_SHARE_OF_ACTION: Final = {"none": 0.5, "medical_emergency": 0.12, "grief": 0.03}
_SHARE_OF_CRISIS: Final = 0.35


class NgramLinear:
    """The trainer of linear n-gram classifiers; see `training.trainers.base.Trainer`."""

    def fit(self, job: Job, progress: Progress) -> Fit:
        """Score each author by the others, choose limits, and train on all.

        Raises RecipeError for another kind of task, CorpusError for fewer than two authors or labels.
        """
        begun = time.perf_counter()
        task = _task(job)
        authors = _checked(job)
        rows = _Rows(job.train)
        steps, points = len(authors) + 1, list[Point]()
        left_out: list[Score] = []
        for step, scores in enumerate(_left_out(job, rows, authors), start=1):
            left_out += scores
            points.append(Point(step=step, epoch=1.0, seconds=time.perf_counter() - begun))
            progress(points[-1], steps)
        final = _served(
            rows.taught(),
            limits=limits_from(left_out, task.ceilings),
            ceilings=task.ceilings,
            scores_sha256=write_scores(job.logs / OUT_OF_AUTHOR, left_out),
        )
        loss = _mean_nats(final, job.validation)
        points.append(Point(step=steps, epoch=1.0, seconds=time.perf_counter() - begun, validation_loss=loss))

        def fill(fresh: Path) -> None:
            (fresh / WEIGHTS).write_bytes(save_tensors(final.tensors()))
            write_value(fresh / CONFIG, final.config)

        publish(job.out, f"{job.task.name}:{job.seed}", fill)
        progress(points[-1], steps)
        parameters = (1 << BITS) * len(final.config.labels)
        return Fit(
            steps=steps, best_step=steps, best_loss=loss, stopped_early=False,
            seconds=time.perf_counter() - begun, tokens=0, trained_tokens=0,
            trainable_parameters=parameters, parameters=parameters, hardware="cpu", precision="int8",
            points=tuple(points),
        )  # fmt: skip

    def predictor(self, job: Job, adapter: Path | None) -> Predictor:
        """Load trained weights. Raises ReleaseError. Without any, every text gets the commonest label."""
        _task(job)
        if adapter is None:
            return _Commonest(job.train)
        try:
            return NgramPredictor(CrisisNgrams.load(adapter))
        except CrisisWeightsError as error:
            raise ReleaseError(f"{error}") from error


class NgramPredictor:
    """Says which label a text has; see `training.trainers.base.Predictor`."""

    def __init__(self, model: CrisisNgrams) -> None:
        self._model = model

    def predict(self, examples: Sequence[Example], *, arm: str) -> Iterator[Prediction]:
        """Yield the most likely label as `text`; `nll` is that of the label in `target`, as one token."""
        for example in examples:
            begun = time.perf_counter()
            shares = self._model.shares(example.inputs["text"])
            seconds = time.perf_counter() - begun
            right = shares.get(example.target)
            yield Prediction(
                id=example.id,
                arm=arm,
                text=max(shares, key=lambda label: shares[label]),
                seconds=seconds,
                nll=0.0 if right is None else -math.log(max(right, _LEAST)),
                nll_tokens=0 if right is None else 1,
            )

    def close(self) -> None:
        """Give the memory back: nothing is held beyond the weights."""


class _Commonest:
    """What no training gives: the commonest label for every text."""

    def __init__(self, train: Sequence[Example]) -> None:
        counts: dict[str, int] = {}
        for one in train:
            counts[one.target] = counts.get(one.target, 0) + 1
        self._share = {label: count / len(train) for label, count in counts.items()}

    def predict(self, examples: Sequence[Example], *, arm: str) -> Iterator[Prediction]:
        label = max(self._share, key=lambda one: (self._share[one], one), default="none")
        for one in examples:
            share = self._share.get(one.target, 0.0)
            yield Prediction(
                id=one.id,
                arm=arm,
                text=label,
                nll=-math.log(share) if share else 0.0,
                nll_tokens=1 if share else 0,
            )

    def close(self) -> None:
        """Nothing is held."""


class _Rows:
    """The matrix of the training rows, made once, and what any part of it teaches."""

    def __init__(self, rows: Sequence[Example]) -> None:
        found = hashed([(windows(row.inputs["text"]) or [("_",)])[0] for row in rows])
        shape = (len(rows), 1 << BITS)
        self._matrix = sparse.csr_matrix((found.values, (found.rows, found.columns)), shape=shape)
        self._labels = np.array([row.target for row in rows])
        self._authors = np.array([_author(row) for row in rows])
        groups = [row.group or row.id for row in rows]
        counts: dict[str, int] = {}
        for group in groups:
            counts[group] = counts.get(group, 0) + 1
        self._share_of_group = np.array([1 / counts[group] for group in groups])

    def taught(self, *, without: str = "") -> _Learned:
        """Train on all authors, or on all but one: authors weigh alike, and so do the rows of an author."""
        kept = self._authors != without
        matrix, labels = self._matrix[kept], self._labels[kept]
        columns = np.flatnonzero(np.bincount(matrix.indices, minlength=1 << BITS) >= _LEAST_ROWS)
        model = LogisticRegression(C=STRENGTH, max_iter=_ITERATIONS, tol=_TOLERANCE)
        model.fit(matrix[:, columns], labels, sample_weight=self._weights(kept))
        names = tuple(str(label) for label in model.classes_)
        # Of two labels scikit-learn fits the odds of the second alone.
        coefficients, bias = model.coef_, model.intercept_
        if len(names) == 2:
            coefficients, bias = (
                np.vstack((-coefficients, coefficients)) / 2,
                np.array([-bias[0], bias[0]]) / 2,
            )
        weights = np.zeros((1 << BITS, len(names)), dtype=np.float32)
        weights[columns] = coefficients.T
        return _Learned(names, weights, bias.astype(np.float32))

    def _weights(self, kept: NDArray[np.bool_]) -> NDArray[np.float64]:
        weights = self._share_of_group[kept].copy()
        authors, labels = self._authors[kept], self._labels[kept]
        for author in np.unique(authors):
            weights[authors == author] /= weights[authors == author].sum()
        kinds = np.array([_kind(label) for label in labels])
        for kind in np.unique(kinds):
            weights[kinds == kind] *= (
                _SHARE_OF_ACTION.get(kind, _SHARE_OF_CRISIS) / weights[kinds == kind].sum()
            )
        return np.asarray(weights / weights.mean())


@dataclass(frozen=True)
class _Learned:
    """Labels, weights [columns, labels] and bias [labels], before they are made small."""

    labels: tuple[str, ...]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]


def _left_out(job: Job, rows: _Rows, authors: Sequence[str]) -> Iterator[list[Score]]:
    """Yield the scores of each author by what the others teach; those that this very job kept are read."""
    identity = _identity(job)
    written: dict[str, dict[str, Example]] = {author: {} for author in authors}
    for row in reversed(job.train):  # of a template the first message stays
        written[_author(row)][row.group or row.id] = row
    by_id = [sorted(written[author].values(), key=lambda row: row.id) for author in authors]
    kept = [
        job.checkpoints / f"{identity}-{hashlib.sha256(author.encode()).hexdigest()[:16]}.csv"
        for author in authors
    ]
    workers = min(usable_cores(), len(authors))
    with ProcessPoolExecutor(workers, get_context("spawn"), initializer=_start, initargs=(rows,)) as pool:
        yield from pool.map(_score_author, authors, by_id, kept)


_shared: list[_Rows] = []
"""What a worker process was started with: the matrix is sent once, not with each author."""


def _start(rows: _Rows) -> None:
    _shared[:] = [rows]


def _score_author(author: str, written: Sequence[Example], kept: Path) -> list[Score]:
    if not kept.is_file():
        model = _served(_shared[0].taught(without=author))
        write_scores(kept, (scored(one.id, one.target, model.danger(one.inputs["text"])) for one in written))
    return read_scores(kept)


def _identity(job: Job) -> str:
    """Return 16 hex digits over all that decides the scores."""
    digest = hashlib.sha256(
        f"{BITS} {FEW} {STRENGTH} {PART_DISCOUNT} {_LEAST_ROWS} {_ITERATIONS} {CLINIC_AUTHORS}".encode()
    )
    for row in job.train:
        digest.update(row.model_dump_json().encode())
    return digest.hexdigest()[:16]


def _kind(label: str) -> str:
    return label if label in _SHARE_OF_ACTION else "crisis"


def _served(
    learned: _Learned, *, limits: tuple[Limit, ...] = _UNLIMITED,
    ceilings: Mapping[Language, Ceilings] | None = None, scores_sha256: str = "",
) -> CrisisNgrams:  # fmt: skip
    """Return weights in the form that is served: int8, with the largest weight of a label as 127."""
    scale = np.maximum(np.abs(learned.weights).max(axis=0), 1e-9) / 127
    small = np.rint(learned.weights / scale).astype(np.int8)
    raw = save_tensors({"weights": small, "scale": scale.astype(np.float32), "bias": learned.bias})
    config = NgramConfig(
        bits=BITS, labels=learned.labels, limits=limits, ceilings=ceilings or {},
        part_discount=PART_DISCOUNT, weights_sha256=hashlib.sha256(raw).hexdigest(),
        scores_sha256=scores_sha256,
    )  # fmt: skip
    return CrisisNgrams(config, small, scale=scale.astype(np.float32), bias=learned.bias)


def _mean_nats(model: CrisisNgrams, rows: Sequence[Example]) -> float:
    found = [one.nll for one in NgramPredictor(model).predict(rows, arm="tuned") if one.nll_tokens]
    return float(np.mean(found)) if found else 0.0


def _task(job: Job) -> CrisisTask:
    if not isinstance(job.task, CrisisTask):
        raise RecipeError(f"{job.task.name} is no task for n-grams: its false alarms have no ceiling")
    return job.task


def _author(row: Example) -> str:
    """Return who wrote a row: those who asked clinics as a few, because authors weigh alike.

    There are more of them than of all others, and what they wrote is easy: with a weight of their own each,
    they took it from the messages that are mistaken for danger (AUROC of Spanish authors .89 to .84).
    """
    name, _, number = row.topic.rpartition("-")
    return f"{name}-{int(number) % CLINIC_AUTHORS}" if name == "clinic" and number.isdigit() else row.topic


def _checked(job: Job) -> list[str]:
    without = [one.id for one in (*job.train, *job.validation) if not one.target]
    if without:
        raise CorpusError(f"{job.task.name}: {len(without)} rows without a label: {', '.join(without[:10])}")
    authors = list(dict.fromkeys(map(_author, job.train)))
    for author in authors:
        others = {one.target for one in job.train if _author(one) != author}
        if not {"none", EMERGENCY} <= others or others <= {"none", EMERGENCY, *SAFE_LABELS}:
            raise CorpusError(
                f"{job.task.name}: without {author!r} no ordinary rows, emergencies or crises are left. "
                "Limits need at least two authors (the topic of a row) who wrote of each"
            )
    return authors
