"""Train a token classifier: spans of a text, each with a label (names, places, numbers, ...).

Windows and what is made of a tagger's probabilities stand in `safety/tagging.py`, which serves it.
Spans are found in code points of the text as it is given.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForTokenClassification

from safety import tagging
from safety.tagging import OUTSIDE, Probabilities, Window
from training.errors import CorpusError
from training.preflight_encoder import Encoded, Part
from training.rows import Example, Prediction, Span
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
)
from training.trainers.encoder_heads import (
    NO_LOSS,
    LabelLearner,
    Row,
    label_weights,
    probabilities,
    windows,
)
from training.trainers.encoder_loop import learn, repeatable

_TEXTS_AT_ONCE = 64


class Tagger:
    """The trainer of taggers; see `training.trainers.base.Trainer`."""

    def fit(self, job: Job, progress: Progress) -> Fit:
        """Train on `spans` into `inputs["text"]`. Raises CorpusError when no row has a span."""
        with repeatable(job.seed):
            tokenizer = load_tokenizer(job.base)
            card, model = _untrained(job)
            if len(card.labels) == 1:
                raise CorpusError(f"{job.task.name}: no training row has a span to learn from")
            if card.method == "lora":
                model = with_lora(model, job.settings, heads=("classifier",))
            train = tagged_rows(tokenizer, job.train, card)
            weights = torch.ones(len(card.labels))
            learner = LabelLearner(
                model,
                train,
                validation=tagged_rows(tokenizer, job.validation, card),
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
        """Yield the windows of each text, and the labels of their tokens as stretches."""
        tokenizer, limit = load_tokenizer(job.base), self.limit(job)
        for one in rows:
            cut = windows(tokenizer, one.inputs["text"], limit=limit)
            yield Encoded(
                id=one.id,
                tokens=sum(len(window.tokens) for window in cut),
                windows=len(cut),
                parts=tuple(part for window in cut for part in _parts(one, window)) if draw else (),
            )

    def predictor(self, job: Job, adapter: Path | None) -> Predictor:
        """Load the base with the unmerged adapter, or weights tuned whole. Raises ReleaseError."""
        folder = job.base
        if adapter is None:
            with repeatable(job.seed):
                card, model = _untrained(job)
        else:
            card, model, folder = tuned_encoder(AutoModelForTokenClassification, job, adapter)
        return SpanPredictor(model.eval(), load_tokenizer(folder), card)


class SpanPredictor:
    """Finds the spans of texts; see `training.trainers.base.Predictor`."""

    def __init__(self, model: Any, tokenizer: Any, card: EncoderCard) -> None:
        self._model, self._tokenizer, self._card = model, tokenizer, card

    def predict(self, examples: Sequence[Example], *, arm: str) -> Iterator[Prediction]:
        """Yield the spans of `inputs["text"]`, in order and without overlaps."""
        for start in range(0, len(examples), _TEXTS_AT_ONCE):
            some = examples[start : start + _TEXTS_AT_ONCE]
            begun = time.perf_counter()
            cut = [windows(self._tokenizer, one.inputs["text"], limit=self._card.max_tokens) for one in some]
            flat = [window for text in cut for window in text]
            found = iter(
                probabilities(self._model, [one.tokens for one in flat], pad=self._tokenizer.pad_token_id)
            )
            spans = [decode(text, [next(found) for _ in text], self._card.labels) for text in cut]
            each = (time.perf_counter() - begun) / len(some)
            for example, text, answer in zip(some, cut, spans, strict=True):
                tokens = sum(len(window.tokens) for window in text)
                yield Prediction(id=example.id, arm=arm, spans=answer, seconds=each, prompt_tokens=tokens)

    def close(self) -> None:
        """Give the memory back."""
        self._model = None


def tagged_rows(tokenizer: Any, examples: Sequence[Example], card: EncoderCard) -> list[Row]:
    """Return one row a window, with a label for each token. Windows without a token are left out."""
    place = {label: at for at, label in enumerate(card.labels)}
    rows = []
    for example in examples:
        spans = sorted(example.spans, key=lambda span: span.start)
        for window in windows(tokenizer, example.inputs["text"], limit=card.max_tokens):
            labels = tuple(
                NO_LOSS if word is None else place[_label(example.inputs["text"], spans, *offset)]
                for word, offset in zip(window.words, window.offsets, strict=True)
            )
            if any(label != NO_LOSS for label in labels):
                rows.append(Row(window.tokens, labels))
    return rows


def _parts(example: Example, window: Window) -> Iterator[Part]:
    """Yield a window's text, cut where the label that its tokens are taught changes; then a line break."""
    text, spans = example.inputs["text"], sorted(example.spans, key=lambda span: span.start)
    stretches: list[tuple[str, int, int]] = []
    for word, (start, end) in zip(window.words, window.offsets, strict=True):
        if word is None:
            continue
        label = _label(text, spans, start, end)
        kind = label if label == OUTSIDE else label[2:]
        if stretches and stretches[-1][0] == kind and not label.startswith("B-"):
            stretches[-1] = (kind, stretches[-1][1], end)
        else:
            if stretches and start > stretches[-1][2]:
                stretches.append((OUTSIDE, stretches[-1][2], start))
            stretches.append((kind, start, end))
    for kind, start, end in stretches:
        read = kind == OUTSIDE
        yield Part(kind="read" if read else "taught", text=text[start:end], label="" if read else kind)
    yield Part(kind="read", text="\n")


def bio_labels(examples: Sequence[Example]) -> tuple[str, ...]:
    """Return `O` and the two labels of every kind of span, in alphabetical order."""
    kinds = sorted({span.label for example in examples for span in example.spans})
    return (OUTSIDE, *(f"{part}-{kind}" for kind in kinds for part in "BI"))


def decode(
    text: Sequence[Window], shares: Sequence[Probabilities], labels: Sequence[str]
) -> tuple[Span, ...]:
    """Return the spans of one text from the probabilities of its windows, each [tokens, labels]."""
    return tuple(
        Span(start=one.start, end=one.end, label=one.label) for one in tagging.decode(text, shares, labels)
    )


def _label(text: str, spans: Sequence[Span], start: int, end: int) -> str:
    """Return the label of the token at start:end; `spans` are in order and do not overlap."""
    at = bisect_right(spans, start, key=lambda span: span.end)
    if at == len(spans) or spans[at].start >= max(end, start + 1):
        return OUTSIDE
    span = spans[at]
    # A span may begin with spaces, which no token has.
    begins = start <= span.start or not text[span.start : start].strip()
    return f"{'B' if begins else 'I'}-{span.label}"


def _untrained(job: Job) -> tuple[EncoderCard, Any]:
    """Return the base with a new head."""
    labels = bio_labels([*job.train, *job.validation])
    model = load_encoder(AutoModelForTokenClassification, job.base, labels=labels)
    return card_of(job, positions=model.config.max_position_embeddings, labels=labels), model
