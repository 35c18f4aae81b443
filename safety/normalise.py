"""Bring text into one plain form, and map every offset back to the text as it was typed.

Recognizers see `Normalised.text`; callers get spans of the original. Changed here: compatibility
forms (NFKC), all dashes and quotes, digits of other scripts, in circles and on keys, invisible
characters and halves of characters (lone surrogates, which no encoder takes), Cyrillic and Greek look-alikes
inside Latin words, and line breaks or runs of spaces inside a number.

Must not: lose the map, lower-case anything, or take more than linear time.
Run: `from safety.normalise import normalise; normalise("219\\u201109\\u20119999").text`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import regex


@dataclass(frozen=True)
class Normalised:
    """Normalised text; `starts[i]:ends[i]` is what character i stands for in the original."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]
    length: int

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the code points of the original that the normalised characters start:end stand for."""
        if not 0 <= start <= end <= len(self.text):
            raise ValueError(
                f"span {start}:{end} is outside the normalised text of {len(self.text)} characters"
            )
        if start == end:
            at = self.starts[start] if start < len(self.text) else self.length
            return at, at
        return self.starts[start], self.ends[end - 1]


def normalise(text: str) -> Normalised:
    """Return `text` in plain form with its offset map. Plain ASCII comes back as it is (but see numbers)."""
    if text.isascii():
        characters, starts, ends = list(text), list(range(len(text))), list(range(1, len(text) + 1))
    else:
        characters, starts, ends = _characters(text)
        _latinise(characters)
    return _close_number_gaps("".join(characters), starts, ends, len(text))


def folded(word: str) -> str:
    """Return a word without case and accents, for comparing. Its length may differ."""
    if word.isascii():
        return word.lower()
    parts = unicodedata.normalize("NFD", normalise(word).text.casefold())
    return "".join(part for part in parts if not unicodedata.combining(part)).translate(_STROKES)


_STROKES = str.maketrans("łøđħŧı", "lodhti")  # accents that Unicode takes for a part of the letter


_NOT_ASCII = regex.compile(r"[\x00-\x7f]?[^\x00-\x7f]++")  # with what a mark in it may belong to


def _characters(text: str) -> tuple[list[str], list[int], list[int]]:
    """Normalise one combining sequence at a time, so that each result knows where it came from."""
    characters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    last = 0

    def keep(until: int) -> None:
        characters.extend(text[last:until])
        starts.extend(range(last, until))
        ends.extend(range(last + 1, until + 1))

    for run in _NOT_ASCII.finditer(text):
        at, last_of_run = run.span()
        keep(at)
        while at < last_of_run:
            stop = at + 1
            while stop < last_of_run and unicodedata.combining(text[stop]):
                stop += 1
            piece = "".join(_plain(character) for character in unicodedata.normalize("NFKC", text[at:stop]))
            characters.extend(piece)
            starts.extend([at] * len(piece))
            ends.extend([stop] * len(piece))
            at = stop
        last = last_of_run
    keep(len(text))
    return characters, starts, ends


def _plain(character: str) -> str:
    if character.isascii():
        return character
    if character in _FIXED:
        return _FIXED[character]
    category = unicodedata.category(character)
    if category in ("Cf", "Cs") or "\ufe00" <= character <= "\ufe0f":
        return ""
    if category == "Pd":
        return "-"
    if category in ("Nd", "No"):
        return str(unicodedata.digit(character, character))
    if category in ("Zs", "Zl", "Zp"):
        return "\n" if category != "Zs" else " "
    return character


_FIXED = {
    "\u2018": "'", "\u2019": "'", "\u201a": "'", "\u201b": "'", "\u02bc": "'", "\u2032": "'",
    "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u2033": '"', "\u2212": "-", "\u2044": "/", "\u2215": "/",
    "\u034f": "", "\u115f": "", "\u1160": "", "\u3164": "", "\u2063": "", "\ufffc": " ",
    "\u20e3": "",  # the cap of a key: "5\ufe0f\u20e3"
}  # fmt: skip

_LOOKALIKES = dict(
    zip(
        "АВЕКМНОРСТУХаеорсухіјѕԁһԛԝӏІЈЅΑΒΕΖΗΙΚΜΝΟΡΤΥΧαιορυνκτ",
        "ABEKMHOPCTYXaeopcyxijsdhqwlIJSABEZHIKMNOPTYXaiopuvkt",
        strict=True,
    )
)
_WORD = regex.compile(r"[^\W\d_]+")
_LATIN = regex.compile(r"[A-Za-z]")


def _latinise(characters: list[str]) -> None:
    """Swap look-alikes for Latin letters, in place, in words that hold Latin letters as well."""
    text = "".join(characters)
    if not any(character in _LOOKALIKES for character in text):
        return
    for word in _WORD.finditer(text):
        if _LATIN.search(word.group()):
            for at in range(word.start(), word.end()):
                characters[at] = _LOOKALIKES.get(characters[at], characters[at])


# A line break, tab or run of spaces between two digits, with at most one separator on either side.
_NUMBER_GAP = regex.compile(r"(?<=\d[-.)/]?)(?:[ \t\r\n]{2,}+|[\t\r\n])(?=[-(.]?\d)")


def _close_number_gaps(text: str, starts: list[int], ends: list[int], length: int) -> Normalised:
    pieces: list[str] = []
    new_starts: list[int] = []
    new_ends: list[int] = []
    last = 0
    for gap in _NUMBER_GAP.finditer(text):
        begin, end = gap.span()
        pieces += (text[last:begin], " ")
        new_starts += starts[last:begin]
        new_starts.append(starts[begin])
        new_ends += ends[last:begin]
        new_ends.append(ends[end - 1])
        last = end
    if not pieces:
        return Normalised(text, starts, ends, length)
    pieces.append(text[last:])
    return Normalised("".join(pieces), new_starts + starts[last:], new_ends + ends[last:], length)
