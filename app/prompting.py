"""From a question, passages and history to the messages that a model reads.

Serving and training both build their prompts here, so that a model is trained on exactly what
it will be asked, and measured as it will answer. `prompt_hash` goes into every manifest and trace.
No rules about what may be answered stand here: that is `decision.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from app.conversation import Turn
from app.models.base import Message

GROUNDED_SYSTEM = "You answer questions of patients of {clinic}. You use only the text that you are given."
# Asked to explain, a very small model invents; asked to copy, it mostly copies.
GROUNDED_USER = (
    "Read these passages:\n{passages}\n\n"
    "Question: {question}\n"
    "Copy the two or three sentences of the passages that answer the question."
)
SUPPORT_SYSTEM = (
    "You are a supportive listener in the chat of {clinic}. Reply in three to five short, warm sentences. "
    "Reflect what the person feels, and ask one gentle question or offer one small everyday step. "
    "Do not diagnose, do not speak of medicines, and do not state facts about the clinic."
)
HISTORY_TURNS = 4
HISTORY_CHARACTERS = 1_200
PASSAGE_CHARACTERS = 1_600
# A supporting answer has no passage to follow, and a small tuned model says a thought again and again. Asked
# greedily over validation rows, 9 of 12 answers went in circles with 8, 1 of 12 with 5, none of 52 with 4.
SUPPORT_NO_REPEAT = 4


def prompt_hash() -> str:
    """Return the SHA-256 (64 hex digits) over every template and limit of this file."""
    parts = (GROUNDED_SYSTEM, GROUNDED_USER, SUPPORT_SYSTEM)
    limits = (HISTORY_TURNS, HISTORY_CHARACTERS, PASSAGE_CHARACTERS, SUPPORT_NO_REPEAT)
    return hashlib.sha256("\0".join((*parts, *map(str, limits))).encode()).hexdigest()


def grounded_system(clinic: str) -> str:
    """Return the system prompt of a grounded answer."""
    return GROUNDED_SYSTEM.format(clinic=clinic)


def support_system(clinic: str) -> str:
    """Return the system prompt of a supporting answer."""
    return SUPPORT_SYSTEM.format(clinic=clinic)


def grounded_messages(question: str, passages: Sequence[str], clinic: str) -> tuple[Message, ...]:
    """Build the prompt of a grounded answer: passages numbered from 1, then the question.

    Earlier turns are left out on purpose: retrieval has used them, and what they said is no
    evidence for an answer.
    """
    numbered = "\n".join(
        f"[{number}] {' '.join(passage.split())[:PASSAGE_CHARACTERS]}"
        for number, passage in enumerate(passages, start=1)
    )
    return (
        Message("system", grounded_system(clinic)),
        Message("user", GROUNDED_USER.format(passages=numbered, question=question)),
    )


def support_messages(message: str, history: Sequence[Turn], clinic: str) -> tuple[Message, ...]:
    """Build the prompt of a supporting answer: the last few turns, then the message."""
    recent = [Message(turn.role, turn.text[:HISTORY_CHARACTERS]) for turn in history[-HISTORY_TURNS:]]
    # A chat template wants the turns to begin with the user.
    while recent and recent[0].role == "assistant":
        del recent[0]
    return (Message("system", support_system(clinic)), *recent, Message("user", message))
