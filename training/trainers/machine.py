"""Where models are trained and run: the device, its numbers, and what it is called."""

from __future__ import annotations

import platform
import resource
import sys
from contextlib import AbstractContextManager

import torch

from training.recipe import Train


def device_name() -> str:
    """Return `cuda` where there is such a device, else `cpu`."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def precision(settings: Train) -> str:
    """Return `bfloat16` or `float32`: what products are computed in. The weights stay float32.

    `auto` takes bfloat16 on a GPU that has it, never on a CPU: so small a model gains nothing there,
    and its scores move.
    """
    if settings.precision == "auto":
        half = device_name() == "cuda" and torch.cuda.is_bf16_supported()
        return "bfloat16" if half else "float32"
    return {"bf16": "bfloat16", "fp32": "float32"}[settings.precision]


def mixed(settings: Train) -> AbstractContextManager[object]:
    """Return the context in which a training's forward passes run."""
    half = precision(settings) == "bfloat16"
    context: AbstractContextManager[object] = torch.autocast(device_name(), torch.bfloat16, enabled=half)
    return context


def peak_memory() -> int:
    """Return the most memory that was held, in bytes: the GPU's, or this process's."""
    if device_name() == "cuda":
        return int(torch.cuda.max_memory_allocated())
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def hardware() -> str:
    """Name the device, and on a CPU the threads, which decide the last bits of a result."""
    if device_name() == "cuda":
        return str(torch.cuda.get_device_name(0))
    return f"{platform.machine()} CPU, {torch.get_num_threads()} threads"
