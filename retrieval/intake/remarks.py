"""What is odd in FAQ files that are built as they stand: `build` warns of it, and leaves nothing out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from retrieval.faq import FaqEntry, entry_to_json
from retrieval.intake.found import Found
from retrieval.intake.judge import Guards, Rules, judge

_MOST = 20  # of one kind: what is said a thousand times is not read

# What takes another package to know is not said here; an import says it.
_UNGUARDED = Guards(
    personal=lambda _: (),
    scrub=lambda text: text,
    unknown_contacts=lambda _: 0,
    instructs=lambda _: False,
    unsafe=lambda _: (),
)


def remarks(entries: Sequence[FaqEntry], *, today: date) -> Iterator[str]:
    """Yield a line for each odd thing, naming ids: duplicates, contradictions, past reviews, hidden text."""
    found = [Found(Path(), 1, "row", json.loads(entry_to_json(entry))) for entry in entries]
    told: Counter[str] = Counter()
    for one in judge(found, served=(), guards=_UNGUARDED, rules=Rules(today)):
        for odd in one.odd:
            told[odd.code] += 1
            if told[odd.code] <= _MOST:
                yield f"{one.entry.id}: {odd}"
    for code, count in told.items():
        if count > _MOST:
            yield f"{code}: {count - _MOST} more"
