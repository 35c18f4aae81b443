"""Which of our languages a message is in, so that a reply in danger comes in the same one.

It counts short function words that belong to one language alone, and signs that only Spanish has. A library
for this (py3langid) is hardly more often right between two languages and takes seconds to load its model; a
reply to someone in danger waits for nothing and needs the standard library alone.

Must not: keep a word of the message, or refuse one. What cannot be told is taken for English, unless the
caller knows better (a sentence of a Spanish reply).
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final, Literal

Language = Literal["en", "es"]

LANGUAGES: Final[tuple[Language, ...]] = ("en", "es")
WINDOW: Final = 2_000
"""Characters that are looked at: more of them would not change the answer."""

# Articles, pronouns, prepositions, auxiliaries, question words, and the words that people in distress use
# most. A word that both languages have (a, he, me, no, son) is in neither list; accents are taken off.
_ENGLISH_WORDS: Final = """
the an i im ive ill id my myself you your yours she they them their we us our it its this that these those
is was are were be been being am do does did dont doesnt didnt have has had having of to in on for with
from at by about into and or but so if not nobody nothing never always what when where who why how which
can cant cannot could couldnt would should will wont want wants wanted wanna need needs feel feels feeling
felt think know like just any some someone something him his her hers there here out up off over after
before because than then too very more make made take took get got going gonna help please ur r
today tonight live life die dying dead kill killed killing hurt pain mom dad daughter friend yes hi hello
"""
_SPANISH_WORDS: Final = """
el la los las un una unos unas lo le les se te nos mi mis su sus tu tus yo ella ellos usted ustedes que ya
porque cuando donde como quien cual de del al en con por para sin sobre hasta desde y o ni pero si es soy
eres era fue esta estoy estan estas estaba este esto esa ese eso ha han hay haber hacer hago hace tengo
tiene tienen tenia voy va van puedo puede pueden podria quiero quiere quieren kiero siento siente muy mas
menos todo toda todos todas nada nadie nunca siempre algo alguien otra otro ayuda ayudame ayuden morir
morirme muero matar matarme mato suicidar suicidarme suicidio vida vivir dolor duele hijo hija esposo esposa
novio novia amigo amiga hermano hermana hola gracias hoy ayer ahora anoche noche bien mal xq pq
"""
_ENGLISH: Final = frozenset(_ENGLISH_WORDS.split())
_SPANISH: Final = frozenset(_SPANISH_WORDS.split())
_SPANISH_SIGNS: Final = re.compile("[ñ¿¡]")
_WORD: Final = re.compile("[a-z]+")
_APOSTROPHES: Final = str.maketrans("", "", "'’")


def language_of(text: str, *, doubt: Language = "en") -> Language:
    """Return the language of `text` by the words of its first and last characters; in doubt `doubt`."""
    if len(text) > 2 * WINDOW:
        text = f"{text[:WINDOW]} {text[-WINDOW:]}"
    lowered = unicodedata.normalize("NFC", text.lower().translate(_APOSTROPHES))
    bare = "".join(c for c in unicodedata.normalize("NFD", lowered) if not unicodedata.combining(c))
    words = _WORD.findall(bare)
    spanish = sum(word in _SPANISH for word in words) + 2 * len(_SPANISH_SIGNS.findall(lowered))
    english = sum(word in _ENGLISH for word in words)
    if spanish == english:
        return doubt
    return "es" if spanish > english else "en"
