"""With the default weights: a release is promoted while someone is being answered, and taken back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

import pytest

import app.chat
from app.answer import ChatAnswer, ChatEvent, ScrubbedInput
from app.conversation import Conversation
from app.decision import Decision
from app.lineup import Lineup
from app.models import MODELS, ModelSetup
from app.prompting import prompt_hash
from app.release_watch import ReleaseWatch
from app.releases import ReleaseFacts, promote, rollback, seal
from app.settings import load_settings
from app.store import Store
from app.wiring import _fits
from tests.app.conftest import MakeService
from weights import fetch
from weights.defaults import BASE_MODEL

TASK = "counseling"
SAD = "i feel so lonely since my friend moved away"
FOLLOWED_SECONDS = 10.0


def random_release(folder: Path, *, seed: int) -> str:
    """Seal a small random LoRA over the default model; it changes little of what that writes."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    from weights.gguf import safetensors_folder

    base = fetch(BASE_MODEL)
    torch.manual_seed(seed)
    plain = AutoModelForCausalLM.from_pretrained(
        safetensors_folder(base.folder, sha256=base.sha256), dtype=torch.bfloat16, local_files_only=True
    )
    tuned = get_peft_model(plain, LoraConfig(r=2, target_modules=["q_proj", "v_proj"], lora_alpha=2))
    with torch.no_grad():
        for name, weight in tuned.named_parameters():
            if "lora_B" in name:
                weight.normal_(std=0.002)
    tuned.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    (folder / "MODEL_CARD.md").write_text("# Random weights for a test\n")
    facts = ReleaseFacts(
        task=TASK, created=datetime.now(UTC).date(), base=BASE_MODEL, base_sha256=base.sha256,
        prompt_hash=prompt_hash(),
    )  # fmt: skip
    return seal(folder, facts).name


def within(seconds: float, condition: Callable[[], bool]) -> float:
    """Wait until it holds; return the seconds that took."""
    since = time.monotonic()
    while not condition():
        assert time.monotonic() - since < seconds, f"not within {seconds} s"
        time.sleep(0.02)
    return time.monotonic() - since


@pytest.mark.weights
def test_promotion_and_rollback_are_picked_up_in_seconds_while_someone_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_service: MakeService, store: Store
) -> None:
    first, second = (random_release(tmp_path / f"run{n}", seed=n) for n in (1, 2))
    monkeypatch.setattr(app.chat, "decide", mock.Mock(return_value=Decision("support", "test")))
    models, lineup = tmp_path / "models", Lineup(expected=())
    model = MODELS["transformers"](ModelSetup(base_model=BASE_MODEL, threads=1))
    watch = ReleaseWatch(models, lineup, fits=_fits(load_settings({})))
    watch.start(model)
    service = make_service(model=model, lineup=lineup, support="model", answer_tokens=48)
    assert model.wait_ready(120) and lineup.wait_settled(30)
    conversation, events = Conversation(), list[ChatEvent]()

    def listen() -> None:
        events.extend(service.stream(SAD, conversation))

    # Somebody is being answered by the base ...
    listening = threading.Thread(target=listen)
    with mock.patch.object(app.chat, "split_sentences", wraps=app.chat.split_sentences) as spoken:
        listening.start()
        within(60, lambda: spoken.called)
        promote(models, tmp_path / "run1")
        loaded = within(FOLLOWED_SECONDS, lambda: lineup.line(TASK).active == first)
        listening.join(60)
    # ... and gets the whole answer, from the base.
    assert any(isinstance(event, ScrubbedInput) for event in events)
    assert isinstance(events[-1], ChatAnswer) and events[-1].model.adapter == ""
    assert not {"model_failed", "model_unavailable", "internal_error"} & set(events[-1].reasons)
    # The next turn of the same conversation is asked of the release.
    answer = service.answer(SAD, conversation)
    trace = store.trace(answer.turn_id)
    assert trace.versions.release == first
    assert "model_failed" not in answer.reasons

    promote(models, tmp_path / "run2")
    within(FOLLOWED_SECONDS, lambda: model.adapters == (second,))
    since = time.monotonic()
    rollback(models, TASK)
    within(FOLLOWED_SECONDS, lambda: lineup.line(TASK).active == first)
    taken_back = time.monotonic() - since
    assert taken_back < FOLLOWED_SECONDS
    within(FOLLOWED_SECONDS, lambda: model.adapters == (first,))
    assert service.answer(SAD, Conversation()).kind == "support"
    print(f"promotion followed in {loaded:.2f} s, rollback in {taken_back:.2f} s")
    watch.stop()
    model.close()
