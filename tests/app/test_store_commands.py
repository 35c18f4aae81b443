"""The commands say what they did and return the exit codes that the design promises."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.store import Retention, Store, TurnTrace
from app.store_commands import run_backup, run_purge, run_restore


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'store.sqlite3'}"
    with Store.open(url) as store:
        for days in (1, 100, 200):
            turn = uuid.uuid4().hex
            at = datetime.now(UTC) - timedelta(days=days)
            store.record_trace(
                TurnTrace(turn_id=turn, conversation_id=turn, started_at=at, kind="faq", action="allow")
            )
    return url


def test_purge_tells_what_it_deleted(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_purge(url, Retention()) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "deleted: 2 traces" in err
    assert run_purge(url, Retention(traces_days=0)) == 0
    assert "deleted: 1 traces" in capsys.readouterr().err


def test_backup_then_restore(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved = tmp_path / "backup"
    assert run_backup(url, saved) == 0
    assert run_purge(url, Retention(traces_days=0)) == 0
    assert run_restore(url, saved) == 0
    capsys.readouterr()
    assert run_purge(url, Retention(traces_days=0)) == 0
    assert "deleted: 3 traces" in capsys.readouterr().err


def test_failures_are_one_line_and_exit_code_2(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_restore(url, tmp_path / "nothing") == 2
    assert "no backup at" in capsys.readouterr().err
    assert run_backup(url, tmp_path / "no" / "folder") == 2
    assert "no folder" in capsys.readouterr().err
    assert run_purge("mysql://me:secret@host/db", Retention()) == 2
    err = capsys.readouterr().err
    assert err.startswith("ConfigError: ")
    assert err.count("\n") == 1
    assert "secret" not in err
