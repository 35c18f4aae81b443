"""A conversation: risk never falls, memory is bounded."""

from __future__ import annotations

from app.conversation import KEPT_TURNS, Conversation


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


def test_taking_back_the_last_question_keeps_the_risk() -> None:
    conversation = Conversation()
    conversation.raise_risk("high")
    for text in ("one", "two"):
        conversation.add("user", text)
        conversation.add("assistant", f"on {text}")
    assert conversation.rewind() == "two"
    assert conversation.said_by("user") == ("one",)
    assert conversation.said_by("assistant") == ("on one",)
    assert conversation.risk == "high"
    assert conversation.rewind() == "one"
    assert conversation.rewind() == ""


def test_repr_shows_no_words() -> None:
    conversation = Conversation()
    conversation.add("user", "something private")
    assert "private" not in repr(conversation)
    assert "private" not in repr(conversation.turns)
