"""Word lists that several recognizers share, and words with their place and case.

Lists are plain files in `words/`, one entry a line. Must not hold anyone's data: common given
names, surnames and places only.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import regex

WORDS = Path(__file__).resolve().parent / "words"


@cache
def words(name: str) -> frozenset[str]:
    """Return the entries of `words/<name>.txt`."""
    return frozenset((WORDS / f"{name}.txt").read_text(encoding="utf-8").split("\n")) - {""}


_NAMES = (
    "given_names", "nicknames", "surnames", "surname_words", "ambiguous_names", "female_names", "male_names",
    "unisex_names",
)  # fmt: skip
# Names, of people and of employers, that are in no list, since by themselves they are nearly always the word.
_ALSO_NAMES = frozenset((
    "aetna", "allegra", "america", "barre", "barrett", "beck", "binder", "biscuit", "boss", "boston",
    "bravo", "bridge", "butter", "camp", "champagne", "church", "cigna", "columbus", "cousin", "cross",
    "cuba", "dare", "early", "easter", "echo", "ferry", "florida", "foreman", "french", "fries",
    "furnace", "gamble", "glass", "goat", "gravel", "grey", "hall", "hay", "holder", "humana",
    "january", "jar", "journey", "judge", "kaiser", "kale", "lady", "law", "link", "little", "loft",
    "loot", "lord", "lung", "mam", "mama", "mar", "marrow", "mentor", "mole", "nan", "nana", "nanna",
    "olives", "orange", "pace", "papa", "parkinson", "pastor", "pavlov", "peer", "pink", "poppy",
    "post", "postman", "raman", "raynaud", "ring", "sailor", "sessions", "silver", "siri", "snow",
    "sonata", "spain", "stock", "story", "street", "sunday", "tailor", "tow", "trace", "tricare",
    "wall", "worth",
))  # fmt: skip
_SHORTENED = ("n't", "'m", "'ve", "'d", "'ll", "'re", "'em")


def is_common(lower: str) -> bool:
    """Tell whether a word (in lower case) is common English, or a shortened form such as "I've"."""
    return lower in words("common_words") or lower.endswith(_SHORTENED)


def is_ordinary(lower: str) -> bool:
    """Tell a word (in lower case) that is plain English and no one's name; one with hyphens by its parts.

    Plain is what is common, and what people say of a day, a body and a household ("queasy", "sixty-three").
    """
    return all(
        (is_common(part) or part in words("everyday_words"))
        and part not in _ALSO_NAMES
        and not any(part in words(name) for name in _NAMES)
        for part in lower.split("-")
    )


@dataclass(frozen=True, slots=True)
class Word:
    """One word: letters, inner apostrophes and hyphens."""

    text: str
    lower: str
    start: int
    end: int
    capital: bool
    opens: bool
    """Whether it is the first word of a sentence or line, where a capital says nothing."""


_WORD = regex.compile(r"\p{L}[\p{L}\p{M}]*+(?:['-]\p{L}[\p{L}\p{M}]*+)*+")
_SENTENCE_BREAK = regex.compile(r"[.!?\n\r:\"(*]|--")


def split_words(text: str) -> list[Word]:
    """Return the words of `text` in order. A possessive ending ('s) is not part of a word."""
    found: list[Word] = []
    shouting = is_shouting(text)
    last = 0
    for match in _WORD.finditer(text):
        value = match.group()
        end = match.end()
        if value[-2:] in ("'s", "'S"):
            value, end = value[:-2], end - 2
        if match.start() and text[match.start() - 1].isdigit():
            last = match.end()
            continue
        opens = not found or bool(_SENTENCE_BREAK.search(text, last, match.start()))
        capital = value[0].isupper() and not shouting
        found.append(Word(value, value.lower(), match.start(), end, capital, opens))
        last = match.end()
    return found


def is_shouting(text: str) -> bool:
    """Tell whether the text is written in capitals throughout, so that a capital says nothing."""
    upper = sum(map(str.isupper, text))
    return upper > 12 and upper > 4 * sum(map(str.islower, text))
