"""Release folders for tests: sealed as training seals them, with weights that nobody can run."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from app.prompting import prompt_hash
from app.releases import Measured, ReleaseFacts, ReleaseManifest, seal
from weights.defaults import BASE_MODEL

BASE_SHA256 = "b" * 64


def sealed(
    folder: Path, *, weights: bytes = b"one", task: str = "counseling", **facts: object
) -> ReleaseManifest:
    """Fill `folder` with a release and seal it; other `weights` make another release."""
    folder.mkdir(parents=True)
    (folder / "adapter_model.safetensors").write_bytes(weights)
    (folder / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "r": 4}))
    (folder / "MODEL_CARD.md").write_text("# A release for a test\n")
    known: dict[str, object] = {
        "task": task,
        "created": date(2026, 3, 1),
        "base": BASE_MODEL,
        "base_sha256": BASE_SHA256,
        "prompt_hash": prompt_hash(),
        "policy_hash": "p" * 16,
        "licences": ("CC0-1.0",),
        "metrics": {"perplexity": Measured(value=12.5, low=11.0, high=14.0)},
        "verdict": "better than the base",
    }
    return seal(folder, ReleaseFacts.model_validate(known | facts))
