"""The remote model against a scripted loopback server, and against `transformers serve`."""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.errors import GenerationError, ModelUnavailable
from app.models.base import GenerationRequest, Message
from app.models.openai_remote import OpenAIRemote
from tests.loopback_server import LoopbackServer, loopback_server
from weights import fetch
from weights.defaults import BASE_MODEL

pytestmark = pytest.mark.slow


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    with loopback_server() as running:
        yield running


def asked(text: str = "when?", **options: object) -> GenerationRequest:
    return GenerationRequest((Message("system", "Be brief."), Message("user", text)), **options)  # type: ignore[arg-type]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_it_streams_whole_sentences(server: LoopbackServer) -> None:
    model = OpenAIRemote(server.url, name="m")
    assert list(model.stream(asked(), threading.Event())) == ["We open at eight.", " We close at five."]
    assert model.state().status == "ready"


def test_limits_seed_and_adapter_reach_the_server(server: LoopbackServer) -> None:
    model = OpenAIRemote(server.url, name="m", adapters=("faq",))
    text = "".join(
        model.stream(asked(adapter="faq", max_new_tokens=5, seed=4, greedy=True), threading.Event())
    )
    assert text == "We open at eight."
    sent = server.asked[0]
    assert {key: sent[key] for key in ("model", "max_tokens", "seed", "temperature", "stream")} == {
        "model": "faq", "max_tokens": 5, "seed": 4, "temperature": 0.0, "stream": True
    }  # fmt: skip
    assert sent["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "when?"},
    ]


def test_adapter_that_the_server_serves_under_its_name_is_adopted(
    server: LoopbackServer, tmp_path: Path
) -> None:
    server.models = ["m", "faq-1"]
    model = OpenAIRemote(server.url, name="m")
    model.adopt("faq-1", tmp_path)
    assert model.adapters == ("faq-1",)
    list(model.stream(asked(adapter="faq-1"), threading.Event()))
    assert server.asked[0]["model"] == "faq-1"
    model.retire("faq-1")
    with pytest.raises(GenerationError, match="unknown adapter"):
        model.stream(asked(adapter="faq-1"), threading.Event())


@pytest.mark.parametrize("statuses", [[], [404]])
def test_adapter_that_the_server_does_not_serve_is_refused(
    server: LoopbackServer, tmp_path: Path, statuses: list[int]
) -> None:
    server.models, server.statuses = ["m"], statuses
    with pytest.raises(GenerationError, match="serves no model 'faq-1': load the adapter there"):
        OpenAIRemote(server.url, name="m").adopt("faq-1", tmp_path)


def test_server_that_is_away_is_asked_for_the_adapter_later(tmp_path: Path) -> None:
    model = OpenAIRemote(f"http://127.0.0.1:{free_port()}/v1", name="m", retries=0)
    with pytest.raises(ModelUnavailable, match="APIConnectionError"):
        model.adopt("faq-1", tmp_path)
    assert model.adapters == ()


def test_a_500_is_tried_again_and_then_answers(server: LoopbackServer) -> None:
    server.statuses = [500]
    assert "eight" in "".join(OpenAIRemote(server.url, name="m").stream(asked(), threading.Event()))
    assert len(server.asked) == 2


def test_a_refused_request_is_not_tried_again_and_keeps_the_model(server: LoopbackServer) -> None:
    server.statuses = [400]
    model = OpenAIRemote(server.url, name="m")
    with pytest.raises(GenerationError, match="400"):
        list(model.stream(asked(), threading.Event()))
    assert len(server.asked) == 1
    assert model.state().status == "ready"


def test_a_server_that_is_not_there_is_unavailable_then_tried_again_on_request(
    server: LoopbackServer,
) -> None:
    model = OpenAIRemote(f"http://127.0.0.1:{free_port()}/v1", name="m", retries=1)
    with pytest.raises(ModelUnavailable, match="APIConnectionError"):
        list(model.stream(asked(), threading.Event()))
    assert model.state().status == "unavailable"
    with pytest.raises(ModelUnavailable):
        model.stream(asked(), threading.Event())
    model.restart()
    assert model.state().status == "ready"


def test_a_stream_that_stalls_is_unavailable_after_the_time_out(server: LoopbackServer) -> None:
    server.stall_after_words = 3
    model = OpenAIRemote(server.url, name="m", read_timeout_s=0.3)
    started = time.monotonic()
    pieces = []
    with pytest.raises(ModelUnavailable):
        for piece in model.stream(asked(), threading.Event()):
            pieces.append(piece)
    assert pieces == []
    assert time.monotonic() - started < 2


def test_a_stalled_stream_still_honours_deadline_and_stop(server: LoopbackServer) -> None:
    server.stall_after_words = 3
    model = OpenAIRemote(server.url, name="m")
    started = time.monotonic()
    assert list(model.stream(asked(deadline_s=0.3), threading.Event())) == []
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    assert list(model.stream(asked(), stop)) == []
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("leave", ["stop", "close"])
def test_leaving_closes_the_stream_so_the_server_stops_writing(server: LoopbackServer, leave: str) -> None:
    server.reply = "We open. " * 500
    server.seconds_per_word = 0.01
    stop = threading.Event()
    reader = OpenAIRemote(server.url, name="m").stream(asked(), stop)
    next(reader)
    if leave == "stop":
        stop.set()
        assert list(reader) == []
    else:
        reader.close()  # type: ignore[attr-defined]
    assert server.hung_up.wait(2)
    assert server.words_sent < 100


@pytest.mark.slow
def test_errors_and_logs_hold_no_words(server: LoopbackServer, caplog: pytest.LogCaptureFixture) -> None:
    server.statuses = [400, 503, 503, 503]
    with caplog.at_level(logging.INFO):
        for _ in range(2):
            with pytest.raises((GenerationError, ModelUnavailable)) as raised:
                list(OpenAIRemote(server.url, name="m").stream(asked("my secret"), threading.Event()))
            assert "secret" not in str(raised.value)
    assert "secret" not in caplog.text


@pytest.fixture(scope="module")
def transformers_serve() -> Iterator[tuple[str, str]]:
    """A real server over the default weights; the address and the model's name there."""
    from weights.gguf import safetensors_folder

    fetched = fetch(BASE_MODEL)
    folder = safetensors_folder(fetched.folder, sha256=fetched.sha256)
    port = free_port()
    command = Path(sys.executable).parent / "transformers"
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        [command, "serve", str(folder), "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment,
    ) as process:  # fmt: skip
        try:
            until = time.monotonic() + 120
            while time.monotonic() < until and process.poll() is None:
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1).close()
                    break
                except OSError:
                    time.sleep(0.3)
            assert process.poll() is None, "transformers serve ended: is transformers[serving] installed?"
            yield f"http://127.0.0.1:{port}/v1", str(folder)
        finally:
            process.terminate()


@pytest.mark.weights
def test_transformers_serve_answers_in_whole_sentences_within_its_limits(
    transformers_serve: tuple[str, str],
) -> None:
    url, name = transformers_serve
    model = OpenAIRemote(url, name=name)
    request = asked("Write a few sentences about rain.", max_new_tokens=60, greedy=True)
    pieces = list(model.stream(request, threading.Event()))
    assert pieces
    assert all(piece.rstrip()[-1] in '.!?"' for piece in pieces)
    reader = model.stream(asked("Write a long story.", max_new_tokens=400), stop := threading.Event())
    next(reader)
    stop.set()
    assert list(reader) == []
    assert model.state().status == "ready"
