"""Backup and restore: consistent, verified, private, in one step, and true to withdrawals."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.errors import ConfigError, StoreError, UnknownTurn
from app.store import Exchange, Feedback, Store, TurnTrace, restore
from app.store.copies import _let_go, _swap

NOW = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)


def url_of(file: Path) -> str:
    return f"sqlite:///{file}"


def write_turn(store: Store) -> str:
    turn = uuid.uuid4().hex
    store.record_trace(
        TurnTrace(turn_id=turn, conversation_id=turn, started_at=NOW, kind="faq", action="allow")
    )
    return turn


def keep_text(store: Store, turn: str) -> None:
    store.add_feedback(Feedback(turn_id=turn, rating="up", comment="comment"))
    store.keep_exchange(Exchange(turn_id=turn, question="question", answer="answer", consent_version="1"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "store.sqlite3"


def only_the_database_is_left(file: Path) -> bool:
    return {each.name for each in file.parent.iterdir()} <= {file.name, f"{file.name}.lock"}


def test_restored_backup_holds_what_was_there(file: Path, tmp_path: Path) -> None:
    saved = tmp_path / "backup.sqlite3"
    with Store.open(url_of(file)) as store:
        turn = write_turn(store)
        keep_text(store, turn)
        store.backup(saved)
        later = write_turn(store)
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == [saved.name]
    restore(url_of(file), saved)
    assert only_the_database_is_left(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with Store.open(url_of(file)) as store:
        assert store.trace(turn)
        assert [each.question for each in store.exchanges()] == ["question"]
        with pytest.raises(UnknownTurn):
            store.trace(later)


def test_restore_makes_a_missing_database(file: Path, tmp_path: Path) -> None:
    with Store.open("sqlite://") as store:
        turn = write_turn(store)
        store.backup(tmp_path / "backup")
    restore(url_of(file), tmp_path / "backup")
    with Store.open(url_of(file)) as store:
        assert store.trace(turn)


def test_backup_is_one_consistent_state_while_others_write(file: Path, tmp_path: Path) -> None:
    done = threading.Event()
    with Store.open(url_of(file)) as store:

        def write() -> None:
            while not done.is_set():
                keep_text(store, write_turn(store))

        writers = [threading.Thread(target=write) for _ in range(3)]
        for writer in writers:
            writer.start()
        try:
            for number in range(6):
                saved = tmp_path / f"backup-{number % 2}"
                store.backup(saved)
                with sqlite3.connect(saved) as copy:
                    assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
                    traces, texts = (
                        copy.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                        for table in ("turns", "exchanges")
                    )
                    assert texts <= traces <= texts + 3
                copy.close()
        finally:
            done.set()
            for writer in writers:
                writer.join()


def test_failed_backup_leaves_the_earlier_one(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = tmp_path / "backup"
    with Store.open(url_of(file)) as store:
        store.backup(saved)
        before = saved.read_bytes()
        write_turn(store)

        def full(descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(StoreError) as caught:
            store.backup(saved)
    assert caught.value.code == "disk_full"
    assert saved.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == [saved.name]


def test_backup_names_a_wrong_target(file: Path, tmp_path: Path) -> None:
    with Store.open(url_of(file)) as store:
        for target, says in [
            (file, "is the database itself"),
            (tmp_path, "is a folder"),
            (tmp_path / "none" / "backup", "no folder"),
        ]:
            with pytest.raises(StoreError, match=says):
                store.backup(target)
        assert store.healthy()


def test_restore_is_refused_while_the_database_is_in_use(file: Path, tmp_path: Path) -> None:
    saved = tmp_path / "backup"
    with Store.open(url_of(file)) as store:
        store.backup(saved)
        turn = write_turn(store)
        with pytest.raises(StoreError, match="stop the program") as caught:
            restore(url_of(file), saved)
        assert caught.value.code == "locked"
        write_turn(store)
    with Store.open(url_of(file)) as store:
        assert store.trace(turn)


@pytest.mark.parametrize(
    "damage, code",
    [("missing", "no_backup"), ("empty", "foreign"), ("text", "corrupt"), ("cut", "corrupt"),
     ("overwritten", "corrupt"), ("foreign", "foreign"), ("newer", "newer")],
)  # fmt: skip
def test_unusable_backup_is_refused_and_the_database_stays(
    file: Path, tmp_path: Path, damage: str, code: str
) -> None:
    saved = tmp_path / "backup"
    with Store.open(url_of(file)) as store:
        turn = write_turn(store)
        for _ in range(40):
            write_turn(store)
        store.backup(saved)
    content = saved.read_bytes()
    if damage in ("missing", "foreign"):
        saved.unlink()
    if damage == "empty":
        saved.write_bytes(b"")
    elif damage == "text":
        saved.write_bytes(b"a list of names " * 999)
    elif damage == "cut":
        saved.write_bytes(content[: len(content) // 2])
    elif damage == "overwritten":
        saved.write_bytes(content[:4096] + b"\xa5" * 8192 + content[12288:])
    elif damage in ("foreign", "newer"):
        with sqlite3.connect(saved) as connection:
            if damage == "newer":
                connection.execute("UPDATE alembic_version SET version_num = '9999'")
            else:
                connection.execute("CREATE TABLE recipes (name TEXT)")
        connection.close()
    with pytest.raises(StoreError) as caught:
        restore(url_of(file), saved)
    assert caught.value.code == code
    assert str(saved) in str(caught.value)
    assert only_the_database_is_left(file)
    with Store.open(url_of(file)) as store:
        assert store.trace(turn)


def count_turns(file: Path) -> int:
    with Store.open(url_of(file)) as store:
        query = "SELECT count(*) FROM turns"
        return int(store._database.direct(lambda raw: raw.cursor().execute(query).fetchone()[0]))


def test_damaged_database_is_replaced(file: Path, tmp_path: Path) -> None:
    saved = tmp_path / "backup"
    with Store.open(url_of(file)) as store:
        write_turn(store)
        store.backup(saved)
    file.write_bytes(b"ruined" * 2000)
    restore(url_of(file), saved)
    assert only_the_database_is_left(file)
    assert count_turns(file) == 1


def test_log_of_the_old_file_is_not_applied_to_the_new_one(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved, log = tmp_path / "backup", Path(f"{file}-wal")
    with Store.open(url_of(file)) as store:
        write_turn(store)
        store.backup(saved)
        for _ in range(30):
            write_turn(store)
        left_by_a_crash = log.read_bytes()
    log.write_bytes(left_by_a_crash)
    monkeypatch.setattr("app.store.copies._let_go", lambda file: None)  # as if SQLite could not read it
    _swap(file, saved)
    assert only_the_database_is_left(file)
    assert count_turns(file) == 1


def test_old_database_comes_back_when_the_new_one_cannot_be_put_in_place(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = tmp_path / "backup"
    with Store.open(url_of(file)) as store:
        store.backup(saved)
        turn = write_turn(store)

    def fails(connection: sqlite3.Connection, what: str) -> None:
        if what.startswith("the restored"):
            raise StoreError(f"{what} is damaged", code="corrupt")

    monkeypatch.setattr("app.store.copies._check_integrity", fails)
    with pytest.raises(StoreError):
        restore(url_of(file), saved)
    with Store.open(url_of(file)) as store:
        assert store.trace(turn)


def test_what_was_withdrawn_after_the_backup_stays_withdrawn(file: Path, tmp_path: Path) -> None:
    saved = tmp_path / "backup"
    with Store.open(url_of(file)) as store:
        withdrawn, kept = write_turn(store), write_turn(store)
        keep_text(store, withdrawn)
        keep_text(store, kept)
        store.backup(saved)
        assert store.withdraw(withdrawn)
    restore(url_of(file), saved)
    with Store.open(url_of(file)) as store:
        assert [each.turn_id for each in store.exchanges()] == [kept]
        assert {each.turn_id: each.comment for each in store.feedback()} == {withdrawn: "", kept: "comment"}
    restore(url_of(file), saved)
    with Store.open(url_of(file)) as store:
        assert [each.turn_id for each in store.exchanges()] == [kept]


def test_only_sqlite_files_are_restored(tmp_path: Path) -> None:
    (tmp_path / "backup").write_bytes(b"")
    with pytest.raises(StoreError, match="only a SQLite file"):
        restore("sqlite://", tmp_path / "backup")
    with pytest.raises(ConfigError):
        restore("nonsense", tmp_path / "backup")


def test_letting_go_folds_the_log_in(file: Path) -> None:
    with Store.open(url_of(file)) as store:
        write_turn(store)
    _let_go(file)
    assert only_the_database_is_left(file)
