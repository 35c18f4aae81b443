"""From messages to the tokens of a prompt: the one function that serving and training share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.models.base import Message


def prompt_tokens(tokenizer: Any, messages: Sequence[Message], *, begin_answer: bool) -> list[int]:
    """Return the token ids of a prompt by the model's own chat template.

    `begin_answer` ends it where the model goes on. The template's own marks are taken out of what is
    said: written by a user, they would begin a message of the system.
    """
    marks = sorted(tokenizer.get_added_vocab(), key=len, reverse=True)
    chat = [{"role": message.role, "content": _without(message.content, marks)} for message in messages]
    encoded = tokenizer.apply_chat_template(chat, add_generation_prompt=begin_answer, return_dict=True)
    return [int(token) for token in encoded["input_ids"]]


def _without(content: str, marks: Sequence[str]) -> str:
    for mark in marks:
        content = content.replace(mark, " ")
    return content
