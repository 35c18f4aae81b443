"""A base model that is small enough to train in a second, with the real tokenizer and template."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from weights import fetch
from weights.defaults import BASE_MODEL


@pytest.fixture(scope="session")
def base_tokenizer() -> Any:
    """Return the default base's tokenizer."""
    from transformers import AutoTokenizer

    from weights.gguf import safetensors_folder

    fetched = fetch(BASE_MODEL)
    return AutoTokenizer.from_pretrained(safetensors_folder(fetched.folder, sha256=fetched.sha256))


@pytest.fixture(scope="session")
def tiny_base(base_tokenizer: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a random two-layer Llama with the default base's tokenizer."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(base_tokenizer), hidden_size=64, intermediate_size=128, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=2048, tie_word_embeddings=True,
        bos_token_id=1, eos_token_id=2, pad_token_id=2, initializer_range=0.1,
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("tiny") / "base"
    LlamaForCausalLM(config).save_pretrained(folder)
    base_tokenizer.save_pretrained(folder)
    return folder
