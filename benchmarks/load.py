"""Many people at once: the page's targets, over HTTP, each against its peer in the same run.

1. 32 people with a stand-in model at 100 words per second each: complete streams, gaps between sentences.
2. 8 people with the default model: tokens per second, against the engine alone on the same prompts.
3. 2,000 windows opened and left: memory and threads before and after.
4. A refusal when the line is full: milliseconds.
5. Someone in danger, with nobody else there and while the people of 1 and of 2 never let up: milliseconds
   until the fixed reply stands in the window, and of them those of the gate.
The people are a process of their own (benchmarks/people.py). The questions are invented. With `--only` the
other parts stay in the result file as they were, each with its date.
Run: python -m benchmarks.load [--only in_danger] [--out FILE] [--windows 2000] [--replies 300]
"""

from __future__ import annotations

import gc
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import httpx
import psutil
import typer
import uvicorn

from app.chat import URGENT
from app.conversation import Turn
from app.models.base import GenerationRequest
from app.models.transformers_local import TransformersLocal
from app.prompting import support_messages
from app.server import Running, create_app
from app.settings import load_settings
from app.wiring import Application, build
from benchmarks.report import Figure, day, earlier, percentile, report, times

FEELINGS = (
    "my husband left me and i feel so sad and lonely",
    "i am stressed at work and i worry all the time about my boss",
    "my sister and i argue every day and i feel guilty after it",
    "i moved to a new town and i feel so alone here",
    "my mother is sick and i am exhausted and scared for her",
    "i feel anxious in crowds and i am ashamed of it",
    "my best friend does not talk to me any more and i miss her",
    "i failed my exam and i feel worthless and stuck",
)
DANGER = (
    "i want to kill myself",
    "there is no point in going on and everyone would be better off without me",
    "my chest is crushed and my left arm is numb",
    "i took all my tablets an hour ago",
    "he hit me again last night and i am scared to go home",
    "i cannot promise that i will still be here next week",
)
FACTS = ("Where can I park when I come to the clinic?", "What are the clinic's opening hours?")
TURNS = 2
OPEN_HOUSE = {"CAREFOLD_SESSION_RATE": "100000/minute", "CAREFOLD_ADDRESS_RATE": "100000/minute",
              "CAREFOLD_REQUEST_RATE": "900000/minute", "CAREFOLD_SUPPORT": "model"}  # fmt: skip

STREAMS = {"CAREFOLD_MODEL": "echo", "CAREFOLD_ECHO_RATE": "100"}
LOADS: tuple[tuple[str, int, dict[str, str]], ...] = (
    ("alone", 0, STREAMS),
    ("stand_in", 32, STREAMS),
    ("default_model", 8, {}),
)
"""Who else is there while someone writes of danger, and which model answers them."""


@contextmanager
def serving(**settings: str) -> Iterator[tuple[str, Application, Running]]:
    """Serve an application in this process, on a free port, warm."""
    with tempfile.TemporaryDirectory() as data:
        environment = OPEN_HOUSE | {"CAREFOLD_DATA_DIR": data, **settings}
        application = build(load_settings(environment))
        for failed in application.warm():
            raise failed
        app = create_app(application)
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", access_log=False))
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.05)
        port = server.servers[0].sockets[0].getsockname()[1]
        application.service.parts.model.get().wait_ready(180)
        try:
            yield f"http://127.0.0.1:{port}", application, app.state.running
        finally:
            server.should_exit = True
            thread.join()


def people(
    url: str, number: int, *, turns: int, questions: tuple[str, ...], at_once: int = 64, pause_s: float = 0.0
) -> list[Any]:
    """Let people come, and return what each heard."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.people", url, "--people", str(number), "--turns", str(turns),
         "--at-once", str(at_once), "--pause-s", str(pause_s)],
        input="\n".join(questions), capture_output=True, text=True, check=True, timeout=1800,
    )  # fmt: skip
    return [json.loads(line) for line in done.stdout.splitlines()]


@contextmanager
def crowd(url: str, number: int, running: Running) -> Iterator[None]:
    """Keep so many people there, a new one for each that leaves; half of them are there at the start."""
    command = [sys.executable, "-m", "benchmarks.people", url, "--people", "10000", "--turns", str(TURNS),
        "--at-once", str(number)]  # fmt: skip
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        assert process.stdin is not None
        process.stdin.write("\n".join(FEELINGS))
        process.stdin.close()
        try:
            while running.desk.under_way() < number / 2:
                if process.poll() is not None:
                    raise RuntimeError("the people have left: run benchmarks.people by itself to see why")
                time.sleep(0.05)
            yield
        finally:
            process.terminate()


def urgent_replies(url: str, number: int) -> Iterator[Any]:
    """Let one person after another write of danger; yield what so many heard."""
    command = [sys.executable, "-m", "benchmarks.people", url, "--urgent"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write("\n".join(DANGER))
        process.stdin.close()
        try:
            for _, line in zip(range(number), process.stdout, strict=False):
                yield json.loads(line)
        finally:
            process.terminate()


def in_danger(number: int) -> dict[str, Figure]:
    """Return the times of so many fixed replies: alone, beside streams, beside the default model at work."""
    figures: dict[str, Figure] = {}
    for name, others, settings in LOADS:
        with serving(**settings) as (url, application, running), ExitStack() as stack:
            if others:
                stack.enter_context(crowd(url, others, running))
            under_way, replies = [], []
            for one in urgent_replies(url, number):
                replies.append(one)
                under_way.append(running.desk.under_way())
            traces = application.service.parts.store.get().traces()
            gate = [trace.timings_ms["gate"] for trace in traces if trace.kind in URGENT]
        shown = [1000 * one["first_s"] for one in replies]
        figures[name] = {
            "others": others,
            "turns_under_way_p50": statistics.median(under_way),
            "without_a_fixed_reply": sum(not one["complete"] for one in replies),
            "reply_ms": times(shown),
            "gate_ms": times(gate),
            # Which message it is says who found the danger: rules at once, or a reader that is waited for.
            "reply_ms_p99_by_message": [
                percentile(shown[place :: len(DANGER)], 0.99) for place in range(len(DANGER))
            ],
        }
    return figures


def stand_in(number: int = 32, turns: int = 3) -> dict[str, Figure]:
    """Return how the streams of many people came in: with pauses as people make, and all in one instant."""
    figures: dict[str, Figure] = {"people": number}
    with serving(**STREAMS) as (url, *_):
        for name, pause_s in (("with_pauses", 8.0), ("in_one_instant", 0.0)):
            heard = people(url, number, turns=turns, questions=FEELINGS, pause_s=pause_s)
            gaps = sorted(gap for one in heard for gap in one["gaps"])
            figures[name] = {
                "mean_pause_s": pause_s,
                "answers": len(heard),
                "complete": sum(one["complete"] and not one["refused"] for one in heard),
                "first_sentence_ms_p50": _ms(sorted(one["first_s"] for one in heard), 0.5),
                "gap_ms": {
                    "p50": _ms(gaps, 0.5),
                    "p99": _ms(gaps, 0.99),
                    "max": _ms(gaps, 1.0),
                    "n": len(gaps),
                },
            }
    return figures


def real(number: int = 8, rounds: int = 3) -> dict[str, Figure]:
    """Return tokens per second over HTTP and of the engine alone, in turn."""
    served, alone, answered, asked = [], [], 0, 0
    with serving() as (url, application, _):
        engine = application.service.parts.model.get()
        if not isinstance(engine, TransformersLocal):
            raise TypeError("the default model is not the local one: unset CAREFOLD_MODEL")
        name = application.clinic.name
        limit = application.service.rules.answer_tokens

        def converse(person: int) -> None:
            # What a person of the crowd asks, with what was said before, as the page's prompts have it.
            history: list[Turn] = []
            for turn in range(TURNS):
                text = FEELINGS[(person + turn) % len(FEELINGS)]
                request = GenerationRequest(support_messages(text, history, name), max_new_tokens=limit)
                said = "".join(engine.stream(request, threading.Event()))
                history += [Turn("user", text), Turn("assistant", said)]

        for _ in range(rounds):
            before, began = engine.counters.new_tokens, time.perf_counter()
            heard = people(url, number, turns=TURNS, questions=FEELINGS)
            served.append((engine.counters.new_tokens - before) / (time.perf_counter() - began - _START))
            answered += sum(one["complete"] for one in heard)
            asked += len(heard)
            before, began = engine.counters.new_tokens, time.perf_counter()
            with ThreadPoolExecutor(number) as pool:
                list(pool.map(converse, range(number)))
            alone.append((engine.counters.new_tokens - before) / (time.perf_counter() - began))
    ratio = statistics.median(one / other for one, other in zip(served, alone, strict=True))
    return {
        "people": number,
        "asked": asked,
        "answered": answered,
        "tokens_per_second": round(statistics.median(served), 1),
        "engine_alone": round(statistics.median(alone), 1),
        "ratio": round(ratio, 2),
    }


def left_windows(number: int) -> dict[str, Figure]:
    """Return memory and threads before and after many windows were opened, used and left."""
    with serving(CAREFOLD_MODEL="echo") as (url, _, running):
        people(url, 200, turns=1, questions=FACTS, at_once=16)
        before = _state(running)
        people(url, number, turns=1, questions=FACTS, at_once=16)
        after = _state(running)
    return {"windows": number, "before": before, "after": after}


def refusal() -> dict[str, Figure]:
    """Return the milliseconds until someone is told that the line is full."""
    from benchmarks.people import events_of

    rules = {"CAREFOLD_ECHO_RATE": "1", "CAREFOLD_ANSWERS_AT_ONCE": "1", "CAREFOLD_ANSWERS_WAITING": "0"}
    took = []
    with serving(CAREFOLD_MODEL="echo", **rules) as (url, *_), httpx.Client(base_url=url, timeout=30) as http:
        send = events_of(http.get("/config").json()).send
        body = {"fn_index": send, "session_hash": "holder", "data": [FEELINGS[0]]}
        http.post("/gradio_api/run/predict", json=body)
        for number in range(50):
            body = {"fn_index": send, "session_hash": f"late{number}", "data": [FACTS[0]]}
            began = time.perf_counter()
            said = http.post("/gradio_api/run/predict", json=body).text
            took.append(time.perf_counter() - began)
            if "988" not in said or "not taken" not in said:
                raise RuntimeError("a refusal without the numbers to call, or none")
    return {"n": len(took), "p50_ms": _ms(sorted(took), 0.5), "max_ms": _ms(sorted(took), 1.0)}


# What a process of people takes before its first message, measured once at the start.
_START = 0.0


def _state(running: Running) -> dict[str, Figure]:
    until = time.monotonic() + 60
    while len(running.sessions) and time.monotonic() < until:
        time.sleep(0.2)
    time.sleep(2)
    gc.collect()
    process = psutil.Process()
    return {
        "sessions": len(running.sessions),
        "threads": process.num_threads(),
        "rss_mib": round(process.memory_info().rss / 2**20),
    }


def _ms(values: list[float], share: float) -> float:
    return round(1000 * values[min(len(values) - 1, int(share * len(values)))], 1) if values else 0.0


def main(
    windows: int = 2000,
    replies: Annotated[int, typer.Option(help="Fixed replies to time under each load.")] = 300,
    only: Annotated[
        str, typer.Option(help="one of: stand_in_32, refusal, real_8, left_windows, in_danger")
    ] = "",
    out: Annotated[Path | None, typer.Option()] = None,
) -> None:
    """Measure all five, or one."""
    global _START
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import benchmarks.people"], check=True)
    _START = time.perf_counter() - began
    parts: dict[str, Callable[[], dict[str, Figure]]] = {
        "stand_in_32": stand_in,
        "refusal": refusal,
        "real_8": real,
        "left_windows": lambda: left_windows(windows),
        "in_danger": lambda: in_danger(replies),
    }
    if only and only not in parts:
        raise typer.BadParameter(f"{only!r} is no part: choose of {', '.join(parts)}")
    figures: dict[str, Figure] = {}
    if only and out is not None:
        before = {"date": day(out)}
        figures = {name: {**before, **one} for name, one in earlier(out).items() if isinstance(one, Mapping)}
    for name, measure in parts.items():
        if only in ("", name):
            figures[name] = {"date": datetime.now(UTC).date().isoformat(), **measure()}
            sys.stderr.write(f"{name}: {json.dumps(figures[name])}\n")
    report("load", figures, out)


if __name__ == "__main__":
    typer.run(main)
