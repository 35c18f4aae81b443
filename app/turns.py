"""Turns under way: gated at once, scrubbed at once, then answered a few at a time, with a bounded line.

    desk = TurnDesk(service, at_once=16, waiting=32)
    turn = desk.start(message, conversation)     # the gate has read it; LineFull when it can't be taken
    async for _ in turn.changes(): ...           # what is to be shown has changed

A turn is driven to its end by the desk's own threads whether or not anybody looks: a reader that has gone
away holds nothing up. Someone in danger waits in no line. Must not know of pages or of HTTP.
"""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Literal

from app.answer import ChatAnswer, ChatEvent, Gated, ScrubbedInput, Sentence
from app.chat import ChatService
from app.conversation import Conversation
from app.errors import LineFull
from app.logs import get_logger
from safety.entities import Entity

log = get_logger(__name__)

Stage = Literal["reading", "waiting", "answering", "done", "stopped", "gave_up"]
Events = Generator[ChatEvent, None, None]
# Scrubbing is all computing, and its time is bounded: more threads than cores would only make each late.
FRONT_THREADS = 2
TICK_SECONDS = 1.0


@dataclass(eq=False)
class Turn:
    """One question and what is known of its answer so far; everything in it may be shown."""

    stage: Stage = "reading"
    question: str = field(default="", repr=False)
    entities: tuple[Entity, ...] = ()
    sentences: list[str] = field(default_factory=list, repr=False)
    answer: ChatAnswer | None = field(default=None, repr=False)
    urgent: bool = False
    position: int = 0
    key: str = field(default_factory=lambda: uuid.uuid4().hex)
    stop: threading.Event = field(default_factory=threading.Event, repr=False)
    in_line_since: float = 0.0
    _watchers: list[Callable[[], None]] = field(default_factory=list, repr=False)

    @property
    def ended(self) -> bool:
        """Say whether nothing more will come."""
        return self.stage in ("done", "stopped", "gave_up")

    def take(self, event: ChatEvent) -> None:
        """Note one event of the message path."""
        if isinstance(event, ScrubbedInput):
            self.question, self.entities = event.text, event.entities
        elif isinstance(event, Sentence):
            self.sentences.append(event.text)
        elif isinstance(event, ChatAnswer):
            self.answer = event
            self.question, self.entities = event.scrubbed_input, event.entities
        self.changed()

    def changed(self) -> None:
        """Wake whoever watches."""
        for wake in tuple(self._watchers):
            wake()

    async def changes(self) -> AsyncIterator[None]:
        """Yield at every change, once a second while in line, and a last time at the end."""
        loop, woken = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(woken.set)

        self._watchers.append(wake)
        try:
            while not self.ended:
                woken.clear()
                yield
                if not self.ended:
                    await _wait(woken, TICK_SECONDS)
            yield
        finally:
            self._watchers.remove(wake)

    async def read(self) -> None:
        """Wait until the scrubbed question, or more than that, can be shown."""
        async for _ in self.changes():
            if self.stage != "reading" or self.sentences:
                return


async def _wait(woken: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(woken.wait(), seconds)
    except TimeoutError:
        return


class TurnDesk:
    """Takes messages and answers them in threads of its own."""

    def __init__(
        self,
        service: ChatService,
        *,
        at_once: int,
        waiting: int,
        line_seconds: float = 20.0,
        finished: Callable[[Turn], None] | None = None,
    ) -> None:
        """Answer `at_once` turns side by side; let `waiting` more stand in line for `line_seconds`."""
        self._service = service
        self._most = at_once + waiting
        self._line_seconds = line_seconds
        self._finished = finished
        self._lock = threading.Lock()
        self._open: OrderedDict[str, tuple[Turn, Events]] = OrderedDict()
        self._closed = False
        self._front = ThreadPoolExecutor(FRONT_THREADS, thread_name_prefix="scrub")
        self._answers = ThreadPoolExecutor(at_once, thread_name_prefix="answer")

    def start(
        self,
        message: str,
        conversation: Conversation,
        *,
        before: Turn | None = None,
        urgent_only: bool = False,
    ) -> Turn:
        """Gate a message in this thread, then answer it in others. `before` is ended first.

        Raises LineFull, once the gate has said that nobody is in danger; with `urgent_only` always then.
        """
        turn = Turn()
        events = self._service.stream(message, conversation, stop=turn.stop)
        first = next(events)
        turn.urgent = not isinstance(first, Gated)
        with self._lock:
            full = self._closed or len(self._open) >= self._most
            if not turn.urgent and (full or urgent_only):
                events.close()
                raise LineFull(f"{self._most} questions are being answered: try again in a minute")
            if self._closed:
                events.close()
            else:
                self._open[turn.key] = (turn, events)
        if before is not None:
            self.stop(before)
        turn.take(first)
        if turn.key in self._open:
            self._front.submit(self._read, turn, events)
        else:
            self._end(turn, "done")
        return turn

    def stop(self, turn: Turn) -> None:
        """End a turn: at once when it stands in line, within two tokens when the model writes."""
        turn.stop.set()
        with self._lock:
            known = self._open.get(turn.key)
            in_line = known is not None and turn.stage == "waiting"
        if known is not None and in_line:
            self._leave_line(turn, known[1], "stopped")

    def under_way(self) -> int:
        """Return how many turns are under way or in line."""
        return len(self._open)

    def close(self, *, grace_seconds: float) -> None:
        """Take no more; let answers finish for `grace_seconds`, then end what is left."""
        self._closed = True
        until = time.monotonic() + grace_seconds
        while self._open and time.monotonic() < until:
            time.sleep(0.05)
        with self._lock:
            left = [turn for turn, _ in self._open.values()]
        for turn in left:
            self.stop(turn)
        self._front.shutdown(wait=False, cancel_futures=False)
        self._answers.shutdown(wait=False, cancel_futures=False)
        until = time.monotonic() + 2.0
        while self._open and time.monotonic() < until:
            time.sleep(0.02)

    # --- in the desk's threads ----------------------------------------------------------

    def _read(self, turn: Turn, events: Events) -> None:
        """Go on to where the scrubbed question is known; whoever is in danger is answered right here."""
        if turn.urgent:
            self._drive(turn, events)
            return
        try:
            turn.take(next(events))
        except StopIteration:
            self._end(turn, "stopped")
            return
        if turn.answer is not None:
            self._drive(turn, events)
            return
        turn.stage, turn.in_line_since = "waiting", time.monotonic()
        self._renumber()
        turn.changed()
        self._answers.submit(self._answer, turn, events)

    def _answer(self, turn: Turn, events: Events) -> None:
        with self._lock:
            if turn.ended:
                return
            late = time.monotonic() - turn.in_line_since > self._line_seconds
            if not late:
                turn.stage, turn.position = "answering", 0
        if late:
            self._leave_line(turn, events, "gave_up")
            return
        self._renumber()
        turn.changed()
        self._drive(turn, events)

    def _drive(self, turn: Turn, events: Events) -> None:
        try:
            for event in events:
                turn.take(event)
        except Exception as error:  # noqa: BLE001 - a thread of the desk must not die of a turn
            log.error("turn_failed", error=type(error).__name__)
        finally:
            self._end(turn, "stopped" if turn.answer is None else "done")

    def _leave_line(self, turn: Turn, events: Events, stage: Stage) -> None:
        with self._lock:
            if turn.stage != "waiting":
                return
            turn.stage = stage
        events.close()
        self._end(turn, stage)

    def _end(self, turn: Turn, stage: Stage) -> None:
        with self._lock:
            self._open.pop(turn.key, None)
        turn.stage, turn.position = stage, 0
        self._renumber()
        if self._finished is not None:
            self._finished(turn)
        turn.changed()

    def _renumber(self) -> None:
        """Tell everyone in line where they stand, from 1."""
        with self._lock:
            line = [turn for turn, _ in self._open.values() if turn.stage == "waiting"]
        for place, turn in enumerate(line, start=1):
            if turn.position != place:
                turn.position = place
                turn.changed()
