"""Delete what is old or withdrawn, and leave no text of it behind.

SQLite overwrites what it deletes (`secure_delete`), yet moving rows between pages can leave copies
in their free space, and the write-ahead log holds earlier states. So every transaction that removes
text counts itself in `user_version`; a purge that finds the count above zero rebuilds the file
(VACUUM) and empties the log.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Column, Connection, Table, delete, insert, select, text, update
from sqlalchemy.pool import PoolProxiedConnection

from app.errors import StoreError
from app.store.database import Database
from app.store.records import PurgeCounts, Retention
from app.store.tables import exchanges, feedback, turns, unanswered, withdrawals

BATCH = 500  # rows deleted at a time; between two batches other writers have their turn
FREE_SHARE = 0.25  # of the file: above it, space is given back though no text was removed


def purge_old(database: Database, now: datetime, retention: Retention) -> PurgeCounts:
    """Delete what is older at `now` (aware) than its time. Raises StoreError; running it again goes on."""

    def older(table: Table, column: Column[datetime], days: int) -> int:
        return _delete_older(database, table, column, now - timedelta(days=days))

    deleted = {
        "traces": older(turns, turns.c.started_at, retention.traces_days),
        "feedback": older(feedback, feedback.c.given_at, retention.feedback_days),
        "exchanges": older(exchanges, exchanges.c.kept_at, retention.exchanges_days),
        "unanswered": older(unanswered, unanswered.c.kept_at, retention.unanswered_days),
    }
    # After the longest of these times no backup that is restored and purged can hold the text.
    longest = max(retention.exchanges_days, retention.feedback_days, retention.unanswered_days)
    older(withdrawals, withdrawals.c.withdrawn_at, longest)
    return PurgeCounts(**deleted, clean=_clean(database))


def withdraw_text(connection: Connection, turn_id: str, at: datetime) -> bool:
    """Delete a turn's exchange, comment and unanswered question; remember it. Say whether there was any."""
    found = 0
    for table in (exchanges, unanswered):
        found += connection.execute(delete(table).where(table.c.turn_id == turn_id)).rowcount
    commented = (feedback.c.turn_id == turn_id) & (feedback.c.comment != "")
    found += connection.execute(update(feedback).where(commented).values(comment="")).rowcount
    if found:
        connection.execute(delete(withdrawals).where(withdrawals.c.turn_id == turn_id))
        connection.execute(insert(withdrawals).values(turn_id=turn_id, withdrawn_at=at))
    return found > 0


def note_text_removed(connection: Connection) -> None:
    """Count, in the same transaction, that text was deleted or replaced."""
    if connection.dialect.name == "sqlite":
        count = int(connection.execute(text("PRAGMA user_version")).scalar_one())
        connection.execute(text(f"PRAGMA user_version = {count % 2_000_000_000 + 1}"))


def empty_log(database: Database) -> bool:
    """Move the write-ahead log into the file and truncate it; say whether no reader was in the way."""
    if database.in_memory or not database.sqlite:
        return database.in_memory
    try:
        with database.exclusive():
            return database.direct(_truncate_log)
    except StoreError:
        return False  # what was committed stays committed


def _delete_older(database: Database, table: Table, column: Column[datetime], limit: datetime) -> int:
    old = select(table.c.id).where(column < limit).order_by(table.c.id).limit(BATCH)
    has_text = table is not turns and table is not withdrawals

    def work(connection: Connection) -> int:
        found = connection.execute(delete(table).where(table.c.id.in_(old))).rowcount
        if found and has_text:
            note_text_removed(connection)
        return found

    total = 0
    while True:
        deleted = database.write(work)
        total += deleted
        if deleted < BATCH:
            return total


def _clean(database: Database) -> bool:
    if database.in_memory:
        return True
    if not database.sqlite:
        return False  # PostgreSQL's own vacuum reuses the space; when, is its operator's setting
    try:
        with database.exclusive():
            return database.direct(_rebuild)
    except StoreError:
        return False  # the rows are gone; what is left of them goes next time


def _rebuild(raw: PoolProxiedConnection) -> bool:
    cursor = raw.cursor()
    removed = int(cursor.execute("PRAGMA user_version").fetchone()[0])
    pages = int(cursor.execute("PRAGMA page_count").fetchone()[0])
    free = int(cursor.execute("PRAGMA freelist_count").fetchone()[0])
    if removed or free > FREE_SHARE * pages:
        cursor.execute("VACUUM")
        cursor.execute("BEGIN IMMEDIATE")
        # Another process may have removed text meanwhile: then the count stays for the next purge.
        if int(cursor.execute("PRAGMA user_version").fetchone()[0]) == removed:
            cursor.execute("PRAGMA user_version = 0")
        cursor.execute("COMMIT")
    return _truncate_log(raw)


def _truncate_log(raw: PoolProxiedConnection) -> bool:
    busy = raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    return int(busy) == 0
