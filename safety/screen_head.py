"""What a message is: an order to the assistant, a request for harm, or neither.

    head = ScreenHead.load()
    head.category(parts, vectors)

A softmax regression over an encoder's vectors and hashed n-grams (`safety/ngrams.py`): the encoder knows
other words for the same, the n-grams know what is done to whom. Its folder names the encoder.
`python -m benchmarks.fit_screen` fits it on messages that were written for this project, and takes the limits
from authors left out. The screen asks it after the rules (safety/screen.py).

Must not: hold a word of a message.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Literal, Self

import numpy as np
import safetensors
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from safetensors.numpy import load as read_tensors
from safetensors.numpy import save as write_tensors

from safety.errors import ScreenWeightsError
from safety.ngrams import BITS, Hashed, hashed, windows

SHIPPED: Final = Path(__file__).parent / "screen_weights"
CONFIG: Final = "screen_head.json"
WEIGHTS: Final = "model.safetensors"
_AGAIN: Final = "Fit it again: python -m benchmarks.fit_screen --write"


class ScreenConfig(BaseModel):
    """What the weights are, and from where on they count.

    A message counts where a category's share reaches `whole` for all of it, or `part` for one of its
    sentences. `rows_sha256` says what they were fitted on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    fitted: str
    encoder: str
    bits: Literal[18] = BITS
    rows_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    weights_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    categories: tuple[str, ...] = Field(min_length=1)
    whole: tuple[float, ...]
    part: tuple[float, ...]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if not len(self.categories) == len(self.whole) == len(self.part):
            raise ValueError("not one limit of each kind for each category")
        return self


class ScreenHead:
    """The regression, ready to be asked. Holds no state between messages."""

    name = "encoder-head"

    def __init__(
        self, *, dense: NDArray[np.float32], grams: NDArray[np.int8], scale: NDArray[np.float32],
        bias: NDArray[np.float32], categories: tuple[str, ...], whole: Sequence[float], part: Sequence[float],
        encoder: str = "",
    ) -> None:  # fmt: skip
        """Take weights of the vectors [categories, dimension] and of the n-grams [columns, categories]."""
        self.categories, self.encoder = categories, encoder
        self.whole, self.part = np.array(whole), np.array(part)
        self._dense, self._grams, self._scale, self._bias = dense, grams, scale, bias

    @classmethod
    def load(cls, folder: Path = SHIPPED) -> Self:
        """Read a folder of weights. Raises ScreenWeightsError that says what is missing or damaged."""
        try:
            config = ScreenConfig.model_validate_json((folder / CONFIG).read_bytes())
            raw = (folder / WEIGHTS).read_bytes()
            if hashlib.sha256(raw).hexdigest() != config.weights_sha256:
                raise ScreenWeightsError(f"{folder.name}/{WEIGHTS} is not what {CONFIG} states. {_AGAIN}")
            tensors = read_tensors(raw)
            return cls(
                dense=tensors["dense"], grams=tensors["grams"], scale=tensors["scale"], bias=tensors["bias"],
                categories=config.categories, whole=config.whole, part=config.part, encoder=config.encoder,
            )  # fmt: skip
        except (OSError, ValidationError, KeyError, safetensors.SafetensorError) as error:
            raise ScreenWeightsError(
                f"{folder.name} holds no head of the screen ({type(error).__name__}). {_AGAIN}"
            ) from None

    def save(self, folder: Path, *, fitted: str, rows_sha256: str) -> None:
        """Write the weights and what they are."""
        raw = write_tensors(
            {"dense": self._dense, "grams": self._grams, "scale": self._scale, "bias": self._bias}
        )
        config = ScreenConfig(
            fitted=fitted, encoder=self.encoder, rows_sha256=rows_sha256, categories=self.categories,
            weights_sha256=hashlib.sha256(raw).hexdigest(), whole=tuple(map(float, self.whole)),
            part=tuple(map(float, self.part)),
        )  # fmt: skip
        folder.mkdir(parents=True, exist_ok=True)
        (folder / WEIGHTS).write_bytes(raw)
        (folder / CONFIG).write_text(config.model_dump_json(indent=1) + "\n", encoding="utf-8")

    def shares(self, parts: Sequence[str], vectors: NDArray[Any]) -> NDArray[np.float32]:
        """Return the share of each category in each text, [texts, categories]; the rest is neither's."""
        odds = np.asarray(vectors, dtype=np.float32) @ self._dense.T + self._bias
        found = grams_of(parts)
        products = found.values[:, None] * self._grams[found.columns] * self._scale
        np.add.at(odds, found.rows, products)
        highest = np.maximum(odds.max(axis=1, keepdims=True), 0.0)
        grown = np.exp(odds - highest)
        shares: NDArray[np.float32] = grown / (grown.sum(axis=1, keepdims=True) + np.exp(-highest))
        return shares

    def category(self, parts: Sequence[str], vectors: NDArray[Any]) -> str:
        """Return the category of a message, or "": `parts` are the whole and its sentences."""
        shares = self.shares(parts, vectors)
        over = shares / np.vstack([self.whole, *[self.part] * (len(shares) - 1)])
        at = np.unravel_index(int(over.argmax()), over.shape)
        return self.categories[int(at[1])] if over[at] >= 1.0 else ""


def grams_of(texts: Sequence[str]) -> Hashed:
    """Return the hashed n-grams of texts, a row a text, as the head reads them."""
    return hashed([next(iter(windows(text)), ()) for text in texts])
