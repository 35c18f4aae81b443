"""The commands `purge`, `backup` and `restore`, without their command line: `app/__main__.py` has that.

Each takes the database's URL, says on stderr what it did or why not, and returns an exit code:
0 done, 1 done in part, 2 nothing done.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import typer

from app.errors import ConfigError, StoreError
from app.store import Retention, Store, restore
from app.store.records import utc_now

DONE, PART, NOTHING = 0, 1, 2


def run_purge(url: str, retention: Retention) -> int:
    """Delete what is older than its time; 1 when remains of deleted text are left for the next run."""

    def purge() -> int:
        with Store.open(url) as store:
            counts = store.purge(utc_now(), retention)
        _say(
            f"deleted: {counts.traces} traces, {counts.feedback} feedback, {counts.exchanges} exchanges, "
            f"{counts.unanswered} unanswered questions"
        )
        if counts.clean:
            return DONE
        _say("the files may still hold remains of deleted text: run it again when no other program reads")
        return PART

    return _told(purge)


def run_backup(url: str, path: Path) -> int:
    """Write a verified copy to `path`."""

    def copy() -> int:
        with Store.open(url) as store:
            store.backup(path)
        _say(f"backup written and verified: {path}")
        return DONE

    return _told(copy)


def run_restore(url: str, path: Path) -> int:
    """Replace the database by the backup at `path`."""

    def replace() -> int:
        restore(url, path)
        _say(f"restored from {path}")
        return DONE

    return _told(replace)


def _told(command: Callable[[], int]) -> int:
    try:
        return command()
    except (ConfigError, StoreError) as error:
        _say(f"{type(error).__name__}: {error}")
        return NOTHING


def _say(line: str) -> None:
    typer.echo(line, err=True)
