"""The shortcuts compute what the library computes."""

from __future__ import annotations

from pathlib import Path
from unittest import mock

import bitsandbytes as bnb
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM, BitsAndBytesConfig
from transformers.cache_utils import DynamicLayer

from app.models import transformers_local_cpu
from app.models.transformers_local_cpu import (
    GROWTH,
    SHORT_QUERY,
    RoomyLayer,
    new_cache,
    use_direct_linear,
    use_short_attention,
    use_unpacked_linear,
)

IDS = torch.tensor([[3 + (7 * number) % 250 for number in range(60)]])


@given(st.lists(st.integers(1, 40), min_size=1, max_size=8), st.integers(0, 1))
@settings(deadline=None)
def test_a_roomy_layer_holds_what_the_library_layer_holds(sizes: list[int], cut: int) -> None:
    ours, theirs = RoomyLayer(), DynamicLayer()
    for size in [*sizes, GROWTH]:
        keys, values = torch.randn(2, 3, size, 4), torch.randn(2, 3, size, 4)
        for layer in (ours, theirs):
            layer.update(keys, values)
            layer.crop(-min(cut, layer.get_seq_length() - 1))
    assert torch.equal(ours.keys, theirs.keys)
    assert torch.equal(ours.values, theirs.values)
    assert ours.get_seq_length() == theirs.get_seq_length()


def test_loaded_rows_end_at_the_last_slot_with_zeros_before() -> None:
    layer = RoomyLayer()
    short, long = torch.randn(2, 3, 4), torch.randn(2, 5, 4)
    layer.load([short, long], [short, long])
    assert torch.equal(layer.keys[0, :, 2:], short)
    assert torch.equal(layer.values[1], long)
    assert not layer.keys[0, :, :2].any()


@pytest.mark.parametrize("block", [1, 5, SHORT_QUERY, SHORT_QUERY + 1])
@pytest.mark.parametrize("padded", [False, True])
def test_short_attention_gives_the_library_logits(tiny_folder: Path, block: int, padded: bool) -> None:
    logits = []
    for shortcut in (False, True):
        model = AutoModelForCausalLM.from_pretrained(tiny_folder, local_files_only=True).eval()
        if shortcut:
            use_short_attention(model)
            assert model.config._attn_implementation == "carefold_short"
        rows = IDS.repeat(2, 1)
        mask = torch.ones_like(rows)
        if padded:
            mask[0, :9] = 0
        cache = new_cache(3)
        with torch.inference_mode():
            model(rows[:, :-block], attention_mask=mask[:, :-block], past_key_values=cache, use_cache=True)
            logits.append(model(rows[:, -block:], attention_mask=mask, past_key_values=cache).logits)
    torch.testing.assert_close(logits[0], logits[1], rtol=1e-4, atol=1e-4)


def nf4(tiny_folder: Path, dtype: torch.dtype) -> torch.nn.Module:
    settings = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=dtype)
    return AutoModelForCausalLM.from_pretrained(
        tiny_folder, dtype=dtype, quantization_config=settings, local_files_only=True
    ).eval()


def logits_of(model: torch.nn.Module) -> list[torch.Tensor]:
    with torch.inference_mode():
        return [model(IDS[:, :size]).logits for size in (1, 7, 60)]


def test_direct_linear_gives_the_library_logits_to_the_bit(tiny_folder: Path) -> None:
    model = nf4(tiny_folder, torch.bfloat16)
    logits_of(model)  # packs the weights
    before = logits_of(model)
    if not use_direct_linear(model):
        pytest.skip("this CPU has no AVX512-BF16: bitsandbytes packs nothing here")
    for theirs, ours in zip(before, logits_of(model), strict=True):
        assert torch.equal(theirs, ours)


def test_unpacked_linear_gives_the_library_logits_to_the_bit(tiny_folder: Path) -> None:
    model = nf4(tiny_folder, torch.float32)
    before = logits_of(model)
    with mock.patch.object(
        bnb.functional, "dequantize_4bit", wraps=bnb.functional.dequantize_4bit
    ) as unpacks:
        layers = use_unpacked_linear(model)
        if use_direct_linear(model):
            # Packed weights read as NF4 are other numbers: none of them may be unpacked.
            assert layers == unpacks.call_count == 0
            pytest.skip("this CPU has AVX512-BF16: its weights are packed, and the direct kernel is tested")
        assert layers > 0
        assert unpacks.call_count == layers
    with mock.patch.object(bnb.nn.Linear4bit, "forward", side_effect=AssertionError("unpacked again")):
        after = logits_of(model)
    for theirs, ours in zip(before, after, strict=True):
        assert torch.equal(theirs, ours)


def test_a_model_too_large_to_unpack_stays_as_it_is(
    tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transformers_local_cpu, "UNPACKED_BYTES", 1000)
    model = nf4(tiny_folder, torch.float32)
    assert use_unpacked_linear(model) == 0
    assert not any("forward" in vars(module) for module in model.modules())
