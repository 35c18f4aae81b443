"""The desk: gate first, a bounded line with places, stop that frees the model, a clean end."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import Callable, Iterator
from types import GeneratorType

import pytest

from app.conversation import Conversation
from app.errors import LineFull
from app.models.base import GenerationRequest
from app.models.echo import EchoModel
from app.turns import Turn, TurnDesk
from tests.app.conftest import MakeService, broken

REFILL = "How do I ask for a refill?"
CRISIS = "I want to kill myself tonight"
FEELING = "my husband left me and i feel so sad and lonely"


class HeldModel(EchoModel):
    """Writes one sentence, then waits until it is let go or stopped."""

    def __init__(self) -> None:
        super().__init__()
        self.writing = threading.Semaphore(0)
        self.let_go = threading.Event()
        self.stopped = threading.Semaphore(0)

    def stream(self, request: GenerationRequest, stop: threading.Event) -> Iterator[str]:
        def words() -> Iterator[str]:
            yield "That sounds like a lot to carry on your own today. "
            self.writing.release()
            while not self.let_go.is_set() and not stop.is_set():
                time.sleep(0.005)
            if stop.is_set():
                self.stopped.release()
                return
            yield "Who could be near you this evening, do you think? "

        return words()


MakeDesk = Callable[..., TurnDesk]


@pytest.fixture
def make_desk(make_service: MakeService) -> Iterator[MakeDesk]:
    desks = []

    def make(
        *, at_once: int = 2, waiting: int = 2, line_seconds: float = 20.0, **service: object
    ) -> TurnDesk:
        desk = TurnDesk(
            make_service(support="model", **service),  # type: ignore[arg-type]
            at_once=at_once, waiting=waiting, line_seconds=line_seconds,
        )  # fmt: skip
        desks.append(desk)
        return desk

    yield make
    for desk in desks:
        desk.close(grace_seconds=0)


def ended(turn: Turn, seconds: float = 10.0) -> Turn:
    until = time.monotonic() + seconds
    while not turn.ended and time.monotonic() < until:
        time.sleep(0.005)
    assert turn.ended, f"still {turn.stage} after {seconds} s"
    return turn


def in_stage(turn: Turn, stage: str, seconds: float = 10.0) -> None:
    until = time.monotonic() + seconds
    while turn.stage != stage and time.monotonic() < until:
        time.sleep(0.005)
    assert turn.stage == stage


def test_answers_and_hands_out_what_the_service_says(make_desk: MakeDesk) -> None:
    turn = ended(make_desk().start(f"I am Jane Roe. {REFILL}", Conversation()))
    assert turn.stage == "done"
    assert turn.answer is not None and turn.answer.kind == "faq"
    assert "Jane" not in turn.question
    assert [entity.type for entity in turn.entities] == ["PERSON"]


def test_line_is_bounded_and_the_gate_still_reads_what_is_turned_away(make_desk: MakeDesk) -> None:
    model = HeldModel()
    desk = make_desk(at_once=1, waiting=1, model=model)
    writing = desk.start(FEELING, Conversation())
    assert model.writing.acquire(timeout=10)
    waiting = desk.start(FEELING, Conversation())
    in_stage(waiting, "waiting")
    assert waiting.position == 1
    began = time.monotonic()
    with pytest.raises(LineFull):
        desk.start(REFILL, Conversation())
    assert time.monotonic() - began < 0.2
    urgent = desk.start(CRISIS, Conversation())
    assert urgent.urgent and "988" in urgent.sentences[0]
    assert ended(urgent).answer is not None
    # What is danger only after what was said before does not wait either.
    despairing = Conversation()
    despairing.add("user", "I lost my job today.")
    over_turns = desk.start("Which bridges in the city are taller than 25 metres?", despairing)
    assert over_turns.urgent and "988" in over_turns.sentences[0]
    model.let_go.set()
    assert ended(writing).stage == ended(waiting).stage == "done"
    assert desk.under_way() == 0


@pytest.mark.slow
def test_places_in_line_move_up(make_desk: MakeDesk) -> None:
    model = HeldModel()
    desk = make_desk(at_once=1, waiting=3, model=model)
    first = desk.start(FEELING, Conversation())
    assert model.writing.acquire(timeout=10)
    second, third = desk.start(FEELING, Conversation()), None
    in_stage(second, "waiting")
    third = desk.start(FEELING, Conversation())
    in_stage(third, "waiting")
    assert (second.position, third.position) == (1, 2)
    desk.stop(second)
    assert ended(second).stage == "stopped"
    assert third.position == 1
    desk.stop(first)
    assert model.stopped.acquire(timeout=5)
    in_stage(third, "answering")
    model.let_go.set()
    assert ended(third).stage == "done"


def test_stop_ends_the_model_and_keeps_what_was_said(make_desk: MakeDesk) -> None:
    model = HeldModel()
    desk = make_desk(model=model)
    turn = desk.start(FEELING, Conversation())
    assert model.writing.acquire(timeout=10)
    desk.stop(turn)
    assert model.stopped.acquire(timeout=1), "the model went on working"
    answer = ended(turn).answer
    assert answer is not None and "carry on your own" in answer.text


def test_new_message_ends_the_answer_before_it(make_desk: MakeDesk) -> None:
    model, conversation = HeldModel(), Conversation()
    desk = make_desk(model=model)
    first = desk.start(FEELING, conversation)
    assert model.writing.acquire(timeout=10)
    second = desk.start(REFILL, conversation, before=first)
    assert ended(second).answer is not None
    assert first.ended
    assert conversation.said_by("user")[-1] == second.question


def test_crisis_while_an_answer_is_written_is_answered_at_once(make_desk: MakeDesk) -> None:
    model, conversation = HeldModel(), Conversation()
    desk = make_desk(model=model)
    first = desk.start(FEELING, conversation)
    assert model.writing.acquire(timeout=10)
    began = time.monotonic()
    urgent = desk.start(CRISIS, conversation, before=first)
    assert time.monotonic() - began < 0.5
    assert "988" in urgent.sentences[0]
    assert ended(urgent).answer is not None


def test_too_long_in_line_gives_up_and_loses_nothing_else(make_desk: MakeDesk) -> None:
    model = HeldModel()
    desk = make_desk(at_once=1, waiting=1, line_seconds=0.1, model=model)
    first = desk.start(FEELING, Conversation())
    assert model.writing.acquire(timeout=10)
    late = desk.start(FEELING, Conversation())
    in_stage(late, "waiting")
    time.sleep(0.15)
    model.let_go.set()
    assert ended(late).stage == "gave_up"
    assert late.question
    assert ended(first).stage == "done"


def test_only_the_urgent_are_taken_beyond_the_rate(make_desk: MakeDesk) -> None:
    desk = make_desk()
    with pytest.raises(LineFull):
        desk.start(REFILL, Conversation(), urgent_only=True)
    assert ended(desk.start(CRISIS, Conversation(), urgent_only=True)).urgent


def test_everything_broken_still_answers_a_crisis(make_desk: MakeDesk) -> None:
    names = ("scrubber", "reader", "retriever", "output_check", "store", "model")
    desk = make_desk(parts={name: broken(name) for name in names})
    turn = ended(desk.start(CRISIS, Conversation()))
    assert turn.answer is not None and turn.answer.kind == "crisis" and "988" in turn.answer.text


@pytest.mark.slow
def test_close_lets_answers_finish_and_ends_the_rest(make_desk: MakeDesk) -> None:
    model = HeldModel()
    desk = make_desk(model=model)
    turn = desk.start(FEELING, Conversation())
    assert model.writing.acquire(timeout=10)
    closing = threading.Thread(target=lambda: desk.close(grace_seconds=5))
    closing.start()
    time.sleep(0.1)
    with pytest.raises(LineFull):
        desk.start(REFILL, Conversation())
    model.let_go.set()
    closing.join(timeout=5)
    assert not closing.is_alive()
    assert turn.stage == "done" and turn.answer is not None and "this evening" in turn.answer.text


def test_close_ends_what_does_not_finish_in_time(make_desk: MakeDesk) -> None:
    model = HeldModel()
    desk = make_desk(model=model)
    turn = desk.start(FEELING, Conversation())
    assert model.writing.acquire(timeout=10)
    desk.close(grace_seconds=0.1)
    assert model.stopped.acquire(timeout=1)
    assert ended(turn, 3).answer is not None


def test_changes_come_with_every_sentence_and_end(make_desk: MakeDesk) -> None:
    desk = make_desk(model=EchoModel(tokens_per_second=200))

    async def watch() -> list[int]:
        turn = desk.start(FEELING, Conversation())
        seen = []
        async for _ in turn.changes():
            seen.append(len(turn.sentences))
        assert turn.ended
        return seen

    seen = asyncio.run(watch())
    assert seen == sorted(seen)
    assert len(set(seen)) >= 2


@pytest.mark.slow
def test_raw_words_do_not_outlive_the_scrubbing(make_desk: MakeDesk) -> None:
    model = HeldModel()
    desk = make_desk(model=model)
    secret = "zq" + "xv" * 4
    turn = desk.start(f"my husband {secret}@example.org left me and i feel so sad and lonely", Conversation())
    assert model.writing.acquire(timeout=10)
    gc.collect()
    held = [text for frame in _frames() for text in frame if isinstance(text, str) and secret in text]
    assert held == []
    model.let_go.set()
    ended(turn)


def _frames() -> Iterator[list[object]]:
    for thing in gc.get_objects():
        frame = thing.gi_frame if isinstance(thing, GeneratorType) else None
        if frame is not None and "/app/" in frame.f_code.co_filename:
            values = list(frame.f_locals.values())
            yield [*values, *(getattr(value, "raw", None) for value in values)]
