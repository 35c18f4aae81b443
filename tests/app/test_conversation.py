"""Conversations: risk never falls, memory is bounded and forgets."""

from __future__ import annotations

from app.conversation import KEPT_TURNS, Conversation, Conversations


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_risk_only_rises() -> None:
    conversation = Conversation()
    for level, expected in (
        ("high", "high"),
        ("concern", "high"),
        ("none", "high"),
        ("imminent", "imminent"),
    ):
        conversation.raise_risk(level)  # type: ignore[arg-type]
        assert conversation.risk == expected


def test_oldest_turns_fall_out() -> None:
    conversation = Conversation()
    for number in range(KEPT_TURNS + 3):
        conversation.add("user", str(number))
    assert conversation.said_by("user") == tuple(str(n) for n in range(3, KEPT_TURNS + 3))


def test_idle_conversation_is_forgotten_and_use_keeps_it() -> None:
    clock = Clock()
    known = Conversations(idle_seconds=10, clock=clock)
    kept, left = known.open(), known.open()
    clock.now = 8
    assert known.get(kept.id) is kept
    clock.now = 15
    assert known.get(left.id) is None
    assert known.get(kept.id) is kept
    assert len(known) == 1


def test_clear_leaves_nothing() -> None:
    known = Conversations(idle_seconds=10)
    conversation = known.open()
    known.forget(conversation.id)
    assert known.get(conversation.id) is None
    known.forget(conversation.id)


def test_number_is_bounded() -> None:
    known = Conversations(idle_seconds=10, most=3)
    first = known.open()
    for _ in range(3):
        known.open()
    assert len(known) == 3
    assert known.get(first.id) is None


def test_repr_shows_no_words() -> None:
    conversation = Conversation()
    conversation.add("user", "something private")
    assert "private" not in repr(conversation)
    assert "private" not in repr(conversation.turns)
