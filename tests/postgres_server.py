"""A PostgreSQL server of our own for the tests: in a folder of its own, on a socket, without a network."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

DEBIAN = Path("/usr/lib/postgresql")


def binaries() -> Path | None:
    """Return the folder with `initdb` and `pg_ctl`; None where PostgreSQL is not installed."""
    found = shutil.which("pg_ctl")
    places = [Path(found).parent] if found else sorted(DEBIAN.glob("*/bin"), reverse=True)
    return next((one for one in places if (one / "initdb").exists()), None)


@contextmanager
def running(folder: Path) -> Iterator[Path]:
    """Run a server in the empty folder `folder` (absolute and short: a socket's path has a limit).

    The server refuses to run as root, so root hands the folder to `nobody`. Yields the socket's folder. Skips
    the test where no server comes up, as in a folder that `nobody` cannot reach.
    """
    bin_, as_user = binaries(), list[str]()
    assert bin_ is not None
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        as_user = ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
    data, log = folder / "data", folder / "log"

    def run(*command: str) -> None:
        subprocess.run([*as_user, *command], check=True, capture_output=True, timeout=60, cwd=folder)

    options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
    try:
        run(str(bin_ / "initdb"), "-D", str(data), "-U", "carefold", "-A", "trust", "-E", "UTF8", "--no-sync")
        run(str(bin_ / "pg_ctl"), "-D", str(data), "-l", str(log), "-o", options, "-w", "start")
    except (OSError, subprocess.SubprocessError) as error:
        said = log.read_bytes() if log.is_file() else getattr(error, "stderr", None) or b""
        why = said.decode("utf-8", "replace").strip() or str(error)
        pytest.skip(f"PostgreSQL does not start in {folder}: {why}")
    try:
        yield folder
    finally:
        run(str(bin_ / "pg_ctl"), "-D", str(data), "-m", "immediate", "-w", "stop")


def url(socket: Path, database: str = "postgres") -> str:
    """Return the address of a database, as `CAREFOLD_DATABASE_URL` takes it."""
    return f"postgresql+psycopg://carefold@/{database}?host={socket}"


def fresh_database(socket: Path) -> str:
    """Make an empty database and return its address."""
    name = f"carefold_{uuid.uuid4().hex}"
    engine = create_engine(url(socket), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return url(socket, name)
