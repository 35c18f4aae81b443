"""Choices that depend on a key and on what is replaced, and on nothing else; and the look of a value.

Must not: use a random source of its own, so that a corpus can be scrubbed again to the same text.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from typing import TypeVar

import regex

_T = TypeVar("_T")
_LETTERS = "abcdefghjkmnpqrstuvwxyz"  # without i, l and o, which read as digits


class Draw:
    """An endless row of choices from HMAC-SHA-256 in counter mode over the words it was made from."""

    def __init__(self, key: bytes, *words: str) -> None:
        self._key = key
        self._words = "\0".join(words).encode()
        self._block = 0
        self._bytes = b""

    def number(self, low: int, high: int) -> int:
        """Return a number from `low` to `high`, both included."""
        if len(self._bytes) < 8:
            message = self._block.to_bytes(4, "big") + self._words
            self._bytes += hmac.new(self._key, message, hashlib.sha256).digest()
            self._block += 1
        taken, self._bytes = self._bytes[:8], self._bytes[8:]
        return low + int.from_bytes(taken, "big") % (high - low + 1)

    def one(self, choices: Sequence[_T]) -> _T:
        """Return one of `choices`."""
        return choices[self.number(0, len(choices) - 1)]

    def digits(self, count: int) -> str:
        """Return `count` digits."""
        return "".join(str(self.number(0, 9)) for _ in range(count))

    def letter(self, like: str = "a", *, among: str = _LETTERS) -> str:
        """Return a letter of `among`, in the case of `like`."""
        drawn = self.one(among)
        return drawn.upper() if like.isupper() else drawn.lower()


def match_case(model: str, made: str) -> str:
    """Return `made` in capitals, lower case or as it is, after the letters of `model`."""
    letters = [character for character in model if character.isalpha()]
    if letters and all(character.isupper() for character in letters) and (len(letters) > 1):
        return made.upper()
    if letters and letters[0].islower():
        return made.lower()
    return made


def like(bare: str, draw: Draw, *, letters: str = _LETTERS) -> str:
    """Return letters for the letters and digits for the digits of `bare`, in the same case."""
    return "".join(
        str(draw.number(0, 9))
        if character.isdigit()
        else draw.letter(character, among=letters)
        if character.isalpha()
        else character
        for character in bare
    )


def refilled(value: str, make: Callable[[str], str]) -> str:
    """Return `value` with its letters and digits replaced by `make` of them, its other signs kept."""
    bare = "".join(character for character in value if character.isalnum())
    made = iter(make(bare))
    return "".join(next(made) if character.isalnum() else character for character in value)


_SPELLED = regex.compile(
    r"\b(?:zero|oh|o|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|"
    r"sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|double|"
    r"triple)\b|\d",
    regex.IGNORECASE,
)
_SPELLED_ONLY = regex.compile(
    rf"(?:{_SPELLED.pattern}|[\s,.()+/-]|\b(?:dash|hyphen|then|area|code|and|plus)\b)+", regex.IGNORECASE
)
_NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def is_spelled(value: str) -> bool:
    """Tell whether a number is spelled out ("five five five oh one"), in full or in part."""
    return regex.search(r"\p{L}{2}", value) is not None and _SPELLED_ONLY.fullmatch(value) is not None


def spelled_like(value: str, make: Callable[[str], str]) -> str:
    """Return a spelled-out number with each of its words and digits replaced by one of `make`'s digits."""
    found = list(_SPELLED.finditer(value))
    zero = "oh" if regex.search(r"\boh?\b", value, regex.IGNORECASE) else "zero"
    pieces: list[str] = []
    last = 0
    for match, digit in zip(found, make("5" * len(found)), strict=True):
        word = (
            digit
            if match.group().isdigit()
            else match_case(match.group(), zero if digit == "0" else _NAMES[int(digit)])
        )
        pieces += (value[last : match.start()], word)
        last = match.end()
    return "".join(pieces) + value[last:]
