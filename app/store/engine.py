"""Open a database: check its URL, create its file, set SQLite up, bring its tables up to date.

SQLite runs in WAL mode with `synchronous=FULL`: what was committed survives a crash and a power
cut. SQLAlchemy, not the driver, begins each transaction, so that a writer takes its lock at once
and schema changes roll back.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from filelock import FileLock
from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import ConnectionPoolEntry, StaticPool

from app.errors import ConfigError, StoreError

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"
BUSY_MS = 2_000  # how long a statement waits for another process before it fails
OPEN_SECONDS = 60.0  # how long opening waits for another process that is opening or migrating
ADVISORY_LOCK = 7_202_151  # PostgreSQL: one migration at a time; any constant of our own will do
WRITES = {"carefold_begin": "BEGIN IMMEDIATE"}


def parse_url(url: str) -> URL:
    """Read a database URL. Raises ConfigError, which shows neither the URL nor its password."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        parsed = None
    if parsed is None:
        raise ConfigError("the database URL cannot be read: write sqlite:///FILE or postgresql+psycopg://...")
    backend = parsed.get_backend_name()
    if backend not in ("sqlite", "postgresql"):
        raise ConfigError(f"the database is {backend!r}: use sqlite or postgresql")
    if backend == "sqlite" and parsed.query:
        raise ConfigError("a SQLite URL takes no options here: write sqlite:///FILE")
    return parsed


def database_file(url: URL) -> Path | None:
    """Return the file of a SQLite database; None for one in memory and for a server."""
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        return None
    return Path(str(url.database))


def open_engine(url: URL) -> Engine:
    """Create what is missing, migrate to the newest tables, and return the engine.

    Raises ConfigError (no driver), StoreError (damaged, newer than this program, not ours), and the
    database's own errors, which app.store.database turns into StoreError.
    """
    file = database_file(url)
    if file is None:
        engine = make_engine(url)
        _finish(engine, migrate)
        return engine
    create_private(file)
    with opening(file):
        engine = make_engine(url)
        _finish(engine, _set_up_file)
    return engine


def make_engine(url: URL) -> Engine:
    """Return an engine that touches nothing until it is used; errors never show a row's values."""
    try:
        if url.get_backend_name() == "sqlite" and database_file(url) is None:
            # One connection for all threads; app.store.database lets them use it one at a time.
            one = {"check_same_thread": False}
            engine = create_engine(url, hide_parameters=True, poolclass=StaticPool, connect_args=one)
        else:
            engine = create_engine(url, hide_parameters=True, pool_size=4, max_overflow=12, pool_timeout=2.0)
    except (ImportError, NoSuchModuleError):
        driver = url.drivername
        raise ConfigError(f"no driver for {driver!r} is installed: pip install 'psycopg[binary]'") from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_connection)
        event.listen(engine, "begin", _begin)
    return engine


def migrate(engine: Engine) -> None:
    """Bring the tables up to date, in one transaction. Raises StoreError on a database we do not know."""
    with engine.execution_options(**WRITES).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        config = migration_config()
        if needs_upgrade(connection, config):
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def migration_config() -> Config:
    """Return Alembic's settings; the folder is found beside this package, wherever it is installed."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def needs_upgrade(connection: Connection, config: Config) -> bool:
    """Say whether migrations are missing. Raises StoreError on a database newer than the code or not ours."""
    revision = MigrationContext.configure(connection).get_current_revision()
    scripts = ScriptDirectory.from_config(config)
    if revision is None:
        if inspect(connection).get_table_names():
            raise StoreError(
                "the database holds tables of another program: name another one in CAREFOLD_DATABASE_URL",
                code="foreign",
            )
        return True
    if revision not in {script.revision for script in scripts.walk_revisions()}:
        raise StoreError(
            f"the database has schema {revision!r}, which this version does not know: "
            "install the newer version that wrote it, or restore an older backup",
            code="newer",
        )
    return revision != scripts.get_current_head()


def create_private(file: Path) -> None:
    """Create a missing file (0600) and its missing folders (0700); leave what is there as it is."""
    for folder in reversed(file.parents):
        if not folder.exists():
            folder.mkdir(mode=0o700, exist_ok=True)
    if not file.exists():
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))


@contextmanager
def opening(file: Path) -> Iterator[None]:
    """Hold the lock that opening, backup and restore of this file share."""
    with FileLock(f"{file}.lock", timeout=OPEN_SECONDS, mode=0o600):
        yield


def _finish(engine: Engine, step: Callable[[Engine], None]) -> None:
    """Run the last step of opening; close the engine when it fails."""
    try:
        step(engine)
    except BaseException:
        engine.dispose()
        raise


def _set_up_file(engine: Engine) -> None:
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        found = cursor.execute("PRAGMA quick_check(1)").fetchone()
        if found is None or found[0] != "ok":
            raise StoreError(
                "the database file is damaged: restore a backup (python -m app restore FILE)", code="corrupt"
            )
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.close()
    finally:
        raw.close()
    migrate(engine)


def _set_up_connection(connection: sqlite3.Connection, entry: ConnectionPoolEntry) -> None:  # noqa: ARG001
    connection.isolation_level = None  # the driver begins nothing by itself; _begin does
    for pragma in (
        f"busy_timeout = {BUSY_MS}",
        "synchronous = FULL",
        "foreign_keys = ON",
        "secure_delete = ON",
        "temp_store = MEMORY",  # VACUUM copies every row: not into a temporary file
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("carefold_begin", "BEGIN"))
