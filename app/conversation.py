"""What the server remembers of a conversation: scrubbed turns, the placeholder map and the risk.

It lives in server memory only, is forgotten after a time without a message, and holds no raw
word: the placeholder map keeps keyed hashes. The risk level only ever rises; a change of topic,
an edited history or a retry does not lower it.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable
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

    def said_by(self, role: Role) -> tuple[str, ...]:
        """Return the scrubbed texts of one side, oldest first."""
        return tuple(turn.text for turn in self.turns if turn.role == role)


class Conversations:
    """The conversations of a running server: bounded in number and in idle time."""

    def __init__(
        self, *, idle_seconds: float, most: int = 10_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._idle_seconds = idle_seconds
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[float, Conversation]] = OrderedDict()

    def open(self, *, audience: Audience = "patient") -> Conversation:
        """Start a conversation under a fresh random id."""
        conversation = Conversation(audience=audience)
        with self._lock:
            self._forget_idle()
            while len(self._known) >= self._most:
                self._known.popitem(last=False)
            self._known[conversation.id] = (self._clock(), conversation)
        return conversation

    def get(self, conversation_id: str) -> Conversation | None:
        """Return a live conversation and restart its idle time; None when it has expired."""
        with self._lock:
            self._forget_idle()
            found = self._known.pop(conversation_id, None)
            if found is None:
                return None
            self._known[conversation_id] = (self._clock(), found[1])
            return found[1]

    def forget(self, conversation_id: str) -> None:
        """Delete a conversation; nothing happens when there is none."""
        with self._lock:
            self._known.pop(conversation_id, None)

    def __len__(self) -> int:
        with self._lock:
            self._forget_idle()
            return len(self._known)

    def _forget_idle(self) -> None:
        # Ordered by last use, so the idle ones stand in front.
        limit = self._clock() - self._idle_seconds
        while self._known and next(iter(self._known.values()))[0] < limit:
            self._known.popitem(last=False)
