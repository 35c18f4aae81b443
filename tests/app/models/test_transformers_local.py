"""The owner thread: states, failures, many readers, and readers that leave."""

from __future__ import annotations

import gc
import itertools
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.errors import GenerationError, ModelUnavailable
from app.models import transformers_local_decode
from app.models.base import GenerationRequest, Message
from app.models.transformers_local import TransformersLocal
from weights.sources import Fetched


@pytest.fixture
def started(
    tiny_folder: Path, tiny_adapters: dict[str, Path], tmp_path: Path
) -> Iterator[Callable[..., TransformersLocal]]:
    models: list[TransformersLocal] = []

    def start(locate: Callable[[], Fetched] | None = None, **options: object) -> TransformersLocal:
        found = locate or (lambda: Fetched(tiny_folder, "path:tiny", "2" * 64))
        settings: dict[str, object] = {
            "name": "tiny",
            "precision": "fp32",
            "threads": 1,
            "cache_dir": tmp_path,
        }
        models.append(TransformersLocal(found, **(settings | {"adapters": tiny_adapters} | options)))  # type: ignore[arg-type]
        return models[-1]

    yield start
    for model in models:
        model.close()


def request(asked: str = "when are you open", **options: object) -> GenerationRequest:
    return GenerationRequest((Message("user", asked),), greedy=True, **options)  # type: ignore[arg-type]


def eventually(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.01)
    return condition()


def test_importing_it_imports_no_heavy_library() -> None:
    heavy = {"torch", "transformers", "openai", "peft"}
    code = f"import sys, app.models.transformers_local; print(sorted({heavy} & set(sys.modules)))"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "[]\n"
    )


def test_while_loading_it_says_so_and_turns_requests_away(
    started: Callable[..., TransformersLocal], tiny_folder: Path
) -> None:
    go_on = threading.Event()

    def locate() -> Fetched:
        go_on.wait(10)
        return Fetched(tiny_folder, "path:tiny", "2" * 64)

    model = started(locate)
    assert model.state().status == "loading"
    assert not model.wait_ready(0.01)
    with pytest.raises(ModelUnavailable, match="loading"):
        model.stream(request(), threading.Event())
    go_on.set()
    assert model.wait_ready(30)


def test_a_failed_load_is_a_state_with_its_reason_and_restart_tries_again(
    started: Callable[..., TransformersLocal], tiny_folder: Path
) -> None:
    answers: list[Callable[[], Fetched]] = []

    def locate() -> Fetched:
        if not answers:
            answers.append(locate)
            raise OSError("disk on fire")
        return Fetched(tiny_folder, "path:tiny", "2" * 64)

    model = started(locate)
    assert not model.wait_ready(30)
    assert model.state().status == "unavailable"
    assert "disk on fire" in model.state().reason
    with pytest.raises(ModelUnavailable, match="disk on fire"):
        model.stream(request(), threading.Event())
    model.restart()
    assert model.wait_ready(30)
    list(model.stream(request(max_new_tokens=5), threading.Event()))


@pytest.mark.slow
def test_an_unknown_adapter_is_named_beside_those_there_are(
    started: Callable[..., TransformersLocal],
) -> None:
    model = started()
    assert model.wait_ready(30)
    with pytest.raises(GenerationError, match="unknown adapter 'psalm': there are counsel, faq"):
        model.stream(request(adapter="psalm"), threading.Event())


def test_running_out_of_memory_makes_it_unavailable_and_restart_mends_it(
    started: Callable[..., TransformersLocal], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = started()
    assert model.wait_ready(30)

    def exhausted(*_: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")

    with monkeypatch.context() as patch:
        patch.setattr(transformers_local_decode.Decoder, "_pass", exhausted)
        with pytest.raises(ModelUnavailable, match="out of memory"):
            list(model.stream(request(), threading.Event()))
        assert eventually(lambda: model.state().status == "unavailable")
        assert model.state().reason == "out of memory"
        with pytest.raises(ModelUnavailable):
            model.stream(request(), threading.Event())
    model.restart()
    assert model.wait_ready(30)
    list(model.stream(request(max_new_tokens=5), threading.Event()))


def test_one_failed_request_does_not_end_the_model_and_its_words_are_nowhere(
    started: Callable[..., TransformersLocal],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    model = started()
    assert model.wait_ready(30)

    def broken(*_: object) -> None:
        raise ValueError("cannot handle 'my secret'")

    with caplog.at_level(logging.DEBUG), monkeypatch.context() as patch:
        patch.setattr(transformers_local_decode.Decoder, "_read_prompt", broken)
        with pytest.raises(GenerationError) as raised:
            list(model.stream(request("my secret"), threading.Event()))
    assert "secret" not in str(raised.value) + caplog.text
    assert model.state().status == "ready"
    list(model.stream(request(max_new_tokens=5), threading.Event()))


def test_the_death_of_the_thread_is_a_state_without_anyones_words(
    started: Callable[..., TransformersLocal], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = started()
    assert model.wait_ready(30)

    def dies(*_: object) -> None:
        raise LookupError("my secret")

    monkeypatch.setattr("app.models.transformers_local_owner.guarded", dies)
    with pytest.raises(ModelUnavailable):
        list(model.stream(request("my secret"), threading.Event()))
    assert eventually(lambda: model.state().status == "unavailable")
    assert model.state().reason == "the model died: LookupError"


@pytest.mark.slow
@pytest.mark.parametrize("lookup", [False, True])
@pytest.mark.parametrize("leave", ["close", "drop", "stop"])
def test_a_reader_that_leaves_ends_the_work_within_two_tokens(
    started: Callable[..., TransformersLocal], leave: str, lookup: bool
) -> None:
    model = started(lookup=lookup)
    assert model.wait_ready(30)
    stop = threading.Event()
    reader = model.stream(request(max_new_tokens=1500), stop)
    assert eventually(lambda: model.counters.new_tokens > 5)
    if leave == "close":
        reader.close()  # type: ignore[attr-defined]
    elif leave == "drop":
        del reader
        gc.collect()
    else:
        stop.set()
    at_leaving = model.counters.new_tokens
    time.sleep(0.3)
    assert model.counters.new_tokens <= at_leaving + 2


@pytest.mark.slow
def test_many_readers_at_once_each_get_what_they_get_alone(started: Callable[..., TransformersLocal]) -> None:
    model = started()
    assert model.wait_ready(30)
    adapters = itertools.islice(itertools.cycle((None, "counsel", "faq")), 12)
    plans = [
        request(f"number {number} " * (number + 1), adapter=adapter, max_new_tokens=50)
        for number, adapter in enumerate(adapters)
    ]
    alone = ["".join(model.stream(plan, threading.Event())) for plan in plans]
    together: dict[int, str] = {}

    def read(number: int) -> None:
        together[number] = "".join(model.stream(plans[number], threading.Event()))

    threads = [threading.Thread(target=read, args=(number,)) for number in range(len(plans))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [together[number] for number in range(len(plans))] == alone


def test_restarting_while_someone_reads_ends_that_answer_and_serves_the_next(
    started: Callable[..., TransformersLocal],
) -> None:
    model = started(lookup=False)
    assert model.wait_ready(30)
    reader = model.stream(request(max_new_tokens=1500), threading.Event())
    assert eventually(lambda: model.counters.new_tokens > 2)
    model.restart()
    with pytest.raises(ModelUnavailable):
        list(reader)
    assert model.wait_ready(30)
    list(model.stream(request(max_new_tokens=5), threading.Event()))


def test_a_closed_model_is_unavailable(started: Callable[..., TransformersLocal]) -> None:
    model = started()
    model.close()
    assert model.state().status == "unavailable"
    with pytest.raises(ModelUnavailable, match="closed"):
        model.stream(request(), threading.Event())


@pytest.mark.weights
def test_program_that_forgets_to_close_the_model_still_ends_cleanly() -> None:
    code = (
        "import threading\n"
        "from app.models import MODELS, GenerationRequest, Message, ModelSetup\n"
        "from weights.defaults import BASE_MODEL\n"
        "model = MODELS['transformers'](ModelSetup(base_model=BASE_MODEL, threads=1))\n"
        "assert model.wait_ready(120)\n"
        "stream = model.stream(GenerationRequest((Message('user', 'Count to ten.'),)), threading.Event())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stderr
