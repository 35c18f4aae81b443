"""Turn a folder with one GGUF file into a safetensors model folder, once.

The result (bf16 weights, config, tokenizer with its chat template) is published in the cache in
one step and hashed at every use, so a half-written or altered folder is found and made again.
Reading a GGUF takes many seconds; reading the result takes less than one. This is one of the
few files that may import torch and transformers.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from filelock import FileLock
from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

from weights.cache import publish, verified
from weights.errors import WeightsCorrupt, WeightsMissing
from weights.sources import default_cache_dir

LAYOUT = "1"  # raise it when the files written below change


def safetensors_folder(folder: Path, *, sha256: str, cache_dir: Path | None = None) -> Path:
    """Return a folder with safetensors for the model in `folder`, converting a GGUF when needed.

    `sha256` is the identity of `folder` (64 hex digits) and names the converted folder. Raises
    WeightsMissing when `folder` holds neither safetensors nor exactly one GGUF file.
    """
    if any(folder.glob("*.safetensors")):
        return folder
    files = sorted(folder.glob("*.gguf"))
    if len(files) != 1:
        raise WeightsMissing(
            f"{folder.name}: {len(files)} GGUF files and no safetensors. Name a folder with one model"
        )
    converted = (cache_dir or default_cache_dir()) / "converted"
    converted.mkdir(parents=True, exist_ok=True)
    target = converted / f"gguf-{sha256[:32]}-{LAYOUT}"
    # One process converts; the others wait and then find it there.
    with FileLock(str(target) + ".lock"):
        if target.exists():
            try:
                verified(target)
            except WeightsCorrupt as error:
                sys.stderr.write(f"{error}: converting again\n")
            else:
                return target
        sys.stderr.write(f"converting {files[0].name} to safetensors (once)\n")
        publish(target, f"{files[0].name} of {sha256}", lambda fresh: _convert(files[0], fresh))
    return target


def _convert(file: Path, fresh: Path) -> None:
    """Write the dequantised model and its tokenizer into the empty folder `fresh`."""
    model = AutoModelForCausalLM.from_pretrained(
        file.parent,
        gguf_file=file.name,
        dtype=torch.bfloat16,
        # Without this the blocks stay packed, and the model can be neither saved nor trained.
        quantization_config=GgufConfig(dequantize=True),
        local_files_only=True,
        trust_remote_code=False,
    )
    tokenizer = AutoTokenizer.from_pretrained(
        file.parent, gguf_file=file.name, local_files_only=True, trust_remote_code=False
    )
    model.save_pretrained(fresh)
    tokenizer.save_pretrained(fresh)
