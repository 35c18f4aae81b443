"""Store: everything the application writes down and reads back.

    store = Store.open("sqlite:////srv/carefold/carefold.sqlite3")     # or "sqlite://", in memory
    store.record_trace(trace)

Methods raise StoreError. The caller goes on without the store: no answer depends on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from sqlalchemy import Connection, RowMapping, Table, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from app.errors import NotKept, UnknownTurn
from app.store import copies
from app.store.database import Database
from app.store.records import (
    Exchange,
    Feedback,
    KeptExchange,
    KeptFeedback,
    PurgeCounts,
    Record,
    Retention,
    ReviewStatus,
    TurnTrace,
    Unanswered,
    storable,
    utc_now,
)
from app.store.retention import empty_log, note_text_removed, purge_old, withdraw_text
from app.store.tables import exchanges, feedback, turns, unanswered, withdrawals

Row = TypeVar("Row", bound=Record)

PAGE = 500
KEPT = Retention()
NEVER_KEPT = frozenset({"crisis", "emergency"})  # as a kind of answer or as a safety action
NEVER_KEPT_LEVELS = frozenset({"high", "imminent"})
UNANSWERED_KINDS = frozenset({"clarify", "abstain"})


class Store:
    """The database of one application; safe to use from many threads."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._clock = clock

    @classmethod
    def open(cls, url: str, *, clock: Callable[[], datetime] = utc_now) -> Store:
        """Open the database at an SQLAlchemy URL, creating and migrating it as needed.

        Raises ConfigError (unreadable URL, no driver) and StoreError (damaged, newer than this
        program, of another program, not writable).
        """
        return cls(Database(url), clock=clock)

    def record_trace(self, trace: TurnTrace) -> None:
        """Write one turn's trace; when this returns, it survives a crash and a power cut."""
        values = dict(trace)
        self._database.write(lambda connection: connection.execute(insert(turns).values(values)))

    def trace(self, turn_id: str) -> TurnTrace:
        """Return one trace. Raises UnknownTurn."""
        return self._database.read(lambda connection: _trace(connection, turn_id))

    def traces(self) -> Iterator[TurnTrace]:
        """Yield the traces, oldest row first."""
        return self._rows(turns, TurnTrace)

    def add_feedback(self, given: Feedback) -> None:
        """Keep a judgement of a turn; a later one replaces it. Raises UnknownTurn."""
        values: dict[str, object] = {**dict(given), "given_at": self._clock()}

        def work(connection: Connection) -> None:
            _trace(connection, given.turn_id)
            _put(connection, feedback, values)

        self._database.write(work)

    def feedback(self) -> Iterator[KeptFeedback]:
        """Yield the feedback, oldest row first."""
        return self._rows(feedback, KeptFeedback)

    def keep_exchange(self, exchange: Exchange) -> None:
        """Keep a consented exchange, to be reviewed; one per turn, a later one replaces it.

        Raises UnknownTurn, and NotKept for a turn of crisis or emergency, or of high risk: what
        the trace says counts, not what the caller believes.
        """
        values: dict[str, object] = {**dict(exchange), "kept_at": self._clock(), "status": "pending"}

        def work(connection: Connection) -> None:
            trace = _trace(connection, exchange.turn_id)
            if _in_danger(trace):
                message = f"turn {trace.turn_id} is about someone in danger: its text is never kept"
                raise NotKept(message, code="not_kept")
            _put(connection, exchanges, values)
            connection.execute(delete(withdrawals).where(withdrawals.c.turn_id == exchange.turn_id))

        self._database.write(work)

    def exchanges(self, *, status: ReviewStatus | None = None) -> Iterator[KeptExchange]:
        """Yield the kept exchanges, oldest row first; training reads those with status "approved"."""
        return self._rows(exchanges, KeptExchange, status=status)

    def review(self, turn_id: str, status: ReviewStatus) -> None:
        """Set what a reviewer decided about an exchange. Raises UnknownTurn."""

        def work(connection: Connection) -> None:
            statement = update(exchanges).where(exchanges.c.turn_id == turn_id).values(status=status)
            if connection.execute(statement).rowcount == 0:
                raise _unknown(turn_id, "exchange")

        self._database.write(work)

    def withdraw(self, turn_id: str) -> bool:
        """Delete everything someone wrote in a turn; say whether there was anything.

        The rating stays. The withdrawal is remembered, so that a restored backup respects it.
        Remains in free space of the file go with the next purge.
        """

        def work(connection: Connection) -> bool:
            found = withdraw_text(connection, turn_id, self._clock())
            if found:
                note_text_removed(connection)
            return found

        found = self._database.write(work)
        empty_log(self._database)
        return found

    def keep_unanswered(self, turn_id: str, question: str) -> None:
        """Keep the scrubbed question of a turn that had no answer; one per turn, a later one replaces it.

        Raises UnknownTurn, and NotKept for a turn that was answered or refused.
        """
        values: dict[str, object] = {
            "turn_id": turn_id,
            "question": storable(question),
            "kept_at": self._clock(),
        }

        def work(connection: Connection) -> None:
            trace = _trace(connection, turn_id)
            if trace.kind not in UNANSWERED_KINDS or _in_danger(trace):
                raise NotKept(f"turn {turn_id} is {trace.kind!r}: its question is not kept", code="not_kept")
            _put(connection, unanswered, values)

        self._database.write(work)

    def unanswered(self) -> Iterator[Unanswered]:
        """Yield the kept questions that had no answer, oldest row first."""
        return self._rows(unanswered, Unanswered)

    def purge(self, now: datetime, retention: Retention = KEPT) -> PurgeCounts:
        """Delete what is older than its time, and every remain of deleted text in the files."""
        return purge_old(self._database, now, retention)

    def backup(self, path: Path) -> None:
        """Write a verified copy (SQLite only) while others go on writing. Raises StoreError."""
        copies.backup(self._database, path)

    def healthy(self) -> bool:
        """Say whether the store works now."""
        return self._database.healthy()

    @property
    def last_error(self) -> str:
        """The code of the last failure; empty once a write has succeeded after it."""
        return self._database.last_error

    def close(self) -> None:
        """Close the database; every later call raises StoreError."""
        self._database.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _rows(self, table: Table, shape: type[Row], *, status: str | None = None) -> Iterator[Row]:
        """Read in pages, each its own short transaction: a slow reader holds nothing up."""
        last = 0
        while True:
            page = self._database.read(_page(table, status, after=last))
            for row in page:
                yield shape.model_validate({name: value for name, value in row.items() if name != "id"})
            if len(page) < PAGE:
                return
            last = page[-1]["id"]


def _page(table: Table, status: str | None, *, after: int) -> Callable[[Connection], Sequence[RowMapping]]:
    statement = select(table).where(table.c.id > after).order_by(table.c.id).limit(PAGE)
    if status is not None:
        statement = statement.where(table.c.status == status)
    return lambda connection: connection.execute(statement).mappings().all()


def _trace(connection: Connection, turn_id: str) -> TurnTrace:
    row = connection.execute(select(turns).where(turns.c.turn_id == turn_id)).mappings().one_or_none()
    if row is None:
        raise _unknown(turn_id, "trace")
    return TurnTrace.model_validate({name: value for name, value in row.items() if name != "id"})


def _in_danger(trace: TurnTrace) -> bool:
    return bool({trace.kind, trace.action} & NEVER_KEPT) or trace.level in NEVER_KEPT_LEVELS


def _put(connection: Connection, table: Table, values: dict[str, object]) -> None:
    """Insert a turn's row, or replace the one that is there."""
    same_turn = table.c.turn_id == values["turn_id"]
    if connection.execute(select(table.c.id).where(same_turn)).first() is not None:
        note_text_removed(connection)
    insert_here = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert_here(table).values(values)
    connection.execute(statement.on_conflict_do_update(index_elements=["turn_id"], set_=values))


def _unknown(turn_id: str, what: str) -> UnknownTurn:
    shown = turn_id if len(turn_id) == 32 and turn_id.isalnum() else "of that form"
    return UnknownTurn(f"no {what} has the turn id {shown}", code="unknown_turn")
