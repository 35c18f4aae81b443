"""Adapters that come and go while a model writes: a tiny random one, every code path of the real engine."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM

from app.errors import GenerationError, ModelUnavailable
from app.models import transformers_local_row
from app.models.base import GenerationRequest, Message
from app.models.transformers_local import TransformersLocal
from app.models.transformers_local_adapters import with_adapter, without_adapter
from weights.sources import Fetched

pytestmark = pytest.mark.slow


class EveryPiece:
    """Gives out all text at once: what random weights write has no sentences."""

    def feed(self, text: str) -> str:
        return text

    def finish(self) -> str:
        return ""


@pytest.fixture(autouse=True)
def _every_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transformers_local_row, "WholeSentences", EveryPiece)


@pytest.fixture
def model(tiny_folder: Path, tmp_path: Path) -> Iterator[TransformersLocal]:
    """A local model that was started without any adapter."""
    started = TransformersLocal(
        lambda: Fetched(tiny_folder, "path:tiny", "2" * 64), name="tiny", precision="fp32", threads=1,
        cache_dir=tmp_path,
    )  # fmt: skip
    assert started.wait_ready(30)
    yield started
    started.close()


def request(asked: str = "when are you open", **options: object) -> GenerationRequest:
    return GenerationRequest((Message("user", asked),), greedy=True, **options)  # type: ignore[arg-type]


def said(model: TransformersLocal, **options: object) -> str:
    return "".join(model.stream(request(max_new_tokens=16, **options), threading.Event()))


def loaded(model: TransformersLocal) -> set[str]:
    """Return the adapters that are in memory, whoever may ask for them."""
    assert model._decoder is not None
    inside = model._decoder._loaded.model
    return set(inside.peft_config) if isinstance(inside, PeftModel) else set()


def eventually(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.01)
    return condition()


@pytest.mark.slow
def test_adopted_adapter_writes_as_one_that_was_there_from_the_start(
    model: TransformersLocal, tiny_folder: Path, tiny_adapters: dict[str, Path], tmp_path: Path
) -> None:
    bare = said(model)
    for name, folder in tiny_adapters.items():
        model.adopt(name, folder)
    assert model.adapters == ("counsel", "faq")
    later = [said(model), said(model, adapter="counsel"), said(model, adapter="faq")]
    started = TransformersLocal(
        lambda: Fetched(tiny_folder, "path:tiny", "2" * 64), name="tiny", adapters=tiny_adapters,
        precision="fp32", threads=1, cache_dir=tmp_path,
    )  # fmt: skip
    assert started.wait_ready(30)
    assert [said(started), said(started, adapter="counsel"), said(started, adapter="faq")] == later
    assert later[0] == bare and len(set(later)) == 3
    started.close()


@pytest.mark.slow
def test_request_under_way_ends_with_the_adapter_it_began_with(
    model: TransformersLocal, tiny_adapters: dict[str, Path]
) -> None:
    model.adopt("counsel", tiny_adapters["counsel"])
    whole = "".join(model.stream(request(adapter="counsel", max_new_tokens=120), threading.Event()))
    reader = model.stream(request(adapter="counsel", max_new_tokens=120), threading.Event())
    before = model.counters.new_tokens
    assert eventually(lambda: model.counters.new_tokens > before + 5)
    model.adopt("faq", tiny_adapters["faq"])
    model.retire("counsel")
    assert model.adapters == ("faq",)
    with pytest.raises(GenerationError, match="unknown adapter 'counsel': there are faq"):
        model.stream(request(adapter="counsel"), threading.Event())
    assert "counsel" in loaded(model)
    assert said(model, adapter="faq")
    assert "".join(reader) == whole
    assert eventually(lambda: loaded(model) == {"faq"})


def test_request_that_waits_is_still_written_by_a_retired_adapter(
    tiny_folder: Path, tiny_adapters: dict[str, Path], tmp_path: Path
) -> None:
    model = TransformersLocal(
        lambda: Fetched(tiny_folder, "path:tiny", "2" * 64), name="tiny", adapters=tiny_adapters,
        precision="fp32", threads=1, cache_dir=tmp_path, most_rows=1,
    )  # fmt: skip
    assert model.wait_ready(30)
    alone = said(model, adapter="counsel")
    first = model.stream(request(max_new_tokens=150), stop := threading.Event())
    waits = model.stream(request(adapter="counsel", max_new_tokens=16), threading.Event())
    model.retire("counsel")
    stop.set()
    assert "".join(waits) == alone
    list(first)
    assert eventually(lambda: loaded(model) == {"faq"})
    model.close()


def test_after_the_last_adapter_the_base_writes_as_before(
    model: TransformersLocal, tiny_adapters: dict[str, Path]
) -> None:
    bare = said(model)
    for _ in range(2):
        model.adopt("counsel", tiny_adapters["counsel"])
        assert said(model, adapter="counsel") != bare
        model.retire("counsel")
        assert eventually(lambda: loaded(model) == set())
        assert said(model) == bare


def test_adapter_that_comes_back_at_once_is_there(
    model: TransformersLocal, tiny_adapters: dict[str, Path]
) -> None:
    model.adopt("counsel", tiny_adapters["counsel"])
    text = said(model, adapter="counsel")
    for _ in range(3):
        model.retire("counsel")
        model.adopt("counsel", tiny_adapters["counsel"])
        assert said(model, adapter="counsel") == text


def test_adapter_of_another_base_is_refused_and_leaves_everything_as_it_was(
    model: TransformersLocal, tiny_adapters: dict[str, Path], tmp_path: Path
) -> None:
    bare = said(model)
    foreign = tmp_path / "foreign"
    shutil.copytree(tiny_adapters["counsel"], foreign)
    config = json.loads((foreign / "adapter_config.json").read_text())
    (foreign / "adapter_config.json").write_text(json.dumps(config | {"r": 8}))
    with pytest.raises(GenerationError, match="RuntimeError"):
        model.adopt("foreign", foreign)
    assert (model.adapters, loaded(model), said(model)) == ((), set(), bare)
    assert bare
    model.adopt("counsel", tiny_adapters["counsel"])
    text = said(model, adapter="counsel")
    with pytest.raises(GenerationError):
        model.adopt("foreign", foreign)
    assert (model.adapters, loaded(model)) == (("counsel",), {"counsel"})
    assert (said(model), said(model, adapter="counsel")) == (bare, text)


def test_folder_without_safetensors_is_refused(model: TransformersLocal, tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "adapter_model.bin").write_bytes(b"\x80\x04")
    with pytest.raises(GenerationError, match=r"no adapter_model\.safetensors in old"):
        model.adopt("old", tmp_path / "old")
    assert model.state().status == "ready"


def test_restart_keeps_what_was_adopted_and_not_what_was_retired(
    model: TransformersLocal, tiny_adapters: dict[str, Path]
) -> None:
    for name, folder in tiny_adapters.items():
        model.adopt(name, folder)
    model.retire("faq")
    text = said(model, adapter="counsel")
    model.restart()
    assert model.wait_ready(30)
    assert (model.adapters, loaded(model)) == (("counsel",), {"counsel"})
    assert said(model, adapter="counsel") == text


def test_model_that_is_not_there_adopts_nothing(
    model: TransformersLocal, tiny_adapters: dict[str, Path]
) -> None:
    model.close()
    with pytest.raises(ModelUnavailable, match="closed"):
        model.adopt("counsel", tiny_adapters["counsel"])
    model.retire("counsel")


@pytest.mark.slow
def test_many_that_write_at_once_are_not_disturbed_by_adapters_that_come_and_go(
    model: TransformersLocal, tiny_adapters: dict[str, Path]
) -> None:
    model.adopt("counsel", tiny_adapters["counsel"])
    plans = [request(f"number {n}", adapter=("counsel", None)[n % 2], max_new_tokens=40) for n in range(4)]
    alone = ["".join(model.stream(plan, threading.Event())) for plan in plans]
    readers = [model.stream(plan, threading.Event()) for plan in plans]
    for _ in range(3):
        model.adopt("faq", tiny_adapters["faq"])
        model.retire("faq")
    assert ["".join(reader) for reader in readers] == alone


@pytest.mark.slow
def test_nf4_base_takes_an_adapter_after_its_weights_were_packed(
    tiny_folder: Path, tiny_adapters: dict[str, Path], tmp_path: Path
) -> None:
    texts = []
    for early in (True, False):
        model = TransformersLocal(
            lambda: Fetched(tiny_folder, "path:tiny", "2" * 64), name="tiny", precision="nf4", threads=1,
            adapters=tiny_adapters if early else {}, cache_dir=tmp_path,
        )  # fmt: skip
        assert model.wait_ready(60)
        if not early:
            model.adopt("counsel", tiny_adapters["counsel"])
        texts.append((said(model), said(model, adapter="counsel")))
        model.close()
    assert texts[0] == texts[1]
    assert texts[0][0] != texts[0][1]


def test_taking_the_last_adapter_out_gives_the_bare_base(tiny_folder: Path, tmp_path: Path) -> None:
    torch.manual_seed(3)
    tuned = get_peft_model(
        AutoModelForCausalLM.from_pretrained(tiny_folder, local_files_only=True),
        LoraConfig(r=4, target_modules="all-linear", init_lora_weights=False),
    )
    tuned.save_pretrained(tmp_path / "a")
    base = AutoModelForCausalLM.from_pretrained(tiny_folder, local_files_only=True).eval()
    ids = torch.tensor([[1, 5, 9, 30]])
    with torch.inference_mode():
        before = base(ids).logits
        changed = with_adapter(base, "a", tmp_path / "a")
        assert (changed(ids).logits - before).abs().max() > 0.01
        again = without_adapter(changed, "a")
        assert not isinstance(again, PeftModel)
        assert torch.equal(again(ids).logits, before)
