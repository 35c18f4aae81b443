"""Train a text classifier: one label for a text (an intent, a specialty, a level of danger).

Learned from `inputs["text"]` and the label in `target`. A text that is longer than the encoder reads
is set aside in training, because its label may rest on any part of it; when it is predicted, it is
read in windows and the windows' probabilities are averaged.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoModelForSequenceClassification

from training.errors import CorpusError
from training.preflight_encoder import Encoded, Part
from training.rows import Example, Prediction
from training.trainers.base import Fit, Job, Predictor, Progress
from training.trainers.encoder_base import (
    EncoderCard,
    card_of,
    input_limit,
    is_balanced,
    job_identity,
    load_encoder,
    load_tokenizer,
    publish_encoder,
    tuned_encoder,
    with_lora,
    without_long,
)
from training.trainers.encoder_heads import LabelLearner, Row, label_weights, probabilities, windows
from training.trainers.encoder_loop import learn, repeatable

_LEAST = 1e-12  # a probability: its logarithm stays a number
_TEXTS_AT_ONCE = 64


class Classifier:
    """The trainer of classifiers; see `training.trainers.base.Trainer`."""

    def fit(self, job: Job, progress: Progress) -> Fit:
        """Train on the labels in `target`.

        Raises CorpusError when a row has no label, or the training rows have fewer than two.
        """
        with repeatable(job.seed):
            tokenizer = load_tokenizer(job.base)
            _check_labels(job)
            card, model = _untrained(job)
            if card.method == "lora":
                model = with_lora(model, job.settings, heads=("classifier",))
            train = _rows(tokenizer, job, job.train, card)
            weights = torch.ones(len(card.labels))
            learner = LabelLearner(
                model,
                train,
                validation=_rows(tokenizer, job, job.validation, card),
                settings=job.settings,
                pad=tokenizer.pad_token_id,
                weights=label_weights(train, len(card.labels)) if is_balanced(job) else weights,
            )
            fit = learn(job, learner, identity=job_identity(job, card), progress=progress)
            publish_encoder(model, tokenizer, job=job, card=card)
        return fit

    def limit(self, job: Job) -> int:
        """See `training.preflight_encoder.Reader`."""
        return input_limit(job)

    def look(self, job: Job, rows: Sequence[Example], *, draw: bool = False) -> Iterator[Encoded]:
        """Yield the length of each text, and its label; a longer one is measured, but not trained on."""
        tokenizer, limit = load_tokenizer(job.base), self.limit(job)
        for one in rows:
            cut = windows(tokenizer, one.inputs["text"], limit=limit)
            yield Encoded(
                id=one.id,
                tokens=sum(len(window.tokens) for window in cut),
                windows=len(cut),
                long=len(cut) > 1,
                parts=(
                    Part(kind="read", text=f"{one.inputs['text']}\n"),
                    Part(kind="taught", text=one.target, label="label"),
                )
                if draw
                else (),
            )

    def predictor(self, job: Job, adapter: Path | None) -> Predictor:
        """Load the base with the unmerged adapter, or weights tuned whole. Raises ReleaseError.

        Without an adapter the head is new, and says nothing: it is what training starts from.
        """
        folder = job.base
        if adapter is None:
            with repeatable(job.seed):
                card, model = _untrained(job)
        else:
            card, model, folder = tuned_encoder(AutoModelForSequenceClassification, job, adapter)
        return LabelPredictor(model.eval(), load_tokenizer(folder), card)


class LabelPredictor:
    """Says which label a text has; see `training.trainers.base.Predictor`."""

    def __init__(self, model: Any, tokenizer: Any, card: EncoderCard) -> None:
        self._model, self._tokenizer, self._card = model, tokenizer, card

    def predict(self, examples: Sequence[Example], *, arm: str) -> Iterator[Prediction]:
        """Yield the most likely label of `inputs["text"]` as `text`.

        `nll` is that of the label in `target`, counted as one token, where it is a known one.
        """
        place = {label: at for at, label in enumerate(self._card.labels)}
        for start in range(0, len(examples), _TEXTS_AT_ONCE):
            some = examples[start : start + _TEXTS_AT_ONCE]
            begun = time.perf_counter()
            cut = [self._cut(one.inputs["text"]) for one in some]
            flat = [tokens for text in cut for tokens in text]
            found = iter(probabilities(self._model, flat, pad=self._tokenizer.pad_token_id))
            shares = [np.mean([next(found) for _ in text], axis=0) for text in cut]
            each = (time.perf_counter() - begun) / len(some)
            for example, text, share in zip(some, cut, shares, strict=True):
                at = place.get(example.target)
                yield Prediction(
                    id=example.id,
                    arm=arm,
                    text=self._card.labels[int(share.argmax())],
                    seconds=each,
                    prompt_tokens=sum(map(len, text)),
                    nll=0.0 if at is None else -math.log(max(float(share[at]), _LEAST)),
                    nll_tokens=0 if at is None else 1,
                )

    def _cut(self, text: str) -> list[tuple[int, ...]]:
        return [one.tokens for one in windows(self._tokenizer, text, limit=self._card.max_tokens)]

    def close(self) -> None:
        """Give the memory back."""
        self._model = None


def _rows(tokenizer: Any, job: Job, examples: Sequence[Example], card: EncoderCard) -> list[Row]:
    tokens = [tuple(tokenizer(one.inputs["text"])["input_ids"]) for one in examples]
    by_id = dict(zip((one.id for one in examples), tokens, strict=True))
    kept = without_long(job, examples, [len(one) for one in tokens], limit=card.max_tokens)
    return [Row(by_id[one.id], (card.labels.index(one.target),)) for one in kept]


def _check_labels(job: Job) -> None:
    without = [one.id for one in (*job.train, *job.validation) if not one.target]
    if without:
        raise CorpusError(f"{job.task.name}: {len(without)} rows without a label: {', '.join(without[:10])}")
    if len({one.target for one in job.train}) < 2:
        raise CorpusError(f"{job.task.name}: the {len(job.train)} training rows have fewer than two labels")


def _untrained(job: Job) -> tuple[EncoderCard, Any]:
    """Return the base with a new head. Labels are those of the rows, in alphabetical order."""
    labels = sorted({one.target for one in (*job.train, *job.validation) if one.target})
    model = load_encoder(AutoModelForSequenceClassification, job.base, labels=labels)
    return card_of(job, positions=model.config.max_position_embeddings, labels=labels), model
