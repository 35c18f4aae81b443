"""Make wrong sentences out of right ones, to see what the output check drops.

A corruption changes a number, denies or affirms, swaps a name for another of the same passages, or
states something that no passage says. It uses only the sentences of output_check_cases.yaml.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

_NAMES = (
    "Mill Street", "Quarry Road", "Vermont", "Wednesdays", "Tuesdays", "Bright Start", "Open Door", "Aetna",
    "Cigna", "Medicare", "Mondays", "Boston",
)  # fmt: skip
_VERBS = ("must", "should", "can", "may", "are", "is", "will", "has", "have", "lasts", "last")
_INVENTED = (
    "The clinic is open around the clock on every day of the year.",
    "Your insurance always pays the whole bill.",
    "A nurse will visit you at home within two hours.",
    "You can send the form by fax to the state office.",
    "Patients who miss a visit are removed from the programme.",
    "The medicine works faster when it is taken with coffee.",
    "A psychiatrist answers every message on the same evening.",
    "Group members receive a free bus ticket.",
    "Drinking green tea replaces the evening tablet.",
    "The refund is paid to your bank account in cash.",
)
_WORDS_FOR = {"two": "six", "three": "nine", "five": "one", "first": "third"}


@dataclass(frozen=True)
class Example:
    """A sentence, the passages it was written from, and what was done to it ("faithful": nothing)."""

    kind: str
    sentence: str
    passages: tuple[str, ...]


def examples(file: Path, *, seed: int = 7) -> list[Example]:
    """Return faithful sentences and their corruptions, in a fixed order."""
    rng = random.Random(seed)
    cases = yaml.safe_load(file.read_text(encoding="utf-8"))
    passages = [case["passage"] for case in cases]
    made: list[Example] = []
    for number, case in enumerate(cases):
        shown = (passages[number], passages[(number + 3) % len(cases)], passages[(number + 7) % len(cases)])
        for sentence in case["faithful"]:
            made.append(Example("faithful", sentence, shown))
            made += [Example(kind, wrong, shown) for kind, wrong in _corrupted(sentence, shown, rng)]
        made.append(Example("invented", rng.choice(_INVENTED), shown))
        made.append(Example("foreign", rng.choice(cases[(number + 5) % len(cases)]["faithful"]), shown))
    return made


def _corrupted(sentence: str, passages: Sequence[str], rng: random.Random) -> Iterator[tuple[str, str]]:
    numbers = re.findall(r"\d+", sentence)
    if numbers:
        others = [n for passage in passages for n in re.findall(r"\d+", passage) if n not in numbers]
        new = rng.choice([*others, str(int(numbers[0]) + rng.randint(1, 9))])
        yield "number", sentence.replace(numbers[0], new, 1)
    for word, other in _WORDS_FOR.items():
        if re.search(rf"\b{word}\b", sentence):
            yield "number", re.sub(rf"\b{word}\b", other, sentence, count=1)
            break
    for verb in _VERBS:
        if re.search(rf"\b{verb}\b", sentence):
            if re.search(rf"\b{verb} not\b", sentence):
                yield "polarity", re.sub(rf"\b{verb} not\b", verb, sentence, count=1)
            elif verb in ("lasts", "last"):
                yield "polarity", re.sub(rf"\b{verb}\b", "do not last", sentence, count=1)
            elif not re.search(r"\b[Nn]o\b", sentence):
                yield "polarity", re.sub(rf"\b{verb}\b", f"{verb} not", sentence, count=1)
            break
    present = [name for name in _NAMES if name in sentence]
    if present:
        yield (
            "name",
            sentence.replace(present[0], rng.choice([name for name in _NAMES if name not in sentence]), 1),
        )
