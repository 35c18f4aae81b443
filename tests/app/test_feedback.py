"""Feedback: what is shown beforehand is what is kept; no words without consent, none of anyone in danger."""

from __future__ import annotations

from pathlib import Path
from unittest import mock

import pytest

import app.chat
from app.chat import ChatService
from app.decision import Decision
from app.errors import PartUnavailable, StoreError
from app.feedback import CONSENT_VERSION, LONGEST_COMMENT, Draft, FeedbackKeeper, may_keep, rated_turn
from app.parts import Part
from app.sessions import Session
from app.store import Store
from app.turns import Turn
from retrieval.embedder import HashEmbedder
from retrieval.retriever import Retriever
from safety.errors import ScrubError
from tests.app.conftest import MakeService, broken

REFILL = "How do I ask for a refill?"
CRISIS = "i want to kill myself"
EMERGENCY = "my father has chest pain and cannot breathe right now"
REASONS = ("right", "clear", "wrong", "tone")
SECRETS = ("Jane Roe", "Roe", "802-555-0199", "00482913")
COMMENT = "I am Jane Roe, call 802-555-0199, record number MRN 00482913, it was wrong"


@pytest.fixture(scope="module")
def built(small_index: Path) -> dict[str, object]:
    """Open once what no test here breaks."""
    return {"retriever": Part("retriever", lambda: Retriever.open(small_index, HashEmbedder()))}


@pytest.fixture
def make_service(make_service: MakeService, built: dict[str, object]) -> MakeService:
    def make(parts: dict[str, object] | None = None) -> ChatService:
        return make_service(parts=built | (parts or {}))

    return make


@pytest.fixture(autouse=True)
def _answered_from_the_faq(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.chat, "decide", mock.Mock(return_value=Decision("faq", "test")))


def asked(service: ChatService, *messages: str) -> Session:
    """Return a window in which these messages were asked and answered."""
    session = Session()
    for message in messages:
        turn = Turn(stage="done")
        for event in service.stream(message, session.conversation):
            turn.take(event)
        session.show(turn)
    return session


def keeper_of(service: ChatService) -> FeedbackKeeper:
    return FeedbackKeeper(service.parts, reasons=REASONS)


def drafted(keeper: FeedbackKeeper, session: Session, **given: object) -> Draft:
    fields = {"rating": "up", "reasons": (), "comment": "", "consent": False} | given
    draft = keeper.draft(session, **fields)  # type: ignore[arg-type]
    assert draft is not None
    return draft


@pytest.mark.slow
def test_what_is_shown_is_exactly_what_is_kept(make_service: MakeService, store: Store) -> None:
    service = make_service()
    session = asked(service, f"I am Jane Roe. {REFILL}")
    keeper = keeper_of(service)
    draft = drafted(keeper, session, rating="down", reasons=["wrong"], comment=COMMENT, consent=True)
    keeper.keep(draft)
    (kept,), (exchange,) = store.feedback(), store.exchanges()
    assert (kept.turn_id, kept.rating, kept.reasons, kept.comment) == (
        draft.turn_id, "down", ("wrong",), draft.comment,
    )  # fmt: skip
    assert (exchange.turn_id, exchange.question, exchange.answer) == (
        draft.turn_id, draft.question, draft.answer,
    )  # fmt: skip
    assert exchange.consent_version == CONSENT_VERSION
    assert exchange.status == "pending"
    assert draft.question == "I am [PERSON_1]. How do I ask for a refill?"
    assert draft.answer.startswith("Ask your pharmacy")


def test_comment_is_scrubbed_before_it_is_shown_or_kept(make_service: MakeService, store: Store) -> None:
    service = make_service()
    keeper = keeper_of(service)
    draft = drafted(keeper, asked(service, REFILL), comment=COMMENT)
    keeper.keep(draft)
    (kept,) = store.feedback()
    assert kept.comment.endswith("it was wrong")
    for secret in SECRETS:
        assert secret not in draft.comment + kept.comment


def test_without_consent_no_word_of_the_chat_is_kept(make_service: MakeService, store: Store) -> None:
    service = make_service()
    keeper = keeper_of(service)
    draft = drafted(keeper, asked(service, REFILL), comment="clear, thank you")
    assert (draft.question, draft.answer, draft.exchange) == ("", "", False)
    keeper.keep(draft)
    assert list(store.exchanges()) == []
    assert [kept.comment for kept in store.feedback()] == ["clear, thank you"]


@pytest.mark.parametrize(
    "messages",
    [(CRISIS,), (EMERGENCY,), (CRISIS, REFILL), (EMERGENCY, REFILL), (REFILL, CRISIS, REFILL, REFILL)],
)
def test_nothing_of_someone_in_danger_is_kept_even_with_consent(
    make_service: MakeService, store: Store, messages: tuple[str, ...]
) -> None:
    service = make_service()
    keeper, session = keeper_of(service), asked(service, *messages)
    draft = drafted(keeper, session, consent=True)
    assert (draft.question, draft.answer, draft.exchange) == ("", "", False)
    assert session.last is not None
    assert not may_keep(session, session.last)
    keeper.keep(draft)
    assert list(store.exchanges()) == []
    assert [kept.rating for kept in store.feedback()] == ["up"]


def test_turn_before_a_crisis_may_not_be_kept_afterwards(make_service: MakeService) -> None:
    session = asked(make_service(), REFILL, CRISIS)
    first, _ = session.turns
    assert not may_keep(session, first)


def test_turn_without_scrubbed_question_may_not_be_kept(make_service: MakeService) -> None:
    session = asked(make_service(), "word " * 900)
    assert session.last is not None and session.last.answer is not None
    assert not may_keep(session, session.last)


def test_only_known_reasons_are_kept_and_each_once(make_service: MakeService, store: Store) -> None:
    service = make_service()
    keeper = keeper_of(service)
    given = ["tone", "my name is Jane Roe", "right", "right", "", "RIGHT"]
    draft = drafted(keeper, asked(service, REFILL), reasons=given)
    assert draft.reasons == ("right", "tone")
    keeper.keep(draft)
    assert [kept.reasons for kept in store.feedback()] == [("right", "tone")]


def test_comment_that_is_too_long_is_cut(make_service: MakeService) -> None:
    service = make_service()
    draft = drafted(keeper_of(service), asked(service, REFILL), comment="it was good " * 2_000)
    assert LONGEST_COMMENT - 20 < len(draft.comment) <= LONGEST_COMMENT
    assert draft.comment.startswith("it was good it was")
    assert draft.comment.endswith((" good", " was", " it"))


@pytest.mark.slow
@pytest.mark.parametrize("shown", [2, 6, 10])
def test_cut_leaves_no_part_of_a_number(make_service: MakeService, shown: int) -> None:
    service = make_service()
    number = "219-09-9999"
    room = LONGEST_COMMENT - len("my ssn is ") - shown
    before = ("it was good " * room)[-room:]
    comment = f"{before}my ssn is {number}, thank you for that"
    assert comment[:LONGEST_COMMENT].endswith(number[:shown])
    draft = drafted(keeper_of(service), asked(service, REFILL), comment=comment)
    assert len(draft.comment) <= LONGEST_COMMENT
    assert draft.comment.endswith("ssn is")


def test_blank_comment_needs_no_scrubber(make_service: MakeService) -> None:
    session = asked(make_service(), REFILL)
    keeper = keeper_of(make_service(parts={"scrubber": broken("scrubber")}))
    assert drafted(keeper, session, comment=" \n ").comment == ""


def test_second_rating_replaces_the_first(make_service: MakeService, store: Store) -> None:
    service = make_service()
    keeper, session = keeper_of(service), asked(service, REFILL)
    keeper.keep(drafted(keeper, session, rating="up", reasons=["right"], comment="good", consent=True))
    keeper.keep(drafted(keeper, session, rating="down", comment="not good after all", consent=True))
    (kept,) = store.feedback()
    assert (kept.rating, kept.reasons, kept.comment) == ("down", (), "not good after all")
    assert len(list(store.exchanges())) == 1


def test_second_rating_without_consent_keeps_no_exchange_of_the_first(
    make_service: MakeService, store: Store
) -> None:
    service = make_service()
    keeper, session = keeper_of(service), asked(service, REFILL)
    keeper.keep(drafted(keeper, session, consent=True))
    keeper.keep(drafted(keeper, session, comment="please do not keep it"))
    assert list(store.exchanges()) == []
    assert [kept.comment for kept in store.feedback()] == ["please do not keep it"]
    keeper.keep(drafted(keeper, session, consent=True))
    assert len(list(store.exchanges())) == 1


def test_withdrawing_deletes_the_words_and_leaves_the_rating(make_service: MakeService, store: Store) -> None:
    service = make_service()
    keeper, session = keeper_of(service), asked(service, REFILL)
    draft = drafted(keeper, session, comment="good", consent=True)
    keeper.keep(draft)
    assert keeper.withdraw(draft.turn_id)
    assert list(store.exchanges()) == []
    assert [(kept.rating, kept.comment) for kept in store.feedback()] == [("up", "")]
    assert not keeper.withdraw(draft.turn_id)


def test_last_answered_turn_is_rated_and_none_without_an_answer(make_service: MakeService) -> None:
    service = make_service()
    keeper = keeper_of(service)
    empty = Session(turns=[Turn(stage="answering"), Turn(stage="stopped")])
    assert rated_turn(empty) is None
    assert keeper.draft(empty, rating="up", reasons=(), comment="x", consent=True) is None
    session = asked(service, REFILL)
    answered = session.last
    session.show(Turn(stage="answering", question="Where can I park?"))
    assert rated_turn(session) is answered
    assert drafted(keeper, session, consent=True).question == REFILL


class _Breaks:
    def scrub(self, text: str, placeholders: object) -> object:
        raise ScrubError("it could not be searched in full")


@pytest.mark.parametrize(
    ("part", "error"),
    [(broken("scrubber"), PartUnavailable), (Part("scrubber", _Breaks), ScrubError)],
    ids=["not built", "breaks"],
)
def test_without_a_scrubber_a_comment_is_refused_and_nothing_is_kept(
    make_service: MakeService, store: Store, part: Part[object], error: type[Exception]
) -> None:
    session = asked(make_service(), REFILL)
    keeper = keeper_of(make_service(parts={"scrubber": part}))
    with pytest.raises(error):
        keeper.draft(session, rating="up", reasons=(), comment=COMMENT, consent=True)
    assert list(store.feedback()) == [] and list(store.exchanges()) == []


def test_store_that_can_not_be_opened_or_is_closed_is_an_error(
    make_service: MakeService, store: Store
) -> None:
    service = make_service()
    session = asked(service, REFILL)
    for parts in (service.parts, make_service(parts={"store": broken("store")}).parts):
        keeper = FeedbackKeeper(parts, reasons=REASONS)
        draft = drafted(keeper, session, consent=True)
        store.close()
        with pytest.raises((StoreError, PartUnavailable)):
            keeper.keep(draft)
        with pytest.raises((StoreError, PartUnavailable)):
            keeper.withdraw(draft.turn_id)


@pytest.mark.slow
@pytest.mark.parametrize("refuses", ["keep_exchange", "add_feedback"])
def test_half_of_a_draft_is_not_kept(
    make_service: MakeService, store: Store, monkeypatch: pytest.MonkeyPatch, refuses: str
) -> None:
    service = make_service()
    keeper = keeper_of(service)
    draft = drafted(keeper, asked(service, REFILL), comment="good", consent=True)
    monkeypatch.setattr(store, refuses, mock.Mock(side_effect=StoreError("locked")))
    with pytest.raises(StoreError):
        keeper.keep(draft)
    assert list(store.feedback()) == [] and list(store.exchanges()) == []


def test_repr_shows_no_words(make_service: MakeService) -> None:
    service = make_service()
    draft = drafted(keeper_of(service), asked(service, REFILL), comment="kept private", consent=True)
    assert "private" not in repr(draft) and "refill" not in repr(draft) and "pharmacy" not in repr(draft)


def test_rating_that_was_kept_is_told_and_one_that_was_not_is_not(make_service: MakeService) -> None:
    told: list[tuple[str, str]] = []
    service = make_service()
    session = asked(service, REFILL)
    keeper = FeedbackKeeper(service.parts, reasons=REASONS, rated=lambda *rating: told.append(rating))
    draft = keeper.draft(session, rating="down", reasons=(), comment="", consent=False)
    assert draft is not None
    keeper.keep(draft)
    assert told == [(draft.turn_id, "down")]
    without = FeedbackKeeper(
        make_service({"store": broken("store")}).parts, reasons=REASONS, rated=lambda *one: told.append(one)
    )
    with pytest.raises(PartUnavailable):
        without.keep(draft)
    assert len(told) == 1
