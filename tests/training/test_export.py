"""Exports: what is written says what base and adapter say together, or nothing is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import gguf
import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    GgufConfig,
    LlamaConfig,
    PreTrainedTokenizerFast,
    Qwen2Config,
)

import weights
from app.release_manifest import ReleaseFacts, seal
from training.errors import ReleaseError
from training.export import export
from training.trainers.export_gguf import write_gguf
from training.trainers.export_weights import merge
from weights.cache import hash_folder, verified
from weights.defaults import BASE_MODEL

pytestmark = pytest.mark.slow  # torch or a clustering starts up: seconds before the first test

CONFIGS = {
    "llama": LlamaConfig(
        vocab_size=300, hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=128, tie_word_embeddings=True,
        rope_parameters={"rope_type": "default", "rope_theta": 50_000.0},
    ),
    "qwen2": Qwen2Config(
        vocab_size=300, hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=128, tie_word_embeddings=False,
        rope_parameters={"rope_type": "default", "rope_theta": 50_000.0},
    ),
}  # fmt: skip
QUESTION = "My flatmate in room 17 moved out, and evenings are long."
TEMPLATE = "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}<|end|>{% endfor %}"


@pytest.fixture(scope="module", params=["llama", "qwen2"])
def base(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small random model with a byte-level tokenizer of its own."""
    folder = tmp_path_factory.mktemp(request.param)
    torch.manual_seed(1)
    model = AutoModelForCausalLM.from_config(CONFIGS[request.param])
    for name, parameter in model.named_parameters():
        if name.endswith(".bias"):
            torch.nn.init.normal_(parameter)
    model.to(torch.bfloat16).save_pretrained(folder)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=290, special_tokens=["<|pad|>", "<|end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False,
    )  # fmt: skip
    tokenizer.train_from_iterator([QUESTION] * 4, trainer)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|end|>", pad_token="<|pad|>", chat_template=TEMPLATE
    ).save_pretrained(folder)
    return folder


def adapter(base: Path, out: Path, *, targets: Any = "all-linear", rank: int = 4) -> Path:
    """A LoRA that changes what the base says."""
    torch.manual_seed(2)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    tuned = get_peft_model(
        model, LoraConfig(r=rank, lora_alpha=8, target_modules=targets, task_type="CAUSAL_LM")
    )
    for name, parameter in tuned.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.05)
    tuned.save_pretrained(out)
    (out / "README.md").unlink(missing_ok=True)
    return out


def released(base_source: str, base_sha256: str, folder: Path) -> Path:
    (folder / "MODEL_CARD.md").write_text("# Invented\n")
    facts = ReleaseFacts(
        task="counseling", created=date(2031, 5, 6), base=base_source, base_sha256=base_sha256
    )
    seal(folder, facts)
    return folder


@pytest.fixture(scope="module")
def release(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = f"path:{base}"
    folder = adapter(base, tmp_path_factory.mktemp("release"))
    return released(source, hash_folder(base, source).sha256, folder)


def logits(model: Any, ids: torch.Tensor) -> torch.Tensor:
    with torch.inference_mode():
        return model.eval()(ids).logits


def test_merged_says_what_base_and_adapter_say(base: Path, release: Path, tmp_path: Path) -> None:
    done = export(release, tmp_path / "out", form="merged")
    ids = torch.tensor([[5, 9, 200, 31, 77]])
    unmerged = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    before = logits(unmerged, ids)
    wanted = logits(PeftModel.from_pretrained(unmerged, release), ids)
    merged = AutoModelForCausalLM.from_pretrained(done.folder, dtype="auto")
    assert merged.dtype == torch.bfloat16
    found = logits(merged.float(), ids)
    assert (found - wanted).abs().max() < 0.02 < (before - wanted).abs().max()
    assert (done.folder / "MODEL_CARD.md").read_text() == "# Invented\n"
    tokenizer = AutoTokenizer.from_pretrained(done.folder)
    assert tokenizer.chat_template == TEMPLATE
    assert verified(done.folder).sha256 == done.sha256
    assert weights.fetch(f"path:{done.folder}").sha256 == done.sha256


@pytest.mark.parametrize("numbers", ["bf16", "f16", "q8_0"])
def test_a_gguf_reads_back_as_the_merged_model(
    base: Path, release: Path, tmp_path: Path, numbers: Any
) -> None:
    done = export(release, tmp_path / "out", form="gguf", numbers=numbers)
    assert done.same_token >= (0.8 if numbers == "q8_0" else 0.97)
    assert done.difference < (0.1 if numbers == "q8_0" else 1e-4)
    [file] = done.folder.glob("*.gguf")
    kinds = {str(one.tensor_type.name) for one in gguf.GGUFReader(file).tensors}
    assert kinds == {numbers.upper(), "F32"}
    assert {one.name for one in done.folder.iterdir()} == {file.name, "MODEL_CARD.md", "CAREFOLD.json"}


def test_the_tokenizer_of_a_gguf_cuts_and_joins_as_before(base: Path, release: Path, tmp_path: Path) -> None:
    done = export(release, tmp_path / "out", form="gguf")
    [file] = done.folder.glob("*.gguf")
    before = AutoTokenizer.from_pretrained(base)
    after = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
    text = before.apply_chat_template([{"role": "user", "content": QUESTION}], tokenize=False)
    # The reader of transformers knows no digits rule, so a text without digits is compared.
    text = text.replace("17", "seventeen")
    assert after(text).input_ids == before(text).input_ids
    assert after.chat_template == before.chat_template
    assert (after.eos_token, after.pad_token) == ("<|end|>", "<|pad|>")
    fields = gguf.GGUFReader(file).fields
    assert fields["tokenizer.ggml.pre"].contents() == "smollm"
    assert len(fields["tokenizer.ggml.tokens"].contents()) == 300


def test_heads_in_the_wrong_order_are_noticed(
    base: Path, release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if json.loads((base / "config.json").read_text())["model_type"] != "llama":
        pytest.skip("its heads are not reordered")
    monkeypatch.setattr("training.trainers.export_gguf._ordered", lambda one, values, config, known: values)
    with pytest.raises(ReleaseError, match="does not say what the merged model says"):
        export(release, tmp_path / "out", form="gguf")
    assert list(tmp_path.iterdir()) == []


def test_a_quantised_base_is_never_merged_into(base: Path, release: Path, tmp_path: Path) -> None:
    config = json.loads((base / "config.json").read_text())
    config["quantization_config"] = {"quant_method": "bitsandbytes", "load_in_4bit": True}
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(ReleaseError, match=r"quantised \(bitsandbytes\).*rounded twice"):
        merge(tmp_path, release, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_adapter_for_other_shapes_or_layers_is_refused(base: Path, release: Path, tmp_path: Path) -> None:
    config = json.loads((base / "config.json").read_text())
    config["num_hidden_layers"] = 1
    config.pop("layer_types", None)
    shallow = AutoModelForCausalLM.from_config(CONFIGS[config["model_type"]].__class__(**config))
    shallow.save_pretrained(tmp_path / "shallow")
    with pytest.raises(ReleaseError, match="tensors have no place"):
        merge(tmp_path / "shallow", release, tmp_path / "out")
    config |= {"num_hidden_layers": 2, "intermediate_size": 64}
    narrow = AutoModelForCausalLM.from_config(CONFIGS[config["model_type"]].__class__(**config))
    narrow.save_pretrained(tmp_path / "narrow")
    with pytest.raises(ReleaseError, match="does not fit the base"):
        merge(tmp_path / "narrow", release, tmp_path / "out")


def test_a_release_for_another_base_is_not_exported(base: Path, tmp_path: Path) -> None:
    folder = adapter(base, tmp_path / "release")
    released(f"path:{base}", "f" * 64, folder)
    with pytest.raises(ReleaseError, match="base_sha256"):
        export(folder, tmp_path / "out", form="merged")
    assert not (tmp_path / "out").exists()


def test_a_taken_folder_is_left_as_it_is(release: Path, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(ReleaseError, match="taken"):
        export(release, tmp_path, form="merged")
    assert [one.name for one in tmp_path.iterdir()] == ["letter.txt"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": "gpt_bigcode"}, "architecture 'gpt_bigcode'"),
        ({"rope_parameters": {"rope_type": "llama3", "factor": 8.0}}, "rotary scaling 'llama3'"),
    ],
)
def test_what_has_no_gguf_form_here_is_refused_with_a_way_out(
    base: Path, tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    config = json.loads((base / "config.json").read_text()) | change
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(ReleaseError, match=message) as caught:
        write_gguf(tmp_path, tmp_path / "x.gguf", name="x")
    assert "convert_hf_to_gguf" in str(caught.value)


def _no_bytes(stated: dict[str, Any]) -> None:
    stated["model"]["byte_fallback"] = True


def _other_cut(stated: dict[str, Any]) -> None:
    stated["pre_tokenizer"] = {"type": "Metaspace"}


@pytest.mark.parametrize("change", [_no_bytes, _other_cut])
def test_a_tokenizer_without_a_name_here_is_refused(
    base: Path, tmp_path: Path, change: Callable[[dict[str, Any]], None]
) -> None:
    for file in base.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    stated = json.loads((base / "tokenizer.json").read_text())
    change(stated)
    (tmp_path / "tokenizer.json").write_text(json.dumps(stated))
    with pytest.raises(ReleaseError, match="tokenizer"):
        write_gguf(tmp_path, tmp_path / "x.gguf", name="x")


@pytest.mark.weights
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_default_base_becomes_a_gguf_that_writes_the_same_text(tmp_path: Path) -> None:
    fetched = weights.fetch(BASE_MODEL)
    from weights.gguf import safetensors_folder

    base = safetensors_folder(fetched.folder, sha256=fetched.sha256)
    folder = released(BASE_MODEL, fetched.sha256, adapter(base, tmp_path / "release", rank=2))
    merged = export(folder, tmp_path / "merged", form="merged")
    done = export(folder, tmp_path / "gguf", form="gguf")
    assert done.difference < 1e-4 and done.same_token == 1.0
    [file] = done.folder.glob("*.gguf")
    own = next(fetched.folder.glob("*.gguf"))
    ours, theirs = gguf.GGUFReader(file).fields, gguf.GGUFReader(own).fields
    for key in (
        "tokenizer.ggml.pre",
        "tokenizer.ggml.tokens",
        "tokenizer.ggml.merges",
        "llama.rope.freq_base",
    ):
        assert ours[key].contents() == theirs[key].contents()
    tokenizer = AutoTokenizer.from_pretrained(merged.folder)
    asked = [{"role": "user", "content": QUESTION}]
    ids = tokenizer.apply_chat_template(asked, add_generation_prompt=True, return_tensors="pt")["input_ids"]
    said = []
    for model in (
        AutoModelForCausalLM.from_pretrained(merged.folder, dtype=torch.float32),
        AutoModelForCausalLM.from_pretrained(
            file.parent, gguf_file=file.name, dtype=torch.float32,
            quantization_config=GgufConfig(dequantize=True),
        ),
    ):  # fmt: skip
        written = model.generate(ids, do_sample=False, max_new_tokens=24)
        said.append(tokenizer.decode(written[0, ids.shape[1] :]))
    assert said[0] == said[1] and said[0].strip()
