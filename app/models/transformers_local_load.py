"""Load a base model and its adapters for serving: fast the second time, without running code.

Reads safetensors from local folders only (`trust_remote_code=False`, no pickle). A GGUF is
converted once, and the NF4 form is kept in the cache too: quantising takes seconds, reading
the quantised weights a fraction of one. Must not decide anything about requests.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import bitsandbytes as bnb
import torch
import transformers
from filelock import FileLock
from peft import PeftModel
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig
from transformers.utils import logging as hub_logging

from app.errors import GenerationError
from app.models.base import Precision
from app.models.transformers_local_adapters import with_adapter, without_adapter
from app.models.transformers_local_cpu import use_direct_linear, use_short_attention, use_unpacked_linear
from weights.cache import publish, verified
from weights.errors import WeightsCorrupt, WeightsUnfit
from weights.gguf import safetensors_folder
from weights.sources import Fetched, default_cache_dir

LAYOUT = "1"  # raise it when what `_quantised` writes changes


@dataclass(frozen=True)
class Loaded:
    """A model ready to decode, its tokenizer, the adapters that loaded and those that did not."""

    model: Any
    tokenizer: Any
    adapters: tuple[str, ...]
    refused: Mapping[str, str]
    end_ids: frozenset[int]
    longest: int

    def use(self, adapters: list[str | None]) -> dict[str, list[str]]:
        """Switch to what these rows need; return the extra arguments of the forward call."""
        if not isinstance(self.model, PeftModel):
            return {}
        if len(set(adapters)) > 1:
            self.model.base_model.enable_adapter_layers()
            return {"adapter_names": [adapter or "__base__" for adapter in adapters]}
        if adapters[0] is None:
            self.model.base_model.disable_adapter_layers()
        else:
            self.model.base_model.enable_adapter_layers()
            if self.model.active_adapter != adapters[0]:
                self.model.set_adapter(adapters[0])
        return {}


def adopt(loaded: Loaded, name: str, folder: Path) -> Loaded:
    """Return it with one more adapter. Raises GenerationError when the adapter does not load."""
    model = with_adapter(loaded.model, name, folder)
    return replace(loaded, model=model, adapters=(*loaded.adapters, name))


def retire(loaded: Loaded, name: str) -> Loaded:
    """Return it without an adapter that no row uses any more."""
    model = without_adapter(loaded.model, name)
    return replace(loaded, model=model, adapters=tuple(one for one in loaded.adapters if one != name))


def load(
    fetched: Fetched,
    *,
    adapters: Mapping[str, Path],
    precision: Precision,
    cache_dir: Path | None,
    threads: int,
) -> Loaded:
    """Load everything onto the GPU if there is one, else the CPU, and run one token as a warm-up.

    An adapter that does not load is left out and named in `refused`; the base serves without it.
    Raises WeightsError, OSError, ValueError or RuntimeError when the base cannot be loaded.
    """
    torch.set_num_threads(threads)
    hub_logging.disable_progress_bar()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    dtype = torch.float32 if precision == "fp32" or not has_bf16(device, precision) else torch.bfloat16
    if precision == "nf4":
        folder = _quantised(fetched, dtype, device, cache_dir)
    else:
        folder = safetensors_folder(fetched.folder, sha256=fetched.sha256, cache_dir=cache_dir)
    model = _read(folder, dtype, device).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    model, refused = _with_adapters(model, adapters)
    use_short_attention(model)
    with torch.inference_mode():
        model(torch.tensor([[0, 1]], device=device), use_cache=False)  # packs NF4 weights on a CPU
    if device == "cpu" and not use_direct_linear(model):
        use_unpacked_linear(model)
    return Loaded(
        model=model,
        tokenizer=tokenizer,
        adapters=tuple(name for name in adapters if name not in refused),
        refused=refused,
        end_ids=_end_ids(model, tokenizer),
        longest=int(getattr(model.config, "max_position_embeddings", 2048)),
    )


def has_bf16(device: str, precision: Precision = "nf4") -> bool:
    """Whether bf16 arithmetic is worth it here; whoever sets bf16 gets it anyway."""
    if device == "cuda" or precision == "bf16":
        return True
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def _quantised(fetched: Fetched, dtype: torch.dtype, device: str, cache_dir: Path | None) -> Path:
    """Return a folder with the NF4 form of the weights, made on first use."""
    target = (cache_dir or default_cache_dir()) / "converted" / (
        f"nf4-{fetched.sha256[:32]}-{str(dtype).removeprefix('torch.')}"
        f"-{bnb.__version__}-{transformers.__version__}-{LAYOUT}"
    )  # fmt: skip
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(str(target) + ".lock"):
        if target.exists():
            try:
                verified(target)
            except WeightsCorrupt as error:
                sys.stderr.write(f"{error}: quantising again\n")
            else:
                return target
        folder = safetensors_folder(fetched.folder, sha256=fetched.sha256, cache_dir=cache_dir)
        settings = BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=dtype
        )
        model = _read(folder, dtype, device, settings)
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)

        def fill(fresh: Path) -> None:
            # Before any forward pass: on a CPU the first one repacks the weights, and what
            # bitsandbytes 0.50 saves after that is not what it had (its scales stay transposed).
            model.save_pretrained(fresh)
            tokenizer.save_pretrained(fresh)

        publish(target, f"nf4 of {fetched.source} {fetched.sha256}", fill)
    return target


def _read(folder: Path, dtype: torch.dtype, device: str, settings: BitsAndBytesConfig | None = None) -> Any:
    chosen = {} if settings is None else {"quantization_config": settings}
    try:
        return AutoModelForCausalLM.from_pretrained(
            folder,
            dtype=dtype,
            device_map={"": device},
            use_safetensors=True,
            local_files_only=True,
            trust_remote_code=False,
            **chosen,
        )
    except SafetensorError as error:
        raise WeightsUnfit(f"{folder.name}: its weights cannot be read as safetensors") from error


def _with_adapters(model: Any, adapters: Mapping[str, Path]) -> tuple[Any, dict[str, str]]:
    refused: dict[str, str] = {}
    for name, folder in adapters.items():
        try:
            model = with_adapter(model, name, folder)
        except GenerationError as error:
            refused[name] = str(error)
    return model.eval(), refused


def _end_ids(model: Any, tokenizer: Any) -> frozenset[int]:
    stated = model.generation_config.eos_token_id
    ids = stated if isinstance(stated, list) else [stated]
    return frozenset(int(i) for i in (*ids, tokenizer.eos_token_id) if i is not None)
