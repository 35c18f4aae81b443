"""What the window shows: scrubbed bubbles, sources, hours, previews, statuses and what is spoken."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import date, datetime
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from app.answer import ChatAnswer, Citation, ModelUsed
from app.catalogue import Catalogue, load_catalogue
from app.clinic import Clinic
from app.feedback import Draft
from app.pages.view import EXCERPT_CHARS, View
from app.sentences import split_sentences
from app.sessions import Session
from app.turns import Turn
from retrieval.faq import FaqEntry
from safety.entities import Entity
from safety.language import LANGUAGES, Language
from safety.replies import Replies
from safety.reply_kinds import REPLY_KINDS
from safety.verdict import ALLOW, Verdict

HERE = ZoneInfo("America/New_York")
REACH = "call the clinic at (802) 555-0110"
CRISIS_LINE = "In a crisis, call 988."
ENTRY = FaqEntry(
    "refill", "How do I ask for a <refill>?", "Ask your pharmacy, *or* call.", reviewed=date(2026, 3, 1)
)
SAID = "Ask your pharmacy. Or call (802) 555-0132."


@pytest.fixture(scope="module")
def words() -> Catalogue:
    return load_catalogue("en")


@pytest.fixture
def view(words: Catalogue, clinic: Clinic) -> View:
    return View(
        words=words,
        clinic=clinic,
        reach=lambda: REACH,
        crisis_line=lambda: CRISIS_LINE,
        sources=lambda _: (ENTRY,),
        sample=True,
        short_numbers=("988", "911"),
    )


def answer(text: str = SAID, **changed: object) -> ChatAnswer:
    whole = ChatAnswer(
        turn_id="0" * 32, kind="faq", text=text, scrubbed_input="how do i get a refill", entities=(),
        citations=(Citation("refill", ENTRY.question, 0.9),), suggestions=(), verdict=ALLOW, model=ModelUsed(),
        reasons=(), dropped={}, timings_ms={"total": 12.0},
    )  # fmt: skip
    return replace(whole, **changed)  # type: ignore[arg-type]


def window(*turns: Turn, **fields: object) -> Session:
    return Session(turns=list(turns), **fields)  # type: ignore[arg-type]


def read(markup: str) -> str:
    """Return what a person reads of some markup."""
    markup = re.sub(r"</?(?:a|strong)\b[^>]*>", "", markup)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", markup)).split())


def shown(view: View, turn: Turn) -> list[str]:
    return [read(message["content"]) for message in view.messages(window(turn))]


def entities(*types: str) -> tuple[Entity, ...]:
    return tuple(Entity(place, place + 1, kind, 0.9) for place, kind in enumerate(types))


# --- bubbles ----------------------------------------------------------------------------------


def test_scrubbed_bubble_reads_naturally_and_says_what_was_removed(view: View) -> None:
    turn = Turn(
        question="I am [PERSON_1], not [PERSON_2], at [PHONE_NUMBER_1].",
        entities=entities("PERSON", "PERSON", "PHONE_NUMBER"),
    )
    (bubble,) = shown(view, turn)
    assert bubble == (
        "I am [a name], not [a name 2], at [a phone number]. "
        "Removed before anything was kept: a name, a phone number."
    )
    assert view.messages(window(turn))[0]["role"] == "user"


def test_bubble_without_personal_data_has_no_notice(view: View) -> None:
    assert shown(view, Turn(question="where do I park?")) == ["where do I park?"]


def test_every_kind_of_placeholder_is_named(view: View, words: Catalogue) -> None:
    for kind, name in words.kinds.items():
        assert shown(view, Turn(question=f"it is [{kind}_3]", entities=entities(kind))) == [
            f"it is [{name} 3] Removed before anything was kept: {name}."
        ]


def test_what_a_person_writes_is_never_markup(view: View) -> None:
    turn = Turn(question="<img src=x> ![](http://x.example) [PERSON_1]<b>", entities=entities("PERSON"))
    content = view.messages(window(turn))[0]["content"]
    assert re.findall(r"<\w+", content) == ["<small"]
    assert "![" not in content


@pytest.mark.parametrize(
    ("turn", "bubble"),
    [
        (Turn(), "Your message is being read."),
        (Turn(stage="stopped"), "(your message)"),
        (Turn(urgent=True), "(your message)"),
    ],
)
def test_message_that_is_not_scrubbed_is_never_shown(view: View, turn: Turn, bubble: str) -> None:
    assert shown(view, turn)[0] == bubble


def test_answer_grows_by_sentence_then_is_whole_with_its_sources(view: View) -> None:
    turn = Turn(question="refill", stage="answering")
    assert len(shown(view, turn)) == 1
    turn.sentences.append("Ask your pharmacy.")
    assert shown(view, turn)[1] == "Ask your pharmacy."
    turn.sentences.append("Or call (802) 555-0132.")
    assert shown(view, turn)[1] == SAID
    turn.stage, turn.answer = "done", answer()
    assert shown(view, turn)[1].startswith(f"{SAID} Sources (1)")


def test_numbers_and_addresses_of_the_clinic_are_links_in_answers_only(view: View) -> None:
    address = "hello@lindenmoor.example.org"
    turn = Turn(question=f"is it {address}", answer=answer(f"Write to {address} or call 988."))
    mine, theirs = (message["content"] for message in view.messages(window(turn)))
    assert "<a " not in mine
    assert f'<a href="mailto:{address}">' in theirs and '<a href="tel:988">' in theirs


def test_stopped_answer_keeps_what_was_said_and_says_so(view: View) -> None:
    assert shown(view, Turn(question="q", stage="stopped", sentences=["Ask."]))[1] == "Ask. Stopped."
    assert shown(view, Turn(question="q", stage="stopped"))[1] == "Stopped."


def test_answer_that_was_given_up_names_a_person_and_the_crisis_line(view: View) -> None:
    said = shown(view, Turn(question="q", stage="gave_up"))[1]
    assert REACH in said and "try again in a minute" in said and CRISIS_LINE in said


@pytest.mark.parametrize(("kind", "language"), list(product(REPLY_KINDS, LANGUAGES)))
def test_urgent_reply_is_shown_and_spoken_whole_also_while_it_streams(
    view: View, kind: str, language: Language
) -> None:
    verdict = Verdict("crisis", kind, "high")
    said = Replies.load().text(verdict, country="US", language=language, clinic_phone="(802) 555-0110")
    streaming = Turn(urgent=True, sentences=[said])
    done = answer(said, kind="crisis", citations=())
    whole = Turn(urgent=True, stage="done", sentences=[said], answer=done)
    for turn in (streaming, whole):
        content = view.messages(window(turn))[1]["content"]
        assert [read(part).split() for part in content.split("\n\n")] == [
            part.split() for part in said.split("\n\n")
        ]
        assert content.count("\n") == said.count("\n")  # each step keeps a line of its own
        heard = view.spoken(window(turn))
        assert read(heard.replace("</span>", " ")).split() == said.split()
        for markup, pieces in ((content, said.count("\n\n") + 1), (heard, heard.count("data-key"))):
            assert markup.count('lang="es"') == (pieces if language == "es" else 0)


def test_no_session_and_no_turns_show_nothing(view: View) -> None:
    assert view.messages(None) == view.messages(window()) == []
    assert view.status(None) == view.spoken(None) == view.spoken(window()) == ""


# --- sources ----------------------------------------------------------------------------------


def test_sources_fold_with_question_excerpt_review_date_and_sample_mark(view: View) -> None:
    content = view.messages(window(Turn(question="q", answer=answer())))[1]["content"]
    fold = content[content.index("<details") :]
    assert fold.endswith("</details>") and "<details open" not in fold
    assert "<summary>Sources &#40;1&#41;</summary>" in fold
    assert read(fold) == (
        "Sources (1) How do I ask for a <refill>? sample Approved text: Ask your pharmacy, *or* call. "
        "Reviewed 2026-03-01"
    )
    assert "\n" not in fold, "a blank line would end the block and show its rest as text"


def test_clinics_own_entries_have_no_sample_mark_and_may_lack_a_date(view: View) -> None:
    entry = replace(ENTRY, reviewed=None, question="Two\n\nlines?", answer="Long  \n\n text. " * 90)
    own = replace(view, sample=False, sources=lambda _: (entry, ENTRY))
    content = own.messages(window(Turn(question="q", answer=answer())))[1]["content"]
    fold = content[content.index("<details") :]
    assert "sample" not in read(fold)
    assert "No review date" in read(fold) and "Sources (2)" in read(fold)
    excerpt = re.search(r"Approved text: (.*?) …", read(fold))
    assert excerpt is not None and EXCERPT_CHARS - 20 < len(excerpt.group(1)) <= EXCERPT_CHARS
    assert "\n" not in fold


def test_answer_without_sources_has_no_fold_and_a_models_words_are_marked(view: View) -> None:
    none = replace(view, sources=lambda _: ())
    written = answer(model=ModelUsed("echo"), citations=())
    content = none.messages(window(Turn(question="q", answer=written)))[1]["content"]
    assert "<details" not in content
    assert "Written by a language model" in read(content)
    approved = view.messages(window(Turn(question="q", answer=answer())))[1]["content"]
    assert "Written by" not in read(approved)


# --- status and speech ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("turn", "status"),
    [
        (Turn(), "Your message is being read."),
        (Turn(stage="waiting", position=3), "You are number 3 in line. Your answer comes by itself."),
        (Turn(stage="waiting"), "Writing…"),
        (Turn(stage="answering"), "Writing…"),
        (Turn(stage="done"), ""),
        (Turn(stage="stopped"), ""),
        (Turn(stage="gave_up"), ""),
    ],
)
def test_status_says_how_the_newest_turn_stands(view: View, turn: Turn, status: str) -> None:
    assert view.status(window(Turn(stage="answering"), turn)) == status
    assert view.status(window()) == ""


@pytest.mark.parametrize(
    ("notice", "part"),
    [("busy", REACH), ("too_fast", REACH), ("cleared", "Everything is deleted")],
)
def test_notice_comes_before_the_status(view: View, notice: str, part: str) -> None:
    assert part in view.status(window(Turn(stage="answering"), notice=notice))


def spoken(view: View, turn: Turn) -> dict[str, str]:
    found = re.findall(r'<span data-key="([^"]+)">(.*?)</span>', view.spoken(window(turn)))
    assert len({key for key, _ in found}) == len(found), "a key stands twice"
    return {key: html.unescape(text) for key, text in found}


@pytest.mark.parametrize(
    ("pieces", "whole"),
    [
        (["One is here. Two is here.", "Three is here."], "One is here. Two is here. Three is here."),
        (["One is here."], "One is here.\n\nTwo is the closing. Three too."),
        (["Call 988 now.\n\nYou matter."], "Call 988 now.\n\nYou matter."),
        ([], "One is here. Two is here."),
        (["The lead line."], "The lead line.\n\nDr. Okafor is in. Ask her."),
    ],
)
def test_each_sentence_is_spoken_once_under_a_key_that_stays(
    view: View, pieces: list[str], whole: str
) -> None:
    turn = Turn(question="q", stage="answering")
    heard: dict[str, str] = spoken(view, turn)
    assert heard == {}
    for piece in pieces:
        turn.sentences.append(piece)
        now = spoken(view, turn)
        assert heard.items() <= now.items()
        heard = now
    turn.stage, turn.answer = "done", answer(whole, citations=())
    now = spoken(view, turn)
    assert heard.items() <= now.items()
    assert list(now.values()) == split_sentences(whole)
    assert list(now) == [f"{turn.key}-{number}" for number in range(len(now))]


def test_what_the_page_adds_to_a_spanish_answer_is_not_said_to_be_spanish(view: View) -> None:
    turn = Turn(question="¿dónde puedo estacionar?", answer=answer("Puede estacionar detrás de la clínica."))
    mine, theirs = (message["content"] for message in view.messages(window(turn)))
    assert mine.startswith('<span lang="es">')
    assert theirs.count('lang="es"') == 1 and theirs.index("</span>") < theirs.index("<details")
    heard = re.findall(r"<span [^>]*>", view.spoken(window(turn)))
    assert ['lang="es"' in piece for piece in heard] == [True, False]


def test_answer_that_replaces_what_was_streamed_is_spoken_whole(view: View) -> None:
    turn = Turn(question="q", sentences=["Something else."], answer=answer("It broke. Call.", citations=()))
    assert list(spoken(view, turn).values()) == ["Something else.", "It broke.", "Call."]


def test_sources_are_announced_after_the_answer_and_a_time_out_too(view: View) -> None:
    assert list(spoken(view, Turn(answer=answer())).values())[-1] == "Sources below: 1."
    said = list(spoken(view, Turn(stage="gave_up")).values())[-1]
    assert REACH in said and CRISIS_LINE in said


# --- a person ---------------------------------------------------------------------------------


def without_nurse(view: View) -> View:
    handover = view.clinic.handover.model_copy(update={"after_hours_phone": ""})
    return replace(view, clinic=view.clinic.model_copy(update={"handover": handover}))


def test_open_clinic_says_until_when(view: View) -> None:
    said = view.person(datetime(2026, 11, 18, 19, 30, tzinfo=HERE))
    assert read(said).startswith("Open now, until 20:00. front desk: (802) 555-0110")


def test_closed_clinic_says_who_answers_and_when_it_opens(view: View) -> None:
    said = view.person(datetime(2026, 11, 21, 13, 0, tzinfo=HERE))
    assert read(said).startswith("Closed now. (802) 555-0154 answers now. Opens Monday at 08:00.")
    assert '<a href="tel:8025550154">' in said


def test_closed_clinic_without_an_after_hours_number_names_nobody_who_answers(view: View) -> None:
    said = read(without_nurse(view).person(datetime(2026, 11, 21, 13, 0, tzinfo=HERE)))
    assert said.startswith("Closed now. Opens Monday at 08:00.")
    assert "answers now" not in said


def test_clinic_without_hours_says_no_opening_time(view: View) -> None:
    never = replace(view, clinic=view.clinic.model_copy(update={"hours": {}}))
    said = read(never.person(datetime(2026, 11, 18, 12, 0, tzinfo=HERE)))
    assert "Closed now." in said and "Opens" not in said


def test_numbers_are_listed_to_dial_without_fax_and_the_mail_address_has_its_warning(view: View) -> None:
    fax = view.clinic.phones[0].model_copy(update={"label": "Fax", "number": "(802) 555-0199"})
    plain = view.clinic.phones[0].model_copy(update={"label": "<desk>", "number": "802-555-0111", "use": ""})
    clinic = view.clinic.model_copy(update={"phones": (*view.clinic.phones, fax, plain)})
    said = replace(view, clinic=clinic).person(datetime(2026, 11, 18, 12, 0, tzinfo=HERE))
    assert said.count("<li>") == len(clinic.phones) - 2
    assert said.count('href="tel:') == said.count("<li>")
    assert "0176" not in said and "0199" not in said
    assert "<desk>" not in said and "<desk>: 802-555-0111" in read(said)
    assert '<a href="mailto:hello@lindenmoor.example.org">' in said and "e-mail can be read" in read(said)
    silent = view.clinic.handover.model_copy(update={"email": ""})
    mute = replace(view, clinic=view.clinic.model_copy(update={"handover": silent}))
    assert "mailto:" not in mute.person(datetime(2026, 11, 18, 12, 0, tzinfo=HERE))


# --- previews ---------------------------------------------------------------------------------


def test_transcript_holds_the_scrubbed_words_of_both_sides_and_its_preview_the_same(view: View) -> None:
    session = window(
        Turn(question="I am [PERSON_1] <b>", answer=answer("Hello there.")),
        Turn(stage="stopped"),
        Turn(question="and then", sentences=["not whole"]),
    )
    said = [(piece.who, piece.text) for piece in view.transcript(session)]
    assert said == [("person", "I am [PERSON_1] <b>"), ("chat", "Hello there."), ("person", "and then")]
    preview = view.transcript_preview(session)
    assert read(preview) == "person: I am [PERSON_1] <b> chat: Hello there. person: and then"
    assert "<b>" not in preview
    assert view.transcript(None) == ()
    assert read(view.transcript_preview(None)) == "There is nothing to send yet."


def test_preview_of_feedback_shows_exactly_what_would_be_kept(view: View) -> None:
    draft = Draft("0" * 32, "down", ("wrong", "tone"), "a {text} <b>", "q [PERSON_1]", "Ask.", exchange=True)
    said = view.draft(draft, never=False)
    assert [read(line) for line in re.findall(r"<p>.*?</p>", said)] == [
        "Rating: No",
        "Reasons: It was wrong; The tone was not right",
        "Comment: a {text} <b>",
        "Question: q [PERSON_1]",
        "Answer: Ask.",
    ]
    assert "<b>" not in said
    bare = replace(draft, rating="up", reasons=(), comment="", question="", answer="", exchange=False)
    assert read(view.draft(bare, never=False)) == "Rating: Yes"
    assert "never kept, whatever is ticked" in read(view.draft(bare, never=True))
    assert read(view.draft(None, never=False)) == "Your rating and its reasons. No words of this chat."


def test_banners_and_standing_line_are_escaped_and_its_numbers_can_be_dialled(view: View) -> None:
    assert view.banners(["a <b>", "c"]).count('<p class="banner">') == 2
    assert "<b>" not in view.banners(["a <b>"]) and view.banners([]) == ""
    assert '<a href="tel:988">988</a>' in view.standing("Call 988 & <b>")
    assert "<b>" not in view.standing("Call 988 & <b>")
