"""The fixed replies: complete in both languages, whom to call first, plain, and no number but from one file."""

from __future__ import annotations

import re
import shutil
from itertools import product
from pathlib import Path
from typing import get_args

import pytest

from app.sentences import split_sentences
from safety.language import LANGUAGES, Language
from safety.replies import Replies, RepliesError, ReplyName
from safety.reply_kinds import REPLY_KINDS, ReplyKind
from safety.verdict import Verdict
from tests.safety.readability import ease, grade

REPLIES = Replies.load()
PACKAGE = Path(__file__).resolve().parents[2]
FILES = ("replies.yaml", "hotlines.yaml", "reply_kinds.yaml")
PHONE = "(802) 555-0110"
COUNTRIES = ("US", "us", "DE", "")
NUMBER = re.compile(r"\b(?:988|741741|1-8\d\d-\d{3}-\d{4}|1?8\d{2}\d{7}|\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4})\b")

EACH = pytest.mark.parametrize(("kind", "language"), list(product(REPLY_KINDS, LANGUAGES)))
EMERGENCIES = ("overdose_poisoning", "medical_emergency")
# Grief is no alarm: whom to call when it gets too heavy comes first, the emergency number at the end.
CALM = ("bereaved",)
FIRST = {"en": ("call 911", "988", "741741"), "es": ("llame al 911", "988", "741741")}


def said_to(kind: ReplyKind, language: Language, country: str = "US", phone: str = PHONE) -> str:
    action = "emergency" if kind in EMERGENCIES else "crisis"
    verdict = Verdict(action, kind, "high")
    return REPLIES.text(verdict, country=country, language=language, clinic_phone=phone)


def before_the_pieces(kind: ReplyKind, language: Language) -> str:
    return "\n\n".join(said_to(kind, language).split("\n\n")[:3])


def first_two(text: str) -> str:
    return " ".join(split_sentences(text)[:2])


@EACH
def test_whom_to_call_stands_in_the_first_two_sentences(kind: ReplyKind, language: Language) -> None:
    start = first_two(said_to(kind, language))
    emergency, *lines = FIRST[language]
    wanted = [emergency] if kind in EMERGENCIES else lines if kind in CALM else [emergency, *lines]
    assert [number for number in wanted if number not in start] == []


@EACH
def test_whom_to_call_is_a_paragraph_of_its_own(kind: ReplyKind, language: Language) -> None:
    text = said_to(kind, language)
    assert 1 <= len(split_sentences(text.split("\n\n")[0])) <= 2
    assert len(text.split("\n\n")) >= 4


@pytest.mark.parametrize(
    ("kind", "country", "words"),
    [
        ("medical_emergency", "US", "call 911"),
        ("overdose_poisoning", "US", "Poison Control at 1-800-222-1222"),
        ("attempt", "US", "Poison Control at 1-800-222-1222"),
        ("abuse", "US", "1-800-799-7233"),
        ("abuse", "US", "Pick a safe moment"),
        # What a finer reply would name, the broad one names, too: the finer one may not be found.
        ("abuse", "US", "1-800-422-4453"),
        ("medical_emergency", "US", "1-800-222-1222"),
        ("intent_plan", "US", "If you have already hurt yourself"),
        ("child_at_risk", "US", "1-800-422-4453"),
        ("eating_disorder", "US", "1-888-375-7767 (on weekdays)"),
        ("harm_others", "US", "1-833-852-6262"),
        ("worried_other", "US", "stay with them"),
        ("medical_emergency", "FR", "call your local emergency number"),
        ("overdose_poisoning", "FR", "call your local poison center"),
    ],
)
def test_a_reply_names_what_its_danger_needs(kind: ReplyKind, country: str, words: str) -> None:
    assert words in said_to(kind, "en", country)


def test_an_emergency_names_the_emergency_number_before_any_other() -> None:
    for kind, language in product(EMERGENCIES, LANGUAGES):
        found = NUMBER.search(text := said_to(kind, language))
        assert found and text.index("911") < found.start()


def test_grief_sounds_no_alarm() -> None:
    for language in LANGUAGES:
        start = first_two(said_to("bereaved", language))
        assert "911" not in start
        assert not re.search(r"emergenc|danger|peligro|right away|ahora mismo", start)


@EACH
def test_a_person_to_reach_is_named(kind: ReplyKind, language: Language) -> None:
    person = said_to(kind, language).split("\n\n")[2]
    someone = r"person|someone|adult|friend|neighbor|alguien|amigo|vecino|otros|Quienes"
    assert re.search(someone, person)
    assert PHONE in said_to(kind, language) or kind in EMERGENCIES


@EACH
@pytest.mark.parametrize("country", ["DE", "MX", ""])
def test_elsewhere_no_foreign_number_is_named(kind: ReplyKind, language: Language, country: str) -> None:
    text = said_to(kind, language, country, phone="")
    assert "findahelpline.com" in text
    assert not NUMBER.search(text)
    assert not re.search(r"\d{3}", text)


@EACH
def test_no_slot_is_left_in_any_country(kind: ReplyKind, language: Language) -> None:
    for country, phone in product(COUNTRIES, (PHONE, "")):
        assert not re.search(r"[{}]", said_to(kind, language, country, phone))


@EACH
def test_at_most_120_words_come_before_what_to_choose_from(kind: ReplyKind, language: Language) -> None:
    # Spanish needs about a tenth more words for the same.
    words = before_the_pieces(kind, language).split()
    assert len(words) <= (130 if language == "es" else 120)


@pytest.mark.parametrize("kind", REPLY_KINDS)
def test_english_reads_like_sixth_grade(kind: ReplyKind) -> None:
    assert grade(said_to(kind, "en")) <= 6.0
    assert grade(before_the_pieces(kind, "en")) <= 7.0


@pytest.mark.parametrize("kind", REPLY_KINDS)
def test_spanish_is_quite_easy_to_read(kind: ReplyKind) -> None:
    assert ease(said_to(kind, "es")) >= 65
    assert ease(before_the_pieces(kind, "es")) >= 65


FORBIDDEN = {
    "a refusal": r"can'?t help|cannot help|unable to|not able to|can'?t (?:talk|discuss|answer)|as an ai\b"
    r"|no puedo (?:ayudar|hablar|responder)|no (?:me )?es posible ayudar",
    "a way of dying": r"\b(?:pills?|rope|noose|guns?|blades?|razors?|kni(?:fe|ves)|bridges?|hang(?:ing)?|jump(?:ing)?"
    r"|cut(?:ting)?|bleed\w*|lethal|gas|drown\w*|pastillas?|soga|cuerda|pistola|navaja|cuchill\w+|puente|ahorca\w+"
    r"|cortar\w*|veneno|gas)\b",
    "blame": r"commit(?:ted|s)? suicide|successful|failed attempt|selfish|cometer suicidio|attention seeking|manipulat",
    "an alarm": r"[!¡]|\b[A-Z]{5,}\b(?<!SAMHSA)(?<!AYUDA)(?<!LGBTQ)",
    "a promise": r"everything will be|i promise|todo va a estar bien|le prometo|always be here",
}


@EACH
@pytest.mark.parametrize("what", FORBIDDEN)
def test_a_reply_never_holds(kind: ReplyKind, language: Language, what: str) -> None:
    found = re.search(FORBIDDEN[what], said_to(kind, language), re.IGNORECASE if what != "an alarm" else 0)
    assert found is None


@pytest.mark.parametrize("kind", REPLY_KINDS)
def test_spanish_says_usted_throughout(kind: ReplyKind) -> None:
    text = said_to(kind, "es")
    assert not re.search(
        r"\b(?:tú|ti|tu|tus|te|contigo|puedes|tienes|estás|eres|quieres|llama|busca)\b", text
    )


@EACH
def test_sentences_put_together_again_are_the_reply(kind: ReplyKind, language: Language) -> None:
    for country in COUNTRIES:
        text = said_to(kind, language, country)
        assert " ".join(split_sentences(text)) == " ".join(text.split())


@pytest.mark.parametrize("language", LANGUAGES)
def test_thoughts_of_suicide_come_with_grounding_and_a_plan_of_six_parts(language: Language) -> None:
    for kind in ("wish_dead", "ideation", "method", "intent_plan", "self_harm"):
        blocks = said_to(kind, language).split("\n\n")
        lists = [re.findall(r"^(\d)\. ", block, re.MULTILINE) for block in blocks]
        assert [numbers for numbers in lists if numbers] == [list("1234"), list("123456")]
        assert "988" in next(block for block in blocks if "\n6. " in block)


def test_someone_who_may_be_dying_is_given_nothing_to_choose_from() -> None:
    for kind, language in product(("attempt", *EMERGENCIES), LANGUAGES):
        assert "\n1. " not in said_to(kind, language)


def test_no_two_dangers_share_a_reply() -> None:
    for language in LANGUAGES:
        assert len({said_to(kind, language) for kind in REPLY_KINDS}) == len(REPLY_KINDS)


def test_a_reply_comes_in_the_language_of_the_message() -> None:
    crisis = Verdict("crisis", "suicide", "high")
    assert "llame al 988 y oprima 2" in REPLIES.text(crisis, country="US", said="ya no quiero vivir")
    assert "call or text 988" in REPLIES.text(crisis, country="US", said="i do not want to live")


def test_no_word_of_the_message_enters_the_reply() -> None:
    crisis = Verdict("crisis", "suicide", "high")
    plain = REPLIES.text(crisis, country="US", said="i do not want to live")
    assert (
        REPLIES.text(crisis, country="US", said="i do not want to live, {crisis_line} Quillon {x}") == plain
    )


@pytest.mark.parametrize(("name", "language"), list(product(get_args(ReplyName), LANGUAGES)))
def test_every_named_reply_is_filled_in(name: ReplyName, language: Language) -> None:
    for country, phone in product(COUNTRIES, (PHONE, "")):
        text = REPLIES.text(name, country=country, language=language, clinic_phone=phone)
        assert text
        assert not re.search(r"[{}]", text)
        assert "as an AI" not in text


def test_every_named_reply_differs_between_the_languages() -> None:
    for name in get_args(ReplyName):
        english, spanish = (REPLIES.text(name, country="US", language=language) for language in LANGUAGES)
        assert english != spanish


@pytest.mark.parametrize("category", ["injection", "harmful_request", "something new"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_refusal_has_a_next_step(category: str, language: Language) -> None:
    verdict = Verdict("refuse", category, "high")
    text = REPLIES.text(verdict, country="US", language=language, clinic_phone=PHONE)
    assert PHONE in text
    assert "988" in text


@pytest.mark.parametrize("subject", sorted(REPLIES.resources))
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_uncertain_band_has_a_line_by_subject(subject: str, language: Language) -> None:
    text = REPLIES.text(Verdict("support", subject, "concern"), country="US", language=language)
    assert "988" in text or "911" in text
    assert 1 <= len(split_sentences(text)) <= 2
    assert not any(re.search(pattern, text, re.IGNORECASE) for pattern in list(FORBIDDEN.values())[:3])


def test_a_subject_without_a_line_gets_the_general_one() -> None:
    other = REPLIES.text(Verdict("support", "low_mood", "concern"), country="US")
    assert other == REPLIES.text("resources", country="US")
    assert other != REPLIES.text(Verdict("support", "grief", "concern"), country="US")


def test_grief_after_a_suicide_has_a_line_of_its_own() -> None:
    grief = Verdict("support", "grief", "concern")
    line = REPLIES.text(grief, country="US", said="my brother took his own life")
    assert "lost someone to suicide" in line
    assert "suicide" not in REPLIES.text(grief, country="US", said="my grandmother died")


def test_an_allowed_message_has_no_fixed_reply() -> None:
    with pytest.raises(ValueError, match="no fixed reply"):
        REPLIES.text(Verdict("allow", "none", "none"), country="US")


def test_numbers_to_call_stand_in_one_file_only() -> None:
    # The recognizer of what must not be scrubbed has to name the short numbers.
    exempt = {"protected.py"}
    files = [
        *PACKAGE.glob("safety/**/*.py"),
        *PACKAGE.glob("app/**/*.py"),
        PACKAGE / "safety" / "replies.yaml",
    ]
    found = {file.name for file in files if NUMBER.search(file.read_text(encoding="utf-8"))} - exempt
    assert not found
    assert not re.search(r"\d{3}(?! words)", _without_comments(PACKAGE / "safety" / "replies.yaml"))


def _without_comments(file: Path) -> str:
    lines = file.read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("#"))


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("replies.yaml", "{go_now}", "{go_naw}"),
        ("replies.yaml", "too_long:", "too_lang:"),
        ("replies.yaml", "  ideation:", "  ideatoin:"),
        ("replies.yaml", "      now: >-", "      nau: >-"),
        ("replies.yaml", "then: [grounding", "then: [gronding"),
        ("replies.yaml", "  general:", "  usual:"),
        ("replies.yaml", "    es:", "    fr:"),
        ("hotlines.yaml", "        crisis_line:", "        crisis_lin:"),
        ("hotlines.yaml", "default:", "  default: ["),
        ("reply_kinds.yaml", "- kind: attempt", "- kind: atempt"),
        ("reply_kinds.yaml", "    phrases: |\n", "    phrases: |\n      ..3\n"),
    ],
)
def test_a_mistake_in_the_files_stops_the_start(tmp_path: Path, file: str, old: str, new: str) -> None:
    for name in FILES:
        shutil.copy(PACKAGE / "safety" / name, tmp_path / name)
    Replies.load(tmp_path)
    changed = tmp_path / file
    text = changed.read_text(encoding="utf-8")
    assert old in text
    changed.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(RepliesError, match="cannot be used"):
        Replies.load(tmp_path)
