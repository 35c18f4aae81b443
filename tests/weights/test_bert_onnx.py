"""weights/bert.py and weights/bert_onnx.py against transformers and PEFT: the same numbers out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from peft import LoraConfig, get_peft_model
from safetensors.numpy import save_file
from transformers import AutoModelForSequenceClassification, AutoModelForTokenClassification, AutoTokenizer

from safety.recognizers.tagger import TaggerRecognizer
from safety.tagging import decode
from tests.safety.tiny_tagger import LABELS, PLACES, random_release, served
from training.trainers.encoder_heads import probabilities, windows
from weights.bert import read_bert
from weights.bert_onnx import Form, onnx_bytes
from weights.errors import WeightsUnfit

pytestmark = pytest.mark.slow  # torch starts up: seconds before the first test

Logits = Callable[[NDArray[np.int64]], NDArray[np.float32]]


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_release(tmp_path_factory.mktemp("random") / "release")


def reference(folder: Path) -> Any:
    return AutoModelForTokenClassification.from_pretrained(str(folder), local_files_only=True).eval()


def onnx_logits(base: Path, release: Path, form: Form) -> Logits:
    session = onnxruntime.InferenceSession(onnx_bytes(read_bert(base, release), form=form, notes={}))
    return lambda tokens: session.run(["logits"], {"tokens": tokens})[0]


def torch_logits(model: Any, tokens: NDArray[np.int64]) -> NDArray[np.float32]:
    with torch.inference_mode():
        found = model(input_ids=torch.tensor(tokens[None]), attention_mask=torch.ones(1, len(tokens)))
    return found.logits[0].numpy()  # type: ignore[no-any-return]


def some_tokens() -> list[NDArray[np.int64]]:
    draw = np.random.default_rng(1)
    return [draw.integers(4, 100, length) for length in (1, 2, 7, 33, PLACES)]


def test_fp32_gives_the_numbers_of_transformers(release: Path) -> None:
    model, ours = reference(release), onnx_logits(release, release, "fp32")
    for tokens in some_tokens():
        np.testing.assert_allclose(ours(tokens), torch_logits(model, tokens), atol=1e-4)


@pytest.mark.parametrize(
    "settings", [{}, {"use_rslora": True}, {"use_dora": True}], ids=["lora", "rslora", "dora"]
)
def test_a_merged_adapter_gives_the_numbers_of_the_unmerged_one(
    release: Path, tmp_path: Path, settings: dict[str, bool]
) -> None:
    torch.manual_seed(0)
    config = LoraConfig(
        r=3, lora_alpha=8, target_modules="all-linear", exclude_modules=["classifier"],
        modules_to_save=["classifier"], init_lora_weights=False, **settings,
    )  # fmt: skip
    model = get_peft_model(reference(release), config).eval()
    with torch.no_grad():
        for name, one in model.named_parameters():
            if "classifier" in name or "magnitude" in name:
                one.mul_(1.25)
    model.save_pretrained(str(tmp_path), save_embedding_layers=False)
    ours = onnx_logits(release, tmp_path, "fp32")
    before = onnx_logits(release, release, "fp32")
    for tokens in some_tokens():
        np.testing.assert_allclose(ours(tokens), torch_logits(model, tokens), atol=1e-4)
        assert np.abs(ours(tokens) - before(tokens)).max() > 0.1


def test_a_head_for_the_whole_text_gives_the_numbers_of_transformers(release: Path) -> None:
    torch.manual_seed(0)
    model = AutoModelForSequenceClassification.from_pretrained(str(release), local_files_only=True).eval()
    model.save_pretrained(str(release.parent / "pooled"))
    bert = read_bert(release.parent / "pooled", release.parent / "pooled", pooled=True)
    session = onnxruntime.InferenceSession(onnx_bytes(bert, form="fp32", notes={}))
    for tokens in some_tokens():
        found = session.run(["logits"], {"tokens": tokens})[0]
        assert found.shape == (1, model.config.num_labels)
        with torch.inference_mode():
            wanted = model(input_ids=torch.tensor(tokens[None])).logits.numpy()
        np.testing.assert_allclose(found, wanted, atol=1e-4)
    without = {name: one for name, one in bert.tensors.items() if not name.startswith("pooler")}
    save_file(without, release.parent / "pooled" / "model.safetensors")
    with pytest.raises(WeightsUnfit, match="pooler"):
        read_bert(release.parent / "pooled", release.parent / "pooled", pooled=True)


def test_int8_stays_near_fp32(release: Path) -> None:
    exact, rounded = onnx_logits(release, release, "fp32"), onnx_logits(release, release, "int8")
    pairs = [(exact(tokens), rounded(tokens)) for tokens in some_tokens()]
    error = max(float(np.abs(one - other).max()) for one, other in pairs)
    spread = max(float(one.std()) for one, _ in pairs)
    assert 0 < error < 0.25 * spread


def test_served_spans_are_those_of_the_trained_model(release: Path, tmp_path: Path) -> None:
    model = reference(release)
    tokenizer = AutoTokenizer.from_pretrained(str(release), local_files_only=True)
    tagger = TaggerRecognizer(served(release, tmp_path / "served"), thresholds={"default": 0.5}, seconds=250)
    texts = ["dr. o'hara-luk met bo on 3/4/2020", "nobody came", "Zoë! " * 60, "🙂 a1 " * 90, ""]
    for text in texts:
        cut = windows(tokenizer, text, limit=PLACES)
        shares = probabilities(model, [one.tokens for one in cut], pad=0)
        marked = decode(cut, shares, LABELS, outside_below=[0.5, 0.5])
        expected = [(one.label, one.start, one.end) for one in marked]
        assert [(kind, start, end) for kind, start, end, _ in tagger.find(text)] == expected
    assert len(json.loads((release / "encoder.json").read_text())["labels"]) == len(LABELS)


@pytest.mark.weights
def test_the_default_encoder_is_read_as_it_was_in_training(tmp_path: Path) -> None:
    from tokenizers import Tokenizer

    from safety.tagging import cut
    from weights import fetch
    from weights.defaults import EMBEDDER

    base = fetch(EMBEDDER).folder
    torch.manual_seed(0)
    model = AutoModelForTokenClassification.from_pretrained(str(base), num_labels=5, dtype="float32").eval()
    config = LoraConfig(
        r=4, target_modules="all-linear", exclude_modules=["classifier"], modules_to_save=["classifier"],
        init_lora_weights=False,
    )  # fmt: skip
    model = get_peft_model(model, config).eval()
    model.save_pretrained(str(tmp_path), save_embedding_layers=False)
    trained = AutoTokenizer.from_pretrained(str(base), local_files_only=True)
    plain = Tokenizer.from_file(str(base / "tokenizer.json"))
    plain.no_truncation()
    plain.no_padding()
    ours = onnx_logits(base, tmp_path, "fp32")
    for text in ("Dr. O'Hara met Zoë on 3/4/2020.", "call 802-555-0100 NOW " * 60, "🙂 [SEP] 漢字"):
        encoded = plain.encode(text, add_special_tokens=False)
        read = cut(encoded, limit=256, begin=trained.cls_token_id, end=trained.sep_token_id)
        assert read == windows(trained, text, limit=256)
        for one in read:
            tokens = np.asarray(one.tokens)
            np.testing.assert_allclose(ours(tokens), torch_logits(model, tokens), atol=1e-4)
