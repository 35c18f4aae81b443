"""weights/served.py: built once from a sealed release, and refused when anything is not as it was sealed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from tests.safety.tiny_tagger import LABELS, PLACES, promoted, random_release
from weights.bert_onnx import Form
from weights.errors import WeightsCorrupt, WeightsError, WeightsUnfit
from weights.served import MODEL, TAGGER, TOKENIZER, build_encoder, chosen_encoder, served_encoder


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A sealed release, promoted below `models`."""
    return promoted(random_release(tmp_path / "made"), tmp_path / "models")


def test_a_release_is_built_once_and_then_found_in_the_cache(release: Path, tmp_path: Path) -> None:
    first = served_encoder(release, TAGGER, cache_dir=tmp_path / "cache")
    stamp = (first / MODEL).stat().st_mtime_ns
    again = served_encoder(release, TAGGER, cache_dir=tmp_path / "cache", offline=True)
    assert again == first
    assert (again / MODEL).stat().st_mtime_ns == stamp
    assert sorted(one.name for one in first.iterdir()) == ["CAREFOLD.json", MODEL, TOKENIZER]


def test_each_form_is_kept_by_itself_and_int8_is_much_smaller(release: Path, tmp_path: Path) -> None:
    forms: tuple[Form, Form] = ("fp32", "int8")
    folders = [served_encoder(release, TAGGER, cache_dir=tmp_path / "cache", form=form) for form in forms]
    sizes = [(folder / MODEL).stat().st_size for folder in folders]
    assert sizes[1] < 0.6 * sizes[0]


def test_what_was_damaged_in_the_cache_is_built_again(release: Path, tmp_path: Path) -> None:
    folder = served_encoder(release, TAGGER, cache_dir=tmp_path)
    whole = (folder / MODEL).read_bytes()
    (folder / MODEL).write_bytes(whole[:-1])
    assert served_encoder(release, TAGGER, cache_dir=tmp_path) == folder
    assert (folder / MODEL).read_bytes() == whole


@pytest.mark.parametrize("name", ["model.safetensors", "encoder.json", "config.json", "tokenizer.json"])
def test_a_release_that_was_altered_is_refused(release: Path, tmp_path: Path, name: str) -> None:
    (release / name).write_bytes((release / name).read_bytes() + b" ")
    with pytest.raises(WeightsCorrupt, match=name):
        served_encoder(release, TAGGER, cache_dir=tmp_path / "cache")


def test_a_release_of_another_task_is_refused(tmp_path: Path) -> None:
    other = promoted(random_release(tmp_path / "made"), tmp_path / "models", task="other_job")
    with pytest.raises(WeightsUnfit, match="other_job"):
        served_encoder(other, TAGGER, cache_dir=tmp_path)


def test_the_default_of_a_command_is_the_active_release(release: Path, tmp_path: Path) -> None:
    places = {"models_dir": tmp_path / "models", "cache_dir": tmp_path / "cache"}
    active = chosen_encoder("", TAGGER, **places)
    assert active is not None
    assert chosen_encoder(str(release), TAGGER, **places) == active
    assert chosen_encoder("none", TAGGER, **places) is None
    assert chosen_encoder("", TAGGER, models_dir=tmp_path / "no-models") is None


def test_an_active_release_that_cannot_be_read_is_no_reason_to_go_without(
    tmp_path: Path, release: Path
) -> None:
    for content in ('{"active": "../../elsewhere"}', "{"):
        (release.parent / "active.json").write_text(content)
        with pytest.raises(WeightsError):
            chosen_encoder("", TAGGER, models_dir=tmp_path / "models", cache_dir=tmp_path)


def test_the_same_weights_give_the_same_bytes(tmp_path: Path) -> None:
    made = random_release(tmp_path / "made")
    for form in ("fp32", "int8"):
        written = []
        for n in (1, 2):
            out = tmp_path / f"{form}{n}"
            out.mkdir()
            card = build_encoder(made, made, out, form=form)  # type: ignore[arg-type]
            written.append((out / MODEL).read_bytes())
        assert written[0] == written[1]
        assert (card.labels, card.max_tokens, card.form) == (LABELS, PLACES, form)


def test_of_a_lora_release_another_encoder_is_refused(tmp_path: Path) -> None:
    made = _lora(tmp_path, {})
    release = promoted(
        made, tmp_path / "models", kind="lora", base=f"path:{tmp_path / 'base'}", base_sha256="1" * 64
    )
    with pytest.raises(WeightsCorrupt, match="belongs on the encoder 111111111111"):
        served_encoder(release, TAGGER, cache_dir=tmp_path / "cache")


@pytest.mark.parametrize(
    ("tensors", "reason"),
    [
        ({"base_model.model.bert.embeddings.word_embeddings.lora_embedding_A": np.ones((2, 4))}, "merged"),
        ({"base_model.model.bert.encoder.layer.9.output.dense.lora_A.weight": np.ones((2, 64))}, "does not fit"),
        ({"base_model.model.classifier.weight": np.full((5, 32), np.nan)}, "no numbers"),
        ({"base_model.model.classifier.weight": np.ones((4, 32))}, "labels"),
    ],
)  # fmt: skip
def test_an_adapter_that_is_not_understood_in_full_is_refused(
    tmp_path: Path, tensors: dict[str, np.ndarray], reason: str
) -> None:
    made = _lora(tmp_path, tensors)
    (tmp_path / "out").mkdir()
    with pytest.raises(WeightsUnfit, match=reason):
        build_encoder(tmp_path / "base", made, tmp_path / "out")


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("config.json", {"hidden_act": "relu"}),
        ("config.json", {"model_type": "roberta"}),
        ("config.json", {"num_hidden_layers": 3}),
        ("encoder.json", {"kind": "text_classifier"}),
        ("encoder.json", {"labels": ["O", "B-PERSON", "I-PERSON"]}),
    ],
)
def test_weights_of_another_form_are_refused(tmp_path: Path, file: str, change: dict[str, object]) -> None:
    made = random_release(tmp_path / "made")
    (made / file).write_text(json.dumps(json.loads((made / file).read_text()) | change))
    (tmp_path / "out").mkdir()
    with pytest.raises(WeightsUnfit):
        build_encoder(made, made, tmp_path / "out")


def _lora(folder: Path, more: dict[str, np.ndarray]) -> Path:
    """Write an encoder to `base` and an adapter with a head for it; `more` is added to the adapter."""
    base, made = random_release(folder / "base"), random_release(folder / "made")
    head = {name: one for name, one in load_file(made / "model.safetensors").items() if "classifier" in name}
    at = "base_model.model.bert.encoder.layer.0.output.dense"
    adapter = {
        f"{at}.lora_A.weight": np.ones((2, 64)),
        f"{at}.lora_B.weight": np.ones((32, 2)),
        **{f"base_model.model.{name}": one for name, one in head.items()},
        **more,
    }
    for name in ("model.safetensors", "config.json", "tokenizer.json"):
        (made / name).unlink()
    save_file(
        {name: one.astype(np.float32) for name, one in adapter.items()}, made / "adapter_model.safetensors"
    )
    (made / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "r": 2, "lora_alpha": 4}))
    assert base.is_dir()
    return made
