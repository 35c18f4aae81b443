"""What the server remembers of a conversation: scrubbed turns, the placeholder map and the risk.

It lives in server memory only (`app.sessions` forgets it after a time without a message), and holds no raw
word: the placeholder map keeps keyed hashes. The risk level only ever rises; a change of topic,
an edited history or a retry does not lower it.
"""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass, field
from typing import Literal

from safety.placeholders import Placeholders
from safety.verdict import LEVELS, Level

Audience = Literal["patient", "staff"]
Role = Literal["user", "assistant"]
KEPT_TURNS = 12


@dataclass(frozen=True)
class Turn:
    """One side's message, scrubbed."""

    role: Role
    text: str = field(repr=False)


@dataclass
class Conversation:
    """One person's conversation; `audience` decides which FAQ entries may be shown."""

    audience: Audience = "patient"
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    risk: Level = "none"
    turns: list[Turn] = field(default_factory=list, repr=False)
    placeholders: Placeholders = field(default_factory=Placeholders, repr=False)
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def raise_risk(self, level: Level) -> None:
        """Remember the highest risk seen."""
        if LEVELS.index(level) > LEVELS.index(self.risk):
            self.risk = level

    def add(self, role: Role, text: str) -> None:
        """Append a scrubbed turn; the oldest fall out."""
        self.turns.append(Turn(role, text))
        del self.turns[:-KEPT_TURNS]

    def rewind(self) -> str:
        """Take back the last question and what came after; return it. The risk stays."""
        for place in range(len(self.turns) - 1, -1, -1):
            if self.turns[place].role == "user":
                question = self.turns[place].text
                del self.turns[place:]
                return question
        return ""

    def said_by(self, role: Role) -> tuple[str, ...]:
        """Return the scrubbed texts of one side, oldest first."""
        return tuple(turn.text for turn in self.turns if turn.role == role)
