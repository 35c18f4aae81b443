"""Read text for what can bear a sentence out: sentences, stems, numbers, names, denials, quotations.

It compares by stems, so that a paraphrase in other forms of the same words reads alike. Whether a sentence is
supported is decided in safety/support.py; this file decides nothing and calls no model.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import Stemmer
from numpy.typing import NDArray

Embed = Callable[[list[str]], NDArray[Any]]

MOST_IN_A_ROW: Final = 3  # sentences of a passage that a model may run together into one
_STEMMER: Final = Stemmer.Stemmer("english")
_WORD: Final = re.compile(r"[A-Za-z]+(?:['’][a-z]+)?|\d+(?:[.,:/-]\d+)*%?")
_CLITIC: Final = re.compile(r"'(?:s|re|ve|ll|d|m)$")
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"'(\d])|\n+")
_STOP_WORDS: Final = """
a about after again all also am an and any are as at be because been being both but by can could did do does
doing down each even ever few for from further get got had has have having he her here hers him his how i if
in into is it its itself just let like make may me might more most much must my need of off on one only
or other our out over own please put really same shall she should so some such take than that the their them
then there these they this those through to too under up us use very was way we were what when where which
while who whom why will with would yes you your yours yourself help want know thing things still well sure
ask tell via today able instead along around upon within always usually
"""
_STOP: Final = frozenset(_STOP_WORDS.split())
NO_UNIT: Final = _STOP | {"am", "pm"}
_STOP_STEMS: Final = frozenset(_STEMMER.stemWords(list(_STOP)))
_NEGATION_WORDS: Final = """
not no never none nothing neither nor without cannot nobody nowhere hardly unable refuse refuses declines
lacks except excluding don't doesn't didn't won't can't isn't aren't wasn't weren't shouldn't couldn't
wouldn't haven't hasn't mustn't needn't avoid avoids avoided avoiding
"""
_NEGATIONS: Final = frozenset(_NEGATION_WORDS.split())
_NUMBER_WORDS: Final = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen twenty
"""
NUMBERS: Final = {word: str(number) for number, word in enumerate(_NUMBER_WORDS.split())} | {
    "thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "seventy": "70", "eighty": "80",
    "ninety": "90", "hundred": "100", "once": "1", "twice": "2",
}  # fmt: skip
_IN_FULL: Final = {
    "n't": "not",
    "'re": "are",
    "'ve": "have",
    "'ll": "will",
    "'m": "am",
    "'d": "would",
    "'s": "",
}
_CONTRACTED: Final = re.compile(r"(n't|'(?:re|ve|ll|m|d|s))$")
_NOT_IN_FULL: Final = {
    "can't": "can not", "won't": "will not", "cannot": "can not", "it's": "it is", "that's": "that is",
    "there's": "there is", "what's": "what is", "here's": "here is", "he's": "he is", "she's": "she is",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reading:
    """A stretch of text as sets: content stems, numbers, names, and whether it denies."""

    stems: frozenset[str]
    numbers: frozenset[str]
    names: frozenset[str]
    words: frozenset[str]
    denies: bool  # an odd number of denials: "not ... without" affirms


def content_stems(text: str) -> frozenset[str]:
    """Return the stems of the words that carry meaning."""
    return read(text).stems


def content_words(text: str) -> list[str]:
    """Return the stems of the words that carry meaning, in their order."""
    words = [_bare(word.lower()) for word in words_of(text)]
    content = [word for word in words if word not in _STOP and word not in _NEGATIONS]
    stems = _STEMMER.stemWords([NUMBERS.get(word, word) for word in content])
    return [stem for stem in stems if stem not in _STOP_STEMS]


def quoted_in(sentence: str, passages: Sequence[str]) -> tuple[int, ...]:
    """Return the places of the passages that have `sentence`, word for word: a whole one or a few in a row.

    Anything less lets a splice of two true sentences through, which can say what neither says.
    """
    wanted = plain(sentence)
    return tuple(place for place, passage in enumerate(passages) if wanted and _has(passage, wanted))


def _has(passage: str, wanted: str) -> bool:
    parts = [plain(part) for part in sentences(passage)]
    return any(
        wanted == " ".join(parts[first:last])
        for first in range(len(parts))
        for last in range(first + 1, min(first + MOST_IN_A_ROW, len(parts)) + 1)
    )


def sentences(text: str) -> list[str]:
    """Split a passage into its sentences."""
    return [part.strip() for part in _SENTENCE.split(text) if part and part.strip()]


def plain(text: str) -> str:
    """Return the words in small letters with one space between, and nothing else."""
    return " ".join(_WORD.findall(text.lower()))


def words_of(text: str) -> list[str]:
    """Return words and numbers as they are written."""
    return _WORD.findall(text.replace("’", "'"))


def tokens(text: str) -> list[str]:
    """Return words in small letters, contractions in full ("isn't": is, not), small numbers as figures."""
    found: list[str] = []
    for word in map(str.lower, words_of(text)):
        if "'" not in word and word != "cannot":
            found.append(NUMBERS.get(word, word))
            continue
        whole = _CONTRACTED.sub(lambda match: f" {_IN_FULL[match.group()]}", _NOT_IN_FULL.get(word, word))
        found += whole.replace("'", "").split()
    return found


def number_of(word: str) -> str:
    """Return a number as `plain_number` does; "" for a word that is none."""
    return plain_number(word) if word[0].isdigit() else ""


def read(text: str) -> Reading:
    """Read a stretch of text once for all comparisons."""
    text = text.replace("’", "'")
    found = list(_WORD.finditer(text))
    raw = [match.group() for match in found]
    lowered = [NUMBERS.get(word.lower(), word.lower()) for word in raw]
    numbers = frozenset(plain_number(word) for word in lowered if word[0].isdigit())
    bare = [_bare(word) for word in lowered if not word[0].isdigit()]
    content = [word for word in bare if word not in _STOP and word not in _NEGATIONS and len(word) > 1]
    stems = frozenset(_STEMMER.stemWords(content)) - _STOP_STEMS
    starts = {n for n, match in enumerate(found) if not n or text[: match.start()].rstrip()[-1:] in ".!?:"}
    names = frozenset(
        _STEMMER.stemWord(word.lower().removesuffix("'s"))
        for n, word in enumerate(raw)
        if word[0].isupper() and n not in starts and word.lower() not in _STOP and word.lower() not in NUMBERS
    )
    words = frozenset(_STEMMER.stemWords(bare))
    return Reading(stems, numbers, names, words, sum(word in _NEGATIONS for word in lowered) % 2 == 1)


def _bare(word: str) -> str:
    return _CLITIC.sub("", word) if "'" in word else word


def plain_number(word: str) -> str:
    """Return a number without thousands separators, leading zeros and percent sign."""
    return word.rstrip("%").replace(",", "").lstrip("0") or "0"
