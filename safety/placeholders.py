"""Placeholders: the same value gets the same placeholder all through a conversation.

`[PERSON_1]` stands for one person, `[PHONE_NUMBER_2]` for the second number. Must not hold raw
text: values are kept as keyed hashes only, under a random key that dies with the object.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import Counter
from typing import Protocol

import regex

from safety.policies import POLICIES

_TYPES = "|".join(sorted({kind for kinds in POLICIES.values() for kind in kinds}))
PLACEHOLDER = regex.compile(rf"\[(?:{_TYPES})_\d{{1,4}}\]")
"""What a placeholder looks like. Scrubbing never touches text of this form."""


class Replacer(Protocol):
    """Something that says what to write in the place of a value."""

    def replacement(self, entity_type: str, value: str) -> str:
        """Return the text that takes the place of `value`."""
        ...

    def knows(self, name: str, *, part: bool) -> bool:
        """Say whether a person's name was replaced before; with `part` a part of one counts."""
        ...


class Placeholders:
    """Numbered placeholders of one conversation."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._numbers: dict[bytes, int] = {}
        self._counts: Counter[str] = Counter()

    def __repr__(self) -> str:
        return f"Placeholders({sum(self._counts.values())} values)"

    def replacement(self, entity_type: str, value: str) -> str:
        """Return the placeholder of `value`: the one it had before, or the next number of its type."""
        plain = canonical(entity_type, value)
        digest = self._digest(entity_type, plain)
        number = self._numbers.get(digest)
        parts = [self._digest(entity_type, part) for part in plain.split()] if entity_type == "PERSON" else []
        if number is None and len(parts) == 1:
            number = self._numbers.get(b"part" + parts[0])
        if number is None:
            self._counts[entity_type] += 1
            number = self._counts[entity_type]
        self._numbers.setdefault(digest, number)
        for part in parts:
            # "Jane" after "Jane Doe" is the same person; the first to have a name keeps it.
            self._numbers.setdefault(b"part" + part, number)
        return f"[{entity_type}_{number}]"

    def knows(self, name: str, *, part: bool) -> bool:
        """Say whether a person's name was replaced before; with `part` a part of one counts."""
        digest = self._digest("PERSON", canonical("PERSON", name))
        return digest in self._numbers or (part and b"part" + digest in self._numbers)

    def _digest(self, entity_type: str, plain: str) -> bytes:
        return hmac.new(self._key, f"{entity_type}\0{plain}".encode(), hashlib.sha256).digest()


_TITLES = frozenset(["dr", "doctor", "mr", "mrs", "ms", "miss", "mx", "prof", "professor"])


def canonical(entity_type: str, value: str) -> str:
    """Return `value` without what does not change who or what it names: case, spaces, signs, titles."""
    if entity_type == "PERSON":
        names = regex.findall(r"[\p{L}\p{M}']+", value.casefold())
        return " ".join(name for name in names if name not in _TITLES) or value.casefold()
    bare = regex.sub(r"[^\p{L}\p{M}\d@]+", "", value.casefold())
    return bare or value
