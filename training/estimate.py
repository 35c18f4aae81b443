"""Before anything starts: does the training fit into memory, how long does it take, what does it cost.

Arithmetic over the model's shape and the counted tokens; no weights are loaded and nothing is timed. The
throughputs in `hardware.yaml` say themselves whether they were measured or assumed. Only the training is
estimated, with its validations: writing the answers of an evaluation takes its own time.

Memory in bytes, for a micro batch of B rows of L tokens, e bytes a value (bf16 2, fp32 4):
- weights: parameters times e; over an NF4 base (bitsandbytes, double quantisation) 0.52 bytes a parameter
  in linear layers and 2 elsewhere; full tuning keeps fp32 weights.
- trained parameters: 4 for the weights of an adapter, 4 for the gradient, 8 for Adam's two moments.
- activations: B L layers times the bytes that `_activation_bytes` counts. Its sum agrees to the byte with
  what autograd saves in a Llama layer of transformers 5.23 with peft 0.21 (full and LoRA, with and without
  dropout, bf16 and fp32, on a CPU).
- logits: B L vocabulary times (8 + 2 e): logits, log-softmax, and the gradients of both. An upper bound: a
  trainer that makes logits only where a label stands needs less.

Operations a token (Kaplan et al. 2020, section 2.1): 2 a parameter forward, 4 backward; a frozen parameter
costs 2 backward. Attention adds 2 L heads head_dim a layer forward and twice that backward.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from pydantic import Field

from training.errors import DoesNotFit, RecipeError
from training.hardware import Hardware, HardwareTable, load_hardware
from training.recipe import Train
from training.rows import Frozen

GIB = 2**30
NF4_BYTES = 0.52
USABLE = 0.92  # the rest goes to fragments and to the system
RUNTIME = {"cpu": 0.7 * GIB, "gpu": 1.5 * GIB}  # libraries, tokenizer, data; CUDA's context and kernels
Precision = Literal["bf16", "fp32"]


class ModelShape(Frozen):
    """The sizes of a transformer that decide memory and time."""

    hidden: int = Field(gt=0)
    layers: int = Field(gt=0)
    heads: int = Field(gt=0)
    kv_heads: int = Field(gt=0)
    head_dim: int = Field(gt=0)
    intermediate: int = Field(gt=0)
    vocabulary: int = Field(gt=0)
    tied: bool = True
    gated: bool = True
    writes: bool = Field(default=True, description="a causal model: logits over the vocabulary")

    @classmethod
    def from_config(cls, config: Path) -> ModelShape:
        """Read a model's `config.json`. Raises DoesNotFit when sizes are missing from it."""
        try:
            read = json.loads(config.read_text(encoding="utf-8"))
            hidden, heads = int(read["hidden_size"]), int(read["num_attention_heads"])
            encoder = read.get("model_type") in ("bert", "roberta", "mpnet")
            return cls(
                hidden=hidden,
                layers=read["num_hidden_layers"],
                heads=heads,
                kv_heads=read.get("num_key_value_heads") or heads,
                head_dim=read.get("head_dim") or hidden // heads,
                intermediate=read["intermediate_size"],
                vocabulary=read["vocab_size"],
                tied=read.get("tie_word_embeddings", encoder),
                gated=not encoder,
                writes=not encoder,
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DoesNotFit(
                f"cannot estimate from {config.name}: {type(error).__name__}: {error}"
            ) from error

    @property
    def linears(self) -> tuple[tuple[int, int], ...]:
        """The (in, out) sizes of the linear layers of one transformer layer."""
        query, keys = self.heads * self.head_dim, self.kv_heads * self.head_dim
        attention = ((self.hidden, query), (self.hidden, keys), (self.hidden, keys), (query, self.hidden))
        up = ((self.hidden, self.intermediate),) * (2 if self.gated else 1)
        return (*attention, *up, (self.intermediate, self.hidden))

    @property
    def linear_parameters(self) -> int:
        """Parameters of all linear layers below the head."""
        return self.layers * sum(into * out for into, out in self.linears)

    @property
    def embedding_parameters(self) -> int:
        """Parameters of the embedding, and of the head where it is not the same matrix."""
        return self.vocabulary * self.hidden * (1 if self.tied or not self.writes else 2)

    @property
    def parameters(self) -> int:
        """All parameters, biases left out."""
        norms = (2 * self.layers + 1) * self.hidden
        return self.linear_parameters + self.embedding_parameters + norms

    def adapter_parameters(self, settings: Train) -> int:
        """Parameters of a LoRA on every linear layer: rank times (in + out), and DoRA's magnitudes."""
        each = sum(settings.rank * (into + out) + (out if settings.dora else 0) for into, out in self.linears)
        return self.layers * each


class Tokens(Frozen):
    """Counted tokens of one pass; `trained` carry loss, the others are prompt."""

    rows: int = Field(gt=0)
    total: int = Field(gt=0)
    trained: int = Field(default=0, ge=0)
    longest: int = Field(default=0, ge=0)
    validation: int = Field(default=0, ge=0)


class Memory(Frozen):
    """Bytes by use."""

    weights: int
    trained: int
    activations: int
    logits: int
    runtime: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.weights + self.trained + self.activations + self.logits + self.runtime


class Estimate(Frozen):
    """What a training would take on one piece of hardware. Where it does not fit, `reason` says why."""

    hardware: str
    precision: Precision
    fits: bool
    reason: str = ""
    micro_batch: int
    memory: Memory
    memory_limit: int
    tokens: int
    tokens_per_second: float
    seconds: float
    price_hour: float
    cost: float
    currency: str
    price_date: str
    source: str


def estimate(
    shape: ModelShape,
    tokens: Tokens,
    settings: Train,
    *,
    table: HardwareTable | None = None,
    wanted: str = "",
) -> tuple[Estimate, ...]:
    """Estimate memory, time and cost on each piece of hardware.

    `wanted` names the one that will be used. Raises DoesNotFit when it cannot hold the job, and RecipeError
    when there is no such hardware.
    """
    known = table or load_hardware()
    found = tuple(_one(shape, tokens, settings, hardware, known) for hardware in known.hardware)
    if wanted:
        chosen = next((one for one in found if one.hardware == wanted), None)
        if chosen is None:
            names = ", ".join(repr(one.name) for one in known.hardware)
            raise RecipeError(f"no hardware {wanted!r}. There is: {names}")
        if not chosen.fits:
            others = ", ".join(one.hardware for one in found if one.fits) or "no hardware in the table"
            raise DoesNotFit(f"{wanted}: {chosen.reason}. It fits: {others}")
    return found


def operations(shape: ModelShape, settings: Train, *, length: float) -> tuple[float, float]:
    """Return floating point operations a token: of a training step, and of a forward pass alone."""
    head = shape.vocabulary * shape.hidden if shape.writes else 0
    linear = 2.0 * (shape.linear_parameters + head)
    attention = 2.0 * length * shape.heads * shape.head_dim * shape.layers
    if settings.method == "full":
        return 3 * (linear + attention), linear + attention
    adapter = 2.0 * shape.adapter_parameters(settings)
    return 2 * linear + 3 * attention + 3 * adapter, linear + attention + adapter


def memory(
    shape: ModelShape, settings: Train, *, precision: Precision, rows: int, kind: Literal["cpu", "gpu"]
) -> Memory:
    """Return the bytes that a step over `rows` rows of `max_tokens` tokens needs at its peak."""
    size = 2 if precision == "bf16" else 4
    trained = shape.adapter_parameters(settings) * 16
    if settings.method == "full":
        weights, trained = shape.parameters * 4, shape.parameters * 12
    elif settings.method == "qlora":
        others = shape.parameters - shape.linear_parameters
        weights = int(shape.linear_parameters * NF4_BYTES) + others * 2
    else:
        weights = shape.parameters * size
    many = rows * settings.max_tokens
    return Memory(
        weights=weights,
        trained=trained,
        activations=many * shape.layers * _activation_bytes(shape, settings, size, kind),
        logits=many * shape.vocabulary * (8 + 2 * size) if shape.writes else 0,
        runtime=int(RUNTIME[kind]),
    )


def _activation_bytes(shape: ModelShape, settings: Train, size: int, kind: str) -> int:
    """Return the bytes that one layer saves for the backward pass, a token.

    Norms compute in fp32. An adapter over a bf16 base takes its own fp32 copy of each input; with dropout
    each linear layer keeps its own dropped input and a mask (4 bytes a value on a CPU, 1 on a GPU).
    """
    hidden, wide = shape.hidden, shape.intermediate
    query, keys = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
    attention = size * (2 * query + 2 * keys)
    small = 4 * shape.heads + 8
    inner = 3 if shape.gated else 2
    if settings.method == "full":
        norms = 2 * hidden * (4 + 2 * size)
        return norms + attention + size * wide * (inner + 1 if shape.gated else inner) + small
    norms = 2 * hidden * 4
    inputs = sum(into for into, _ in shape.linears)
    if settings.dropout:
        copies = inputs * (4 + (4 if kind == "cpu" else 1))
    elif size == 2:
        copies = inputs * 4
    else:
        copies = 4 * (2 * hidden + wide)  # three and two layers read one input; attention's output is counted
    ranks = 4 * settings.rank * len(shape.linears)
    magnitudes = 4 * sum(out for _, out in shape.linears) if settings.dora else 0
    return norms + attention + size * wide * inner + copies + ranks + magnitudes + small


def _one(
    shape: ModelShape, tokens: Tokens, settings: Train, hardware: Hardware, table: HardwareTable
) -> Estimate:
    precision: Precision = "bf16" if hardware.bf16_tflops and settings.precision != "fp32" else "fp32"
    limit = int(hardware.memory_gib * GIB * USABLE)
    rows = _micro_batch(shape, settings, precision, hardware.kind, limit)
    need = memory(shape, settings, precision=precision, rows=rows, kind=hardware.kind)
    reason = _refusal(settings, hardware, need, limit, rows)
    share = hardware.nf4_share if settings.method == "qlora" else 1.0
    speed = (hardware.bf16_tflops if precision == "bf16" else hardware.fp32_tflops) * 1e12 * (share or 1.0)
    length = tokens.total / tokens.rows
    step, forward = operations(shape, settings, length=length)
    each = max(step / speed, hardware.layer_seconds * shape.layers / (rows * length))
    passes = settings.epochs
    if settings.max_steps:
        passes = min(passes, settings.max_steps * settings.batch / tokens.rows)
    checks = tokens.validation * settings.evaluations * passes
    seconds = passes * tokens.total * each + checks * each * forward / step
    return Estimate(
        hardware=hardware.name,
        precision=precision,
        fits=not reason,
        reason=reason,
        micro_batch=rows,
        memory=need,
        memory_limit=limit,
        tokens=round(passes * tokens.total),
        tokens_per_second=round(1 / each, 1),
        seconds=round(seconds, 1),
        price_hour=hardware.price_hour,
        cost=round(seconds / 3600 * hardware.price_hour, 4),
        currency=table.currency,
        price_date=table.price_date,
        source=hardware.source,
    )


def _micro_batch(
    shape: ModelShape, settings: Train, precision: Precision, kind: Literal["cpu", "gpu"], limit: int
) -> int:
    """Return the asked number of rows, or the largest divisor of the batch that fits; at least 1."""
    if settings.micro_batch:
        return min(settings.micro_batch, settings.batch)
    for rows in range(settings.batch, 1, -1):
        fits = memory(shape, settings, precision=precision, rows=rows, kind=kind).total <= limit
        if settings.batch % rows == 0 and fits:
            return rows
    return 1


def _refusal(settings: Train, hardware: Hardware, need: Memory, limit: int, rows: int) -> str:
    if settings.method == "qlora" and not hardware.nf4_share:
        return "no training over an NF4 base here: use method lora"
    if settings.precision == "bf16" and not hardware.bf16_tflops:
        return "no bf16 arithmetic here: use precision auto or fp32"
    if need.total > limit:
        asked = f"{rows} row(s) of {settings.max_tokens} tokens need {need.total / GIB:.1f} GiB"
        return f"{asked}, {limit / GIB:.1f} GiB can be used: lower max_tokens, micro_batch or rank"
    return ""
