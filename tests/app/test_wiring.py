"""What is put together, from which settings, and what a start refuses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from app.conversation import Conversation
from app.errors import ConfigError
from app.settings import load_settings
from app.wiring import build
from safety.replies import Replies


def settings(tmp_path: Path, **more: str) -> dict[str, str]:
    folders = {"DATA": tmp_path, "CACHE": tmp_path / "cache", "MODELS": tmp_path / "models"}
    return {f"CAREFOLD_{name}_DIR": str(folder) for name, folder in folders.items()} | more


def test_untuned_model_does_not_answer_feelings_unless_told_to(tmp_path: Path) -> None:
    assert build(load_settings(settings(tmp_path))).service.writers.support == "brief"
    chosen = build(load_settings(settings(tmp_path, CAREFOLD_SUPPORT="model")))
    assert chosen.service.writers.support == "model"


def test_sample_faq_is_not_served_to_others_unless_allowed(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="CAREFOLD_ALLOW_SAMPLE"):
        build(load_settings(settings(tmp_path)), beyond_loopback=True)
    allowed = load_settings(settings(tmp_path, CAREFOLD_ALLOW_SAMPLE="1"))
    assert build(allowed, beyond_loopback=True).service.writers.support == "brief"


def test_building_loads_nothing_heavy_and_a_crisis_needs_none_of_it(tmp_path: Path) -> None:
    application = build(load_settings(settings(tmp_path, CAREFOLD_OFFLINE="1")))
    states = {part.state().status for part in vars(application.service.parts).values()}
    assert states == {"not built"}
    assert application.service.answer("i want to kill myself", Conversation()).kind == "crisis"
    application.close()


def test_the_gates_ngrams_choose_the_reply_that_no_phrase_tells(tmp_path: Path) -> None:
    application = build(load_settings(settings(tmp_path, CAREFOLD_OFFLINE="1")))
    said = "I was on the bridge yesterday to kill myself and a stranger pulled me back"
    by_phrases = Replies.load()
    verdict = application.service.gate.assess(said)
    answered = application.service.answer(said, Conversation()).text
    assert not answered.startswith(by_phrases.text(verdict, country="US", said=said)[:40])
    assert answered.startswith("If you have hurt yourself or taken something, please call 911")
    application.close()


def test_parts_that_cannot_be_had_are_named_and_the_others_are_built(tmp_path: Path) -> None:
    application = build(load_settings(settings(tmp_path, CAREFOLD_OFFLINE="1", CAREFOLD_MODEL="none")))
    failed = " ".join(map(str, application.warm()))
    assert "scrubber" in failed
    assert "retriever" in failed
    assert "CAREFOLD_CACHE_DIR" in failed
    assert "store" not in failed
    application.close()


@pytest.mark.weights
def test_default_application_answers_with_every_part_ready(tmp_path: Path) -> None:
    application = build(load_settings({"CAREFOLD_DATA_DIR": str(tmp_path)}), model_wait_seconds=120)
    assert application.warm() == []
    assert application.service.parts.model.get().wait_ready(120)
    assert application.service.parts.retriever.get().sample
    assert "message-reader" in application.service.gate.detectors
    answer = application.service.answer("how do i ask for a refill of my medicine?", Conversation())
    assert answer.kind == "faq"
    application.close()


@pytest.mark.weights
def test_model_that_runs_out_of_memory_leaves_the_faq(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = build(load_settings({"CAREFOLD_DATA_DIR": str(tmp_path)}), model_wait_seconds=120)
    application.warm()
    model = application.service.parts.model.get()
    assert model.wait_ready(120)
    decode = sys.modules["app.models.transformers_local_decode"]

    def exhausted(*arguments: object, **named: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(decode.Decoder, "admit", exhausted)
        patched.setattr("app.chat.decide", lambda *_, **__: application_decision())
        answer = application.service.answer("can i get a note for my boss", Conversation())
    assert answer.model.base == ""
    assert "model_unavailable" in answer.reasons
    assert application.service.model_state().reason == "out of memory"
    assert (
        application.service.answer("how do i ask for a refill of my medicine?", Conversation()).kind == "faq"
    )
    model.restart()
    assert model.wait_ready(120)
    application.close()


def application_decision() -> object:
    from app.decision import Decision

    return Decision("grounded", "test")


SLOW_PART = """
import time
from app.wiring import warm_in_background

class Slow:
    def warm(self):
        time.sleep(0.5)
        print("warm")

warm_in_background(Slow())
"""


@pytest.mark.slow
def test_a_process_that_ends_while_parts_are_built_lets_them_finish() -> None:
    # Compiled code in a thread that the interpreter ends aborts the process with an exit code of its own.
    ended = subprocess.run([sys.executable, "-c", SLOW_PART], check=True, capture_output=True, text=True)
    assert ended.stdout == "warm\n"
