"""Make a decoder's small steps cheap: room in the cache, short attention, direct 4-bit products.

Nothing here changes what is computed beyond rounding. Measured on two cores, one token of
SmolLM2-135M at NF4 with 500 tokens of context: with AVX512-BF16 22 ms as the libraries do it and
12 ms with this; without it 130 ms and 50 ms.
Each shortcut falls back to the library where its conditions do not hold.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import bitsandbytes as bnb
import torch
from bitsandbytes.cextension import lib
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.cache_utils import DynamicCache, DynamicLayer
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

ATTENTION = "carefold_short"
SHORT_QUERY = 32
GROWTH = 256
# Models whose attention is plain: softmax(q k' * scale) v, without caps, sinks or biases.
PLAIN_ATTENTION = frozenset({"llama", "qwen2", "qwen3", "mistral", "smollm3"})

# Weights that are unpacked once and kept may take this much memory.
UNPACKED_BYTES = 768 * 2**20

_LINEAR_KERNEL = "gemv_4bit_inference_cpu_nf4_bf16"


class RoomyLayer(DynamicLayer):  # type: ignore[misc]
    """One layer's keys and values in buffers that have room to grow, cut without copying.

    Keys lie as [rows, heads, head size, slots], which is how a short query reads them fastest;
    outside they have the library's shape [rows, heads, slots, head size].
    """

    keys: torch.Tensor
    values: torch.Tensor
    _key_buffer: torch.Tensor
    _value_buffer: torch.Tensor

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_args: object, **_kwargs: object
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Append the new slots and return all of them."""
        start = self.get_seq_length()
        self._make_room(key_states, start + key_states.shape[2])
        self._show(start + key_states.shape[2])
        self.keys[:, :, start:] = key_states
        self.values[:, :, start:] = value_states
        return self.keys, self.values

    def load(self, keys: list[torch.Tensor], values: list[torch.Tensor]) -> None:
        """Take one tensor [heads, slots, head size] for each row, all ending at the last slot."""
        longest = max(key.shape[1] for key in keys)
        heads, _, size = keys[0].shape
        self.is_initialized = False
        self._make_room(keys[0].new_empty(len(keys), heads, 0, size), longest)
        self._show(longest)
        for row, (key, value) in enumerate(zip(keys, values, strict=True)):
            # Slots left of a shorter row are masked, but must hold numbers: 0 * NaN is NaN.
            self.keys[row, :, : longest - key.shape[1]] = 0
            self.values[row, :, : longest - key.shape[1]] = 0
            self.keys[row, :, longest - key.shape[1] :] = key
            self.values[row, :, longest - key.shape[1] :] = value

    def crop(self, tokens_to_remove: int) -> None:
        """Forget the last slots (a negative number, as in the library)."""
        if self.is_initialized and tokens_to_remove:
            self._show(self.get_seq_length() - abs(tokens_to_remove))

    def _make_room(self, like: torch.Tensor, slots: int) -> None:
        rows, heads, _, size = like.shape
        if self.is_initialized and slots <= self._key_buffer.shape[3]:
            return
        room = (slots // GROWTH + 1) * GROWTH
        key_buffer = like.new_empty(rows, heads, size, room)
        value_buffer = like.new_empty(rows, heads, room, size)
        if self.is_initialized:
            held = self.get_seq_length()
            key_buffer[..., :held] = self._key_buffer[..., :held]
            value_buffer[:, :, :held] = self._value_buffer[:, :, :held]
        self._key_buffer, self._value_buffer = key_buffer, value_buffer
        self.dtype, self.device = like.dtype, like.device
        self.is_initialized = True

    def _show(self, slots: int) -> None:
        self.keys = self._key_buffer[..., :slots].transpose(2, 3)
        self.values = self._value_buffer[:, :, :slots]


def new_cache(layers: int) -> DynamicCache:
    """Return an empty cache of `layers` roomy layers."""
    cache = DynamicCache()
    cache.layers = [RoomyLayer() for _ in range(layers)]
    return cache


def short_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """Attend with few queries: heads that share keys are one product. Long queries go to SDPA.

    On a CPU, SDPA spends 0.23 ms a layer on one bf16 query of nine heads; this takes 0.05 ms.
    """
    rows, heads, count, size = query.shape
    if count > SHORT_QUERY:
        return sdpa_attention_forward(  # type: ignore[no-any-return]
            module, query, key, value, attention_mask, scaling=scaling, dropout=dropout, **kwargs
        )
    groups, slots = key.shape[1], key.shape[2]
    shared = heads // groups
    scaled = query * (scaling if scaling is not None else size**-0.5)
    scores = torch.bmm(
        scaled.reshape(rows * groups, shared * count, size), key.reshape(rows * groups, slots, size).mT
    )
    if attention_mask is not None or count > 1:
        scores = scores.view(rows, groups, shared, count, slots)
        if attention_mask is None:
            allowed = torch.ones(count, slots, dtype=torch.bool, device=query.device).tril(slots - count)
        else:
            allowed = attention_mask[:, :, None, -count:, :slots]
        scores = scores.masked_fill(~allowed, torch.finfo(scores.dtype).min)
        scores = scores.view(rows * groups, shared * count, slots)
    weights = torch.softmax(scores, dim=-1)
    out = torch.bmm(weights, value.reshape(rows * groups, slots, size))
    return out.view(rows, heads, count, size).transpose(1, 2).contiguous(), None


def use_short_attention(model: Any) -> None:
    """Switch a model with plain attention on a CPU to `short_attention`; leave others alone."""
    if model.config.model_type in PLAIN_ATTENTION and model.device.type == "cpu":
        AttentionInterface.register(ATTENTION, short_attention)
        AttentionMaskInterface.register(ATTENTION, sdpa_mask)
        model.set_attn_implementation(ATTENTION)


def use_direct_linear(model: torch.nn.Module) -> int:
    """Let packed NF4 layers call bitsandbytes' kernel directly; return how many do.

    Only after a first forward pass in eval mode on a CPU with AVX512-BF16, which is what packs
    them. The library's own path to the same kernel costs more than the product of one token.
    """
    kernel = getattr(lib, _LINEAR_KERNEL, None)
    if kernel is None:
        return 0
    count = 0
    for module in model.modules():
        if (
            isinstance(module, bnb.nn.Linear4bit)
            and _packed(module)
            and module.weight.quant_state.quant_type == "nf4"
        ):
            module.forward = _direct(module, kernel)
            count += 1
    return count


def _packed(module: Any) -> bool:
    """Say whether the library packed the weights for its kernel, which it does at the first forward pass."""
    return bool(getattr(module.weight.quant_state, "packing_format_for_cpu", False))


def use_unpacked_linear(model: torch.nn.Module) -> int:
    """Unpack the 4-bit weights once, where no kernel multiplies them as they are; return how many.

    Without AVX512-BF16 the library unpacks every layer anew for every pass, which takes longer than
    all of its products. The numbers stay those of NF4. It costs eight times the memory of the packed
    weights, so a model beyond UNPACKED_BYTES is left as it is. Nor are layers touched that were packed
    for such a kernel: read as NF4, they are other numbers.
    """
    layers = [
        module
        for module in model.modules()
        if isinstance(module, bnb.nn.Linear4bit)
        and module.weight.quant_state is not None
        and not _packed(module)
    ]
    size = sum(layer.in_features * layer.out_features * layer.compute_dtype.itemsize for layer in layers)
    if size > UNPACKED_BYTES:
        return 0
    for layer in layers:
        layer.forward = _unpacked(layer)
    return len(layers)


def _unpacked(module: Any) -> Callable[[torch.Tensor], torch.Tensor]:
    library_forward, bias = module.forward, module.bias
    weight = bnb.functional.dequantize_4bit(module.weight.data, module.weight.quant_state)
    weight = weight.to(module.compute_dtype)

    def forward(x: torch.Tensor) -> torch.Tensor:
        if x.dtype != weight.dtype or module.training:
            return library_forward(x)
        return torch.nn.functional.linear(x, weight, bias)

    return forward


def _direct(
    module: Any,
    kernel: Callable[..., None],
) -> Callable[[torch.Tensor], torch.Tensor]:
    state = module.weight.quant_state
    outputs, inputs = state.shape
    weight, scales, bias, library_forward = module.weight.data, state.absmax, module.bias, module.forward
    c_out, c_in, c_block = (ctypes.c_int64(size) for size in (outputs, inputs, state.blocksize))
    c_weight, c_scales = ctypes.c_void_p(weight.data_ptr()), ctypes.c_void_p(scales.data_ptr())

    def forward(x: torch.Tensor) -> torch.Tensor:
        if x.dtype != torch.bfloat16 or module.training:
            return library_forward(x)
        flat = x.reshape(-1, inputs).contiguous()
        out = torch.empty(flat.shape[0], outputs, dtype=torch.bfloat16)
        kernel(
            ctypes.c_int64(flat.shape[0]), c_out, c_in, ctypes.c_void_p(flat.data_ptr()), c_weight, c_scales,
            ctypes.c_void_p(out.data_ptr()), c_block, c_in, c_out,
        )  # fmt: skip
        if bias is not None:
            out += bias
        return out.view(*x.shape[:-1], outputs)

    # Their addresses stay valid: an adapter that is loaded reads the state of the model, for which the
    # library unpacks its weights in place and lets go of these.
    forward.held = weight, scales  # type: ignore[attr-defined]
    return forward
