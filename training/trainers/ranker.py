"""Train a ranker: a query and some candidates are read in pairs, and the right one gets the highest score.

The loss of a row is the cross-entropy over its candidates and "none of them", whose score is always 0: so a
score tells not only which candidate is best, but whether any of them will do. The score is the first
token's, from a head for tokens; it is served by the same graph as the tagger's.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Encoding, Tokenizer
from transformers import AutoModelForTokenClassification

from retrieval.embedder import Embedder, load_embedder
from retrieval.ranker import QUERY_TOKENS, Scores, pair_tokens
from training.errors import CorpusError, ReleaseError
from training.preflight_encoder import Encoded, Part
from training.recipe import Train
from training.rows import Example, Prediction
from training.trainers.base import Fit, Job, Predictor, Progress
from training.trainers.encoder_base import (
    card_of,
    input_limit,
    job_identity,
    load_encoder,
    load_tokenizer,
    publish_encoder,
    tuned_encoder,
    with_lora,
)
from training.trainers.encoder_heads import token_logits
from training.trainers.encoder_loop import Stepped, learn, repeatable
from training.trainers.machine import mixed
from training.written.faq_rows import NONE

LABEL = "answers"
_ROWS_AT_ONCE = 16


@dataclass(frozen=True)
class Ranked:
    """The tokens of a query with each candidate; `right` is the place of the answer, or their number."""

    pairs: tuple[tuple[int, ...], ...]
    right: int


class Ranker:
    """The trainer of rankers; see `training.trainers.base.Trainer`."""

    def fit(self, job: Job, progress: Progress) -> Fit:
        """Train on `inputs["query"]`, `passages` and the place in `target`. Raises CorpusError."""
        if not job.train:
            raise CorpusError(f"{job.task.name}: no row to learn from")
        with repeatable(job.seed):
            tokenizer = load_tokenizer(job.base)
            model = load_encoder(AutoModelForTokenClassification, job.base, labels=(LABEL,))
            card = card_of(job, positions=model.config.max_position_embeddings, labels=(LABEL,))
            if card.method == "lora":
                model = with_lora(model, job.settings, heads=("classifier",))
            words = _Words.of(job.base, card.max_tokens)
            learner = RankLearner(
                model,
                [words.ranked(one) for one in job.train],
                validation=[words.ranked(one) for one in job.validation],
                settings=job.settings,
                pad=tokenizer.pad_token_id,
            )
            fit = learn(job, learner, identity=job_identity(job, card), progress=progress)
            publish_encoder(model, tokenizer, job=job, card=card)
        return fit

    def limit(self, job: Job) -> int:
        """See `training.preflight_encoder.Reader`."""
        return input_limit(job)

    def look(self, job: Job, rows: Sequence[Example], *, draw: bool = False) -> Iterator[Encoded]:
        """Yield the length of each row's pairs, and what is left out of the query and of the candidates."""
        words = _Words.of(job.base, self.limit(job))
        for one in rows:
            pairs = words.ranked(one).pairs
            asked = len(words.encode(one.inputs["query"]).ids)
            head = min(asked, QUERY_TOKENS) + 2
            texts = [words.encode(text) for text in one.passages]
            read = [len(pair) - head - 1 for pair in pairs]
            yield Encoded(
                id=one.id,
                tokens=sum(map(len, pairs)),
                unread=asked + 2 - head + sum(len(text.ids) - n for text, n in zip(texts, read, strict=True)),
                parts=tuple(_parts(one, texts, read)) if draw else (),
            )

    def predictor(self, job: Job, adapter: Path | None) -> Predictor:
        """Load the base with the unmerged adapter, or weights tuned whole; without one, compare vectors.

        The vectors are what a ranker is to be better than: they choose the nearest candidate, and can't
        say that none answers. Raises ReleaseError, EmbedderError.
        """
        if adapter is None:
            return NearestCandidate(load_embedder(f"path:{job.base}"))
        card, model, folder = tuned_encoder(AutoModelForTokenClassification, job, adapter)
        return RankPredictor(
            model.eval(), _Words.of(folder, card.max_tokens), load_tokenizer(folder).pad_token_id
        )


@dataclass(frozen=True)
class _Words:
    """How a folder's tokenizer reads pairs."""

    tokenizer: Tokenizer
    begin: int
    end: int
    limit: int

    @classmethod
    def of(cls, folder: Path, limit: int) -> _Words:
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        begin, end = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
        if begin is None or end is None:
            raise ReleaseError(f"{folder.name}: its tokenizer has no [CLS] and [SEP]: a BERT is needed")
        return cls(tokenizer, begin, end, limit)

    def encode(self, text: str) -> Encoding:
        """Return all tokens of a text, without special ones."""
        return self.tokenizer.encode(text, add_special_tokens=False)

    def ranked(self, example: Example) -> Ranked:
        pairs = pair_tokens(
            self.tokenizer,
            example.inputs["query"],
            example.passages,
            begin=self.begin,
            end=self.end,
            limit=self.limit,
        )
        return Ranked(tuple(pairs), len(pairs) if example.target in ("", NONE) else int(example.target))


def _parts(example: Example, texts: Sequence[Encoding], read: Sequence[int]) -> Iterator[Part]:
    """Yield the query and the candidates, the right one as what is taught; of each `read` tokens are read."""
    yield Part(kind="read", text=f"{example.inputs['query']}\n", label="query")
    for place, (text, encoded, count) in enumerate(zip(example.passages, texts, read, strict=True)):
        end = len(text) if count >= len(encoded.ids) else encoded.offsets[count][0]
        right = str(place) == example.target
        yield Part(kind="taught" if right else "read", text=text[:end], label=f"candidate {place}")
        if end < len(text):
            yield Part(kind="unread", text=text[end:])
        yield Part(kind="read", text="\n")
    if example.target in ("", NONE):
        yield Part(kind="taught", text="none of them")


class RankLearner:
    """Cross-entropy over candidates and none; see `training.trainers.encoder_loop.Learner`."""

    def __init__(
        self, module: Any, train: Sequence[Ranked], *, validation: Sequence[Ranked], settings: Train, pad: int
    ) -> None:
        self.module = module
        self.lengths = [sum(map(len, row.pairs)) for row in train]
        self.topics: Sequence[str] = ()
        self._train, self._validation, self._settings, self._pad = train, validation, settings, pad

    def backward(self, rows: Sequence[int], *, micro: int) -> Stepped:
        """Add the gradient of the mean loss over these rows."""
        chosen = [self._train[row] for row in rows]
        loss = 0.0
        for start in range(0, len(chosen), micro):
            share = self._nats(chosen[start : start + micro]) / len(chosen)
            share.backward()
            loss += float(share.detach())
        return Stepped(loss, sum(self.lengths[row] for row in rows), len(chosen))

    def validate(self) -> float | None:
        """Return the mean loss over the validation rows."""
        nats = sum(
            float(self._nats(self._validation[start : start + _ROWS_AT_ONCE]))
            for start in range(0, len(self._validation), _ROWS_AT_ONCE)
        )
        return nats / len(self._validation) if self._validation else None

    def _nats(self, rows: Sequence[Ranked]) -> torch.Tensor:
        with mixed(self._settings):
            scores = _scores(self.module, rows, self._pad)
        nats = [
            torch.cat([own, own.new_zeros(1)]).log_softmax(0)[row.right]
            for own, row in zip(scores, rows, strict=True)
        ]
        return -torch.stack(nats).sum()


class RankPredictor:
    """Says which candidate answers; see `training.trainers.base.Predictor`."""

    def __init__(self, model: Any, words: _Words, pad: int) -> None:
        self._model, self._words, self._pad = model, words, pad

    def predict(self, examples: Sequence[Example], *, arm: str) -> Iterator[Prediction]:
        """Yield as `text` the place of the candidate with the highest score, or "none" below 0."""
        for start in range(0, len(examples), _ROWS_AT_ONCE):
            some = examples[start : start + _ROWS_AT_ONCE]
            begun = time.perf_counter()
            rows = [self._words.ranked(one) for one in some]
            with torch.inference_mode():
                found = [one.cpu().numpy() for one in _scores(self._model, rows, self._pad)]
            each = (time.perf_counter() - begun) / len(some)
            for example, row, scores in zip(some, rows, found, strict=True):
                tokens = sum(map(len, row.pairs))
                yield Prediction(
                    id=example.id, arm=arm, text=_answer(scores), seconds=each, prompt_tokens=tokens
                )

    def close(self) -> None:
        """Give the memory back."""
        self._model = None


class NearestCandidate:
    """Chooses the candidate whose vector is nearest; see `training.trainers.base.Predictor`."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder: Embedder | None = embedder

    def predict(self, examples: Sequence[Example], *, arm: str) -> Iterator[Prediction]:
        """Yield as `text` the place of the nearest candidate."""
        for example in examples:
            if self._embedder is None:
                raise ReleaseError("the embedder was closed")
            begun = time.perf_counter()
            query, *texts = self._embedder.embed([example.inputs["query"], *example.passages])
            nearest = int((np.stack(texts) @ query).argmax())
            yield Prediction(id=example.id, arm=arm, text=str(nearest), seconds=time.perf_counter() - begun)

    def close(self) -> None:
        """Give the memory back."""
        self._embedder = None


def _answer(scores: Scores) -> str:
    return str(int(scores.argmax())) if scores.max() > 0 else NONE


def _scores(module: Any, rows: Sequence[Ranked], pad: int) -> list[torch.Tensor]:
    """Return the scores of each row's candidates, [candidates]."""
    pairs = [tokens for row in rows for tokens in row.pairs]
    found = token_logits(module, pairs, pad)[:, 0, 0].float()
    return list(found.split([len(row.pairs) for row in rows]))
