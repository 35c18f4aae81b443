"""The model without weights."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from app.errors import GenerationError, ModelUnavailable
from app.models.base import GenerationRequest, Message
from app.models.echo import EchoModel

PASSAGES = "Passages:\n[1] We open at eight. We close at five. More.\n[2] Parking is free.\n\nQuestion: when?"


def asked(text: str, **limits: object) -> GenerationRequest:
    return GenerationRequest((Message("system", "Be kind."), Message("user", text)), **limits)  # type: ignore[arg-type]


def test_it_returns_the_first_sentences_of_the_passages() -> None:
    text = "".join(EchoModel().stream(asked(PASSAGES), threading.Event()))
    assert text == "We open at eight. We close at five. Parking is free."


def test_without_passages_it_still_speaks_in_sentences() -> None:
    assert "".join(EchoModel().stream(asked("hello"), threading.Event())).endswith("?")


def test_it_keeps_its_speed() -> None:
    started = time.monotonic()
    list(EchoModel(tokens_per_second=50).stream(asked(PASSAGES), threading.Event()))
    assert time.monotonic() - started >= 10 / 50


def test_broken_on_purpose_until_restarted() -> None:
    model = EchoModel(broken="out of memory")
    assert model.state().reason == "out of memory"
    with pytest.raises(ModelUnavailable, match="out of memory"):
        model.stream(asked(PASSAGES), threading.Event())
    model.restart()
    assert model.wait_ready(0)


def test_unknown_adapter() -> None:
    with pytest.raises(GenerationError, match="there are faq"):
        EchoModel(adapters=("faq",)).stream(asked(PASSAGES, adapter="x"), threading.Event())


def test_adopted_name_can_be_asked_for_until_it_is_retired(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text("{}")
    model = EchoModel()
    model.adopt("faq", tmp_path)
    model.adopt("faq", tmp_path)
    assert model.adapters == ("faq",)
    assert list(model.stream(asked(PASSAGES, adapter="faq"), threading.Event()))
    model.retire("faq")
    with pytest.raises(GenerationError, match="unknown adapter"):
        model.stream(asked(PASSAGES, adapter="faq"), threading.Event())
