"""The browser windows that the server knows: a conversation, and the turns that the window shows.

Memory only, bounded in number and in idle time, deleted on clear and when the window is left. What a
browser sends back of its history is never read: the window is drawn from here.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from app.conversation import Audience, Conversation
from app.turns import Turn

Notice = Literal["", "busy", "too_fast", "cleared"]
MOST_SHOWN = 100
LONGEST_KEY = 64


@dataclass(eq=False)
class Session:
    """One window. `notice` is what the window says beside its turns."""

    conversation: Conversation = field(default_factory=Conversation)
    turns: list[Turn] = field(default_factory=list, repr=False)
    notice: Notice = ""

    @property
    def last(self) -> Turn | None:
        """The newest turn."""
        return self.turns[-1] if self.turns else None

    def show(self, turn: Turn) -> None:
        """Add a turn to the window; the oldest fall out."""
        self.turns.append(turn)
        del self.turns[:-MOST_SHOWN]

    def take_back(self) -> str:
        """Remove the last turn from window and conversation; return its scrubbed question."""
        if not self.turns:
            return ""
        turn = self.turns.pop()
        turns = self.conversation.turns
        if turn.question and any(said.role == "user" and said.text == turn.question for said in turns[-2:]):
            self.conversation.rewind()
        return turn.question


class Sessions:
    """The sessions of a running server, by the key that the browser's window has."""

    def __init__(
        self,
        *,
        idle_seconds: float,
        most: int = 10_000,
        left: Callable[[Session], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Forget a session after `idle_seconds`; call `left` with every one that is forgotten."""
        self._idle_seconds = idle_seconds
        self._most = most
        self._left = left
        self._clock = clock
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[float, Session]] = OrderedDict()

    def open(self, key: str, *, audience: Audience = "patient") -> Session:
        """Return the session of a window and restart its idle time; begin one where there is none."""
        gone: list[Session] = []
        with self._lock:
            gone += self._idle()
            found = self._known.pop(key, None)
            session = found[1] if found else Session(Conversation(audience=audience))
            while len(self._known) >= self._most:
                gone.append(self._known.popitem(last=False)[1][1])
            self._known[key] = (self._clock(), session)
        self._leave(gone)
        return session

    def peek(self, key: str) -> Session | None:
        """Return a live session without restarting its idle time."""
        with self._lock:
            found = self._known.get(key)
        if found is None or found[0] < self._clock() - self._idle_seconds:
            return None
        return found[1]

    def forget(self, key: str) -> None:
        """Delete a session; nothing happens when there is none."""
        with self._lock:
            found = self._known.pop(key, None)
        if found is not None:
            self._leave([found[1]])

    def sweep(self) -> None:
        """Forget what has been idle too long."""
        with self._lock:
            gone = self._idle()
        self._leave(gone)

    def __len__(self) -> int:
        return len(self._known)

    def _idle(self) -> list[Session]:
        # Ordered by last use, so the idle ones stand in front.
        limit = self._clock() - self._idle_seconds
        gone = []
        while self._known and next(iter(self._known.values()))[0] < limit:
            gone.append(self._known.popitem(last=False)[1][1])
        return gone

    def _leave(self, gone: list[Session]) -> None:
        for session in gone:
            if self._left is not None:
                self._left(session)
            # Someone may still hold the session: what it said goes now.
            session.turns.clear()
            session.conversation.turns.clear()
