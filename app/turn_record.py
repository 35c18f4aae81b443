"""What one turn gathers on its way through the message path, and the trace made of it."""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from app.conversation import Conversation
from app.lineup import NOBODY, Writer
from app.several import AS_ONE, Several
from retrieval.hits import Hit, Retrieval
from safety.entities import Entity
from safety.language import Language
from safety.verdict import ALLOW, Verdict

NOTHING_RETRIEVED = Retrieval(hits=(), confidence=0.0)


@dataclass
class TurnRecord:
    """One turn in the making. `raw` is emptied once it has been scrubbed.

    `reply` is the fixed reply to someone in danger, once it is out: what is kept is what was shown.
    `borne_by` are the places of the passages that the model's shown sentences rest on.
    """

    conversation: Conversation
    stop: threading.Event
    raw: str = field(default="", repr=False)
    turn_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    started: float = field(default_factory=time.perf_counter)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    scrubbed: str = field(default="", repr=False)
    entities: tuple[Entity, ...] = ()
    language: Language = "en"
    reply: str = field(default="", repr=False)
    verdict: Verdict = ALLOW
    retrieval: Retrieval = field(default=NOTHING_RETRIEVED, repr=False)
    several: Several = field(default=AS_ONE, repr=False)
    reasons: list[str] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)
    timings_ms: dict[str, float] = field(default_factory=dict)
    adapter: str | None = None
    model_wrote: bool = False
    asked: bool = False
    written: int = 0
    borne_by: set[int] = field(default_factory=set)
    timed_out: bool = False
    writer: Writer = NOBODY

    @property
    def hits(self) -> tuple[Hit, ...]:
        """The retrieved hits, best first."""
        return self.retrieval.hits

    @property
    def confidence(self) -> float:
        """The calibrated probability that the first hit answers the question."""
        return self.retrieval.confidence

    def elapsed_ms(self) -> float:
        """Return the milliseconds since the turn began."""
        return round((time.perf_counter() - self.started) * 1000, 2)

    @contextmanager
    def timing(self, step: str) -> Iterator[None]:
        """Record how long a step took, also when it fails."""
        since = time.perf_counter()
        try:
            yield
        finally:
            self.timings_ms[step] = round((time.perf_counter() - since) * 1000, 2)
