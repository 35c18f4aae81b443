"""What an audit looks for, gathers and tells: numbers, types and places, never a word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from safety.audit_canaries import Matcher
from safety.audit_text import Find, TextHit
from safety.bulk_manifest import Frozen

CANARY: Final = "CANARY"
MOST_OFFSETS: Final = 100


class Finding(Frozen):
    """What was found in a part of a file. `part` is empty for the file's own bytes."""

    file: int
    name: str
    part: str
    kind: str
    bytes: int
    found: dict[str, int]
    offsets: dict[str, tuple[int, ...]]
    """The first hundred of each type: bytes of the part; row numbers where the part is a table."""
    canaries: tuple[int, ...]
    unread: str

    @property
    def clean(self) -> bool:
        """Whether nothing was found and everything read."""
        return not self.found and not self.unread


@dataclass(frozen=True)
class Search:
    """What to look for: personal data by `find` (None: not at all), canaries by `matcher`."""

    find: Find | None = field(default=None, repr=False)
    matcher: Matcher = field(default_factory=lambda: Matcher(()))
    on_bytes: Callable[[int], object] = lambda _count: None


@dataclass
class Gathered:
    """What a search gathers."""

    size: int = 0
    unread: str = ""
    types: Counter[str] = field(default_factory=Counter)
    places: dict[str, list[int]] = field(default_factory=dict)
    numbers: set[int] = field(default_factory=set)

    def add(self, kind: str, place: int) -> None:
        """Count a hit, and keep its place if it is among the first."""
        if place < 0:
            return
        self.types[kind] += 1
        places = self.places.setdefault(kind, [])
        if len(places) < MOST_OFFSETS:
            places.append(place)

    def add_all(self, hits: Iterator[TextHit]) -> None:
        """Count hits."""
        for hit in hits:
            self.add(hit.type, hit.offset)

    def canary(self, number: int, place: int) -> None:
        """Count a canary."""
        self.numbers.add(number)
        self.add(CANARY, place)
