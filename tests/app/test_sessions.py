"""Sessions: bounded, idle ones are forgotten, what is forgotten holds no words."""

from __future__ import annotations

from app.sessions import MOST_SHOWN, Session, Sessions
from app.turns import Turn


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_idle_session_is_forgotten_and_use_keeps_it() -> None:
    clock = Clock()
    known = Sessions(idle_seconds=10, clock=clock)
    kept, left = known.open("a"), known.open("b")
    clock.now = 8
    assert known.open("a") is kept
    clock.now = 15
    assert known.peek("b") is None
    assert known.open("b") is not left
    assert known.open("a") is kept


def test_looking_does_not_keep_a_session() -> None:
    clock = Clock()
    known = Sessions(idle_seconds=10, clock=clock)
    known.open("a")
    clock.now = 9
    assert known.peek("a") is not None
    clock.now = 11
    assert known.peek("a") is None


def test_sweep_forgets_without_anybody_asking() -> None:
    clock, gone = Clock(), []
    known = Sessions(idle_seconds=10, clock=clock, left=gone.append)
    session = known.open("a")
    session.show(Turn(question="something private"))
    session.conversation.add("user", "something private")
    clock.now = 11
    known.sweep()
    assert len(known) == 0
    assert gone == [session]
    assert session.turns == [] and session.conversation.turns == []


def test_clear_leaves_nothing_and_the_next_is_another_conversation() -> None:
    known = Sessions(idle_seconds=10)
    session = known.open("a")
    session.conversation.raise_risk("high")
    known.forget("a")
    known.forget("a")
    assert known.open("a").conversation.risk == "none"


def test_number_is_bounded_and_the_oldest_goes() -> None:
    gone: list[Session] = []
    known = Sessions(idle_seconds=10, most=3, left=gone.append)
    first = known.open("0")
    for number in range(1, 4):
        known.open(str(number))
    assert len(known) == 3
    assert gone == [first]


def test_window_is_bounded() -> None:
    session = Session()
    for number in range(MOST_SHOWN + 5):
        session.show(Turn(question=str(number)))
    assert len(session.turns) == MOST_SHOWN
    assert session.turns[0].question == "5"


def test_taking_back_removes_the_turn_but_not_the_risk() -> None:
    session = Session()
    session.conversation.raise_risk("high")
    session.show(Turn(question="first"))
    session.show(Turn(question="second"))
    for text in ("first", "second"):
        session.conversation.add("user", text)
        session.conversation.add("assistant", "an answer")
    assert session.take_back() == "second"
    assert session.conversation.said_by("user") == ("first",)
    assert session.conversation.risk == "high"
    assert [turn.question for turn in session.turns] == ["first"]


def test_taking_back_a_turn_that_was_not_answered_leaves_the_earlier_one() -> None:
    session = Session()
    session.conversation.add("user", "first")
    session.conversation.add("assistant", "an answer")
    session.show(Turn(question="first"))
    session.show(Turn(question="", stage="stopped"))
    assert session.take_back() == ""
    assert session.conversation.said_by("user") == ("first",)


def test_repr_shows_no_words() -> None:
    session = Session()
    session.show(Turn(question="something private", sentences=["also private"]))
    assert "private" not in repr(session)
    assert "private" not in repr(session.turns)
