import json
from pathlib import Path

import pytest

from tests.training.report_samples import COUNTED, SMALL
from training.errors import DoesNotFit, RecipeError
from training.estimate import GIB, Estimate, ModelShape, Tokens, estimate, memory, operations
from training.hardware import HARDWARE_FILE, load_hardware
from training.recipe import Train

LARGE = ModelShape(
    hidden=4096,
    layers=32,
    heads=32,
    kv_heads=8,
    head_dim=128,
    intermediate=14336,
    vocabulary=128256,
    tied=False,
)


def by_name(shape: ModelShape = SMALL, tokens: Tokens = COUNTED, **settings: object) -> dict[str, Estimate]:
    return {one.hardware: one for one in estimate(shape, tokens, Train.model_validate(settings))}


def test_parameters_of_known_models_are_counted_exactly() -> None:
    assert SMALL.parameters == 134_515_008  # SmolLM2-135M
    assert SMALL.adapter_parameters(Train(rank=16)) == 4_884_480
    assert LARGE.parameters == 8_030_261_248  # Llama-3.1-8B


def test_shape_is_read_from_a_config(tmp_path: Path) -> None:
    values = {
        "model_type": "llama", "hidden_size": 576, "num_hidden_layers": 30, "num_attention_heads": 9,
        "num_key_value_heads": 3, "head_dim": 64, "intermediate_size": 1536, "vocab_size": 49152,
        "tie_word_embeddings": True, "rope_theta": 1e5,
    }  # fmt: skip
    file = tmp_path / "config.json"
    file.write_text(json.dumps(values))
    assert ModelShape.from_config(file) == SMALL


def test_an_encoder_has_no_gate_and_writes_no_logits(tmp_path: Path) -> None:
    values = {
        "model_type": "bert", "hidden_size": 384, "num_hidden_layers": 6, "num_attention_heads": 12,
        "intermediate_size": 1536, "vocab_size": 30522,
    }  # fmt: skip
    file = tmp_path / "config.json"
    file.write_text(json.dumps(values))
    shape = ModelShape.from_config(file)
    assert (shape.kv_heads, shape.head_dim, shape.gated) == (12, 32, False)
    assert 22_000_000 < shape.parameters < 23_000_000
    assert memory(shape, Train(), precision="fp32", rows=4, kind="cpu").logits == 0


@pytest.mark.parametrize("text", ["{}", "[1", '{"hidden_size": "wide"}'])
def test_a_config_without_sizes_is_refused_by_name(tmp_path: Path, text: str) -> None:
    file = tmp_path / "config.json"
    file.write_text(text)
    with pytest.raises(DoesNotFit, match=r"config\.json"):
        ModelShape.from_config(file)


@pytest.mark.parametrize(
    ("hardware", "precision", "measured"),
    [
        ("2 CPU cores AVX512-BF16", "auto", 640),
        ("2 CPU cores AVX512-BF16", "fp32", 307),
        ("2 CPU cores AVX2", "auto", 250),
    ],
)
def test_measured_speeds_come_out_again(hardware: str, precision: str, measured: float) -> None:
    assert by_name(precision=precision)[hardware].tokens_per_second == pytest.approx(measured, rel=0.05)


def test_time_and_cost_follow_tokens_and_price() -> None:
    once, twice = by_name(epochs=1.0), by_name(epochs=2.0)
    for name, one in once.items():
        assert twice[name].seconds == pytest.approx(2 * one.seconds, rel=0.01)
        assert one.cost == pytest.approx(one.seconds / 3600 * one.price_hour, abs=1e-4)


def test_validations_take_time_too() -> None:
    name = "2 CPU cores AVX2"
    without = COUNTED.model_copy(update={"validation": 0})
    assert by_name()[name].seconds > by_name(tokens=without)[name].seconds


def test_a_step_limit_bounds_the_tokens() -> None:
    assert by_name(max_steps=10, batch=8)["T4"].tokens == 80 * COUNTED.total // COUNTED.rows


def test_full_tuning_costs_more_operations_and_memory_than_an_adapter() -> None:
    adapter, full = Train(), Train(method="full")
    assert operations(SMALL, full, length=300)[0] > 1.3 * operations(SMALL, adapter, length=300)[0]
    need = [memory(SMALL, one, precision="fp32", rows=1, kind="cpu") for one in (adapter, full)]
    assert need[1].weights + need[1].trained > 2 * (need[0].weights + need[0].trained)


def test_a_small_model_does_not_reach_a_large_gpus_throughput() -> None:
    small, large = by_name()["H100"], by_name(LARGE)["H100"]
    ratio = operations(LARGE, Train(), length=300)[0] / operations(SMALL, Train(), length=300)[0]
    assert small.tokens_per_second < large.tokens_per_second * ratio / 3


def test_the_micro_batch_shrinks_until_it_fits() -> None:
    one = by_name(batch=32, max_tokens=1024)["2 CPU cores AVX512-BF16"]
    assert one.fits
    assert 1 <= one.micro_batch < 32
    assert 32 % one.micro_batch == 0
    assert one.memory.total <= one.memory_limit


def test_wanted_hardware_that_cannot_hold_the_job_stops_with_the_figures() -> None:
    with pytest.raises(DoesNotFit, match=r"T4: 1 row\(s\) of 1024 tokens need \d+\.\d GiB.*It fits: .*H100"):
        estimate(LARGE, COUNTED, Train(), wanted="T4")


def test_wanted_hardware_that_fits_raises_nothing() -> None:
    assert estimate(SMALL, COUNTED, Train(), wanted="2 CPU cores AVX2")


def test_an_unknown_hardware_is_answered_with_the_known_ones() -> None:
    with pytest.raises(RecipeError, match=r"no hardware 'abacus'.*'L4'"):
        estimate(SMALL, COUNTED, Train(), wanted="abacus")


def test_qlora_is_for_gpus_and_shrinks_the_weights() -> None:
    found = by_name(LARGE, method="qlora")
    assert "lora" in found["2 CPU cores AVX2"].reason
    assert found["A100-80"].fits
    assert found["A100-80"].memory.weights < 7 * GIB < by_name(LARGE)["A100-80"].memory.weights


def test_bf16_is_refused_where_the_hardware_has_none() -> None:
    assert "no bf16" in by_name(precision="bf16")["2 CPU cores AVX2"].reason
    assert by_name(precision="auto")["2 CPU cores AVX2"].precision == "fp32"


def test_every_hardware_says_where_its_figures_come_from() -> None:
    known = load_hardware()
    assert {"2 CPU cores AVX2", "2 CPU cores AVX512-BF16", "T4", "L4", "A10G", "A100-80", "H100"} == {
        one.name for one in known.hardware
    }
    assert all(one.source.startswith(("measured: ", "assumed: ")) for one in known.hardware)


def test_prices_can_be_set_in_a_file_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(HARDWARE_FILE.read_text().replace("price_hour: 0.09", "price_hour: 9.00"))
    dear = estimate(SMALL, COUNTED, Train(), table=load_hardware(file))[0]
    assert dear.cost == pytest.approx(100 * by_name()["2 CPU cores AVX2"].cost, rel=0.01)


def test_a_faulty_hardware_file_lists_its_faults(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(HARDWARE_FILE.read_text().replace("kind: cpu", "kind: abacus"))
    with pytest.raises(RecipeError, match=r"2 fault\(s\):\n.*hardware\.0\.kind"):
        load_hardware(file)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("precision", "method", "dropout"),
    [("bf16", "full", 0.0), ("bf16", "lora", 0.05), ("fp32", "lora", 0.0), ("bf16", "lora", 0.0)],
)
def test_activation_bytes_are_what_autograd_saves(precision: str, method: str, dropout: float) -> None:
    settings = Train(method=method, dropout=dropout, max_tokens=64, rank=8)
    shape = ModelShape(
        hidden=64, layers=2, heads=4, kv_heads=2, head_dim=16, intermediate=160, vocabulary=128
    )
    deeper = shape.model_copy(update={"layers": 4})
    saved = saved_bytes(deeper, settings, precision) - saved_bytes(shape, settings, precision)
    counted = [
        memory(one, settings, precision=precision, rows=1, kind="cpu").activations for one in (shape, deeper)
    ]
    assert saved == pytest.approx(counted[1] - counted[0], rel=0.02)


def saved_bytes(shape: ModelShape, settings: Train, precision: str) -> int:
    """Sum the storages that one forward pass of a real model keeps for its backward pass."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    peft = pytest.importorskip("peft")
    config = transformers.LlamaConfig(
        hidden_size=shape.hidden, num_hidden_layers=shape.layers, num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads, head_dim=shape.head_dim, intermediate_size=shape.intermediate,
        vocab_size=shape.vocabulary, tie_word_embeddings=True, use_cache=False,
    )  # fmt: skip
    model = transformers.LlamaForCausalLM(config).to(torch.bfloat16 if precision == "bf16" else torch.float32)
    if settings.method == "lora":
        adapter = peft.LoraConfig(r=settings.rank, target_modules="all-linear", lora_dropout=settings.dropout)
        model = peft.get_peft_model(model, adapter)
    model.train()
    fixed = {one.untyped_storage().data_ptr() for one in (*model.parameters(), *model.buffers())}
    kept: dict[int, object] = {}

    def keep(tensor):
        if tensor.untyped_storage().data_ptr() not in fixed:
            kept[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    ids = torch.randint(0, shape.vocabulary, (1, settings.max_tokens))
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        model(input_ids=ids, labels=ids)
    return sum(one.untyped_storage().nbytes() for one in kept.values())
