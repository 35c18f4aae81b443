"""On ZeroGPU a request ends at its stop and its deadline, and any failure leaves it to the FAQ."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.errors import GenerationError, ModelUnavailable
from app.models.base import ChatModel, GenerationRequest, Message
from deploy import space_app

ROOT = Path(__file__).resolve().parents[2]


def request(seconds: float = 5.0, adapter: str | None = None) -> GenerationRequest:
    return GenerationRequest((Message("user", "hello"),), adapter=adapter, deadline_s=seconds)


@pytest.fixture
def model() -> space_app.BorrowedGpu:
    return space_app.BorrowedGpu("a base", ("one",))


def test_it_is_a_chat_model(model: space_app.BorrowedGpu) -> None:
    assert isinstance(model, ChatModel)
    assert model.wait_ready(0)
    model.close()
    with pytest.raises(ModelUnavailable):
        model.stream(request(), threading.Event())


def test_sentences_come_in_their_order(model: space_app.BorrowedGpu, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(space_app, "write", lambda *_: iter(["One.", " Two."]))
    assert list(model.stream(request(adapter="one"), threading.Event())) == ["One.", " Two."]


def test_no_gpu_is_an_error_that_holds_no_words(
    model: space_app.BorrowedGpu, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> Iterator[str]:
        yield "One."
        raise RuntimeError("quota of Jane Roe exceeded")

    monkeypatch.setattr(space_app, "write", refused)
    stream = model.stream(request(), threading.Event())
    assert next(stream) == "One."
    with pytest.raises(GenerationError, match=r"^ZeroGPU: RuntimeError$"):
        next(stream)


def test_waiting_for_a_gpu_ends_at_the_deadline_and_at_a_stop(
    model: space_app.BorrowedGpu, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued = threading.Event()

    def waits(*_: object) -> Iterator[str]:
        queued.wait(20)
        yield "too late"

    monkeypatch.setattr(space_app, "write", waits)
    stop = threading.Event()
    try:
        begun = time.monotonic()
        assert list(model.stream(request(seconds=0.3), stop)) == []
        stream = model.stream(request(seconds=20), stop)
        threading.Timer(0.2, stop.set).start()
        assert list(stream) == []
        assert time.monotonic() - begun < 5
    finally:
        queued.set()


def test_an_unknown_adapter_is_named(model: space_app.BorrowedGpu) -> None:
    with pytest.raises(GenerationError, match="'other'"):
        model.stream(request(adapter="other"), threading.Event())


def test_without_the_spaces_package_it_only_serves() -> None:
    code = (
        "import sys; sys.modules['spaces'] = None\n"
        "sys.path.insert(0, 'deploy')\n"
        "import space_app\n"
        "assert not space_app.ON_ZERO_GPU\n"
        "print([name for name in ('torch', 'gradio', 'transformers') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
