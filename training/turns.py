"""Conversations as turns, and turns as exchanges: what a person wrote, and the answer to it.

Reads lists of messages under the names that corpora use, and one text in which each turn begins with
the speaker's role. Must not: change a turn's words.
"""

from __future__ import annotations

import json
import re

STANDS_ALONE = 5
"""Words from which a later message counts as one that can be understood without the turns before it."""

Turn = tuple[str, str]
"""Role (user, assistant, system) and text."""

_USER = ("user", "human", "person", "patient", "client", "customer", "prompter", "questioner", "caller")
_ASSISTANT = (
    "assistant", "gpt", "chatgpt", "bot", "chatbot", "ai", "model", "agent",
    "doctor", "dr", "therapist", "counselor", "counsellor", "psychologist", "clinician", "nurse",
)  # fmt: skip
_SYSTEM = ("system", "developer")
ROLES = {
    **dict.fromkeys(_USER, "user"),
    **dict.fromkeys(_ASSISTANT, "assistant"),
    **dict.fromkeys(_SYSTEM, "system"),
}
_SPEAKER = ("role", "from", "speaker", "author")
_WORDS = ("content", "value", "text", "utterance")

# A turn opens at the start, on a new line, or behind the end of a sentence: "Patient:", "<HUMAN>:",
# "### Assistant:", "**Doctor**:". "My doctor: a kind man" opens none.
_OPENS = re.compile(
    r"(?:\A|\n|(?<=[.!?\"”)\],>])\s)[ \t]*(?:#+ ?)?[<\[*]{0,2}("
    + "|".join(sorted((name for name in ROLES if name not in _SYSTEM), key=len, reverse=True))
    + r")\.?[>\]*]{0,2}\s?:[>\]*]{0,2}",
    re.IGNORECASE,
)


def turns(value: object) -> list[Turn] | str:
    """Return the turns of a list of messages (or its JSON), or the reason why it is none.

    Reasons: unknown_shape (no list of messages), bad_turns (a message without role or text). Turns of
    other roles (tools) are left out.
    """
    if isinstance(value, str) and value.lstrip().startswith("[{"):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return "unknown_shape"
    if not isinstance(value, list) or not value:
        return "unknown_shape"
    if all(isinstance(one, str) for one in value):
        return text_turns("\n".join(value)) or "unknown_shape"
    found: list[Turn] = []
    for one in value:
        if not isinstance(one, dict):
            return "bad_turns"
        speaker = next((one[name] for name in _SPEAKER if name in one), None)
        words = next((one[name] for name in _WORDS if name in one), None)
        if not isinstance(speaker, str) or not (isinstance(words, str) or words is None):
            return "bad_turns"
        role = ROLES.get(speaker.strip().casefold().rstrip("."))
        if role and words:
            found.append((role, words.strip()))
    return found


def text_turns(value: object) -> list[Turn]:
    """Return the turns of one text whose speakers are named before a colon; [] when it is no dialogue."""
    if not isinstance(value, str):
        return []
    opened = list(_OPENS.finditer(value))
    if not opened or value[: opened[0].start()].strip():
        return []
    found: list[Turn] = []
    for place, mark in enumerate(opened):
        end = opened[place + 1].start() if place + 1 < len(opened) else len(value)
        words = value[mark.end() : end].strip().rstrip(",").strip()
        found.append((ROLES[mark.group(1).casefold()], words))
    return found if {role for role, _words in found} >= {"user", "assistant"} else []


def exchanges(found: list[Turn]) -> list[tuple[str, str]]:
    """Return (message, answer) pairs: each run of user turns with the run of assistant turns behind it.

    Opening words of the assistant answer nobody and are left out. A later message of fewer than
    `STANDS_ALONE` words ("Yes, since May.") is left out with its answer: without the earlier turns it would
    teach a model to guess.
    """
    runs: list[Turn] = []
    for role, words in found:
        if role == "system" or not words:
            continue
        if runs and runs[-1][0] == role:
            runs[-1] = (role, f"{runs[-1][1]}\n{words}")
        else:
            runs.append((role, words))
    if runs and runs[0][0] == "assistant":
        runs = runs[1:]
    pairs = [(runs[at][1], runs[at + 1][1]) for at in range(0, len(runs) - 1, 2)]
    return [pair for place, pair in enumerate(pairs) if place == 0 or len(pair[0].split()) >= STANDS_ALONE]
