"""Names of people as they are written: their parts, and which other names one person may go by.

"Tindle, Oona M." and "Dr. Oona Tindle's" hold the same given and family name; "Bob" may be "Robert".
Placeholders and surrogates both ask here, so that they agree on who is the same person.

Must not: keep a name, or import the recognizers (the word lists are read from beside them, because
their package loads Presidio).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

import regex

from safety.normalise import folded

Role = Literal["title", "suffix", "given", "middle", "family", "single", "initials"]
Sex = Literal["female", "male", "either"]

_MALE_TITLES = frozenset({"mr", "sir", "father", "brother", "uncle"})
_FEMALE_TITLES = frozenset({"mrs", "ms", "miss", "madam", "aunt", "sister"})
TITLES = (
    _MALE_TITLES
    | _FEMALE_TITLES
    | {"dr", "doctor", "doc", "mx", "prof", "professor", "rev", "reverend", "sgt", "lt", "capt", "nurse"}
)
_FAMILY_TITLES = frozenset(
    {"mr", "mrs", "ms", "mx", "dr", "doctor", "prof", "professor", "sgt", "lt", "capt"}
)
SUFFIXES = frozenset(
    {"jr", "sr", "ii", "iii", "iv", "md", "do", "phd", "psyd", "rn", "np", "pa", "lcsw", "lmft", "lpc", "msw"}
)
PARTICLES = frozenset(
    {"de", "la", "las", "los", "del", "da", "dos", "di", "du", "van", "von", "der", "den", "al", "el", "bin"}
    | {"ibn", "abu", "le", "ter"}
)
_FAMILY_OPENERS = frozenset({"de", "del", "di", "du", "von"})
_TOKEN = regex.compile(r"\p{L}[\p{L}\p{M}\p{Cf}]*+(?:['’-]\p{L}[\p{L}\p{M}\p{Cf}]*+)*+")
_WORDS = Path(__file__).resolve().parent / "recognizers" / "words"


@dataclass(frozen=True, slots=True)
class Piece:
    """One part of a written name, at start:end of it. `text` has no case, accents or particles."""

    role: Role
    start: int
    end: int
    text: str = field(repr=False)


@cache
def word_list(name: str) -> frozenset[str]:
    """Return the entries of `recognizers/words/<name>.txt`."""
    return frozenset((_WORDS / f"{name}.txt").read_text(encoding="utf-8").split("\n")) - {""}


def pieces(value: str) -> tuple[Piece, ...]:
    """Take a written name apart, in its order: "Tindle, Oona M." gives family, given, middle."""
    tokens = [_without_possessive(value, *match.span()) for match in _TOKEN.finditer(value)]
    outer: list[Piece] = []
    core: list[Piece] = []
    for start, end in tokens:
        text = folded(value[start:end])
        if text in TITLES and len(tokens) > 1:
            outer.append(Piece("title", start, end, text))
        elif text in SUFFIXES and core:
            outer.append(Piece("suffix", start, end, text))
        else:
            core.append(Piece("single", start, end, text))
    titled = any(piece.role == "title" and piece.text in _FAMILY_TITLES for piece in outer)
    return tuple(sorted([*outer, *_roles(value, core, titled=titled)], key=lambda piece: piece.start))


def sex_of(name: str, *, titles: Sequence[str] = ()) -> Sex:
    """Return the sex that a title or the given name `name` (lower-case) is common for."""
    for title in titles:
        if title in _MALE_TITLES:
            return "male"
        if title in _FEMALE_TITLES:
            return "female"
    forms = same_given(name)
    female = not forms.isdisjoint(word_list("female_names"))
    male = not forms.isdisjoint(word_list("male_names"))
    if female == male:
        return "either"
    return "female" if female else "male"


def same_given(name: str) -> frozenset[str]:
    """Return the given names (lower-case) that a person called `name` may also go by, `name` included."""
    nicknames, formal = _nicknames()
    found = {name, *nicknames.get(name, ())}
    for long in formal.get(name, ()):
        found |= {long, *nicknames[long]}
    return frozenset(found)


@cache
def _nicknames() -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    nicknames: dict[str, tuple[str, ...]] = {}
    formal: dict[str, tuple[str, ...]] = {}
    for line in sorted(word_list("nicknames")):
        long, _, short = line.partition(": ")
        nicknames[long] = tuple(short.split())
        for name in nicknames[long]:
            formal[name] = (*formal.get(name, ()), long)
    return nicknames, formal


def _without_possessive(value: str, start: int, end: int) -> tuple[int, int]:
    return (
        (start, end - 2)
        if value[end - 2 : end] in ("'s", "’s", "'S", "’S") and end - start > 2
        else (start, end)
    )


def _roles(value: str, core: list[Piece], *, titled: bool) -> list[Piece]:
    """Say which piece is the given and which the family name, by their order and a comma."""
    comma = value.find(",")
    before = [piece for piece in core if piece.end <= comma]
    after = [piece for piece in core if piece.start > comma]
    if comma >= 0 and before and after:
        return [*_family(before), *_given(after)]
    if len(core) == 1:
        only = core[0]
        shown = value[only.start : only.end]
        if 2 <= len(shown) <= 3 and shown.isupper() and not titled and not _is_name(only.text):
            return [_as(only, "initials")]
        return [_as(only, "family" if titled else "single")]
    if core and all(piece.end - piece.start == 1 for piece in core):
        return [_as(piece, "initials") for piece in core]
    if core and core[0].text in _FAMILY_OPENERS:
        return _family(core)
    at = len(core) - 1
    while at > 1 and core[at - 1].text in PARTICLES:
        at -= 1
    return [*_given(core[:at]), *_family(core[at:])]


def _is_name(lower: str) -> bool:
    """Tell BOB and LEE, which are names in capitals, from JD."""
    listed = ("given_names", "surnames", "ambiguous_names", "female_names", "male_names", "unisex_names")
    return len(same_given(lower)) > 1 or any(lower in word_list(name) for name in listed)


def _given(found: list[Piece]) -> list[Piece]:
    return [_as(piece, "middle" if at else "given") for at, piece in enumerate(found)]


def _family(found: list[Piece]) -> list[Piece]:
    """Join particles to the name that follows: "de la Cruz" is one family name, known as "cruz"."""
    joined: list[Piece] = []
    start = -1
    for piece in found:
        if start < 0:
            start = piece.start
        if piece.text in PARTICLES and piece is not found[-1]:
            continue
        joined.append(Piece("family", start, piece.end, piece.text))
        start = -1
    return joined


def _as(piece: Piece, role: Role) -> Piece:
    return Piece(role, piece.start, piece.end, piece.text)
