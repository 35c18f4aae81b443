"""Read a BERT encoder with a head of labels as plain arrays, with its LoRA weights merged in.

    model = read_bert(base, release)

Neither torch nor PEFT is needed to serve one. Products are summed one rank at a time in float64, in no
library's own order, so that two machines merge to the same bits.

Must not: take weights in part. An adapter tensor that is not understood stops the reading.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load_file

from weights.errors import WeightsUnfit

WEIGHTS: Final = "model.safetensors"
ADAPTER: Final = "adapter_model.safetensors"
ADAPTER_CONFIG: Final = "adapter_config.json"
Array = NDArray[np.float32]
Read = TypeVar("Read", bound=BaseModel)

_PREFIX: Final = "bert."
_ADAPTER_PREFIX: Final = "base_model.model."
_HEAD: Final = "classifier."
POOLER: Final = "pooler.dense"


class _Config(BaseModel):
    """What of a model's config.json decides its arithmetic."""

    model_config = ConfigDict(frozen=True)

    model_type: Literal["bert"]
    hidden_act: Literal["gelu"]
    num_hidden_layers: int = Field(gt=0)
    num_attention_heads: int = Field(gt=0)
    layer_norm_eps: float = Field(gt=0)
    position_embedding_type: Literal["absolute"] = "absolute"


class _Lora(BaseModel):
    """What of PEFT's adapter_config.json decides how an adapter is merged; other forms do not validate."""

    model_config = ConfigDict(frozen=True)

    peft_type: Literal["LORA"]
    r: int = Field(gt=0)
    lora_alpha: float
    use_rslora: bool = False
    use_dora: bool = False
    bias: Literal["none"] = "none"
    fan_in_fan_out: Literal[False] = False
    lora_bias: Literal[False] = False
    rank_pattern: dict[str, int] = Field(default_factory=dict, max_length=0)
    alpha_pattern: dict[str, float] = Field(default_factory=dict, max_length=0)

    @property
    def scale(self) -> float:
        return self.lora_alpha / (self.r**0.5 if self.use_rslora else self.r)


@dataclass(frozen=True)
class Bert:
    """An encoder and its head. `tensors` has the library's names, without a leading "bert.".

    `pooled`: the head reads one vector for the whole text (the first token's, through the pooler), and not
    each token's.
    """

    layers: int
    heads: int
    epsilon: float
    tensors: Mapping[str, Array]
    pooled: bool = False


def read_bert(base: Path, release: Path, *, pooled: bool = False) -> Bert:
    """Read the model that `release` makes of the encoder in `base`; `pooled` says what its head reads.

    A release holds LoRA weights with the head, or, tuned whole, a model by itself; then `base` is not
    read. Merged as Hu et al. 2021, scaled as Kalajdzievski 2023 (rsLoRA) or split as Liu et al. 2024
    (DoRA) where set. Raises WeightsUnfit when a file is missing, or of a form that is not known here.
    """
    config = _config(base, release)
    tensors = merged_tensors(base, release)
    model = Bert(config.num_hidden_layers, config.num_attention_heads, config.layer_norm_eps, tensors, pooled)
    _check(model)
    return model


def merged_tensors(base: Path, release: Path) -> dict[str, Array]:
    """Return the tensors that `release` makes of the encoder in `base`, by the library's names.

    Raises WeightsUnfit when a file is missing, is no BERT's, or an adapter does not fit.
    """
    _config(base, release)
    lora = (release / ADAPTER).is_file()
    found = _load((base if lora else release) / WEIGHTS)
    tensors = {name.removeprefix(_PREFIX): one for name, one in found.items()}
    if lora:
        # An encoder may come with a head of another job.
        tensors = {name: one for name, one in tensors.items() if not name.startswith(_HEAD)}
        _merge(tensors, _load(release / ADAPTER), _read(_Lora, release / ADAPTER_CONFIG))
    return tensors


def _config(base: Path, release: Path) -> _Config:
    return _read(_Config, (base if (release / ADAPTER).is_file() else release) / "config.json")


def names_of(layer: int) -> tuple[str, ...]:
    """Return the names of the linear and normalising parts of one layer, in the order of their use."""
    at = f"encoder.layer.{layer}."
    return tuple(
        at + part
        for part in (
            "attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense",
            "attention.output.LayerNorm", "intermediate.dense", "output.dense", "output.LayerNorm",
        )
    )  # fmt: skip


def _merge(tensors: dict[str, Array], adapter: dict[str, Array], lora: _Lora) -> None:
    """Add an adapter to `tensors`, in place."""
    left = {name.removeprefix(_ADAPTER_PREFIX).removeprefix(_PREFIX): one for name, one in adapter.items()}
    for part in sorted(
        name.removesuffix(".lora_A.weight") for name in left if name.endswith(".lora_A.weight")
    ):
        down, up = left.pop(f"{part}.lora_A.weight"), left.pop(f"{part}.lora_B.weight", None)
        length = left.pop(f"{part}.lora_magnitude_vector", None)
        before = tensors.get(f"{part}.weight")
        if (
            before is None
            or up is None
            or before.shape != (len(up), down.shape[1])
            or up.shape[1] != len(down)
        ):
            raise WeightsUnfit(f"the adapter's {part} does not fit the encoder")
        if (length is not None) != lora.use_dora:
            raise WeightsUnfit(f"the adapter's {part} and {ADAPTER_CONFIG} disagree on DoRA")
        merged = before.astype(np.float64)
        for rank in range(len(down)):
            merged += np.multiply.outer(up[:, rank] * np.float64(lora.scale), down[rank].astype(np.float64))
        if length is not None:
            merged *= (length / np.sqrt(np.square(merged).sum(axis=1)))[:, None]
        tensors[f"{part}.weight"] = merged.astype(np.float32)
    for name in [name for name in left if name.startswith(_HEAD)]:
        tensors[name] = left.pop(name)
    if left:
        raise WeightsUnfit(
            f"the adapter holds {sorted(left)[0]} and {len(left) - 1} more that are not merged"
        )


def _check(model: Bert) -> None:
    """Raise WeightsUnfit when a part is missing, has no numbers of its own, or the head does not fit."""
    parts = [
        "embeddings.LayerNorm",
        "classifier",
        *((POOLER,) if model.pooled else ()),
        *(name for n in range(model.layers) for name in names_of(n)),
    ]
    needed = [f"{part}.{what}" for part in parts for what in ("weight", "bias")]
    needed += [f"embeddings.{kind}_embeddings.weight" for kind in ("word", "position", "token_type")]
    missing = [name for name in needed if name not in model.tensors]
    if missing:
        raise WeightsUnfit(f"the weights lack {missing[0]} and {len(missing) - 1} more")
    spoilt = [name for name in needed if not np.isfinite(model.tensors[name]).all()]
    if spoilt:
        raise WeightsUnfit(f"{spoilt[0]} and {len(spoilt) - 1} more hold values that are no numbers")
    size = model.tensors["embeddings.word_embeddings.weight"].shape[1]
    if size % model.heads or model.tensors["classifier.weight"].shape[1:] != (size,):
        raise WeightsUnfit(f"the head or the {model.heads} attention heads do not fit a width of {size}")


def _load(file: Path) -> dict[str, Array]:
    try:
        found = load_file(file)
    except (OSError, SafetensorError, TypeError, ValueError) as error:
        raise WeightsUnfit(f"{file.name} cannot be read as safetensors: {type(error).__name__}") from None
    return {
        name: one.astype(np.float32) for name, one in found.items() if np.issubdtype(one.dtype, np.floating)
    }


def _read(model: type[Read], file: Path) -> Read:
    try:
        return model.model_validate_json(file.read_bytes())
    except OSError as error:
        raise WeightsUnfit(f"{file.name} cannot be read: {type(error).__name__}") from None
    except ValidationError as error:
        fields = sorted({str(one["loc"][0]) if one["loc"] else one["type"] for one in error.errors()})
        raise WeightsUnfit(f"{file.name} is of a kind that is not served: {', '.join(fields)}") from None
