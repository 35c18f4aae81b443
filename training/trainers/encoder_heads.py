"""An encoder with a head of labels: windows of tokens, the loss over labels, and probabilities.

A text that is longer than the encoder reads is cut into windows that overlap, so that nothing of it
is left unread and every token has its neighbours in one of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from safety.tagging import Probabilities, Window, cut
from training.recipe import Train
from training.trainers.encoder_loop import Stepped
from training.trainers.machine import device_name, mixed

NO_LOSS = -100
_TOGETHER = 32
Item = TypeVar("Item")


@dataclass(frozen=True)
class Row:
    """What is learned from at once: tokens, and a label for each (NO_LOSS: none) or one for them all."""

    tokens: tuple[int, ...]
    labels: tuple[int, ...]


def windows(tokenizer: Any, text: str, *, limit: int) -> list[Window]:
    """Cut a text into windows of at most `limit` tokens; at least one."""
    found = tokenizer(text, add_special_tokens=False, verbose=False)
    return cut(found.encodings[0], limit=limit, begin=tokenizer.cls_token_id, end=tokenizer.sep_token_id)


def label_weights(rows: Sequence[Row], labels: int) -> torch.Tensor:
    """Return one weight a label, [labels], by the root of its rarity; 1 on average over the rows' labels.

    The root, because with the rarity itself the few tokens of a name would outweigh a whole text.
    """
    seen = Counter(label for row in rows for label in row.labels if label != NO_LOSS)
    count = torch.tensor([float(seen[label]) for label in range(labels)])
    weights = torch.where(count > 0, count.clamp(min=1).rsqrt(), 0.0)
    return weights * count.sum() / (weights * count).sum().clamp(min=1e-9)


class LabelLearner:
    """Cross-entropy over labels; see `training.trainers.encoder_loop.Learner`."""

    def __init__(
        self, module: Any, train: Sequence[Row], *, validation: Sequence[Row], settings: Train, pad: int,
        weights: torch.Tensor,
    ) -> None:  # fmt: skip
        """`weights` [labels] scale the loss of each label, in training and in validation."""
        self.module = module
        self.lengths = [len(row.tokens) for row in train]
        self.topics: Sequence[str] = ()
        self._train, self._settings, self._pad = train, settings, pad
        self._validation = sorted(validation, key=lambda row: -len(row.tokens))
        self._weights = weights.to(device_name())

    def backward(self, rows: Sequence[int], *, micro: int) -> Stepped:
        """Add the gradient of the mean loss over the labels of these rows."""
        chosen = [self._train[row] for row in rows]
        labels = [label for row in chosen for label in row.labels if label != NO_LOSS]
        total = max(float(self._weights[labels].sum()), 1e-9)
        loss = 0.0
        for part in _parts(chosen, micro):
            share = self._nats(part) / total
            share.backward()
            loss += float(share.detach())
        return Stepped(loss, sum(len(row.tokens) for row in chosen), len(labels))

    def validate(self) -> float | None:
        """Return the mean loss over the labels of the validation rows."""
        nats, total = 0.0, 0.0
        for part in _parts(self._validation, _TOGETHER):
            nats += float(self._nats(part).detach())
            total += float(self._weights[[x for row in part for x in row.labels if x != NO_LOSS]].sum())
        return nats / total if total else None

    def _nats(self, rows: Sequence[Row]) -> torch.Tensor:
        labels = _padded([row.labels for row in rows], NO_LOSS)
        with mixed(self._settings):
            logits = token_logits(self.module, [row.tokens for row in rows], self._pad)
        return cross_entropy(
            logits.float().flatten(0, -2),
            labels.flatten(),
            weight=self._weights,
            ignore_index=NO_LOSS,
            reduction="sum",
        )


def probabilities(module: Any, texts: Sequence[Sequence[int]], *, pad: int) -> list[Probabilities]:
    """Return the probabilities of the labels for each list of tokens: [labels] or [tokens, labels]."""
    found: list[Probabilities] = [np.empty(0, dtype=np.float32)] * len(texts)
    longest_first = sorted(range(len(texts)), key=lambda at: -len(texts[at]))
    for part in _parts(longest_first, _TOGETHER):
        with torch.inference_mode():
            logits = token_logits(module, [texts[at] for at in part], pad)
            shares = logits.float().softmax(dim=-1).cpu().numpy()
        for at, share in zip(part, shares, strict=True):
            found[at] = share[: len(texts[at])] if share.ndim > 1 else share
    return found


def token_logits(module: Any, texts: Sequence[Sequence[int]], pad: int) -> torch.Tensor:
    mask = _padded([[1] * len(tokens) for tokens in texts], 0)
    return module(input_ids=_padded(texts, pad), attention_mask=mask).logits


def _padded(rows: Sequence[Sequence[int]], filler: int) -> torch.Tensor:
    longest = max(len(row) for row in rows)
    filled = [[*row, *[filler] * (longest - len(row))] for row in rows]
    return torch.tensor(filled, dtype=torch.long, device=device_name())


def _parts(rows: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
