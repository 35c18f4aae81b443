"""Which reply a message gets: by verdict first, finer by its words; a miss costs fit and never the numbers."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

import safety
from safety.reply_kinds import REPLY_KINDS, KindRules, ReplyKind, ReplyKinds
from safety.verdict import Level, Verdict

KINDS = ReplyKinds.load()
FILE = yaml.safe_load((Path(safety.__file__).parent / "reply_kinds.yaml").read_text(encoding="utf-8"))

BY_VERDICT: Mapping[tuple[str, Level], ReplyKind] = {
    ("suicide", "concern"): "wish_dead",
    ("suicide", "none"): "wish_dead",
    ("suicide", "high"): "ideation",
    ("suicide", "imminent"): "intent_plan",
    ("self_harm", "high"): "self_harm",
    ("concern_for_other", "imminent"): "worried_other",
    ("eating_disorder", "high"): "eating_disorder",
    ("abuse", "high"): "abuse",
    ("violence", "high"): "harm_others",
    ("something new", "high"): "ideation",
}


@pytest.mark.parametrize(("category", "level"), BY_VERDICT)
def test_category_and_level_choose_the_reply(category: str, level: Level) -> None:
    assert KINDS.kind(Verdict("crisis", category, level), "") == BY_VERDICT[category, level]


@pytest.mark.parametrize("kind", REPLY_KINDS)
def test_a_category_that_is_a_reply_gets_it(kind: ReplyKind) -> None:
    assert KINDS.kind(Verdict("crisis", kind, "high"), "") == kind


SUICIDE, SELF_HARM, ABUSE, VIOLENCE = ("suicide", "self_harm", "abuse", "violence")
MEDICAL = "medical_emergency"


@pytest.mark.parametrize(
    ("category", "text", "kind"),
    [
        (SUICIDE, "i just took all my pills", "attempt"),
        (SUICIDE, "I tried to kill myself an hour ago", "attempt"),
        (SUICIDE, "me tomé todas las pastillas", "attempt"),
        (SUICIDE, "intenté matarme anoche", "attempt"),
        (SUICIDE, "what is the least painful way to die", "method"),
        (SUICIDE, "how many tablets would it take to die", "method"),
        (SUICIDE, "cuántas pastillas hacen falta para morir", "method"),
        (SUICIDE, "i woke up in the hospital and i was not meant to", "attempt"),
        (SUICIDE, "anoche me quise matar y mi hermana me encontró", "attempt"),
        (SUICIDE, "the voices keep telling me to end it", "psychosis"),
        (SUICIDE, "i have the note written and i will do it tonight", "intent_plan"),
        (SELF_HARM, "a voice says i have to cut myself", "psychosis"),
        (SELF_HARM, "i want to cut again", "self_harm"),
        (VIOLENCE, "oigo voces que me mandan hacerle daño", "psychosis"),
        (VIOLENCE, "i am going to hurt my boss", "harm_others"),
        (ABUSE, "my stepdad hits me when mom is at work", "child_at_risk"),
        (ABUSE, "i think the neighbor is hurting her kids", "child_at_risk"),
        (ABUSE, "mi padrastro me toca por la noche", "child_at_risk"),
        (ABUSE, "la maestra vio moretones en la niña, creo que le pegan", "child_at_risk"),
        (ABUSE, "my husband choked me last night", "abuse"),
        (ABUSE, "my boyfriend hits me and the kids are scared", "abuse"),
        (ABUSE, "my grandson takes my pension and shoves me", "abuse"),
        (ABUSE, "mi esposo me golpea", "abuse"),
        (MEDICAL, "my toddler swallowed a battery", "overdose_poisoning"),
        (MEDICAL, "he overdosed and his lips are blue", "overdose_poisoning"),
        (MEDICAL, "mi hijo se tomó el cloro", "overdose_poisoning"),
        (MEDICAL, "creo que es una sobredosis", "overdose_poisoning"),
        (MEDICAL, "hives and my throat is closing, i took a new tablet", "medical_emergency"),
        (MEDICAL, "we smell gas and the baby is drowsy", "overdose_poisoning"),
        (MEDICAL, "crushing chest pain and my arm is numb", "medical_emergency"),
        (ABUSE, "I was raped by my boss, I work at a school", "abuse"),
        (ABUSE, "a girl at my school is scared to go home", "child_at_risk"),
        (SUICIDE, "my funeral is paid and the passwords are in the drawer", "intent_plan"),
        (SUICIDE, "I am doing it by the end of the month", "intent_plan"),
        (SUICIDE, "dejé las llaves y una carta", "intent_plan"),
        (SUICIDE, "no voy a estar aquí", "intent_plan"),
        (SUICIDE, "lo hice anoche", "attempt"),
        (SUICIDE, "I am on the wrong side of the railing", "attempt"),
        (SUICIDE, "the mark the belt left on my neck", "attempt"),
        (SUICIDE, "it tells me to hurt myself", "psychosis"),
        (MEDICAL, "she swallowed something, a grape, and is blue", "medical_emergency"),
        (MEDICAL, "he is choking, he swallowed a bone by mistake", "medical_emergency"),
        (MEDICAL, "she drank something under the sink", "overdose_poisoning"),
        (MEDICAL, "gave him a double dose by mistake", "overdose_poisoning"),
        (MEDICAL, "mi mamá no respira", "medical_emergency"),
        (MEDICAL, "he took a fall and he is not breathing", "medical_emergency"),
        (MEDICAL, "he took his insulin and he is not breathing", "overdose_poisoning"),
        (SUICIDE, "my voice is gone and i will hang myself tonight", "intent_plan"),
        (SUICIDE, "they told me my cancer is back and I want to kill myself", "intent_plan"),
        (SUICIDE, "I woke up sad, I want to kill myself", "intent_plan"),
        (SUICIDE, "my neck hurts, I want to kill myself", "intent_plan"),
        (SUICIDE, "the marks of the belt are on my neck", "attempt"),
    ],
)
def test_words_make_the_reply_finer(category: str, text: str, kind: ReplyKind) -> None:
    action = "emergency" if category == MEDICAL else "crisis"
    assert KINDS.kind(Verdict(action, category, "imminent"), text) == kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("paid for the funeral, I want to kill myself", "ideation"),
        ("rent is due at the end of the month and I want to kill myself", "ideation"),
        ("dejé el trabajo y quisiera estar muerto", "wish_dead"),
        ("no voy a estar bien nunca, quisiera estar muerto", "wish_dead"),
        ("lo hice todo mal, quisiera estar muerto", "wish_dead"),
        ("got up on the wrong side of the bed, kill myself", "ideation"),
        ("a birthmark, a mark on my neck, I want to kill myself", "ideation"),
        ("migraine again, the pills did not even work, I want to kill myself", "ideation"),
        ("it says I have cancer, I want to kill myself", "ideation"),
    ],
)
def test_words_of_daily_life_beside_a_cry_say_nothing_of_a_plan_or_an_attempt(
    text: str, kind: ReplyKind
) -> None:
    assert KINDS.kind(Verdict("crisis", SUICIDE, "high"), text) == kind


@pytest.mark.parametrize("category", ["concern_for_other", "eating_disorder"])
def test_words_never_turn_worry_about_another_into_ones_own_danger(category: str) -> None:
    said = "she took all her pills and hears voices"
    assert KINDS.kind(Verdict("crisis", category, "high"), said) == KINDS.kind(
        Verdict("crisis", category, "high"), ""
    )


@pytest.mark.parametrize(
    ("said", "subject"),
    [
        ("we lost the baby at 20 weeks", "illness"),
        ("my husband is bipolar and has not slept in 4 days", "illness"),
        ("he took too many meds yesterday, i think he is fine", "medical_emergency"),
        ("there were berries in her mouth", "medical_emergency"),
        ("mi hijo comió hongos ayer", "medical_emergency"),
    ],
)
def test_the_line_of_an_illness_names_poison_control_where_something_was_taken(
    said: str, subject: str
) -> None:
    assert KINDS.subject(Verdict("support", "medical_emergency", "concern"), said) == subject


def test_grief_after_a_suicide_has_a_subject_of_its_own() -> None:
    grief = Verdict("support", "grief", "concern")
    assert KINDS.subject(grief, "my brother took his own life in spring") == "bereaved"
    assert KINDS.subject(grief, "mi hermano se quitó la vida") == "bereaved"
    assert KINDS.subject(grief, "my grandmother died of a stroke") == "grief"
    assert KINDS.subject(Verdict("support", "low_mood", "concern"), "suicide") == "low_mood"


def test_a_kind_that_nothing_leads_to_stops_the_start() -> None:
    content = {**FILE, "finer": [finer for finer in FILE["finer"] if finer["kind"] != "attempt"]}
    with pytest.raises(ValidationError, match="attempt"):
        KindRules.model_validate(content)


def test_a_huge_message_is_read_at_its_ends_only() -> None:
    began = time.process_time()
    kind = KINDS.kind(
        Verdict("crisis", "suicide", "high"), "it was a long day. " * 100_000 + "i took all my pills."
    )
    assert kind == "attempt"
    assert time.process_time() - began < 1.0


class Tells:
    """Tells one kind, and keeps between which it was asked to choose."""

    def __init__(self, kind: str) -> None:
        self.told = kind
        self.among: list[set[str]] = []

    def kind(self, text: str, among: Collection[str]) -> str:
        self.among.append({*among})
        return self.told


def test_where_no_phrase_fits_the_ngrams_choose_and_never_over_a_phrase() -> None:
    tells = Tells("attempt")
    kinds = ReplyKinds.load(ngrams=tells)
    assert kinds.kind(Verdict("crisis", "suicide", "high"), "nothing that a phrase knows") == "attempt"
    assert (
        kinds.kind(Verdict("crisis", "suicide", "high"), "what is the least painful way to die") == "method"
    )
    assert tells.among == [{"ideation", "wish_dead", "method", "intent_plan", "attempt", "psychosis"}]


@pytest.mark.parametrize("told", ["", "abuse", "no reply at all"])
def test_what_the_ngrams_cannot_say_gets_the_broad_reply(told: str) -> None:
    kinds = ReplyKinds.load(ngrams=Tells(told))
    assert kinds.kind(Verdict("crisis", "suicide", "high"), "nothing that a phrase knows") == "ideation"


def test_what_is_imminent_gets_no_milder_reply() -> None:
    tells = Tells("")
    ReplyKinds.load(ngrams=tells).kind(
        Verdict("crisis", "suicide", "imminent"), "nothing that a phrase knows"
    )
    assert not {"ideation", "wish_dead"} & tells.among[0]


def test_an_ambulance_first_stays_first_whatever_the_ngrams_say() -> None:
    tells = Tells("wish_dead")
    verdict = Verdict("crisis", "suicide", "high", medical=True)
    assert ReplyKinds.load(ngrams=tells).kind(verdict, "nothing that a phrase knows") == "intent_plan"
    assert tells.among == []
