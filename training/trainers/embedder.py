"""Train a sentence embedder on pairs: an anchor lies near its positive, far from the others.

In-batch negatives (Henderson et al. 2017, arXiv 1705.00652): each row's positive is a negative for
the other rows of its batch, and `negative`, where a row has one, for all. The loss is written out here
because the library's counts a copy of the right answer, or another wording of the same question, as
wrong when they meet in a batch; FAQs are full of those.

The result can be loaded by `retrieval`: `path:` and `served_folder(out)`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from sentence_transformers import SentenceTransformer
from torch.nn.functional import cross_entropy, normalize

from retrieval.embedder import Embedder as TextEmbedder
from retrieval.embedder import load_embedder
from training.errors import CorpusError, ReleaseError
from training.recipe import Train
from training.rows import Example, Prediction
from training.trainers.base import Fit, Job, Predictor, Progress
from training.trainers.encoder_base import (
    ADAPTER,
    EncoderCard,
    card_of,
    job_identity,
    publish_weights,
    quiet_library,
    read_card,
    save_adapter,
    with_lora,
    without_long,
)
from training.trainers.encoder_loop import Stepped, learn, repeatable
from training.trainers.machine import device_name, mixed

SCALE = 20.0  # 1 / temperature of the cosine, as the models of this family were trained
_SERVED = "sentence_transformer"
_ANCHORS_AT_ONCE = 1024


@dataclass(frozen=True)
class Pair:
    """A row as it is learned from; rows of one group are no negatives of each other."""

    anchor: str
    positive: str
    negative: str
    group: str


class Embedder:
    """The trainer of embedders; see `training.trainers.base.Trainer`."""

    def fit(self, job: Job, progress: Progress) -> Fit:
        """Train on `inputs["anchor"]` and `inputs["positive"]`. Raises CorpusError for fewer than two."""
        with repeatable(job.seed):
            model = _load(job.base)
            card = card_of(job, positions=int(model.max_seq_length))
            encoder = model[0].auto_model
            # The pooler of a BERT gives no part of the mean over tokens, so it would learn nothing.
            adapted = (
                with_lora(encoder, job.settings, leave=("pooler.dense",)) if card.method == "lora" else None
            )
            train = _kept(model, job, job.train, card)
            if len(train) < 2:
                raise CorpusError(
                    f"{job.task.name}: {len(train)} pairs; at least two are needed to tell apart"
                )
            learner = PairLearner(model, train, _kept(model, job, job.validation, card), job.settings)
            fit = learn(job, learner, identity=job_identity(job, card), progress=progress)

            def fill(fresh: Path) -> None:
                served = fresh
                if adapted is not None:
                    save_adapter(adapted, fresh, job)
                    adapted.merge_and_unload()
                    served = fresh / _SERVED
                model.save_pretrained(str(served), create_model_card=False)

            publish_weights(job, card, fill)
        return fit

    def predictor(self, job: Job, adapter: Path | None) -> Predictor:
        """Load the embedder as `retrieval` does, LoRA merged into it. Raises ReleaseError, EmbedderError."""
        folder = job.base
        if adapter is not None:
            read_card(adapter, job)
            folder = served_folder(adapter)
        return NearestPredictor(load_embedder(f"path:{folder}"))


def served_folder(out: Path) -> Path:
    """Return the sentence-transformers folder of what a training left in `out`. Raises ReleaseError."""
    folder = out / _SERVED if (out / ADAPTER).is_file() else out
    if not (folder / "modules.json").is_file():
        raise ReleaseError(f"{out.name} holds no embedder: train it again")
    return folder


class PairLearner:
    """The ranking loss over pairs; see `training.trainers.encoder_loop.Learner`."""

    def __init__(
        self, model: Any, train: Sequence[Pair], validation: Sequence[Pair], settings: Train
    ) -> None:
        self.module = model
        self.lengths = [sum(one) for one in zip(*_lengths(model, train), strict=True)]
        self._train, self._validation, self._settings = train, validation, settings

    def backward(self, rows: Sequence[int], *, micro: int) -> Stepped:
        """Add the gradient of the mean loss over these rows.

        Every row meets the whole batch even where a forward pass takes fewer: vectors come first, then
        the loss's gradient for them, then the encoder's, part by part (Gao et al. 2021, arXiv 2101.06983).
        """
        pairs = [self._train[row] for row in rows]
        anchors, candidates = _sides(pairs)
        parts = [*_parts(anchors, micro), *_parts(candidates, micro)]
        at_once = len(parts) == 2
        # The second pass must drop out what the first one did.
        seeds: list[int] = torch.randint(2**62, (len(parts),)).tolist()
        with torch.set_grad_enabled(at_once):
            vectors = [self._embed(part, seed) for part, seed in zip(parts, seeds, strict=True)]
        leaves = vectors if at_once else [one.detach().requires_grad_() for one in vectors]
        loss = _ranking_nats(torch.cat(leaves), pairs, candidates) / len(pairs)
        loss.backward()
        if not at_once:
            for part, seed, leaf in zip(parts, seeds, leaves, strict=True):
                (self._embed(part, seed) * leaf.grad).sum().backward()
        return Stepped(float(loss.detach()), sum(self.lengths[row] for row in rows), len(pairs))

    def validate(self) -> float | None:
        """Return the mean loss over the validation rows, in batches of the training's size."""
        nats = 0.0
        for pairs in _parts(self._validation, self._settings.batch):
            anchors, candidates = _sides(pairs)
            vectors = torch.cat([self._embed(anchors, 0), self._embed(candidates, 0)])
            nats += float(_ranking_nats(vectors, pairs, candidates))
        return nats / len(self._validation) if self._validation else None

    def _embed(self, texts: Sequence[str], seed: int) -> Any:
        torch.manual_seed(seed)
        features = {
            name: value.to(device_name()) if hasattr(value, "to") else value
            for name, value in self.module.preprocess(list(texts)).items()
        }
        with mixed(self._settings):
            return self.module(features)["sentence_embedding"].float()


class NearestPredictor:
    """Finds the nearest positive; see `training.trainers.base.Predictor`."""

    def __init__(self, embedder: TextEmbedder) -> None:
        self._embedder: TextEmbedder | None = embedder

    def predict(self, examples: Sequence[Example], *, arm: str) -> Iterator[Prediction]:
        """Yield as `text` the id of the row whose positive is nearest to each anchor.

        The positives of all rows in this call are what is chosen from; equal ones are one, and count
        as the row's own. So `text == id` is a hit, and their share is recall at 1.
        """
        if self._embedder is None:
            raise ReleaseError("the embedder was closed")
        if not examples:
            return
        begun = time.perf_counter()
        anchors = self._embedder.embed([one.inputs["anchor"] for one in examples])
        owner: dict[str, str] = {}
        for one in examples:
            owner.setdefault(one.inputs["positive"], one.id)
        texts = list(owner)
        positives = self._embedder.embed(texts)
        nearest = np.concatenate(
            [
                (anchors[at : at + _ANCHORS_AT_ONCE] @ positives.T).argmax(axis=1)
                for at in range(0, len(anchors), _ANCHORS_AT_ONCE)
            ]
        )
        each = (time.perf_counter() - begun) / len(examples)
        for example, place in zip(examples, nearest, strict=True):
            text = texts[place]
            found = example.id if text == example.inputs["positive"] else owner[text]
            yield Prediction(id=example.id, arm=arm, text=found, seconds=each)

    def close(self) -> None:
        """Give the memory back."""
        self._embedder = None


def _ranking_nats(vectors: Any, pairs: Sequence[Pair], candidates: Sequence[str]) -> Any:
    """Return the summed nats of each anchor's own positive among the candidates that may be wrong.

    `vectors` are those of the anchors, then of the candidates: the positives in order, then negatives.
    """
    rows = len(pairs)
    unit = normalize(vectors, dim=-1)
    scores = unit[:rows] @ unit[rows:].T * SCALE
    also_right = [
        [
            at != row
            and (
                candidate in (pair.positive, pair.anchor)
                or (at < rows and pair.group != "" and pairs[at].group == pair.group)
            )
            for at, candidate in enumerate(candidates)
        ]
        for row, pair in enumerate(pairs)
    ]
    scores = scores.masked_fill(torch.tensor(also_right, device=scores.device), -torch.inf)
    return cross_entropy(scores, torch.arange(rows, device=scores.device), reduction="sum")


def _sides(pairs: Sequence[Pair]) -> tuple[list[str], list[str]]:
    """Return the anchors, and what each is compared with."""
    negatives = [pair.negative for pair in pairs if pair.negative]
    return [pair.anchor for pair in pairs], [pair.positive for pair in pairs] + negatives


def _kept(model: Any, job: Job, examples: Sequence[Example], card: EncoderCard) -> list[Pair]:
    pairs = {
        one.id: Pair(one.inputs["anchor"], one.inputs["positive"], one.inputs.get("negative", ""), one.group)
        for one in examples
    }
    longest = [max(one) for one in zip(*_lengths(model, list(pairs.values())), strict=True)]
    return [pairs[one.id] for one in without_long(job, examples, longest, limit=card.max_tokens)]


def _lengths(model: Any, pairs: Sequence[Pair]) -> list[list[int]]:
    """Return the tokens of anchors, positives and negatives (0: none)."""

    def count(texts: list[str]) -> list[int]:
        if not texts:
            return []
        found = model.tokenizer(texts)["input_ids"]
        return [len(tokens) if text else 0 for text, tokens in zip(texts, found, strict=True)]

    return [
        count([one.anchor for one in pairs]),
        count([one.positive for one in pairs]),
        count([one.negative for one in pairs]),
    ]


def _load(folder: Path) -> Any:
    with quiet_library():
        try:
            return SentenceTransformer(
                str(folder),
                device=device_name(),
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={"dtype": torch.float32, "use_safetensors": True},
            )
        except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
            raise ReleaseError(
                f"cannot load an embedder from {folder.name}: {type(error).__name__}. "
                "The folder must hold a sentence-transformers model with safetensors weights"
            ) from error


def _parts(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
