"""Words that carry no subject, English and Spanish: what they tell of a short text.

They say how many words of a message do carry one, and in which of the two languages it was written. The
crisis classifier asks for both, because its limits differ by them. Must not: decide anything, or need more
than the standard library.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

Language = Literal["en", "es", ""]
"""A language that the classifier was taught, or "" where the words do not tell."""

_ENGLISH_WORDS: Final = """
a about after again all also am an and any are as at be because been being both but by can can't could did
didn't do does doesn't doing don't for from get getting go going got had has have he he's her here him his
how i i'd i'll i'm i've if im in into is isn't it it's its just let like me more my no not of off oh ok okay
on one only or our out over please really she she's so some still than that that's the their them then there
these they this those though to too up us very was we we're were what when where which while who whose why
will with won't would yes you you're your
"""
_SPANISH_WORDS: Final = """
a ahi ahora al algo ante aqui asi aun bien cada como con cual cuando de del desde donde e el ella ellas
ellos en entre era es esa ese eso esta estan estar este esto estoy fue ha hace hasta hay he la las le les lo
los mas me mi mis muy nada ni no nos o otra otro para pero por porque pues que quien se si sin sobre solo
son soy su sus tambien tan te tengo ti tiene toda todo tu un una uno unos va voy y ya yo
"""
_ENGLISH: Final = frozenset(_ENGLISH_WORDS.split())
_SPANISH: Final = frozenset(_SPANISH_WORDS.split())


def is_function_word(word: str) -> bool:
    """Tell whether a folded word carries no subject in English."""
    return word in _ENGLISH


def content_words(words: Sequence[str]) -> int:
    """Return how many of the folded words (`safety.ngrams.windows`) carry a subject, each counted once."""
    return len({word for word in words if word[0].isalnum()} - _ENGLISH - _SPANISH)


def language_of(words: Sequence[str]) -> Language:
    """Return the language that more of the folded words belong to; words of both tell nothing."""
    english = sum(word in _ENGLISH and word not in _SPANISH for word in words)
    spanish = sum(word in _SPANISH and word not in _ENGLISH for word in words)
    if english == spanish:
        return ""
    return "en" if english > spanish else "es"
