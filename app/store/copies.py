"""Backup and restore of a SQLite database: verified copies, put in place in one step.

A backup is one consistent state, taken while others write. A restore needs the program stopped.
What people withdrew since the backup was made stays withdrawn. PostgreSQL has tools of its own.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Engine, select
from sqlalchemy.pool import PoolProxiedConnection

from app.errors import StoreError
from app.store.database import Database, converted, error_code
from app.store.engine import (
    WRITES,
    create_private,
    database_file,
    make_engine,
    migrate,
    opening,
    parse_url,
)
from app.store.retention import note_text_removed, withdraw_text
from app.store.tables import withdrawals
from weights.durable import sync

COMPANIONS = ("-wal", "-shm", "-journal")


def backup(database: Database, path: Path) -> None:
    """Copy the database to `path` (0600), whole or not at all. Raises StoreError."""
    if not database.sqlite:
        raise StoreError("only a SQLite database is copied here: use pg_dump for PostgreSQL", code="backend")
    _check_target(path, database.file)
    partial = path.with_name(f".{path.name}.partial")

    def work(raw: PoolProxiedConnection) -> None:
        source = raw.driver_connection
        if not isinstance(source, sqlite3.Connection):
            raise StoreError("the database driver is not sqlite3: it cannot be copied", code="backend")
        with _scratch(partial):
            _copy(source, partial)
            _publish(partial, path)

    if database.file is None:
        with database.exclusive():
            database.direct(work)
    else:
        with _opening(database.file):
            database.direct(work)


def restore(url: str, path: Path) -> None:
    """Replace the SQLite database at `url` by the backup at `path`; the program must not be running.

    The backup is checked and brought up to date first; until it is in place the old file is kept.
    Raises ConfigError, and StoreError; then the database is as it was.
    """
    parsed = parse_url(url)
    file = database_file(parsed)
    if file is None:
        raise StoreError(f"only a SQLite file is restored here, not {parsed.drivername!r}", code="backend")
    if not path.is_file():
        raise StoreError(f"no backup at {path}", code="no_backup")
    if file.exists() and file.samefile(path):
        raise StoreError(f"{path} is the database itself, not a backup of it", code="same_file")
    converted(lambda: create_private(file.with_name(f"{file.name}.lock")))
    staged = file.with_name(f".{file.name}.restoring")
    with _opening(file), _scratch(staged):
        _stage(path, staged)
        _carry_withdrawals(file, staged)
        _swap(file, staged)


def _stage(path: Path, staged: Path) -> None:
    """Copy the backup beside the database, check the copy, migrate it."""

    def attempt() -> None:
        with closing(sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True)) as source:
            _copy(source, staged)
            if not source.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
                raise StoreError(f"{path} is no backup of this program's database", code="foreign")

    _naming(attempt, f"the backup {path}")
    with _engine(staged) as engine:
        _naming(lambda: migrate(engine), f"the backup {path}")


def _carry_withdrawals(file: Path, staged: Path) -> None:
    """Delete from the staged copy what was withdrawn in the present database, if that can be read."""
    if not file.exists() or file.stat().st_size == 0:
        return
    made: list[tuple[str, datetime]] = []
    with contextlib.suppress(StoreError), _engine(file) as present:  # damaged, or not ours
        made = converted(lambda: _withdrawals(present))
    with _engine(staged) as coming:
        converted(lambda: _apply(coming, made))


def _withdrawals(engine: Engine) -> list[tuple[str, datetime]]:
    query = select(withdrawals.c.turn_id, withdrawals.c.withdrawn_at)
    with engine.begin() as connection:
        return [(row.turn_id, row.withdrawn_at) for row in connection.execute(query)]


def _apply(engine: Engine, made: list[tuple[str, datetime]]) -> None:
    with engine.execution_options(**WRITES).begin() as connection:
        for turn_id, at in made:
            if withdraw_text(connection, turn_id, at):
                note_text_removed(connection)


@contextmanager
def _engine(file: Path) -> Iterator[Engine]:
    engine = make_engine(parse_url(f"sqlite:///{file}"))
    try:
        yield engine
    finally:
        engine.dispose()


def _swap(file: Path, staged: Path) -> None:
    """Put the staged file in the database's place, keeping the old one until the new one has been read."""
    aside = file.with_name(f"{file.name}.before-restore")
    _remove(aside)
    had_one = file.exists()
    if had_one:
        _let_go(file)
        converted(lambda: _set_aside(file, aside))
    try:
        converted(lambda: _put_in_place(staged, file))
    except StoreError:
        if had_one:
            aside.replace(file)
        raise
    _remove(aside)


def _let_go(file: Path) -> None:
    """Fold the old log into the old file. Raises StoreError while another connection is open."""
    code = ""
    try:
        with closing(sqlite3.connect(file, timeout=1.0)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        code = error_code(error)
    if code == "locked":
        message = f"the database {file} is in use: stop the program that has it open, then restore again"
        raise StoreError(message, code="locked")
    # Any other failure: the old file is damaged, which is why it is being replaced.


def _set_aside(file: Path, aside: Path) -> None:
    try:
        os.link(file, aside)  # the database's name is never without a file
    except OSError:
        shutil.copy2(file, aside)
    for suffix in COMPANIONS:  # a log left beside the new file would be applied to it
        companion = Path(f"{file}{suffix}")
        if companion.exists():
            companion.replace(f"{aside}{suffix}")


def _put_in_place(staged: Path, file: Path) -> None:
    _publish(staged, file)
    with closing(sqlite3.connect(file)) as connection:
        _check_integrity(connection, f"the restored {file}")


def _copy(source: sqlite3.Connection, target: Path) -> None:
    """Copy a consistent state into a new private file without companions, and check it."""
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    with closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
        _check_integrity(copy, "the copy")


def _check_integrity(connection: sqlite3.Connection, what: str) -> None:
    if connection.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):
        raise StoreError(f"{what} is damaged", code="corrupt")


def _check_target(path: Path, file: Path | None) -> None:
    if not path.parent.is_dir():
        raise StoreError(f"no folder {path.parent}: create it first", code="no_folder")
    if path.is_dir():
        raise StoreError(f"{path} is a folder: name a file", code="is_folder")
    if file is not None and path.exists() and file.exists() and path.samefile(file):
        raise StoreError(f"{path} is the database itself: name another file", code="same_file")


def _publish(partial: Path, path: Path) -> None:
    """Write through to the disk, then rename."""
    sync(partial)
    partial.replace(path)
    sync(path.parent)


@contextmanager
def _scratch(file: Path) -> Iterator[None]:
    """Remove a scratch file before and after: one of a run that was killed holds people's text."""
    _remove(file)
    try:
        yield
    finally:
        _remove(file)


def _remove(file: Path) -> None:
    for suffix in ("", *COMPANIONS):
        with contextlib.suppress(OSError):
            Path(f"{file}{suffix}").unlink()


@contextmanager
def _opening(file: Path) -> Iterator[None]:
    lock = opening(file)
    converted(lock.__enter__)
    try:
        yield
    finally:
        lock.__exit__(None, None, None)


def _naming(attempt: Callable[[], None], what: str) -> None:
    """Run `attempt`; let a failure say which file it is about."""
    failure: StoreError | None = None
    try:
        converted(attempt)
    except StoreError as error:
        damaged = error.code == "corrupt"
        failure = StoreError(f"{what} is damaged" if damaged else f"{what}: {error}", code=error.code)
    if failure is not None:
        raise failure
