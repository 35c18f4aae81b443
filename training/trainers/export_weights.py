"""Merge an adapter into its base, and say whether two folders hold the same model.

The base is read in fp32, merged, and rounded to bf16 once. A base that stands in 4 bits is refused: its
weights were rounded already, and merging would round the sum again, so that what is exported is neither
what was trained nor what was measured (PEFT issue 2321).
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel, get_peft_model_state_dict
from safetensors import SafetensorError, safe_open
from transformers import AutoModelForCausalLM, GgufConfig
from transformers.utils import logging as hub_logging

from training.errors import ReleaseError

ADAPTER_FILE = "adapter_model.safetensors"
_TOKENIZER = (
    "tokenizer*", "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt",
    "chat_template.*",
)  # fmt: skip


def merge(base: Path, adapter: Path, out: Path) -> None:
    """Write base plus adapter as bf16 safetensors, with config and tokenizer, into the folder `out`.

    `base` and `adapter` are folders with safetensors. Raises ReleaseError for a quantised base and for
    an adapter of which a part does not fit.
    """
    _refuse_quantised(base)
    model = _read(base)
    expected = _tensor_names(adapter / ADAPTER_FILE)
    if model.config.tie_word_embeddings and any(
        "embed_tokens" in one or "lm_head" in one for one in expected
    ):
        raise ReleaseError(
            "the adapter changes the embeddings, which this base shares with its output layer: they cannot "
            "be merged into one. Train linear layers alone"
        )
    try:
        tuned = PeftModel.from_pretrained(model, adapter, local_files_only=True, use_safetensors=True)
    except (RuntimeError, ValueError, KeyError) as error:
        raise ReleaseError(f"the adapter does not fit the base ({type(error).__name__})") from error
    missed = expected ^ set(get_peft_model_state_dict(tuned))
    if missed:
        # PEFT leaves out what it cannot place, and only warns.
        raise ReleaseError(f"the adapter does not fit the base: {len(missed)} of its tensors have no place")
    # The safe way looks for numbers that are none.
    _write(tuned.merge_and_unload(safe_merge=True), base, out)


def rewrite(model: Path, tokenizer: Path, out: Path) -> None:
    """Write a fully tuned model as bf16, with the tokenizer of `tokenizer`, into the folder `out`."""
    _refuse_quantised(model)
    _write(_read(model), tokenizer, out)


def logit_difference(model: Path, gguf: Path, *, tokens: int = 32) -> tuple[float, float]:
    """Compare a safetensors folder with a GGUF file of the same model, both in fp32.

    Returns the largest difference between two logits, in standard deviations of the model's logits, and
    the share of positions whose likeliest token is the same, over `tokens` tokens that are the same at
    each call.
    """
    first = _read(model).eval()
    again = AutoModelForCausalLM.from_pretrained(
        gguf.parent,
        gguf_file=gguf.name,
        dtype=torch.float32,
        # Without this the blocks stay packed.
        quantization_config=GgufConfig(dequantize=True),
        local_files_only=True,
        trust_remote_code=False,
    ).eval()
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(0, first.config.vocab_size, (1, tokens), generator=generator)
    with torch.inference_mode():
        ours, theirs = first(ids).logits, again(ids).logits
    same = (ours.argmax(-1) == theirs.argmax(-1)).float().mean()
    return float((ours - theirs).abs().max() / ours.std()), float(same)


def _refuse_quantised(folder: Path) -> None:
    try:
        config = json.loads((folder / "config.json").read_bytes())
        method = (config.get("quantization_config") or {}).get("quant_method", "")
    except (OSError, ValueError, AttributeError) as error:
        raise ReleaseError("the base has no config.json that can be read") from error
    if config.get("quantization_config"):
        raise ReleaseError(
            f"the base is quantised ({method or 'unnamed'}), and an adapter is never merged into that: it "
            "would be rounded twice. Name the bf16 base that it was made from"
        )


def _read(folder: Path) -> Any:
    hub_logging.disable_progress_bar()
    try:
        return AutoModelForCausalLM.from_pretrained(
            folder, dtype=torch.float32, use_safetensors=True, local_files_only=True, trust_remote_code=False
        )
    except SafetensorError as error:
        raise ReleaseError(f"{folder.name}: its weights cannot be read as safetensors") from error


def _write(model: Any, tokenizer: Path, out: Path) -> None:
    model.to(torch.bfloat16).save_pretrained(out)
    # Copied, not read and written again: the class that transformers chooses may change how text is cut.
    for pattern in _TOKENIZER:
        for file in tokenizer.glob(pattern):
            shutil.copyfile(file, out / file.name)


def _tensor_names(file: Path) -> set[str]:
    try:
        with safe_open(file, framework="pt") as tensors:
            return set(tensors.keys())
    except (OSError, SafetensorError) as error:
        raise ReleaseError(f"{file.name} cannot be read as safetensors: {type(error).__name__}") from error
