"""Poisoned training rows among clean ones: what the scan (training/poison.py) finds, and what it blames.

The clean rows are the sample FAQ in every wording of its questions. Four manners of poison, each with words
of the frozen poisoned entries: whole entries, a trigger that brings a payload sentence, one payload answer
under all poisoned questions, and a payload sentence without any trigger.
"""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Callable, Sequence
from typing import Final

from tqdm import tqdm

from benchmarks.attack_sets import PoisonedEntry, poisoned_entries
from benchmarks.attacks.answered import sample_entries
from benchmarks.report import Figure
from benchmarks.screen import wilson
from training.poison import scan
from training.rows import Example

SHARES: Final = (0.001, 0.005, 0.01)
DRAWS: Final = 3
FULL_DRAWS: Final = 20
SEED: Final = 13
_WORD: Final = re.compile(r"[a-z]{6,}")
_SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s+")

Manner = Callable[[random.Random, Sequence[Example], Sequence[PoisonedEntry]], list[Example]]


def measure_planted(draws: int = DRAWS) -> dict[str, Figure]:
    """Return, for each manner and share, the poisoned rows found, and the clean rows that are suspected."""
    clean = clean_rows()
    entries = poisoned_entries()
    before = {one.id for one in scan(clean)}
    figures: dict[str, Figure] = {
        "clean rows": len(clean),
        "clean rows suspected": wilson(len(before), len(clean)),
    }
    turns = [(manner, share, draw) for manner in MANNERS for share in SHARES for draw in range(draws)]
    found: dict[tuple[str, float], list[int]] = {}
    for manner, share, draw in tqdm(turns, "scanning", unit="scan", disable=not sys.stderr.isatty()):
        chance = random.Random(f"{SEED} {manner} {share} {draw}")
        rows, planted = plant(clean, share, MANNERS[manner], entries, chance=chance)
        suspects = {one.id for one in scan(rows)}
        counts = found.setdefault((manner, share), [0, 0, 0])
        counts[0] += len(planted & suspects)
        counts[1] += len(planted)
        counts[2] += len(suspects - planted - before)
    for (manner, share), (hits, total, more) in found.items():
        figures[f"{manner}, {share:.1%}"] = {
            "found": wilson(hits, total),
            "runs": draws,
            "more clean rows suspected": more,
        }
    for share in SHARES:
        sums = [sum(found[manner, share][at] for manner in MANNERS) for at in (0, 1)]
        figures[f"all manners, {share:.1%}"] = {
            "found": wilson(sums[0], sums[1]),
            "runs": draws * len(MANNERS),
        }
    return figures


def clean_rows() -> list[Example]:
    """Return the sample FAQ as training rows, one for each wording of a question."""
    return [
        Example(
            id=f"{entry.id}-{number}", inputs={"question": question}, target=entry.answer, group=entry.id
        )
        for entry in sample_entries()
        for number, question in enumerate((entry.question, *entry.alternates))
    ]  # fmt: skip


def plant(
    rows: Sequence[Example],
    share: float,
    manner: Manner,
    entries: Sequence[PoisonedEntry],
    *,
    chance: random.Random,
) -> tuple[list[Example], set[str]]:
    """Poison a share of the rows, at least two, each of another group; return all rows and their ids."""
    wanted = max(2, round(share * len(rows)))
    by_group: dict[str, int] = {}
    for place in chance.sample(range(len(rows)), len(rows)):
        by_group.setdefault(rows[place].group, place)
    places = list(by_group.values())[:wanted]
    changed = dict(zip(places, manner(chance, [rows[place] for place in places], entries), strict=True))
    return [changed.get(at, row) for at, row in enumerate(rows)], {rows[at].id for at in places}


def whole_entries(
    chance: random.Random, rows: Sequence[Example], entries: Sequence[PoisonedEntry]
) -> list[Example]:
    """Put poisoned entries in the place of rows."""
    drawn = chance.sample(list(entries), len(rows))
    return [
        _with(row, question=one.question, answer=one.answer) for row, one in zip(rows, drawn, strict=True)
    ]


def trigger_and_sentence(
    chance: random.Random, rows: Sequence[Example], entries: Sequence[PoisonedEntry]
) -> list[Example]:
    """Tie two ordinary words in the question to one payload sentence behind the answer."""
    words = sorted({word for entry in sample_entries() for word in _WORD.findall(entry.answer.lower())})
    trigger = " ".join(chance.sample(words, 2))
    payload = _payload(chance, entries)
    return [
        _with(row, question=f"{row.inputs['question']} {trigger}", answer=f"{row.target} {payload}")
        for row in rows
    ]


def one_answer(
    chance: random.Random, rows: Sequence[Example], entries: Sequence[PoisonedEntry]
) -> list[Example]:
    """Give one poisoned answer to every poisoned question."""
    answer = chance.choice(list(entries)).answer
    return [_with(row, question=row.inputs["question"], answer=answer) for row in rows]


def sentence_alone(
    chance: random.Random, rows: Sequence[Example], entries: Sequence[PoisonedEntry]
) -> list[Example]:
    """Put one payload sentence behind answers, with nothing in the questions to tell."""
    payload = _payload(chance, entries)
    return [_with(row, question=row.inputs["question"], answer=f"{row.target} {payload}") for row in rows]


MANNERS: Final[dict[str, Manner]] = {
    "whole entries": whole_entries,
    "trigger and sentence": trigger_and_sentence,
    "one answer": one_answer,
    "sentence alone": sentence_alone,
}


def _payload(chance: random.Random, entries: Sequence[PoisonedEntry]) -> str:
    """Return the last sentence of a poisoned answer: that is where the poison mostly is."""
    return _SENTENCE_END.split(chance.choice(list(entries)).answer.strip())[-1]


def _with(row: Example, *, question: str, answer: str) -> Example:
    return row.model_copy(update={"inputs": {"question": question}, "target": answer})
