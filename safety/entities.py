"""What the scrubber returns. Apart from it, because naming these must not load its libraries."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, order=True)
class Entity:
    """Personal data at start:end (code points of the original), and how sure that is (0 to 1)."""

    start: int
    end: int
    type: str
    score: float


@dataclass(frozen=True)
class Scrubbed:
    """Text with its personal data replaced, and where that was in the original."""

    text: str = field(repr=False)
    entities: tuple[Entity, ...]
