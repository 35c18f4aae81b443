"""Unsloth where a recipe asks for it: said where it is missing, handed the recipe's numbers where it is there."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.training.test_causal_lm import SMALL, fit, job
from training.errors import RecipeError

pytestmark = pytest.mark.weights

ASKED = SMALL.model_copy(update={"unsloth": True, "rslora": True, "epochs": 1.0})


class Stub:
    """What the trainer asks of Unsloth, done by the libraries that Unsloth stands on."""

    def __init__(self) -> None:
        self.loaded: dict[str, Any] = {}
        self.tuned: dict[str, Any] = {}

    def from_pretrained(self, folder: str, **values: Any) -> tuple[Any, None]:
        from transformers import AutoModelForCausalLM

        self.loaded = values
        return AutoModelForCausalLM.from_pretrained(folder, dtype=values["dtype"]), None

    def get_peft_model(self, model: Any, **values: Any) -> Any:
        from peft import LoraConfig, get_peft_model

        self.tuned = values
        config = LoraConfig(
            r=values["r"], lora_alpha=values["lora_alpha"], lora_dropout=values["lora_dropout"],
            use_rslora=values["use_rslora"], target_modules="all-linear", task_type="CAUSAL_LM",
        )  # fmt: skip
        return get_peft_model(model, config)


def test_where_it_is_not_installed_the_recipe_is_refused_with_a_way_out(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "unsloth", None)  # an import of it fails, installed or not
    with pytest.raises(RecipeError, match="Unsloth is not installed: pip install unsloth, or turn it off"):
        fit(job(tiny_base, tmp_path, ASKED))


@pytest.mark.parametrize("change", [{"method": "full"}, {"dora": True}])
def test_what_it_cannot_train_is_refused(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
) -> None:
    monkeypatch.setitem(sys.modules, "unsloth", SimpleNamespace(FastLanguageModel=Stub()))
    with pytest.raises(RecipeError, match="LoRA and QLoRA alone"):
        fit(job(tiny_base, tmp_path, ASKED.model_copy(update=change)))


def test_where_it_is_there_it_loads_the_base_and_the_adapter_is_trained_and_kept(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub = Stub()
    monkeypatch.setitem(sys.modules, "unsloth", SimpleNamespace(FastLanguageModel=stub))
    one = job(tiny_base, tmp_path, ASKED)
    found, _heard = fit(one)
    assert (stub.loaded["max_seq_length"], stub.loaded["load_in_4bit"]) == (ASKED.max_tokens, False)
    assert (stub.tuned["r"], stub.tuned["lora_alpha"], stub.tuned["use_rslora"]) == (4, 8, True)
    assert stub.tuned["random_state"] == one.seed
    assert found.steps > 0 and (one.out / "adapter_model.safetensors").is_file()
