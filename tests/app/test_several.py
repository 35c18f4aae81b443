"""Several questions in one message: what is answered, what is offered, and when it stays one question."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.answer import ChatAnswer, Sentence
from app.asking import batch
from app.chat import ChatService
from app.conversation import Conversation
from app.decision import FAQ_CONFIDENCE
from app.faq_records import load_records
from app.rows import answer_row
from app.settings import load_settings
from app.several import AS_ONE, Several, answer_each, with_answers_first
from app.store import Store
from app.wiring import Application, build
from retrieval.faq import FaqEntry
from retrieval.hits import Hit, Retrieval
from safety.verdict import ALLOW
from tests.app.conftest import MakeService

TWO = "Where can I park? And do you take Cigna?"


def hit(name: str) -> Hit:
    entry = FaqEntry(name, f"About {name}?", f"The answer about {name}.")
    return Hit(name, 0.5, entry, entry.answer, "question")


def found(*names: str, confidence: float) -> Retrieval:
    return Retrieval(tuple(hit(name) for name in names), confidence)


SURE, UNSURE = FAQ_CONFIDENCE + 0.01, 0.05


def several(text: str, whole: Retrieval, answers: dict[str, Retrieval], covered: float = 0.0) -> Several:
    """Decide for a message whose parts find what `answers` has for the first word that stands in them."""
    return answer_each(
        text,
        whole,
        search=lambda part, _: next(one for word, one in answers.items() if word in part.lower()),
        coverage=lambda _part, _entry: covered,
        verdict=ALLOW,
    )


def test_two_sure_parts_give_two_answers_in_the_order_of_the_questions() -> None:
    whole = found("cigna", "parking", confidence=0.2)
    both = {"park": found("parking", confidence=SURE), "cigna": found("cigna", confidence=SURE + 0.1)}
    result = several(TWO, whole, both)
    assert [one.id for one in result.answered] == ["parking", "cigna"]
    assert (result.offered, result.partly, result.confidence) == ((), False, SURE)
    assert result.reason == "answered_2_of_2"
    assert [one.id for one in with_answers_first(whole, result).hits] == ["parking", "cigna"]


def test_a_part_without_an_answer_is_offered_its_nearest_titles() -> None:
    parts = {"park": found("parking", confidence=SURE), "cigna": found("parking", "plans", confidence=UNSURE)}
    result = several(TWO, found("parking", confidence=SURE), parts)
    assert [one.id for one in result.answered] == ["parking"]
    assert [one.id for one in result.offered] == ["plans"]
    assert (result.partly, result.reason) == (True, "answered_1_of_2")


def test_no_sure_part_leaves_the_message_as_it_is() -> None:
    parts = {"park": found("parking", confidence=UNSURE), "cigna": found("plans", confidence=UNSURE)}
    assert several(TWO, found("parking", confidence=SURE), parts) == AS_ONE


def test_one_entry_for_both_parts_is_one_answer() -> None:
    parts = {"park": found("parking", confidence=SURE), "cigna": found("parking", confidence=SURE)}
    assert several(TWO, found("parking", confidence=SURE), parts) == AS_ONE
    # Where the message as one is unclear, its parts are not.
    assert [one.id for one in several(TWO, found("plans", confidence=UNSURE), parts).answered] == ["parking"]


def test_a_part_whose_words_the_answer_has_is_not_called_open() -> None:
    parts = {"park": found("parking", confidence=SURE), "cigna": found("plans", confidence=UNSURE)}
    assert several(TWO, found("parking", confidence=SURE), parts, covered=1.0) == AS_ONE


def test_a_part_that_tells_of_a_feeling_keeps_the_message_whole() -> None:
    text = "Where can I park? And why do I feel so sad and lonely and scared?"
    parts = {"park": found("parking", confidence=SURE), "lonely": found("lonely", confidence=UNSURE)}
    assert several(text, found("parking", confidence=SURE), parts) == AS_ONE


def test_more_questions_than_are_answered_at_once_are_said_to_be_open() -> None:
    text = "Where do I park? Do you take Cigna? Who reads my notes? When does the lab open?"
    parts = {word: found(word, confidence=SURE) for word in ("park", "cigna", "notes")}
    result = several(text, found("park", confidence=SURE), parts)
    assert (len(result.answered), result.partly) == (3, True)


def test_one_question_is_not_searched_again() -> None:
    assert several("Where can I park?", found("parking", confidence=SURE), {}) == AS_ONE


def test_a_question_that_points_back_is_searched_with_the_one_before() -> None:
    contexts: dict[str, str] = {}

    def search(part: str, context: str) -> Retrieval:
        contexts[part] = context
        return found("x", confidence=UNSURE)

    answer_each(
        "Do you test for ADHD? Who pays the clinic for doing it at home? Where can I park?",
        found("x", confidence=UNSURE),
        search=search,
        coverage=lambda _part, _entry: 0.0,
        verdict=ALLOW,
        before="earlier",
    )
    assert list(contexts.values()) == ["earlier", "Do you test for ADHD?", ""]


def test_no_repr_holds_words_of_the_message() -> None:
    assert "Cigna" not in repr(several("Where can I park?", found("parking", confidence=SURE), {}))


def test_a_search_that_breaks_on_a_part_still_answers_the_message_as_one(make_service: MakeService) -> None:
    service = make_service()
    retriever = service.parts.retriever.get()
    asked: list[str] = []
    search = retriever.search

    def breaks(text: str, **options: object) -> Retrieval:
        asked.append(text)
        if len(asked) > 1:
            raise RuntimeError("out of order")
        return search(text, **options)  # type: ignore[arg-type]

    retriever.search = breaks  # type: ignore[method-assign, assignment]
    answer = service.answer("Where can I park? And how do I ask for a refill?", Conversation())
    assert len(asked) == 2
    assert answer.kind in ("faq", "grounded", "clarify", "abstain")
    assert "retriever_unavailable" in answer.reasons


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    folder = tmp_path_factory.mktemp("data")
    built = build(load_settings({"CAREFOLD_DATA_DIR": str(folder), "CAREFOLD_MODEL": "echo"}))
    yield built
    built.close()


@pytest.fixture
def service(application: Application) -> ChatService:
    return application.service


SAMPLE = "Where can I park at the clinic? And can I set up a payment plan for my bill?"
IDS = ["appointments-parking", "billing-payment-plan"]


@pytest.mark.weights
def test_two_questions_get_two_approved_answers_with_their_titles_and_sources(service: ChatService) -> None:
    conversation = Conversation()
    *sentences, answer = service.stream(SAMPLE, conversation)
    assert isinstance(answer, ChatAnswer)
    assert answer.kind == "faq"
    assert [citation.id for citation in answer.citations] == IDS
    assert [entry.id for entry in service.sources(answer)] == IDS
    entries = service.parts.retriever.get().entries
    assert answer.text == "\n\n".join(f"{entries[one].question}\n\n{entries[one].answer}" for one in IDS)
    assert not any(isinstance(event, Sentence) for event in sentences)
    assert "answered_2_of_2" in answer.reasons
    assert (answer.suggestions, answer.model.base) == ((), "")
    assert conversation.turns[-1].text == answer.text


@pytest.mark.weights
def test_both_answers_are_in_the_trace_and_counted_as_used(
    application: Application, service: ChatService
) -> None:
    turn_id = service.answer(SAMPLE, Conversation()).turn_id
    with Store.open(application.settings.database) as store:
        (trace,) = (one for one in store.traces() if one.turn_id == turn_id)
    assert [one.id for one in trace.hits[:2]] == IDS
    assert len({one.id for one in trace.hits}) == len(trace.hits)
    assert load_records(application.settings).hits["billing-payment-plan"] >= 1


@pytest.mark.weights
def test_the_half_without_an_answer_gets_a_sentence_and_titles_to_choose(service: ChatService) -> None:
    text = "Can I set up a payment plan for my bill? And do you sell reading glasses?"
    answer = service.answer(text, Conversation())
    assert (answer.kind, [citation.id for citation in answer.citations]) == ("faq", ["billing-payment-plan"])
    assert "another part of what you asked" in answer.text
    assert "555-01" in answer.text
    assert 1 <= len(answer.suggestions) <= 3
    entry = service.parts.retriever.get().entries["billing-payment-plan"]
    assert entry.question not in answer.suggestions
    assert answer.text.startswith(f"{entry.question}\n\n{entry.answer}\n\n")


@pytest.mark.weights
def test_danger_in_one_of_two_questions_gets_the_fixed_reply_alone(service: ChatService) -> None:
    answer = service.answer(
        "Where can I park? And how many pills does it take to kill myself?", Conversation()
    )
    assert answer.kind == "crisis"
    assert answer.citations == ()


@pytest.mark.weights
def test_a_patient_gets_no_staff_entry_for_a_second_question(service: ChatService) -> None:
    text = "Where can I park? And what is the fire and evacuation procedure?"
    answer = service.answer(text, Conversation(audience="patient"))
    entries = service.parts.retriever.get().entries
    shown = {citation.id for citation in answer.citations}
    assert all(entries[one].audience != "staff" for one in shown)
    titles = {entry.question for entry in entries.values() if entry.audience == "staff"}
    assert not titles & set(answer.suggestions)
    staff = service.answer(text, Conversation(audience="staff"))
    assert "staff-fire" in {citation.id for citation in staff.citations}


@pytest.mark.weights
def test_what_is_private_in_two_questions_is_in_no_field(service: ChatService) -> None:
    text = "I am Wilhelmina Quist, 802-555-0199. Where can I park? And can I set up a payment plan?"
    answer = service.answer(text, Conversation())
    row = answer_row("1", answer).model_dump_json()
    assert [citation.id for citation in answer.citations] == IDS
    assert "Quist" not in row
    assert "0199" not in row


@pytest.mark.weights
def test_a_batch_gives_both_sources_in_the_fields_that_there_were(
    application: Application, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text(json.dumps({"id": "two", "text": SAMPLE}) + "\n", encoding="utf-8")
    assert batch(application, file, audience="patient", jobs=1) == 0
    row = json.loads(capsys.readouterr().out)
    assert (row["kind"], [one["id"] for one in row["citations"]]) == ("faq", IDS)
    assert all(set(one) == {"id", "question", "score"} for one in row["citations"])


@pytest.mark.weights
def test_one_question_of_many_sentences_gets_one_answer_as_before(service: ChatService) -> None:
    text = (
        "I clean houses and get paid in cash, so I have no pay stubs. How do I apply for the sliding scale, and "
        "what proof of income do you need?"
    )
    answer = service.answer(text, Conversation())
    entry = service.parts.retriever.get().entries["billing-sliding-scale-apply"]
    assert (answer.kind, answer.text) == ("faq", entry.answer)
