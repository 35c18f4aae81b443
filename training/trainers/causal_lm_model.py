"""The model that is trained: the base in a precision that can be trained, with LoRA or whole.

On a CPU the base is bf16 or fp32, never NF4: bitsandbytes 0.50 repacks NF4 weights at the first
forward in eval mode and nothing unpacks them, so after one validation gradients are wrong while
the loss looks right. QLoRA is for CUDA.
"""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig

from app.models.transformers_local_load import has_bf16
from training.errors import RecipeError
from training.recipe import Train
from training.trainers.base import Job
from training.trainers.machine import device_name
from weights.gguf import safetensors_folder

ADAPTER_FILE = "adapter_model.safetensors"


def training_dtype(settings: Train) -> torch.dtype:
    """Return the precision of the base while it is trained."""
    if settings.precision == "auto":
        return torch.bfloat16 if has_bf16(device_name()) else torch.float32
    return torch.bfloat16 if settings.precision == "bf16" else torch.float32


def base_folder(job: Job) -> Path:
    """Return the base as safetensors; a GGUF is converted once, into the cache."""
    return safetensors_folder(job.base, sha256=job.base_sha256, cache_dir=job.cache_dir)


def load_tokenizer(job: Job) -> Any:
    """Load the base's tokenizer. Raises RecipeError where it has no chat template."""
    found = AutoTokenizer.from_pretrained(base_folder(job), local_files_only=True, trust_remote_code=False)
    if not found.chat_template:
        raise RecipeError(
            f"the base {job.base_source or job.base.name} has no chat template, so it knows no question "
            "from an answer. Use its version for chats (often named -Instruct), or a folder that has a "
            "chat_template.jinja beside the tokenizer: --set base=path:FOLDER"
        )
    return found


def trainable_model(job: Job) -> Any:
    """Load the base and make what is to be trained trainable, the same for the same seed.

    Raises RecipeError for a method that this machine cannot run, or that is not for language models.
    """
    settings = job.settings
    if settings.keep < 1:
        raise RecipeError(
            f"train.keep is {settings.keep:g}: a language model keeps all it learned. Leave it 1"
        )
    if settings.select == "last":
        raise RecipeError("train.select is last: a language model keeps its best validation. Leave it best")
    if settings.method == "qlora" and device_name() != "cuda":
        raise RecipeError(
            "train.method is qlora, and there is no CUDA device. Use lora: on a CPU the base is trained in "
            "bf16 or fp32 and quantised only to serve"
        )
    torch.manual_seed(job.seed)
    if settings.unsloth:
        return _with_unsloth(job)
    quantisation = (
        BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16,
        )
        if settings.method == "qlora"
        else None
    )
    model = AutoModelForCausalLM.from_pretrained(
        base_folder(job),
        # Weights that are themselves trained stay fp32: half a step of bf16 is more than a small rate moves.
        dtype=torch.float32 if settings.method == "full" else training_dtype(settings),
        device_map={"": PartialState().device} if quantisation is not None else None,
        quantization_config=quantisation,
        use_safetensors=True,
        local_files_only=True,
        trust_remote_code=False,
    )
    if settings.method == "full":
        return model
    # PEFT's preparation for 4-bit bases is left out: it would widen embeddings and norms, and with them all
    # activations, to fp32. LoRA freezes the base by itself.
    return get_peft_model(model, _lora(settings))


def _lora(settings: Train) -> LoraConfig:
    return LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        use_rslora=settings.rslora,
        use_dora=settings.dora,
        target_modules="all-linear",
        bias="none",
        task_type="CAUSAL_LM",
    )


def save_trained(model: Any, file: Path) -> None:
    """Keep what is trained, in full precision, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f".{file.name}.part")
    save_file({name: value.detach().contiguous() for name, value in _trained(model)}, fresh)
    fresh.replace(file)


def load_trained(model: Any, file: Path) -> None:
    """Go back to what `save_trained` kept."""
    kept = load_file(file, device=device_name())
    with torch.no_grad():
        for name, value in _trained(model):
            value.copy_(kept[name])


def _trained(model: Any) -> Iterator[tuple[str, torch.nn.Parameter]]:
    return ((name, value) for name, value in model.named_parameters() if value.requires_grad)


def save_adapter(model: Any, job: Job) -> None:
    """Write the trained weights to `job.out`, whole or not at all; LoRA weights as float16.

    Served, they are cast to the precision of the machine; float16 keeps three more bits than bfloat16.
    """
    fresh = job.out.with_name(f".{job.out.name}.part")
    shutil.rmtree(fresh, ignore_errors=True)
    if job.settings.method == "full":
        model.save_pretrained(fresh)
        load_tokenizer(job).save_pretrained(fresh)
    else:
        state = {
            name: value.detach().to(torch.float16)
            for name, value in model.state_dict().items()
            if "lora_" in name
        }
        # The folder of this machine stands in the configuration otherwise.
        model.peft_config["default"].base_model_name_or_path = job.base_source
        # Asked to look, PEFT would ask the hub for the base.
        model.save_pretrained(fresh, state_dict=state, save_embedding_layers=False)
        (fresh / "README.md").unlink(missing_ok=True)
    for file in fresh.iterdir():
        file.chmod(0o644)  # safetensors writes for its owner alone
    shutil.rmtree(job.out, ignore_errors=True)
    fresh.replace(job.out)


def _with_unsloth(job: Job) -> Any:
    """Load by Unsloth, where it is installed and there is a CUDA device."""
    try:
        unsloth = importlib.import_module("unsloth")
    except ImportError as error:
        raise RecipeError(
            "train.unsloth is on, and Unsloth is not installed: pip install unsloth, or turn it off"
        ) from error
    settings = job.settings
    if settings.method == "full" or settings.dora:
        raise RecipeError(
            "train.unsloth is on for LoRA and QLoRA alone: turn it off, or set method and dora to those"
        )
    model, _tokenizer = unsloth.FastLanguageModel.from_pretrained(
        str(base_folder(job)),
        max_seq_length=settings.max_tokens,
        dtype=training_dtype(settings),
        load_in_4bit=settings.method == "qlora",
        trust_remote_code=False,
    )
    lora = _lora(settings)
    return unsloth.FastLanguageModel.get_peft_model(
        model,
        r=lora.r,
        lora_alpha=lora.lora_alpha,
        lora_dropout=lora.lora_dropout,
        use_rslora=lora.use_rslora,
        use_gradient_checkpointing=False,
        random_state=job.seed,
    )
