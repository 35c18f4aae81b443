"""Prompts: what stands in them, in which form, and that a change of template changes the hash."""

from __future__ import annotations

import pytest

import app.prompting
from app.conversation import Turn
from app.prompting import grounded_messages, prompt_hash, support_messages


def test_grounded_prompt_numbers_passages_one_to_a_line() -> None:
    system, user = grounded_messages("When?", ["First\nline.", "Second."], "The Clinic")
    assert system.role == "system"
    assert "The Clinic" in system.content
    assert "\n[1] First line.\n[2] Second.\n" in user.content
    assert "Question: When?" in user.content


def test_question_with_braces_is_taken_as_it_stands() -> None:
    assert "{passages} {0}" in grounded_messages("{passages} {0}", ["A {b}."], "C")[1].content


def test_support_prompt_begins_with_the_user_and_ends_with_the_message() -> None:
    history = [
        Turn("user", "one"),
        Turn("assistant", "two"),
        Turn("user", "three"),
        Turn("assistant", "four"),
    ]
    messages = support_messages("five", history[1:], "C")
    assert [message.role for message in messages] == ["system", "user", "assistant", "user"]
    assert messages[-1].content == "five"


def test_hash_changes_with_a_template(monkeypatch: pytest.MonkeyPatch) -> None:
    before = prompt_hash()
    assert before == prompt_hash()
    monkeypatch.setattr(app.prompting, "GROUNDED_USER", app.prompting.GROUNDED_USER + " ")
    assert prompt_hash() != before
