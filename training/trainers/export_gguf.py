"""Write a safetensors model folder as one GGUF file, for llama.cpp and what builds on it.

Metadata and tokenizer come from the base's own GGUF where it has one, word for word; else they are
made from config.json and tokenizer.json, for the architectures and tokenizers named here. Anything else
is refused: a file that loads and answers nonsense is worse than none. Layout and names are those of
the `gguf` package; the order of rotary dimensions is llama.cpp's (its convert_hf_to_gguf.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import gguf
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from transformers.integrations.gguf.gguf_tokenizer_mapping import GGUF_PRE_TOKENIZER_SPLITS

from training.errors import ReleaseError

Numbers = Literal["bf16", "f16", "q8_0"]
_ELSE = "Export it merged, and convert that with llama.cpp's convert_hf_to_gguf.py"


@dataclass(frozen=True)
class Architecture:
    """What GGUF calls an architecture, and whether its query and key rows are reordered there."""

    arch: gguf.MODEL_ARCH
    reordered: bool


ARCHITECTURES: dict[str, Architecture] = {
    "llama": Architecture(gguf.MODEL_ARCH.LLAMA, reordered=True),
    "mistral": Architecture(gguf.MODEL_ARCH.LLAMA, reordered=True),
    "qwen2": Architecture(gguf.MODEL_ARCH.QWEN2, reordered=False),
}
_TYPES: dict[Numbers, tuple[gguf.GGMLQuantizationType, gguf.LlamaFileType]] = {
    "bf16": (gguf.GGMLQuantizationType.BF16, gguf.LlamaFileType.MOSTLY_BF16),
    "f16": (gguf.GGMLQuantizationType.F16, gguf.LlamaFileType.MOSTLY_F16),
    "q8_0": (gguf.GGMLQuantizationType.Q8_0, gguf.LlamaFileType.MOSTLY_Q8_0),
}
# Of a base's own metadata, what the writer writes itself or is not true of the export.
_NOT_COPIED = (
    "general.architecture", "general.file_type", "general.name", "general.basename", "general.finetune",
    "general.quantization_version",
)  # fmt: skip


@dataclass(frozen=True)
class _Tensor:
    name: str
    source: str
    shape: tuple[int, ...]
    kind: gguf.GGMLQuantizationType


def write_gguf(
    model: Path, out: Path, *, name: str, numbers: Numbers = "bf16", base: Path | None = None
) -> None:
    """Write the model in the folder `model` to the file `out`; `base` is its base's GGUF file.

    Matrices are written as `numbers`, vectors as fp32. One tensor at a time is in memory. Raises
    ReleaseError for an architecture, rotary scaling or tokenizer that is not known here.
    """
    config = json.loads((model / "config.json").read_bytes())
    known = ARCHITECTURES.get(config["model_type"])
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    if known is None:
        raise ReleaseError(f"no GGUF export for the architecture {config['model_type']!r}. {_ELSE}")
    if rope.get("rope_type", "default") != "default":
        raise ReleaseError(f"no GGUF export for the rotary scaling {rope['rope_type']!r}. {_ELSE}")
    tensors = list(_tensors(model, known.arch, config["num_hidden_layers"], _TYPES[numbers][0]))
    writer = gguf.GGUFWriter(None, gguf.MODEL_ARCH_NAMES[known.arch])
    writer.add_name(name)
    writer.add_file_type(_TYPES[numbers][1])
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    if base is None:
        _add_config(writer, config, rope)
        _add_tokenizer(writer, model, config["vocab_size"])
    else:
        _copy_metadata(writer, base, known.arch, {one.name for one in tensors})
    for one in tensors:
        rows, per_row = gguf.GGML_QUANT_SIZES[one.kind]
        size = int(np.prod(one.shape)) // rows * per_row
        writer.add_tensor_info(one.name, one.shape, np.dtype(np.float32), size, raw_dtype=one.kind)
    writer.write_header_to_file(out)
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for one, values in _values(model, tensors):
        writer.write_tensor_data(gguf.quantize(_ordered(one, values, config, known), one.kind))
    writer.close()


def _tensors(
    model: Path, arch: gguf.MODEL_ARCH, layers: int, kind: gguf.GGMLQuantizationType
) -> Iterator[_Tensor]:
    names = gguf.get_tensor_name_map(arch, layers)
    block = gguf.GGML_QUANT_SIZES[kind][0]
    for file in sorted(model.glob("*.safetensors")):
        with safe_open(file, framework="pt") as weights:
            for source in sorted(weights.keys()):
                name = names.get_name(source, try_suffixes=(".weight", ".bias"))
                if name is None:
                    raise ReleaseError(f"no GGUF export for the tensor {source!r}. {_ELSE}")
                shape = tuple(weights.get_slice(source).get_shape())
                fits = kind if shape[-1] % block == 0 else gguf.GGMLQuantizationType.F16
                yield _Tensor(name, source, shape, fits if len(shape) > 1 else gguf.GGMLQuantizationType.F32)


def _values(model: Path, tensors: list[_Tensor]) -> Iterator[tuple[_Tensor, NDArray[np.float32]]]:
    """Yield each tensor's numbers in the order of `tensors`, which is that of the files."""
    left = iter(tensors)
    for file in sorted(model.glob("*.safetensors")):
        with safe_open(file, framework="pt") as weights:
            for source in sorted(weights.keys()):
                yield next(left), weights.get_tensor(source).to(torch.float32).numpy()


def _ordered(
    tensor: _Tensor, values: NDArray[np.float32], config: dict[str, Any], known: Architecture
) -> NDArray[np.float32]:
    """Put a head's two rotary halves beside each other, as llama.cpp turns them."""
    heads = {
        ".attn_q.": config["num_attention_heads"],
        ".attn_k.": config.get("num_key_value_heads") or config["num_attention_heads"],
    }
    for part, count in heads.items():
        if known.reordered and part in tensor.name:
            halves = values.reshape(count, 2, values.shape[0] // count // 2, *values.shape[1:])
            return np.ascontiguousarray(halves.swapaxes(1, 2).reshape(values.shape))
    return values


def _copy_metadata(writer: gguf.GGUFWriter, base: Path, arch: gguf.MODEL_ARCH, names: set[str]) -> None:
    reader = gguf.GGUFReader(base)
    stated = reader.fields["general.architecture"].contents()
    missing = {one.name for one in reader.tensors} - names
    # A base may write its output layer out, though it is the embeddings' own.
    missing -= {"output.weight"}
    if stated != gguf.MODEL_ARCH_NAMES[arch] or missing:
        raise ReleaseError(
            f"the base's GGUF ({stated}) does not fit the merged model: it has {len(missing)} more tensors"
        )
    for key, field in reader.fields.items():
        if key.startswith("GGUF.") or key in _NOT_COPIED:
            continue
        kind = field.types[0]
        inner = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(key, field.contents(), kind, sub_type=inner)


def _add_config(writer: gguf.GGUFWriter, config: dict[str, Any], rope: dict[str, Any]) -> None:
    heads = config["num_attention_heads"]
    head = config.get("head_dim") or config["hidden_size"] // heads
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(config.get("num_key_value_heads") or heads)
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(rope.get("rope_theta") or config.get("rope_theta") or 10_000.0)
    writer.add_rope_dimension_count(head)
    writer.add_vocab_size(config["vocab_size"])
    if head * heads != config["hidden_size"]:
        writer.add_key_length(head)
        writer.add_value_length(head)


def _add_tokenizer(writer: gguf.GGUFWriter, model: Path, size: int) -> None:
    file = model / "tokenizer.json"
    stated = json.loads(file.read_bytes()) if file.is_file() else {}
    if stated.get("model", {}).get("type") != "BPE" or stated["model"].get("byte_fallback"):
        raise ReleaseError(f"no GGUF export for this tokenizer: it is not a byte-level BPE. {_ELSE}")
    added = {one["id"]: one for one in stated.get("added_tokens", ())}
    tokens = {number: text for text, number in stated["model"]["vocab"].items()}
    tokens.update({number: one["content"] for number, one in added.items()})
    kinds = [
        gguf.TokenType.UNUSED if number not in tokens
        else gguf.TokenType.NORMAL if number not in added
        else gguf.TokenType.CONTROL if added[number]["special"]
        else gguf.TokenType.USER_DEFINED
        for number in range(size)
    ]  # fmt: skip
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(_pre(stated.get("pre_tokenizer") or {}))
    writer.add_token_list([tokens.get(number, f"[PAD{number}]") for number in range(size)])
    writer.add_token_types(kinds)
    gguf.SpecialVocab(model, load_merges=True, n_vocab=size).add_to_gguf(writer, quiet=True)


def _pre(stated: dict[str, Any]) -> str:
    """Name how text is cut before pairs are merged, as llama.cpp names it."""
    parts = stated.get("pretokenizers") or [stated]
    kinds = [part.get("type") for part in parts]
    if kinds == ["Split", "ByteLevel"]:
        pattern = (parts[0].get("pattern") or {}).get("Regex")
        for name in ("qwen2", "llama-bpe"):
            if pattern == GGUF_PRE_TOKENIZER_SPLITS[name]:
                return name
    if kinds == ["Digits", "ByteLevel"] and parts[0].get("individual_digits"):
        return "smollm"
    if kinds == ["ByteLevel"] and parts[0].get("use_regex"):
        return "gpt-2"
    raise ReleaseError(f"no GGUF export for this tokenizer: how it cuts text has no name here. {_ELSE}")
