"""Simulated people in a process of their own: each does over HTTP what the page does, and times it.

Prints one JSON object a line, one for each answer: whether its stream was complete, the gaps between its
sentences, and its length. With `--urgent` one person after another writes of danger, until the process is
ended: then `first_s` is the time until the fixed reply stands in the window. Run by benchmarks/load.py:
    python -m benchmarks.people URL --people 32 --turns 2 < questions.txt
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import sys
import time
import uuid
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any

import httpx
import typer

SECONDS = 120.0
URGENT_CLASS = "urgent"
"""What the page knows a reply to someone in danger by."""
_WORDS = re.compile(r"[A-Za-z]{3,}")


@dataclass
class Heard:
    """One answer as it came in. Times are seconds; `gaps` follow its first words."""

    complete: bool = False
    refused: bool = False
    first_s: float = 0.0
    total_s: float = 0.0
    gaps: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Events:
    """Numbers of the page's events, from its configuration."""

    send: int
    follow: int
    settle: int


def event_of(config: dict[str, Any], elem_id: str, kind: str) -> int:
    """Return the number of what happens on `kind` of the component with an id in the page."""
    part = next(part["id"] for part in config["components"] if part["props"].get("elem_id") == elem_id)
    return int(next(event["id"] for event in config["dependencies"] if [part, kind] in event["targets"]))


def events_of(config: dict[str, Any]) -> Events:
    """Find the events of the button and of what follows it."""
    send = event_of(config, "send", "click")
    chained = [event for event in config["dependencies"] if event.get("trigger_after") == send]
    follow = next(event["id"] for event in chained if event.get("backend_fn"))
    settle = next(event["id"] for event in config["dependencies"] if event.get("trigger_after") == follow)
    return Events(send, follow, settle)


async def ask(http: httpx.AsyncClient, events: Events, session: str, text: str, *, answers: int) -> Heard:
    """Send one message and read its stream to the end; the window shows `answers` answers before it."""
    heard = Heard()
    began = last = time.perf_counter()
    body = {"fn_index": events.send, "data": [text], "session_hash": session}
    said = (await http.post("/gradio_api/run/predict", json=body)).json()
    heard.refused = said["data"][0] != "yes"
    body = {"fn_index": events.follow, "data": [], "session_hash": session}
    await http.post("/gradio_api/queue/join", json=body)
    # The first message of a stream is the whole window, the later ones are changes of it.
    seen = 0
    async with http.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}) as stream:
        async for line in stream.aiter_lines():
            if not line.startswith("data: "):
                continue
            message = json.loads(line[6:])
            now = time.perf_counter()
            if message["msg"] in ("process_generating", "process_completed"):
                changed = json.dumps(message["output"].get("data", [""])[0])
                began_before = seen > answers
                seen += changed.count('"assistant"')
                said = len(_WORDS.findall(changed)) > 3 and seen > answers
                if said and not began_before:
                    heard.first_s, last = now - began, now
                elif said and message["msg"] == "process_generating":
                    heard.gaps.append(now - last)
                    last = now
            if message["msg"] == "process_completed":
                heard.complete = bool(message["success"])
                break
    heard.total_s = time.perf_counter() - began
    body = {"fn_index": events.settle, "data": [], "session_hash": session}
    await http.post("/gradio_api/run/predict", json=body)
    return heard


async def person(url: str, events: Events, questions: list[str], turns: int, pause_s: float) -> list[Heard]:
    """Open a window, ask, and leave it."""
    session = uuid.uuid4().hex[:12]
    # No TLS on loopback: making its settings anew for each window would cost more than the window.
    limits = httpx.Limits(max_connections=4)
    heard = []
    async with (
        httpx.AsyncClient(base_url=url, timeout=SECONDS, limits=limits, verify=False) as http,
        http.stream("GET", f"/gradio_api/heartbeat/{session}"),
    ):
        for turn in range(turns):
            # People read and type: nobody asks in the same instant as everybody else.
            await asyncio.sleep(random.uniform(0, 2 * pause_s))
            text = questions[turn % len(questions)]
            heard.append(await ask(http, events, session, text, answers=turn))
    return heard


async def urgent(url: str, messages: list[str]) -> None:
    """Write of danger in one new window after another, and print how long each reply took."""
    async with httpx.AsyncClient(base_url=url, timeout=SECONDS, verify=False) as http:
        events = events_of((await http.get("/config")).json())
        while True:
            for text in messages:
                body = {"fn_index": events.send, "data": [text], "session_hash": uuid.uuid4().hex[:12]}
                began = time.perf_counter()
                said = (await http.post("/gradio_api/run/predict", json=body)).text
                took = time.perf_counter() - began
                heard = Heard(complete=URGENT_CLASS in said, first_s=took, total_s=took)
                print(json.dumps(asdict(heard)), flush=True)
                await asyncio.sleep(0.2)


async def crowd(
    url: str, people: int, turns: int, questions: list[str], at_once: int, pause_s: float
) -> None:
    """Let everyone come, at most `at_once` side by side."""
    async with httpx.AsyncClient(base_url=url, timeout=SECONDS) as http:
        events = events_of((await http.get("/config")).json())
    room = asyncio.Semaphore(at_once)

    async def comes(number: int) -> None:
        async with room:
            own = questions[number % len(questions) :] + questions[: number % len(questions)]
            for heard in await person(url, events, own, turns, pause_s):
                sys.stdout.write(json.dumps(asdict(heard)) + "\n")

    await asyncio.gather(*(comes(number) for number in range(people)))


def main(
    url: str,
    people: int = 8,
    turns: int = 1,
    at_once: int = 64,
    pause_s: float = 0.0,
    in_danger: Annotated[bool, typer.Option("--urgent")] = False,
) -> None:
    """Read questions from standard input, a line each, and let people ask them."""
    questions = [line.strip() for line in sys.stdin if line.strip()]
    if in_danger:
        asyncio.run(urgent(url, questions))
        return
    random.seed(people)
    asyncio.run(crowd(url, people, turns, questions, at_once, pause_s))


if __name__ == "__main__":
    typer.run(main)
