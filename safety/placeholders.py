"""Placeholders: the same value gets the same placeholder all through a conversation.

`[PERSON_1]` stands for one person, also by first name, nickname or initials; `[PHONE_NUMBER_2]` for the
second number. One that somebody typed by hand keeps its number to itself: `reserve` a text before it
is scrubbed, and no value of ours gets a placeholder that stands in it already.

Presidio's anonymizer is not used: it numbers nobody, knows nothing of earlier turns or of what was typed by
hand, and wants findings of its own kind; a conversation needs all three, and what is left to do is one join.

Must not hold raw text: values are kept as keyed hashes only, under a random key that dies with the object.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final, Protocol, runtime_checkable

import regex

from safety.errors import ScrubError
from safety.normalise import folded
from safety.people import Piece, pieces, same_given
from safety.policies import POLICIES

LARGEST = 9_999
_TYPES = "|".join(sorted({kind for kinds in POLICIES.values() for kind in kinds}))
PLACEHOLDER = regex.compile(rf"\[(?:{_TYPES})_[1-9][0-9]{{0,3}}\]")
"""What a placeholder looks like. Scrubbing never touches text of this form."""
_STAND_INS: Final[Mapping[str, tuple[str, ...]]] = {
    "PERSON": ("Sam", "Alex", "Robin", "Casey"),
    "LOCATION": ("Springfield", "Riverside"),
    "STREET_ADDRESS": ("12 Main Street",),
    "DATE_TIME": ("March 3", "May 9"),
    "EMAIL_ADDRESS": ("my mail address",),
    "URL": ("this page",),
    "USERNAME": ("sam12",),
    "ORGANIZATION": ("the company",),
    "BIOMETRIC": ("a picture",),
    "TITLE": ("manager",),
    "AGE": ("40",),
    "AGE_OVER_89": ("92",),
    "YEAR": ("2020",),
    "STATE": ("Ohio",),
    "COUNTRY": ("Canada",),
    "NATIONALITY": ("Canadian",),
}
_A_NUMBER: Final = ("12345", "67890")


class Replacer(Protocol):
    """Something that says what to write in the place of a value."""

    def replacement(self, entity_type: str, value: str) -> str:
        """Return the text that takes the place of `value`."""
        ...

    def knows(self, name: str, *, part: bool) -> bool:
        """Say whether a person's name was replaced before; with `part` a part of one counts."""
        ...


@runtime_checkable
class Reserves(Protocol):
    """A replacer whose marks somebody could type by hand."""

    def reserve(self, text: str) -> None:
        """Leave the marks that stand in `text` to those who typed them."""
        ...


class Numbers:
    """Numbers of placeholders: which were given out, and which stand in a text that somebody typed."""

    def __init__(self) -> None:
        self._issued: defaultdict[str, set[int]] = defaultdict(set)
        self._last: defaultdict[str, int] = defaultdict(int)
        self._reserved: defaultdict[str, set[int]] = defaultdict(set)

    def __len__(self) -> int:
        return sum(map(len, self._issued.values()))

    def reserve(self, text: str) -> None:
        """Never give out the placeholders of `text`; those given out before are ours and stay ours."""
        for found in PLACEHOLDER.finditer(text):
            kind, _, number = found.group()[1:-1].rpartition("_")
            if int(number) not in self._issued[kind]:
                self._reserved[kind].add(int(number))

    def next(self, entity_type: str) -> int:
        """Return the next number of a type. Raises ScrubError when all 9,999 are gone."""
        number = self._last[entity_type] + 1
        while number in self._reserved[entity_type]:
            number += 1
        if number > LARGEST:
            raise ScrubError(f"more than {LARGEST} values of type {entity_type}, or as many typed by hand")
        self._last[entity_type] = number
        self._issued[entity_type].add(number)
        return number


class Placeholders:
    """Numbered placeholders of one conversation."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._numbers: dict[bytes, int] = {}
        self._count = Numbers()
        self._people = False

    def __repr__(self) -> str:
        return f"Placeholders({len(self._count)} values)"

    def reserve(self, text: str) -> None:
        """Never give out the placeholders of `text`; those given out before are ours and stay ours."""
        self._count.reserve(text)

    def replacement(self, entity_type: str, value: str) -> str:
        """Return the placeholder of `value`: the one it had before, or the next number of its type.

        Raises ScrubError when a conversation holds more than 9,999 values of a type.
        """
        whole = self._digest(entity_type, canonical(entity_type, value))
        person = _Person(value) if entity_type == "PERSON" else None
        number = self._numbers.get(whole)
        if number is None and person is not None:
            number = self._same_person(person)
        if number is None:
            number = self._count.next(entity_type)
            if person is not None and person.lone:
                self._numbers[self._digest("lone", person.lone)] = number
        self._numbers.setdefault(whole, number)
        if person is not None:
            self._people = True
            for key in (self._digest(*words) for words in person.known_by()):
                # "Jane" after "Jane Doe" is the same person; the first to have a name keeps it.
                self._numbers.setdefault(key, number)
        return f"[{entity_type}_{number}]"

    def knows(self, name: str, *, part: bool) -> bool:
        """Say whether a person's name was replaced before; with `part` a part of one counts."""
        if not self._people:
            return False  # every word of every text is asked for
        if self._digest("PERSON", canonical("PERSON", name)) in self._numbers:
            return True
        person = _Person(name)
        if not person.full and (not part or person.initials):
            return False  # initials alone are more often an abbreviation
        return any(self._digest(*words) in self._numbers for words in person.sought())

    def _same_person(self, person: _Person) -> int | None:
        """Return the number of whoever may go by this name, if there is one."""
        for key in (self._digest(*words) for words in person.sought()):
            if key in self._numbers:
                return self._numbers[key]
        # "Oona" or "O. Tindle" who turns out to be Oona Tindle; the next Oona is another person.
        for key in (self._digest("lone", one) for one in person.once_known_as()):
            if (number := self._numbers.pop(key, None)) is not None:
                return number
        return None

    def _digest(self, *words: str) -> bytes:
        return hmac.new(self._key, "\0".join(words).encode(), hashlib.sha256).digest()


class _Person:
    """A written name by the parts that tell who is meant. Keys are tuples of a kind and words."""

    def __init__(self, value: str) -> None:
        found = pieces(value)
        self.given = _first(found, "given")
        self.family = _first(found, "family")
        self.full = bool(self.given and self.family)
        written = "".join(piece.text for piece in found if piece.role == "initials")
        self.initials = self.given[:1] + self.family[:1] if self.full else written
        self.names = [piece.text for piece in found if piece.role in _NAMED and len(piece.text) > 1]
        single = _first(found, "single")
        self.lone = single if len(single) > 1 else ""
        if self.full and len(self.given) == 1:
            self.lone = f"{self.given} {self.family}"

    def known_by(self) -> Iterator[tuple[str, ...]]:
        """Yield the keys by which this person may be met again."""
        if self.full:
            yield "pair", self.given, self.family
            yield "initial", self.given[0], self.family
        if self.initials:
            yield "initials", self.initials
        for name in self.names:
            yield "part", name

    def sought(self) -> Iterator[tuple[str, ...]]:
        """Yield the keys under which this person may be known, the surest first."""
        if self.full:
            kind = "initial" if len(self.given) == 1 else "pair"
            for given in (self.given, *sorted(same_given(self.given) - {self.given})):
                yield kind, given, self.family
        elif self.initials:
            yield "initials", self.initials
        else:
            for name in self.names:
                for one in (name, *sorted(same_given(name) - {name})):
                    yield "part", one

    def once_known_as(self) -> Iterator[str]:
        """Yield what this person may have been called before the full name was given."""
        if self.full:
            yield from sorted(same_given(self.given))
            yield f"{self.given[0]} {self.family}"


_NAMED = ("given", "middle", "family", "single")


def _first(found: tuple[Piece, ...], role: str) -> str:
    return next((piece.text for piece in found if piece.role == role), "")


def in_plain_words(text: str) -> str:
    """Return `text` with an everyday word or number for each placeholder, for models that never saw one.

    A signature of brackets and underscores looks to such a model like an order to a machine. The same
    placeholder becomes the same word.
    """
    return PLACEHOLDER.sub(_stand_in, text)


def without_introduction(text: str) -> str:
    """Return `text` without the sentence at its head in which a patient says who is writing.

    "This is [PERSON_1], MRN [MEDICAL_RECORD_NUMBER_1]. where do I park" asks for no more than "where do I
    park"; a model that was taught who pretends to be somebody else reads such a head as a pretence.
    """
    return _INTRODUCTION.sub("", text)


_INTRODUCTION: Final = regex.compile(
    rf"""^\s*(?:(?:hi|hello|hey)\b\W*)?(?:this\ is|my\ name\ is|i\ am|i'm|it's)\s+{PLACEHOLDER.pattern}
    (?:[\s,]+(?:and\s+)?(?:my\s+)?(?:mrn|dob|date\ of\ birth|birthday|number|id)(?:\s+is\b|:)?
      \s+{PLACEHOLDER.pattern})*
    \s*[.!]\s+(?=\S)""",
    regex.VERBOSE | regex.IGNORECASE,
)


def _stand_in(placeholder: regex.Match[str]) -> str:
    kind, _, number = placeholder.group()[1:-1].rpartition("_")
    words = _STAND_INS.get(kind, _A_NUMBER)
    return words[(int(number) - 1) % len(words)]


_NAME_PART: Final = regex.compile(r"[\p{L}\p{M}']+")
_NO_LETTER: Final = regex.compile(r"[^\p{L}\p{M}\d@]+")
_TITLES = frozenset(["dr", "doctor", "mr", "mrs", "ms", "miss", "mx", "prof", "professor"])


def canonical(entity_type: str, value: str) -> str:
    """Return `value` without what does not change who or what it names: case, accents, spaces, titles."""
    if entity_type == "PERSON":
        plain = folded(value)
        names = _NAME_PART.findall(plain)
        return " ".join(name for name in names if name not in _TITLES) or plain
    bare = _NO_LETTER.sub("", value.casefold())
    return bare or value
