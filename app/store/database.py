"""One open database: its transactions, what its failures are called, and whether it is well.

Writers of one process take turns at a lock, so none of them meets SQLite's "database is locked";
writers of other processes are waited for. A failure becomes a StoreError with a code, raised with
nothing chained to it: a driver's error can hold the values of the row.
"""

from __future__ import annotations

import errno
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

import filelock
from sqlalchemy import URL, Connection, text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError, TimeoutError
from sqlalchemy.pool import PoolProxiedConnection

from app.errors import StoreError
from app.store.engine import WRITES, database_file, open_engine, parse_url

Result = TypeVar("Result")

TURN_SECONDS = 5.0  # how long a writer waits for the others of this process
FAILURES = (SQLAlchemyError, sqlite3.Error, OSError, ValueError)  # ValueError: a row that does not decode
CALLERS_FAULT = frozenset({"constraint"})

_BY_SQLITE_NAME: Final = (
    ("SQLITE_FULL", "disk_full"),
    ("SQLITE_READONLY", "read_only"),
    ("SQLITE_PERM", "read_only"),
    ("SQLITE_BUSY", "locked"),
    ("SQLITE_LOCKED", "locked"),
    ("SQLITE_CORRUPT", "corrupt"),
    ("SQLITE_NOTADB", "corrupt"),
    ("SQLITE_CANTOPEN", "cannot_open"),
    ("SQLITE_IOERR", "io_error"),
    ("SQLITE_CONSTRAINT", "constraint"),
)
_BY_ERRNO: Final = {
    errno.ENOSPC: "disk_full", errno.EDQUOT: "disk_full", errno.EROFS: "read_only",
    errno.EACCES: "read_only", errno.EPERM: "read_only",
}  # fmt: skip
MESSAGES: Final = {
    "disk_full": "the disk with the database is full: free some space",
    "read_only": "the database or its folder is not writable: check owner and mode",
    "locked": "another process holds the database: wait for it, or stop it",
    "corrupt": "the database file is damaged: restore a backup (python -m app restore FILE)",
    "cannot_open": "the database file cannot be opened: check the path in CAREFOLD_DATABASE_URL",
    "io_error": "the disk failed while the database was read or written",
    "constraint": "a row with this turn id is already there",
    "bad_row": "a row of the database cannot be read",
    "closed": "the store is closed",
    "database": "the database did not answer: check CAREFOLD_DATABASE_URL and that its server runs",
}


class Database:
    """Run pieces of work in transactions, one writer at a time."""

    def __init__(self, url: str) -> None:
        """Open and migrate. Raises ConfigError and StoreError."""
        self.url: URL = parse_url(url)
        self.file: Path | None = database_file(self.url)
        self._engine = converted(lambda: open_engine(self.url))
        self._writer = self._engine.execution_options(**WRITES)
        self.sqlite = self._engine.dialect.name == "sqlite"
        self.in_memory = self.sqlite and self.file is None
        self._turn = threading.RLock()
        self._closed = False
        self._last_error = ""

    @property
    def last_error(self) -> str:
        """The code of the last failure; empty once a write has succeeded after it."""
        return self._last_error

    def write(self, work: Callable[[Connection], Result]) -> Result:
        """Run `work` in a transaction that may write. Raises StoreError; then nothing was written."""

        def attempt() -> Result:
            with self.exclusive(), self._writer.begin() as connection:
                return work(connection)

        result = self._noted(attempt)
        self._last_error = ""
        return result

    def read(self, work: Callable[[Connection], Result]) -> Result:
        """Run `work` on one consistent state. Raises StoreError."""

        def attempt() -> Result:
            if self.in_memory:  # one connection for all threads
                with self.exclusive(), self._engine.begin() as connection:
                    return work(connection)
            with self._engine.begin() as connection:
                return work(connection)

        return self._noted(attempt)

    def direct(self, work: Callable[[PoolProxiedConnection], Result]) -> Result:
        """Run `work` on the driver's connection, outside of any transaction. Raises StoreError."""

        def attempt() -> Result:
            raw = self._engine.raw_connection()
            try:
                return work(raw)
            finally:
                raw.close()

        return self._noted(attempt)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep the other writers of this process out."""
        if self._closed:
            raise StoreError(MESSAGES["closed"], code="closed")
        if not self._turn.acquire(timeout=TURN_SECONDS):
            raise StoreError(MESSAGES["locked"], code="locked")
        try:
            yield
        finally:
            self._turn.release()

    def healthy(self) -> bool:
        """Say whether the database works now; after a failed write, by writing."""
        probe = "UPDATE alembic_version SET version_num = version_num"
        try:
            if self._last_error:
                self.write(lambda connection: connection.execute(text(probe)))
            else:
                self.read(lambda connection: connection.execute(text("SELECT id FROM turns LIMIT 1")).all())
        except StoreError:
            return False
        return True

    def close(self) -> None:
        """Close every connection. The last one to close empties SQLite's write-ahead log."""
        self._closed = True
        self._engine.dispose()

    def _noted(self, attempt: Callable[[], Result]) -> Result:
        try:
            if self._closed:
                raise StoreError(MESSAGES["closed"], code="closed")
            return converted(attempt)
        except StoreError as error:
            if type(error) is StoreError and error.code not in CALLERS_FAULT:
                self._last_error = error.code
            raise


def converted(attempt: Callable[[], Result]) -> Result:
    """Run `attempt`; raise its database errors as StoreError, with nothing of the row attached."""
    try:
        return attempt()
    except FAILURES as error:
        code = error_code(error)
    raise StoreError(MESSAGES[code], code=code)


def error_code(error: Exception) -> str:
    """Name a failure of the driver, the pool or the file system."""
    original = getattr(error, "orig", None) or error
    if isinstance(original, sqlite3.Error):
        name = str(getattr(original, "sqlite_errorname", ""))
        return next((code for prefix, code in _BY_SQLITE_NAME if name.startswith(prefix)), "database")
    if isinstance(error, IntegrityError):
        return "constraint"
    if isinstance(error, TimeoutError | filelock.Timeout):
        return "locked"
    if isinstance(original, OSError):
        return _BY_ERRNO.get(original.errno or 0, "io_error")
    return "bad_row" if isinstance(error, ValueError) else "database"
