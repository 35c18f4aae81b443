"""How much a run measures."""

from __future__ import annotations

from dataclasses import dataclass, field

from benchmarks.kept import Kept
from benchmarks.pii.result import Line, Skipped
from benchmarks.pii.systems import SYSTEMS

Outcome = list[Line | Skipped]


@dataclass(frozen=True)
class Options:
    """Sizes of a run. `None` for terms or texts: all there are."""

    identifiers: int = 3_334  # each clean and in five corruptions: 20,004 texts
    names: int = 2_000  # of each origin, each in one of three cases
    terms: int | None = None  # of each kind
    texts: int | None = None  # of each public set, and of templates filled
    documents: int = 200
    rounds: int = 3
    hostile: int | None = None  # kinds of hostile text
    messages: int = 100_000
    fuzz: int = 100_000
    workers: int = 1
    seed: int = 0
    systems: tuple[str, ...] = tuple(SYSTEMS)
    kept: Kept = field(default_factory=Kept, compare=False, repr=False)


QUICK = Options(
    identifiers=200, names=20, terms=60, texts=200, documents=10, rounds=1, hostile=8, messages=200, fuzz=200
)
