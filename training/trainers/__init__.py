"""Trainers behind one protocol (`base.py`). A new one is a file and a line in `TRAINERS`.

Each builder imports its own libraries when it is called, so that `--help` needs none of them.
"""

from __future__ import annotations

from collections.abc import Callable

from training.tasks.base import TrainerKind
from training.trainers.base import Fit, Job, Point, Predictor, Trainer

__all__ = ["TRAINERS", "Fit", "Job", "Point", "Predictor", "Trainer"]


def _causal_lm() -> Trainer:
    from training.trainers.causal_lm import CausalLM

    return CausalLM()


def _token_classifier() -> Trainer:
    from training.trainers.tagger import Tagger

    return Tagger()


def _text_classifier() -> Trainer:
    from training.trainers.classifier import Classifier

    return Classifier()


def _sentence_embedder() -> Trainer:
    from training.trainers.embedder import Embedder

    return Embedder()


def _ngram_linear() -> Trainer:
    from training.trainers.ngram_linear import NgramLinear

    return NgramLinear()


def _ranker() -> Trainer:
    from training.trainers.ranker import Ranker

    return Ranker()


TRAINERS: dict[TrainerKind, Callable[[], Trainer]] = {
    "causal_lm": _causal_lm,
    "token_classifier": _token_classifier,
    "text_classifier": _text_classifier,
    "sentence_embedder": _sentence_embedder,
    "ngram_linear": _ngram_linear,
    "ranker": _ranker,
}
