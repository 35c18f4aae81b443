"""The hardware that a training can be estimated on, as `hardware.yaml` states it.

A throughput says whether it was measured or assumed; a price is an assumption with a date. A team hands in
a file of its own with its own machines and prices.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import yaml
from pydantic import Field, ValidationError

from training.errors import RecipeError
from training.rows import Frozen

HARDWARE_FILE = Path(__file__).resolve().parent / "hardware.yaml"


class Hardware(Frozen):
    """One line of `hardware.yaml`."""

    name: str
    kind: Literal["cpu", "gpu"]
    memory_gib: float = Field(gt=0)
    bf16_tflops: float = Field(ge=0)
    fp32_tflops: float = Field(gt=0)
    nf4_share: float = Field(default=0.0, ge=0, le=1)
    layer_seconds: float = Field(default=0.0, ge=0)
    source: str = Field(pattern=r"^(measured|assumed): ")
    price_hour: float = Field(ge=0)


class HardwareTable(Frozen):
    """The hardware that is known, and how its prices are to be read."""

    currency: str
    price_date: str
    hardware: tuple[Hardware, ...] = Field(min_length=1)


def load_hardware(file: Path = HARDWARE_FILE) -> HardwareTable:
    """Read a hardware file. Raises RecipeError that lists every fault."""
    try:
        return HardwareTable.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    except ValidationError as error:
        faults = [f"  {'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
        raise RecipeError("\n".join([f"{file.name} has {len(faults)} fault(s):", *faults])) from error
    except (OSError, yaml.YAMLError) as error:
        raise RecipeError(f"cannot read {file.name}: {type(error).__name__}") from error
