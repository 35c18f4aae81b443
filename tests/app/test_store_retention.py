"""Purging: what goes, what stays, that nothing of it is left in the files, and that it runs by itself."""

from __future__ import annotations

import random
import re
import sqlite3
import threading
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import StoreError
from app.store import Exchange, Feedback, PurgeCounts, PurgeTimer, Retention, Store, TurnTrace
from tests.postgres_server import fresh_database

NOW = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def write_trace(store: Store, at: datetime) -> str:
    turn = uuid.uuid4().hex
    store.record_trace(
        TurnTrace(turn_id=turn, conversation_id=turn, started_at=at, kind="abstain", action="allow")
    )
    return turn


def write_turn(store: Store, at: datetime, *, text: str = "text") -> str:
    turn = write_trace(store, at)
    store.add_feedback(Feedback(turn_id=turn, rating="down", comment=text))
    store.keep_exchange(Exchange(turn_id=turn, question=text, answer=text, consent_version="1"))
    store.keep_unanswered(turn, text)
    return turn


def left(store: Store, turns: list[str]) -> dict[str, list[int]]:
    """Return by kind of row the positions in `turns` that are still there."""

    def has_trace(turn: str) -> bool:
        try:
            return bool(store.trace(turn))
        except StoreError:
            return False

    rows = {
        "traces": [turn for turn in turns if has_trace(turn)],
        "feedback": [each.turn_id for each in store.feedback()],
        "exchanges": [each.turn_id for each in store.exchanges()],
        "unanswered": [each.turn_id for each in store.unanswered()],
    }
    return {kind: [turns.index(turn) for turn in found] for kind, found in rows.items()}


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_each_kind_of_row_goes_after_its_own_time(kind: str, request: pytest.FixtureRequest) -> None:
    clock, clean = Clock(), kind == "sqlite"  # a server's files are its operator's
    url = "sqlite://" if clean else fresh_database(request.getfixturevalue("postgresql"))
    with Store.open(url, clock=clock) as store:
        turns = []
        for days in (731, 366, 91, 31, 29):
            clock.now = NOW - timedelta(days=days)
            turns.append(write_turn(store, clock.now))
        assert store.purge(NOW) == PurgeCounts(traces=3, feedback=2, exchanges=1, unanswered=4, clean=clean)
        assert left(store, turns) == {
            "traces": [3, 4], "feedback": [2, 3, 4], "exchanges": [1, 2, 3, 4], "unanswered": [4],
        }  # fmt: skip
        assert store.purge(NOW) == PurgeCounts(traces=0, feedback=0, exchanges=0, unanswered=0, clean=clean)


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(ages=st.lists(st.integers(0, 60), max_size=8), days=st.integers(0, 60))
def test_purge_deletes_exactly_what_is_older(ages: list[int], days: int) -> None:
    retention = Retention(traces_days=days, feedback_days=days, exchanges_days=days, unanswered_days=days)
    clock = Clock()
    with pytest.MonkeyPatch.context() as patch, Store.open("sqlite://", clock=clock) as store:
        patch.setattr("app.store.retention.BATCH", 3)
        turns = []
        for age in ages:
            clock.now = NOW - timedelta(days=age)
            turns.append(write_turn(store, clock.now))
        counts = store.purge(NOW, retention)
        kept = [position for position, age in enumerate(ages) if age <= days]
        assert left(store, turns) == dict.fromkeys(("traces", "feedback", "exchanges", "unanswered"), kept)
        assert counts.traces == counts.exchanges == len(ages) - len(kept)


def found_in_files(file: Path) -> set[str]:
    data = b"".join(each.read_bytes() for each in file.parent.iterdir())
    return {match.decode() for match in re.findall(rb"CANARY([0-9a-f]{32})", data)}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_no_deleted_text_is_left_in_any_file(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    file = tmp_path / "store.sqlite3"
    clock = Clock()
    with Store.open(f"sqlite:///{file}", clock=clock) as store:
        _write_quickly(store)
        young: set[str] = set()
        for _ in range(160):
            old = chance.random() < 0.6
            clock.now = NOW - timedelta(days=800 if old else 1)
            turn = uuid.UUID(int=chance.getrandbits(128)).hex
            trace = TurnTrace(
                turn_id=turn, conversation_id=turn, started_at=clock.now, kind="faq", action="allow"
            )
            text = f"CANARY{turn} " * chance.choice([1, 4, 30, 150])
            store.record_trace(trace)
            store.add_feedback(Feedback(turn_id=turn, rating="up", comment=text))
            store.keep_exchange(Exchange(turn_id=turn, question=text, answer=text, consent_version="1"))
            if chance.random() < 0.2:
                store.withdraw(turn)
            elif not old:
                young.add(turn)
        assert len(found_in_files(file)) > len(young)
        assert store.purge(NOW).clean
        assert found_in_files(file) == young
        assert (tmp_path / "store.sqlite3-wal").stat().st_size == 0


def test_replaced_comment_is_gone_after_the_next_purge(tmp_path: Path) -> None:
    file = tmp_path / "store.sqlite3"
    with Store.open(f"sqlite:///{file}") as store:
        turn = write_turn(store, datetime.now(UTC), text="CANARY" + "a" * 32)
        store.add_feedback(Feedback(turn_id=turn, rating="up", comment="CANARY" + "b" * 32))
        store.withdraw(turn)
        store.purge(datetime.now(UTC))
        assert found_in_files(file) == set()


def test_removed_text_is_counted_until_a_purge_has_rebuilt_the_file(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    with Store.open(f"sqlite:///{tmp_path / 'store.sqlite3'}") as store:

        def removals() -> int:
            return int(
                store._database.direct(lambda raw: raw.cursor().execute("PRAGMA user_version").fetchone()[0])
            )

        turn = write_turn(store, now)
        write_turn(store, now - timedelta(days=100))
        assert removals() == 0
        store.add_feedback(Feedback(turn_id=turn, rating="up", comment="another"))
        assert removals() == 1
        store.withdraw(turn)
        assert removals() == 2
        assert store.purge(now).clean
        assert removals() == 0
        store.purge(now, Retention(unanswered_days=0, exchanges_days=0))
        assert removals() == 0


def test_purge_says_when_a_reader_keeps_old_states_alive_and_the_next_one_finishes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.store.engine.BUSY_MS", 200)
    file = tmp_path / "store.sqlite3"
    clock = Clock()
    clock.now = NOW - timedelta(days=800)
    with Store.open(f"sqlite:///{file}", clock=clock) as store:
        turn = write_turn(store, clock.now, text="CANARY" + "c" * 32)
        reader = sqlite3.connect(file, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM exchanges").fetchall()
        counts = store.purge(NOW)
        assert (counts.exchanges, counts.clean) == (1, False)
        assert left(store, [turn])["exchanges"] == []
        reader.execute("COMMIT")
        reader.close()
        assert store.purge(NOW).clean
        assert found_in_files(file) == set()


def test_purge_gives_space_back(tmp_path: Path) -> None:
    file = tmp_path / "store.sqlite3"
    with Store.open(f"sqlite:///{file}") as store:
        _write_quickly(store)
        for _ in range(300):
            write_trace(store, NOW - timedelta(days=100))
        store.purge(NOW - timedelta(days=100))
        before = file.stat().st_size
        assert store.purge(NOW).traces == 300
        assert file.stat().st_size < before / 2


def test_timer_purges_at_the_start_and_again_until_it_is_stopped() -> None:
    clock = Clock()
    with Store.open("sqlite://", clock=clock) as store:
        first = write_trace(store, NOW - timedelta(days=100))
        every = timedelta(milliseconds=5)
        timer = PurgeTimer(store, Retention(), every=every, clock=clock)
        timer.start()
        _wait_for(lambda: left(store, [first])["traces"] == [])
        second = write_trace(store, NOW - timedelta(days=100))
        _wait_for(lambda: left(store, [second, first])["traces"] == [])
        timer.stop()
        third = write_trace(store, NOW - timedelta(days=100))
        threading.Event().wait(0.05)
        assert left(store, [third, second, first])["traces"] == [0]


def test_timer_outlives_a_broken_store(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    with Store.open("sqlite://", clock=clock) as store:
        turn = write_trace(store, NOW - timedelta(days=100))
        real, calls = store.purge, []

        def breaks_once(now: datetime, retention: Retention) -> PurgeCounts:
            calls.append(now)
            if len(calls) == 1:
                raise StoreError("broken", code="disk_full")
            return real(now, retention)

        monkeypatch.setattr(store, "purge", breaks_once)
        timer = PurgeTimer(store, Retention(), retry=timedelta(milliseconds=5), clock=clock)
        timer.start()
        _wait_for(lambda: left(store, [turn])["traces"] == [])
        timer.stop()
        assert len(calls) == 2


def test_stopping_a_timer_that_was_never_started_is_harmless() -> None:
    with Store.open("sqlite://") as store:
        PurgeTimer(store, Retention()).stop()


def _write_quickly(store: Store) -> None:
    """Skip the waits for the disk: these tests look at what is in the files, not at durability."""
    store._database.direct(lambda raw: raw.cursor().execute("PRAGMA synchronous = OFF") and None)


def _wait_for(condition: object) -> None:
    for _ in range(2_000):
        if callable(condition) and condition():
            return
        threading.Event().wait(0.005)
    raise AssertionError("the condition never came true")
