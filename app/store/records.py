"""The values that go into the store and come out of it.

A trace cannot hold a user's words: every string in it is an id, a code or the name of a model, and
is held to that form. A question, an answer or a comment is text, already scrubbed by the caller;
it is left out of every repr and every validation error.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from app.decision import Kind
from safety.verdict import Action, Level

ReviewStatus = Literal["pending", "approved", "rejected"]

TurnId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
ConversationId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
Code = Annotated[str, Field(pattern=r"^[a-z0-9_.-]{0,64}$")]
EntityType = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,63}$")]
Hash = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:+-]{0,128}$")]
Name = Annotated[str, Field(max_length=400)]  # of a model, adapter or release: the operator's, not a user's
Count = Annotated[int, Field(ge=0)]
Days = Annotated[int, Field(ge=0, le=36_500)]


def utc_now() -> datetime:
    """Return the time, aware, in UTC."""
    return datetime.now(UTC)


def storable(value: object) -> object:
    """Replace what no database takes in a text: lone surrogates and NUL."""
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")
    return value


Text = Annotated[str, BeforeValidator(storable), Field(repr=False)]


class Record(BaseModel):
    """A frozen value; its errors name the field and never show what was in it."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False, validate_default=True
    )


class TraceHit(Record):
    """An FAQ entry that the retriever found; `cited`: the answer rests on it."""

    id: Annotated[str, BeforeValidator(storable)]
    score: float
    cited: bool = False


class Versions(Record):
    """What the turn was answered with: a change in any of these may change the answer."""

    release: Name = ""
    prompt_hash: Hash = ""
    index_hash: Hash = ""
    policy_hash: Hash = ""


class TurnTrace(Record):
    """One turn, without a word of it. `started_at` is any aware time; `timings_ms` is by step."""

    turn_id: TurnId
    conversation_id: ConversationId
    started_at: AwareDatetime
    kind: Kind
    action: Action
    category: Code = "none"
    level: Level = "none"
    entities: Mapping[EntityType, Count] = Field(default_factory=dict)
    hits: tuple[TraceHit, ...] = ()
    confidence: Annotated[float, Field(ge=0.0, le=1.0)] = 0.0
    adapter: Name = ""
    base: Name = ""
    model_state: Annotated[str, Field(pattern=r"^[a-z_ -]{0,40}$")] = ""
    reasons: tuple[Code, ...] = ()
    dropped: Mapping[Code, Count] = Field(default_factory=dict)
    timings_ms: Mapping[Code, Annotated[float, Field(ge=0.0)]] = Field(default_factory=dict)
    versions: Versions = Versions()


class Feedback(Record):
    """A person's judgement of one turn; the comment is scrubbed before it comes here."""

    turn_id: TurnId
    rating: Literal["up", "down"]
    reasons: tuple[Code, ...] = ()
    comment: Text = ""


class KeptFeedback(Feedback):
    """Feedback as it is stored."""

    given_at: AwareDatetime


class Exchange(Record):
    """A scrubbed question and answer that someone allowed the clinic to keep."""

    turn_id: TurnId
    question: Text
    answer: Text
    consent_version: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]


class KeptExchange(Exchange):
    """An exchange as it is stored; only an approved one may become training data."""

    kept_at: AwareDatetime
    status: ReviewStatus


class Unanswered(Record):
    """The scrubbed question of a turn for which there was no answer."""

    turn_id: TurnId
    question: Text
    kept_at: AwareDatetime


class Retention(Record):
    """How many days each kind of row is kept."""

    traces_days: Days = 90
    feedback_days: Days = 365
    exchanges_days: Days = 730
    unanswered_days: Days = 30


class PurgeCounts(Record):
    """What a purge deleted. `clean` says that no deleted text is left in the database's files."""

    traces: int
    feedback: int
    exchanges: int
    unanswered: int
    clean: bool
