"""What `ChatService` hands out: the events of a streamed answer, and the answer itself."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.decision import Kind
from safety.entities import Entity
from safety.verdict import Verdict


@dataclass(frozen=True)
class Citation:
    """An FAQ entry that the answer rests on; `score` is the retriever's, best first."""

    id: str
    question: str
    score: float


@dataclass(frozen=True)
class ModelUsed:
    """The base model and adapter that wrote the answer; both empty when no model wrote."""

    base: str = ""
    adapter: str = ""


@dataclass(frozen=True)
class Gated:
    """The first event of an answer to someone who is not in danger: the gate has read the message."""


@dataclass(frozen=True)
class ScrubbedInput:
    """The second event of most answers: the message as it will be shown and kept."""

    text: str = field(repr=False)
    entities: tuple[Entity, ...]


@dataclass(frozen=True)
class Sentence:
    """A checked piece of the answer; the pieces joined by a space begin the answer's text."""

    text: str = field(repr=False)


@dataclass(frozen=True)
class ChatAnswer:
    """The last event: everything about the answer. Its text replaces what was streamed."""

    turn_id: str
    kind: Kind
    text: str = field(repr=False)
    scrubbed_input: str = field(repr=False)
    entities: tuple[Entity, ...]
    citations: tuple[Citation, ...]
    suggestions: tuple[str, ...]
    verdict: Verdict
    model: ModelUsed
    reasons: tuple[str, ...]
    dropped: dict[str, int]
    timings_ms: dict[str, float]


ChatEvent = Gated | ScrubbedInput | Sentence | ChatAnswer
