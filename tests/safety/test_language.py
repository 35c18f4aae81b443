"""The language of a message: right for short and careless writing, English in doubt, linear time."""

from __future__ import annotations

import time

import pytest

from safety.language import language_of

SPANISH = [
    "ya no quiero vivir",
    "kiero morirme",
    "me duele mucho el pecho",
    "YA NO PUEDO MAS",
    "mi hermana se tomó todas las pastillas",
    "¿a qué hora abren?",
    "tengo miedo",
    "ayuda por favor",
    "mi papá me pega cuando toma",
    "q hago si mi hijo no despierta",
    "estoy bien pero triste, mi mom no me habla",
    "quiero cancelar mi cita del martes",
]
ENGLISH = [
    "i want to die",
    "help",
    "my dad hits me",
    "how do i get a refill?",
    "José told me he is going to kill himself",
    "i live on la cienega and need a ride to el camino clinic",
    "no",
    "",
    "😢",
    "je veux mourir",
    "son of mine wont wake up",
    "me and my ex, no me gusta, but i feel okay and i am not in danger",
]


@pytest.mark.parametrize("text", SPANISH)
def test_spanish_is_known_with_and_without_accents(text: str) -> None:
    assert language_of(text) == "es"


@pytest.mark.parametrize("text", ENGLISH)
def test_english_and_what_cannot_be_told_are_english(text: str) -> None:
    assert language_of(text) == "en"


def test_in_doubt_the_language_is_what_the_caller_takes_it_for() -> None:
    assert language_of("988.", doubt="es") == language_of("", doubt="es") == "es"
    assert language_of("Hágalo diez veces.") == "en"
    assert language_of("The nurse is here.", doubt="es") == "en"


def test_the_end_of_a_long_message_counts_too() -> None:
    assert language_of("x " * 5_000 + "ya no quiero vivir, no puedo más") == "es"


def test_a_huge_message_takes_no_longer_than_a_long_one() -> None:
    began = time.process_time()
    language_of("ya no quiero vivir. " * 200_000)
    assert time.process_time() - began < 0.5
