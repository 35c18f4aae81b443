"""The rules for Spanish: a denial is heard where it denies, and hides nothing that stands after a "no"."""

from __future__ import annotations

import pytest

from tests.safety.gates import RULES as GATE


@pytest.mark.parametrize(
    "message",
    [
        "ya no aguanto, me quiero morir",
        "no puedo más, quiero morir",
        "no quiero vivir, quiero morir",
        "no duermo, no como, me corto los brazos",
        "no aguanto, me hago daño",
        "sin ganas de nada, quiero morirme",
        "sin ganas de vivir",
        "me pregunto si debería matarme",
        "nunca estoy bien, pienso en matarme",
        "no estoy bien, quiero quitarme la vida",
        "no tengo a nadie y quiero morir",
        "nunca he sido feliz, solo quiero morirme",
    ],
)
def test_danger_after_a_no_is_found(message: str) -> None:
    assert GATE.assess(message).action == "crisis"


@pytest.mark.parametrize(
    "message",
    [
        "no quiero morirme, solo estoy cansada",
        "nunca he pensado en suicidarme",
        "no he pensado en hacerme daño",
        "no tengo pensamientos de hacerme daño",
        "no estoy pensando en matarme",
        "nunca me he cortado",
        "nunca he intentado suicidarme",
        "sin ideas suicidas",
        "ninguna intención de quitarme la vida",
        "me preguntaron si pensaba en matarme y dije que no",
        "me quiero morir de vergüenza",
    ],
)
def test_denial_or_figure_of_speech_gets_no_crisis_reply(message: str) -> None:
    assert GATE.assess(message).action in ("allow", "support")


def test_killing_oneself_is_no_violence_against_others() -> None:
    verdict = GATE.assess("me voy a matar")
    assert (verdict.action, verdict.category, verdict.level) == ("crisis", "suicide", "imminent")


def test_who_asks_oneself_denies_nothing() -> None:
    assert GATE.assess("i ask myself if i should kill myself").action == "crisis"
    assert GATE.assess("the nurse asked me if i wanted to hurt myself, i do not").action == "support"


@pytest.mark.parametrize(
    "message",
    [
        "mi esposo no despierta",
        "no puedo despertar a mi esposo",
        "mi bebé no se despierta",
        "mi mamá no despierta",
        "mi hija no se despierta",
        "no puedo despertar a mi hijo",
        "no podemos despertar a la abuela",
        "mi abuelo ya no despierta",
        "no logro despertar a mi mujer",
        "mi novia no quiere despertar, no reacciona",
        "mi niño no despertó esta mañana",
        "no consigo despertar a mi madre",
        "nadie puede despertar a mi papá",
        "el señor no despierta",
        "mi papá no despierta a pesar de que le grito",
        "mi niña no se me despierta",
        "mi esposa no se despierta hasta ahora",
        "mi bebé no se despierta para comer",
    ],
)
def test_who_cannot_be_woken_gets_the_ambulance(message: str) -> None:
    assert GATE.assess(message).action == "emergency"


@pytest.mark.parametrize(
    "message",
    [
        "no puedo despertar temprano",
        "no me despierto bien",
        "mi hijo no se despierta temprano para la escuela",
        "mi hijo no se despierta a tiempo",
        "no quiero despertar a mi esposo",
        "mi hijo no se despierta por la noche",
        "no quiero despertar al niño",
        "mi abuela no se despierta hasta las diez",
        "no quiero despertar a la bebé",
        "mi hijo no me despierta",
        "mi hijo no despierta de la siesta de buen humor",
        "mi mamá ya no se despierta para ir al baño",
        "mi hija no se despierta tanto como antes",
        "mi esposo no despierta al bebé",
        "mi hermana no despierta a mi mamá",
        "mi hijo no nos despierta nunca",
    ],
)
def test_waking_up_in_daily_life_raises_no_alarm(message: str) -> None:
    assert GATE.assess(message).action in ("allow", "support")
