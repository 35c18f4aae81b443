"""Conversations become turns, and turns become exchanges that can stand alone."""

from __future__ import annotations

import json

import pytest

from training.turns import exchanges, text_turns, turns


@pytest.mark.parametrize(
    "value",
    [
        [{"role": "user", "content": "I sleep badly."}, {"role": "assistant", "content": "Since when?"}],
        [{"from": "human", "value": "I sleep badly."}, {"from": "gpt", "value": "Since when?"}],
        [{"speaker": "Patient", "text": " I sleep badly. "}, {"speaker": "Therapist", "text": "Since when?"}],
        ["patient: I sleep badly.", "doctor: Since when?"],
        json.dumps(
            [{"role": "user", "content": "I sleep badly."}, {"role": "assistant", "content": "Since when?"}]
        ),
    ],
)
def test_lists_of_messages_are_read_under_every_usual_name(value: object) -> None:
    assert turns(value) == [("user", "I sleep badly."), ("assistant", "Since when?")]


@pytest.mark.parametrize("value", [None, "plain text", [], 5, "[{broken", ["only words"]])
def test_what_is_no_list_of_messages_is_an_unknown_shape(value: object) -> None:
    assert turns(value) == "unknown_shape"


@pytest.mark.parametrize(
    "value", [[{"role": "user"}, "x"], [{"content": "x"}], [{"role": 3, "content": "x"}]]
)
def test_a_message_without_role_or_text_is_a_bad_turn(value: object) -> None:
    assert turns(value) == "bad_turns"


def test_turns_of_tools_are_left_out() -> None:
    found = turns(
        [
            {"role": "user", "content": "Hi there"},
            {"role": "tool", "content": "x"},
            {"role": "gpt", "content": "Yes"},
        ]
    )
    assert found == [("user", "Hi there"), ("assistant", "Yes")]


@pytest.mark.parametrize(
    "text",
    [
        "Patient: My knee hurts. Doctor: Rest it.",
        "patient: My knee hurts.\r\nDOCTOR : Rest it.",
        "<HUMAN>: My knee hurts.\n<ASSISTANT>: Rest it.",
        "### Human: My knee hurts.\n### Assistant: Rest it.",
        "**Client:** My knee hurts.\n**Counselor:** Rest it.",
    ],
)
def test_a_dialogue_in_one_text_is_cut_at_its_speakers(text: str) -> None:
    assert text_turns(text) == [("user", "My knee hurts."), ("assistant", "Rest it.")]


@pytest.mark.parametrize(
    "text",
    [
        "I asked my doctor: is it bad? He said no.",
        "Patient: I only talk to myself.",
        "Note. Patient: a. Doctor: b.",
        "",
    ],
)
def test_prose_that_names_a_doctor_is_no_dialogue(text: str) -> None:
    assert text_turns(text) == []


def test_each_answer_pairs_with_what_was_written_since_the_last_one() -> None:
    found = exchanges(
        [
            ("system", "Be kind."), ("assistant", "Hello!"),
            ("user", "I lost my job."), ("user", "It was last week."), ("assistant", "That is hard."), ("assistant", "Go on."),
            ("user", "Yes, really."), ("assistant", "I see."),
            ("user", "How do I tell my partner about it?"), ("assistant", "Plainly."),
            ("user", "And a question that nobody answered?"),
        ]
    )  # fmt: skip
    assert found == [
        ("I lost my job.\nIt was last week.", "That is hard.\nGo on."),
        ("How do I tell my partner about it?", "Plainly."),
    ]
