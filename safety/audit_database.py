"""Read the rows of an SQLite database for the audit, as it stands with its write-ahead log.

Its bytes are searched as those of any file, deleted rows among them; but a long value lies in pieces in
the file, so rows are read as rows too. The database is opened for reading only and stays as it is; where
a write-ahead log holds rows, SQLite may leave an index of it (-shm), which holds no text.

Must not: copy the database, or put a value or a table's name into an error.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import quote

MAGIC: Final = b"SQLite format 3\0"
_WAIT_S: Final = 5.0
_TABLES: Final = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid"


@dataclass(frozen=True)
class Cell:
    """A value of a row that is not NULL: text, or bytes."""

    column: str = field(repr=False)
    value: str | bytes = field(repr=False)


@dataclass(frozen=True)
class TableRow:
    """A row: the number of its table in the schema, from 1, its rowid (or place), its cells."""

    table: int
    row: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class UnreadTable:
    """A table that could not be read to its end."""

    table: int
    reason: str


def read_rows(file: Path) -> Iterator[TableRow | UnreadTable]:
    """Yield every row of every table. Raises sqlite3.Error when the file cannot be opened as a database."""
    wal = file.with_name(file.name + "-wal")
    mode = "mode=ro" if wal.exists() and wal.stat().st_size else "mode=ro&immutable=1"
    address = f"file:{quote(str(file.resolve()))}?{mode}"
    with closing(sqlite3.connect(address, uri=True, timeout=_WAIT_S)) as database:
        database.text_factory = _text
        names = database.execute(_TABLES).fetchall()
        for table, (name,) in enumerate(names, start=1):
            try:
                yield from _rows(database, table, str(name))
            except sqlite3.Error as error:
                yield UnreadTable(table, f"table {table} cannot be read: {type(error).__name__}")


def _rows(database: sqlite3.Connection, table: int, name: str) -> Iterator[TableRow]:
    quoted = '"' + name.replace('"', '""') + '"'
    try:
        cursor = database.execute(f"SELECT rowid, * FROM {quoted}")  # noqa: S608 - the name is quoted
        keyed = True
    except sqlite3.OperationalError:
        cursor = database.execute(f"SELECT * FROM {quoted}")  # noqa: S608
        keyed = False
    columns = [str(one[0]) for one in cursor.description][keyed:]
    for place, values in enumerate(cursor, start=1):
        row = values[0] if keyed and isinstance(values[0], int) else place
        cells = tuple(
            Cell(column, value if isinstance(value, str | bytes) else str(value))
            for column, value in zip(columns, values[keyed:], strict=True)
            if value is not None
        )
        yield TableRow(table, row, cells)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
