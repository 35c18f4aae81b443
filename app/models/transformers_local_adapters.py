"""Put a LoRA adapter into a loaded base model and take it out again, while the others stay.

Only the owner thread may call this, between two forward passes. What fails leaves the model as it was.
The weights are read as safetensors only.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from peft import PeftConfig, PeftModel
from safetensors import SafetensorError

from app.errors import GenerationError

WEIGHTS = "adapter_model.safetensors"


def with_adapter(model: Any, name: str, folder: Path) -> Any:
    """Return the model with one more adapter, in eval mode.

    Raises GenerationError when there are no safetensors, or they do not fit this base.
    """
    if not (folder / WEIGHTS).is_file():
        raise GenerationError(f"no {WEIGHTS} in {folder.name}")
    wrapped = isinstance(model, PeftModel)
    inside = model
    try:
        config = PeftConfig.from_pretrained(str(folder))
        config.inference_mode = True
        if not wrapped:
            inside = PeftModel(model, config, adapter_name=name, autocast_adapter_dtype=False)
        inside.load_adapter(str(folder), adapter_name=name, autocast_adapter_dtype=False)
    except (
        OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError, SafetensorError,
    ) as error:  # fmt: skip
        if isinstance(inside, PeftModel) and name in inside.peft_config:
            without_adapter(inside, name)
        raise GenerationError(type(error).__name__) from error
    return inside.eval()


def without_adapter(model: Any, name: str) -> Any:
    """Return the model without an adapter; after the last one it is the bare base again."""
    others = [other for other in model.peft_config if other != name]
    if not others:
        # A PeftModel without any adapter cannot run.
        return model.unload().eval()
    if name in model.active_adapters:
        model.set_adapter(others[0])
    model.delete_adapter(name)
    return model.eval()
