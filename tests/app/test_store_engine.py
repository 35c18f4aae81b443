"""Opening a database: permissions, settings, migrations, damage, crashes, and what failures are called."""

from __future__ import annotations

import io
import os
import random
import resource
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import insert
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from app.errors import StoreError
from app.store import Feedback, Store, TurnTrace
from app.store.engine import make_engine, migrate, migration_config, opening, parse_url
from app.store.tables import metadata, turns

WRITER = """
import sys, uuid
from datetime import UTC, datetime
from app.store import Feedback, Store, TurnTrace
store = Store.open(sys.argv[1])
for _ in range(int(sys.argv[2])):
    turn = uuid.uuid4().hex
    store.record_trace(TurnTrace(turn_id=turn, conversation_id=turn, started_at=datetime.now(UTC),
                                 kind="faq", action="allow"))
    sys.stdout.write(turn + "\\n")
    sys.stdout.flush()
"""


def url_of(file: Path) -> str:
    return f"sqlite:///{file}"


def make_trace() -> TurnTrace:
    turn = uuid.uuid4().hex
    return TurnTrace(
        turn_id=turn, conversation_id=turn, started_at=datetime.now(UTC), kind="faq", action="allow"
    )


def start_writer(repository: Path, file: Path, turns_to_write: int) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", WRITER, url_of(file), str(turns_to_write)]
    return subprocess.Popen(arguments, cwd=repository, stdout=subprocess.PIPE, text=True)


def test_new_folders_and_files_are_private(tmp_path: Path) -> None:
    old_mask = os.umask(0o022)
    try:
        file = tmp_path / "a" / "b" / "store.sqlite3"
        with Store.open(url_of(file)) as store:
            store.record_trace(make_trace())
            modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in file.parent.iterdir()}
    finally:
        os.umask(old_mask)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700
    assert "store.sqlite3-wal" in modes
    assert set(modes.values()) == {0o600}


def test_sqlite_is_set_to_survive_a_power_cut_and_to_overwrite_what_it_deletes(tmp_path: Path) -> None:
    with Store.open(url_of(tmp_path / "store.sqlite3")) as store:

        def setting(name: str) -> object:
            return store._database.direct(lambda raw: raw.cursor().execute(f"PRAGMA {name}").fetchone()[0])

        assert setting("journal_mode") == "wal"
        assert setting("synchronous") == 2
        assert setting("foreign_keys") == 1
        assert setting("secure_delete") == 1
        assert setting("busy_timeout") == 2_000


def test_migrations_make_the_tables_that_the_store_uses(tmp_path: Path) -> None:
    engine = make_engine(parse_url(url_of(tmp_path / "store.sqlite3")))
    migrate(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_migrations_and_tables_compile_for_postgresql() -> None:
    config = migration_config()
    config.output_buffer = written = io.StringIO()
    config.set_main_option("dialect", "postgresql")
    command.upgrade(config, "head", sql=True)
    for table in metadata.sorted_tables:
        assert f"CREATE TABLE {table.name} " in written.getvalue()
        assert str(CreateTable(table).compile(dialect=postgresql.dialect()))
    assert "TIMESTAMP WITH TIME ZONE" in written.getvalue()
    trace = make_trace()
    compiled = insert(turns).values(dict(trace)).compile(dialect=postgresql.dialect())
    assert "INSERT INTO turns" in str(compiled)


def test_opening_again_keeps_the_rows(tmp_path: Path) -> None:
    trace = make_trace()
    with Store.open(url_of(tmp_path / "store.sqlite3")) as store:
        store.record_trace(trace)
    with Store.open(url_of(tmp_path / "store.sqlite3")) as store:
        assert store.trace(trace.turn_id) == trace


@pytest.mark.slow
def test_two_processes_may_create_and_write_the_same_database(repository: Path, tmp_path: Path) -> None:
    file = tmp_path / "store.sqlite3"
    writers = [start_writer(repository, file, 30) for _ in range(3)]
    written = [writer.communicate(timeout=120)[0].split() for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    with Store.open(url_of(file)) as store:
        assert all(store.trace(turn) for turns_of_one in written for turn in turns_of_one)
    assert sum(map(len, written)) == 90


def test_two_stores_on_one_file_replace_rows_at_once(tmp_path: Path) -> None:
    url = url_of(tmp_path / "store.sqlite3")
    errors: list[StoreError] = []

    def replace(store: Store, turn: str) -> None:
        for number in range(40):
            try:
                store.add_feedback(Feedback(turn_id=turn, rating="up", comment=str(number)))
            except StoreError as error:
                errors.append(error)

    with Store.open(url) as first, Store.open(url) as second:
        trace = make_trace()
        first.record_trace(trace)
        threads = [threading.Thread(target=replace, args=(store, trace.turn_id)) for store in (first, second)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [error.code for error in errors] == []
        assert [each.comment for each in first.feedback()] == ["39"]


def test_opening_waits_its_turn_and_says_so_when_it_does_not_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.store.engine.OPEN_SECONDS", 0.1)
    file = tmp_path / "store.sqlite3"
    with opening(file), pytest.raises(StoreError) as caught:
        Store.open(url_of(file))
    assert caught.value.code == "locked"
    Store.open(url_of(file)).close()


@pytest.mark.slow
def test_acknowledged_traces_survive_kill_9(repository: Path, tmp_path: Path) -> None:
    file = tmp_path / "store.sqlite3"
    chance = random.Random(7)
    acknowledged: list[str] = []
    for _ in range(5):
        writer = start_writer(repository, file, 1_000_000)
        assert writer.stdout is not None
        acknowledged.append(writer.stdout.readline().strip())
        time.sleep(chance.uniform(0.02, 0.3))
        os.kill(writer.pid, signal.SIGKILL)
        rest = writer.stdout.read()
        writer.wait(timeout=30)
        acknowledged += rest.split("\n")[:-1]  # the last may be cut
        with Store.open(url_of(file)) as store:
            assert [turn for turn in acknowledged if store.trace(turn).turn_id != turn] == []
    assert len(acknowledged) > 10


def test_database_newer_than_the_code_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "store.sqlite3"
    Store.open(url_of(file)).close()
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StoreError, match=r"'9999'.*install the newer version") as caught:
        Store.open(url_of(file))
    assert caught.value.code == "newer"


def test_database_of_another_program_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "other.sqlite3"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.close()
    with pytest.raises(StoreError, match="another program") as caught:
        Store.open(url_of(file))
    assert caught.value.code == "foreign"


def test_migration_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "store.sqlite3"
    upgrade = command.upgrade

    def broken(config: object, revision: str) -> None:
        upgrade(config, revision)  # type: ignore[arg-type]
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("app.store.engine.command.upgrade", broken)
    with pytest.raises(StoreError) as caught:
        Store.open(url_of(file))
    assert caught.value.code == "disk_full"
    monkeypatch.undo()
    with sqlite3.connect(file) as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    connection.close()
    Store.open(url_of(file)).close()


@pytest.mark.parametrize("damage", ["no database", "cut", "overwritten"])
def test_damaged_file_is_a_clear_error(tmp_path: Path, damage: str) -> None:
    file = tmp_path / "store.sqlite3"
    with Store.open(url_of(file)) as store:
        for _ in range(50):
            store.record_trace(make_trace())
    content = file.read_bytes()
    if damage == "no database":
        file.write_bytes(b"this was a list of names" * 400)
    elif damage == "cut":
        file.write_bytes(content[: len(content) // 2])
    else:
        file.write_bytes(content[:4096] + b"\xa5" * 8192 + content[4096 + 8192 :])
    with pytest.raises(StoreError, match="damaged: restore a backup") as caught:
        Store.open(url_of(file))
    assert caught.value.code == "corrupt"


def test_file_that_cannot_be_opened_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreError) as caught:
        Store.open(url_of(tmp_path / "folder"))
    assert caught.value.code == "cannot_open"
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError):
        Store.open(url_of(tmp_path / "file" / "store.sqlite3"))


def test_locked_database_fails_in_time_and_recovers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.store.engine.BUSY_MS", 200)
    file = tmp_path / "store.sqlite3"
    with Store.open(url_of(file)) as store:
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        with pytest.raises(StoreError) as caught:
            store.record_trace(make_trace())
        assert time.monotonic() - began < 2.0
        assert caught.value.code == store.last_error == "locked"
        assert not store.healthy()
        other.execute("ROLLBACK")
        other.close()
        assert store.healthy()
        assert store.last_error == ""


def test_full_disk_is_a_store_error_and_passes(tmp_path: Path) -> None:
    with Store.open(url_of(tmp_path / "store.sqlite3")) as store:
        old = resource.getrlimit(resource.RLIMIT_FSIZE)
        ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        failures = []
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, old[1]))
            for _ in range(200):
                try:
                    store.record_trace(make_trace())
                except StoreError as error:
                    failures.append(error.code)
                    break
            assert failures
            assert failures[0] in ("disk_full", "io_error")
            assert not store.healthy()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, old)
            signal.signal(signal.SIGXFSZ, ignored)
        assert store.healthy()
        store.record_trace(make_trace())


def test_read_only_database_is_a_store_error(tmp_path: Path) -> None:
    with Store.open(url_of(tmp_path / "store.sqlite3")) as store:
        store._database.direct(lambda raw: raw.cursor().execute("PRAGMA query_only = ON") and None)
        with pytest.raises(StoreError, match="not writable") as caught:
            store.record_trace(make_trace())
        assert caught.value.code == "read_only"


def test_writers_of_one_process_take_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.store.database.TURN_SECONDS", 0.2)
    with Store.open(url_of(tmp_path / "store.sqlite3")) as store:
        entered, leave = threading.Event(), threading.Event()

        def hold() -> None:
            with store._database.exclusive():
                entered.set()
                leave.wait(10)

        holder = threading.Thread(target=hold)
        holder.start()
        entered.wait(10)
        with pytest.raises(StoreError) as caught:
            store.record_trace(make_trace())
        assert caught.value.code == "locked"
        leave.set()
        holder.join()
        store.record_trace(make_trace())
