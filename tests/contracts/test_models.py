"""What every model in the table does, whatever stands behind it."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.errors import GenerationError, ModelUnavailable
from app.models import MODELS, ChatModel, ModelSetup
from app.models.base import GenerationRequest, Message
from app.models.echo import EchoModel
from app.models.transformers_local import TransformersLocal
from tests.loopback_server import loopback_server
from weights.defaults import BASE_MODEL

STORY = "It rains. The rain is warm. The garden likes the rain. " * 60


@dataclass
class Running:
    """A model that writes a long text when asked for one, and how many tokens it wrote so far."""

    model: ChatModel
    tokens: Callable[[], int] | None = None


@contextmanager
def transformers() -> Iterator[Running]:
    model = MODELS["transformers"](ModelSetup(base_model=BASE_MODEL, threads=1))
    assert isinstance(model, TransformersLocal)
    assert model.wait_ready(300), model.state().reason
    yield Running(model, lambda: model.counters.new_tokens)
    model.close()


@contextmanager
def openai() -> Iterator[Running]:
    with loopback_server() as server:
        server.reply, server.seconds_per_word = STORY, 0.005
        model = MODELS["openai"](ModelSetup(base_model="m", openai_base_url=server.url))
        yield Running(model)
        model.close()


@contextmanager
def echo() -> Iterator[Running]:
    assert isinstance(MODELS["echo"](ModelSetup(base_model="")), EchoModel)
    yield Running(EchoModel(tokens_per_second=200, reply=STORY))


RUNNERS: dict[str, Callable[[], AbstractContextManager[Running]]] = {
    "transformers": transformers, "openai": openai, "echo": echo
}  # fmt: skip
WRITES = [
    pytest.param(name, marks=pytest.mark.weights if name == "transformers" else ())
    for name in MODELS
    if name != "none"
]


@pytest.fixture(scope="module", params=WRITES)
def running(request: pytest.FixtureRequest) -> Iterator[Running]:
    with RUNNERS[request.param]() as started:
        yield started


def story(**options: object) -> GenerationRequest:
    """Ask for more than any limit lets through; greedy, so that it can be repeated."""
    messages = (Message("user", "Write a long story about rain in short sentences."),)
    return GenerationRequest(messages, greedy=True, **options)  # type: ignore[arg-type]


def test_every_model_in_the_table_has_a_runner_here() -> None:
    assert set(RUNNERS) | {"none"} == set(MODELS)


@pytest.mark.parametrize("name", MODELS)
def test_every_model_follows_the_protocol_and_closes(name: str) -> None:
    setup = ModelSetup(base_model="path:/there/is/no/such/folder", openai_base_url="http://127.0.0.1:9/v1")
    model = MODELS[name](setup)
    assert isinstance(model, ChatModel)
    model.close()
    assert model.state().status == "unavailable"
    with pytest.raises(ModelUnavailable):
        model.stream(story(), threading.Event())
    with pytest.raises(ModelUnavailable):
        model.adopt("any", Path("/there/is/no/such/folder"))
    model.retire("any")


def test_it_streams_in_pieces_that_end_with_sentences(running: Running) -> None:
    pieces = list(running.model.stream(story(max_new_tokens=80), threading.Event()))
    assert len(pieces) > 1
    assert all(piece.rstrip("\"'”’)]* \n")[-1] in ".!?…" for piece in pieces)


def test_it_honours_max_new_tokens(running: Running) -> None:
    before = running.tokens() if running.tokens else 0
    text = "".join(running.model.stream(story(max_new_tokens=25), threading.Event()))
    assert len(text.split()) <= 25
    if running.tokens:
        assert running.tokens() - before <= 25


def test_it_honours_the_deadline(running: Running) -> None:
    started = time.monotonic()
    text = "".join(running.model.stream(story(max_new_tokens=1000, deadline_s=0.4), threading.Event()))
    assert time.monotonic() - started < 2
    assert not text or text.rstrip("\"'”’)]* \n")[-1] in ".!?…"


def test_it_stops_within_two_tokens(running: Running) -> None:
    stop = threading.Event()
    reader = running.model.stream(story(max_new_tokens=1000), stop)
    assert next(reader)
    stop.set()
    at_stop = running.tokens() if running.tokens else 0
    assert list(reader) == []
    time.sleep(0.3)
    if running.tokens:
        assert running.tokens() <= at_stop + 2


def test_a_stop_before_the_start_writes_nothing(running: Running) -> None:
    stop = threading.Event()
    stop.set()
    assert list(running.model.stream(story(), stop)) == []


def test_requests_at_once_keep_their_own_limits_and_stops(running: Running) -> None:
    limits = (20, 35, 50, 65)
    texts: dict[int, str] = {}
    stop = threading.Event()

    def read(limit: int, flag: threading.Event) -> None:
        texts[limit] = "".join(running.model.stream(story(max_new_tokens=limit, deadline_s=60), flag))

    threads = [threading.Thread(target=read, args=(limit, threading.Event())) for limit in limits]
    threads.append(threading.Thread(target=read, args=(900, stop)))
    for thread in threads:
        thread.start()
    for thread in threads[:-1]:
        thread.join(60)
    stop.set()
    threads[-1].join(5)
    assert not threads[-1].is_alive()
    for shorter, longer in itertools.pairwise(limits):
        assert len(texts[shorter].split()) <= shorter
        # One greedy text, cut at different places: a row that got another's words would differ.
        assert texts[longer][:40] == texts[shorter][:40] or not texts[shorter]


def test_an_unknown_adapter_is_a_clear_error(running: Running) -> None:
    with pytest.raises(GenerationError, match="unknown adapter 'psalm'"):
        running.model.stream(story(adapter="psalm"), threading.Event())


def test_an_adapter_that_it_cannot_use_is_refused_and_it_goes_on(running: Running, tmp_path: Path) -> None:
    before = running.model.adapters
    with pytest.raises((GenerationError, ModelUnavailable)):
        running.model.adopt("psalm", tmp_path)
    assert running.model.adapters == before
    running.model.retire("psalm")
    assert list(running.model.stream(story(max_new_tokens=60), threading.Event()))


def test_restart_brings_it_back(running: Running) -> None:
    running.model.restart()
    assert running.model.wait_ready(120)
    assert running.model.state().status == "ready"
    assert list(running.model.stream(story(max_new_tokens=60), threading.Event()))
