"""The tables, in types that SQLite and PostgreSQL share.

No table refers to `turns`: a trace is kept for 90 days, feedback and exchanges for longer, so a
foreign key would either delete them early or keep traces too long. The store checks the trace when
a row is added. A change here needs a new file in app/migrations/versions; a test compares the two.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Generic, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import JSON, Column, DateTime, Dialect, Float, Index, Integer, MetaData, String, Table, Text
from sqlalchemy.types import TypeDecorator

from app.store.records import TraceHit, Versions

Value = TypeVar("Value")


class UtcTime(TypeDecorator[datetime]):
    """An aware time, stored in UTC, whether or not the database knows time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class TypedJson(TypeDecorator[Value], Generic[Value]):
    """A JSON column that pydantic validates on its way in and out."""

    impl = JSON
    cache_ok = True

    def __init__(self, shape: type[Value]) -> None:
        super().__init__()
        self.shape = shape
        self._adapter: TypeAdapter[Value] = TypeAdapter(shape)

    def process_bind_param(self, value: Value | None, dialect: Dialect) -> object:  # noqa: ARG002
        return self._adapter.dump_python(self._adapter.validate_python(value), mode="json")

    def process_result_value(self, value: object, dialect: Dialect) -> Value:  # noqa: ARG002
        return self._adapter.validate_python(value)


metadata = MetaData()

turns = Table(
    "turns",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("turn_id", String(32), nullable=False, unique=True),
    Column("conversation_id", String(64), nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("action", String(32), nullable=False),
    Column("category", String(64), nullable=False),
    Column("level", String(32), nullable=False),
    Column("entities", TypedJson(dict[str, int]), nullable=False),
    Column("hits", TypedJson(tuple[TraceHit, ...]), nullable=False),
    Column("confidence", Float, nullable=False),
    Column("adapter", String(400), nullable=False),
    Column("base", String(400), nullable=False),
    Column("model_state", String(64), nullable=False),
    Column("reasons", TypedJson(tuple[str, ...]), nullable=False),
    Column("dropped", TypedJson(dict[str, int]), nullable=False),
    Column("timings_ms", TypedJson(dict[str, float]), nullable=False),
    Column("versions", TypedJson(Versions), nullable=False),
    Index("ix_turns_started_at", "started_at"),
)

feedback = Table(
    "feedback",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("turn_id", String(32), nullable=False, unique=True),
    Column("given_at", UtcTime, nullable=False),
    Column("rating", String(8), nullable=False),
    Column("reasons", TypedJson(tuple[str, ...]), nullable=False),
    Column("comment", Text, nullable=False),
    Index("ix_feedback_given_at", "given_at"),
)

exchanges = Table(
    "exchanges",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("turn_id", String(32), nullable=False, unique=True),
    Column("kept_at", UtcTime, nullable=False),
    Column("question", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("consent_version", String(64), nullable=False),
    Column("status", String(16), nullable=False),
    Index("ix_exchanges_kept_at", "kept_at"),
)

unanswered = Table(
    "unanswered",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("turn_id", String(32), nullable=False, unique=True),
    Column("kept_at", UtcTime, nullable=False),
    Column("question", Text, nullable=False),
    Index("ix_unanswered_kept_at", "kept_at"),
)

# A withdrawal outlives the rows that it deleted, so that restoring an older backup respects it.
withdrawals = Table(
    "withdrawals",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("turn_id", String(32), nullable=False, unique=True),
    Column("withdrawn_at", UtcTime, nullable=False),
    Index("ix_withdrawals_withdrawn_at", "withdrawn_at"),
)
