"""Train a sentence embedder on pairs: an anchor lies near its positive, far from the others.

In-batch negatives (Henderson et al. 2017, arXiv 1705.00652): each row's positive is a negative for
the other rows of its batch, and `negative`, where a row has one, for all. The loss is written out here
because the library's counts a copy of the right answer, or another wording of the same question, as
wrong when they meet in a batch; FAQs are full of those.

A positive or negative of several lines has a title, its first line, and is known by two vectors, as an entry
is in an index: that of the title and that of the whole. Its cosine is their mean, weighted as `retrieval`
weights them. So neither has to say alone what only both say.

Where rows have topics, only those of one topic share a batch: entries of one FAQ are what a question must
be told apart among. A row without a positive is a question that nothing answers: then every candidate must
lie farther from its anchor than a threshold that is learned beside the weights, and every positive nearer.
The threshold ends with the training; what is served compares cosines.

What is left is the adapter, or a whole model; `weights.served` makes of it what `retrieval` loads.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from sentence_transformers import SentenceTransformer
from torch.nn.functional import cross_entropy, normalize

from retrieval.embedder import Embedder as TextEmbedder
from retrieval.embedder import load_embedder
from retrieval.fusion import PASSAGE, TITLE
from training.errors import CorpusError, ReleaseError
from training.preflight_encoder import Encoded, Part
from training.recipe import Train
from training.rows import Example, Prediction
from training.trainers.base import Fit, Job, Predictor, Progress
from training.trainers.encoder_base import (
    EncoderCard,
    attention,
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
from training.trainers.encoder_schedule import epoch_batches
from training.trainers.machine import device_name, mixed
from weights.served import build_embedder

SCALE = 20.0  # 1 / temperature of the cosine, as the models of this family were trained
NOTHING_ABOVE = 0.45  # the cosine at which the learned threshold begins
TITLE_SHARE = TITLE / (TITLE + PASSAGE)
# Scales at which a validation may be read: what is served compares cosines, and a fit grows surer with time.
_SCALES = (5.0, 7.0, 10.0, 14.0, SCALE)
_ANCHORS_AT_ONCE = 1024
# Padding costs too; on a GPU what is computed costs less than that it is asked for.
_PADDED_TOGETHER = {"cpu": 24, "cuda": 256}


@dataclass(frozen=True)
class Pair:
    """A row as it is learned from; rows of one group are no negatives of each other.

    Without a positive nothing answers the anchor.
    """

    anchor: str
    positive: str
    negative: str
    group: str
    topic: str = ""


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
                if adapted is not None:
                    save_adapter(adapted, fresh, job)
                else:
                    model.save_pretrained(str(fresh), create_model_card=False)

            publish_weights(job, card, fill)
        return fit

    def limit(self, job: Job) -> int:
        """See `training.preflight_encoder.Reader`."""
        return min(job.settings.max_tokens, int(_load(job.base).max_seq_length))

    def look(self, job: Job, rows: Sequence[Example], *, draw: bool = False) -> Iterator[Encoded]:
        """Yield the length of each row's texts. One with a longer text is measured cut, not trained on."""
        model, limit = _load(job.base), self.limit(job)
        for one, found in zip(
            rows, zip(*_lengths(model, [_pair(one) for one in rows]), strict=True), strict=True
        ):
            over = sum(max(0, length - limit) for length in found)
            yield Encoded(
                id=one.id,
                tokens=sum(found) - over,
                unread=over,
                long=over > 0,
                parts=tuple(_drawn(_pair(one))) if draw else (),
            )

    def predictor(self, job: Job, adapter: Path | None) -> Predictor:
        """Load the embedder as it is served, LoRA merged into it. Raises ReleaseError, EmbedderError."""
        if adapter is None:
            return NearestPredictor(load_embedder(f"path:{job.base}"))
        read_card(adapter, job)
        with TemporaryDirectory() as place:
            build_embedder(job.base, adapter, Path(place))
            return NearestPredictor(load_embedder(f"path:{place}"))


class PairLearner:
    """The ranking loss over pairs; see `training.trainers.encoder_loop.Learner`."""

    def __init__(
        self, model: Any, train: Sequence[Pair], validation: Sequence[Pair], settings: Train
    ) -> None:
        self.module = _Judging(model, threshold=not all(pair.positive for pair in train))
        self.lengths = [sum(one) for one in zip(*_lengths(model, train), strict=True)]
        self.topics = _topics(train)
        self._train, self._validation, self._settings = train, validation, settings

    def backward(self, rows: Sequence[int], *, micro: int) -> Stepped:
        """Add the gradient of the mean loss over these rows.

        Every row meets the whole batch even where a forward pass takes fewer: vectors come first, then
        the loss's gradient for them, then the encoder's, part by part (Gao et al. 2021, arXiv 2101.06983).
        """
        pairs = [self._train[row] for row in rows]
        anchors, candidates = [pair.anchor for pair in pairs], _candidates(pairs)
        parts = [*_parts(anchors, micro), *_parts(_texts(candidates), micro)]
        at_once = len(parts) <= 2
        # The second pass must drop out what the first one did.
        seeds: list[int] = torch.randint(2**62, (len(parts),)).tolist()
        with torch.set_grad_enabled(at_once):
            vectors = [self._embed(part, seed) for part, seed in zip(parts, seeds, strict=True)]
        leaves = vectors if at_once else [one.detach().requires_grad_() for one in vectors]
        cosines, right = _cosines(torch.cat(leaves), pairs, candidates, self.module.threshold)
        loss = cross_entropy(SCALE * cosines, right)
        loss.backward()
        if not at_once:
            for part, seed, leaf in zip(parts, seeds, leaves, strict=True):
                (self._embed(part, seed) * leaf.grad).sum().backward()
        return Stepped(float(loss.detach()), sum(self.lengths[row] for row in rows), len(pairs))

    def validate(self) -> float | None:
        """Return the mean loss over the validation rows, at the scale where it is least.

        They are read in batches of the training's size and topics.
        """
        held, nats = self._validation, np.zeros(len(_SCALES))
        size, topics = self._settings.batch, _topics(held)
        for rows in epoch_batches(
            [0] * len(held), size, seed=0, epoch=0, group_by_length=False, topics=topics
        ):
            pairs = [held[row] for row in rows]
            candidates = _candidates(pairs)
            texts = [[pair.anchor for pair in pairs], _texts(candidates)]
            vectors = torch.cat([self._embed(some, 0) for some in texts if some])
            cosines, right = _cosines(vectors, pairs, candidates, self.module.threshold)
            nats += [float(cross_entropy(scale * cosines, right, reduction="sum")) for scale in _SCALES]
        return float(nats.min()) / len(held) if held else None

    def _embed(self, texts: Sequence[str], seed: int) -> Any:
        """Return the vectors, [texts, width]; texts of about one length share a pass: padding costs too."""
        torch.manual_seed(seed)
        order = sorted(range(len(texts)), key=lambda at: -len(texts[at]))
        together = _PADDED_TOGETHER[device_name()]
        found = [self._forward([texts[at] for at in part]) for part in _parts(order, together)]
        back = torch.tensor(order, device=found[0].device).argsort()
        return torch.cat(found)[back]

    def _forward(self, texts: Sequence[str]) -> Any:
        features = {
            name: value.to(device_name()) if hasattr(value, "to") else value
            for name, value in self.module.encoder.preprocess(list(texts)).items()
        }
        with mixed(self._settings):
            return self.module.encoder(features)["sentence_embedding"].float()


class _Judging(torch.nn.Module):  # type: ignore[misc]
    """The encoder, and the cosine above which something answers where some anchors have no positive."""

    def __init__(self, encoder: Any, *, threshold: bool) -> None:
        super().__init__()
        self.encoder = encoder
        start = torch.tensor(NOTHING_ABOVE, device=device_name())
        self.threshold = torch.nn.Parameter(start) if threshold else None


class NearestPredictor:
    """Finds the nearest positive; see `training.trainers.base.Predictor`."""

    def __init__(self, embedder: TextEmbedder) -> None:
        self._embedder: TextEmbedder | None = embedder

    def predict(self, examples: Sequence[Example], *, arm: str) -> Iterator[Prediction]:
        """Yield as `text` the id of the row whose positive is nearest to each anchor.

        The positives of all rows in this call are what is chosen from; equal ones are one, and count
        as the row's own, and so do those of a row's group. So `text == id` is a hit, and their share among
        the rows that have a positive is recall at 1.
        """
        if self._embedder is None:
            raise ReleaseError("the embedder was closed")
        if not examples:
            return
        begun = time.perf_counter()
        anchors = self._embedder.embed([one.inputs["anchor"] for one in examples])
        owner: dict[str, Example] = {}
        for one in examples:
            if one.inputs.get("positive"):
                owner.setdefault(one.inputs["positive"], one)
        if not owner:
            raise CorpusError("no row has a positive: there is nothing to find")
        texts = list(owner)
        titles = self._embedder.embed([_title(text) or text for text in texts])
        # A cosine is linear in both vectors: the mean of two cosines is one with the mean of the vectors.
        positives = TITLE_SHARE * titles + (1 - TITLE_SHARE) * self._embedder.embed(texts)
        nearest = np.concatenate(
            [
                (anchors[at : at + _ANCHORS_AT_ONCE] @ positives.T).argmax(axis=1)
                for at in range(0, len(anchors), _ANCHORS_AT_ONCE)
            ]
        )
        each = (time.perf_counter() - begun) / len(examples)
        for example, place in zip(examples, nearest, strict=True):
            text, its = texts[place], owner[texts[place]]
            own = text == example.inputs.get("positive") or (its.group == example.group != "")
            yield Prediction(id=example.id, arm=arm, text=example.id if own else its.id, seconds=each)

    def close(self) -> None:
        """Give the memory back."""
        self._embedder = None


def _cosines(vectors: Any, pairs: Sequence[Pair], candidates: Sequence[str], threshold: Any) -> Any:
    """Return the cosine of each anchor with each candidate that may be wrong, and the place of its own.

    `vectors` are those of the anchors, then of `_texts(candidates)`; what may be right too is minus infinity.
    With a `threshold` (a cosine) "nothing" is one more candidate, and the right one of an anchor without a
    positive.
    """
    rows = len(pairs)
    unit = normalize(vectors, dim=-1)
    place = {text: at for at, text in enumerate(_texts(candidates))}
    whole = unit[:rows] @ unit[rows:].T
    found = whole[:, [place[one] for one in candidates]]
    titles = whole[:, [place[_title(one) or one] for one in candidates]]
    found = TITLE_SHARE * titles + (1 - TITLE_SHARE) * found
    right_in: dict[str, set[str]] = {}
    for pair in pairs:
        right_in.setdefault(pair.group, set()).add(pair.positive)
    also_right = [
        [
            candidate != pair.positive
            and (candidate == pair.anchor or (pair.group != "" and candidate in right_in[pair.group]))
            for candidate in candidates
        ]
        for pair in pairs
    ]
    mask = torch.tensor(also_right, dtype=torch.bool, device=found.device).reshape(found.shape)
    found = found.masked_fill(mask, -torch.inf)
    if threshold is not None:
        found = torch.cat([found, threshold.expand(rows, 1)], dim=1)
    of = {text: at for at, text in enumerate(candidates)}
    right = [of.get(pair.positive, len(candidates)) for pair in pairs]
    return found, torch.tensor(right, device=found.device)


def _title(text: str) -> str:
    """Return the first line of a text of several; "" of one line."""
    first, several, _ = text.partition("\n")
    return first if several else ""


def _texts(candidates: Sequence[str]) -> list[str]:
    """Return what has a vector: candidates and their titles, each once."""
    return list(dict.fromkeys(text for one in candidates for text in (_title(one), one) if text))


def _candidates(pairs: Sequence[Pair]) -> list[str]:
    """Return what anchors are compared with, each text once: the positives, then the negatives."""
    texts = [*(pair.positive for pair in pairs), *(pair.negative for pair in pairs)]
    return list(dict.fromkeys(text for text in texts if text))


def _topics(pairs: Sequence[Pair]) -> list[str]:
    """Return the topic of each pair; nothing where none has one."""
    return [pair.topic for pair in pairs] if any(pair.topic for pair in pairs) else []


def _pair(one: Example) -> Pair:
    inputs = one.inputs
    return Pair(
        inputs["anchor"], inputs.get("positive", ""), inputs.get("negative", ""), one.group, one.topic
    )


def _drawn(pair: Pair) -> Iterator[Part]:
    """Yield a row's texts: what must lie near the anchor is what is taught."""
    yield Part(kind="read", text=f"{pair.anchor}\n", label="anchor")
    yield Part(kind="taught", text=pair.positive or "nothing", label="must be near")
    if pair.negative:
        yield Part(kind="read", text=f"\n{pair.negative}", label="must be farther")


def _kept(model: Any, job: Job, examples: Sequence[Example], card: EncoderCard) -> list[Pair]:
    pairs = {one.id: _pair(one) for one in examples}
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
                model_kwargs={
                    "dtype": torch.float32,
                    "use_safetensors": True,
                    "attn_implementation": attention(),
                },
            )
        except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
            raise ReleaseError(
                f"cannot load an embedder from {folder.name}: {type(error).__name__}. "
                "The folder must hold a sentence-transformers model with safetensors weights"
            ) from error


def _parts(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
