"""Entries that are no longer served: kept in the index folder with the date, so that they can come back.

They are not searched, have no vectors and take no id: an entry that comes later may use it again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from retrieval.faq import FaqEntry, entry_of, entry_to_json
from retrieval.faq_files import read_jsonl_rows


@dataclass(frozen=True)
class Retired:
    """An entry and the day on which it was retired."""

    entry: FaqEntry
    on: date


def read_retired(file: Path) -> tuple[Retired, ...]:
    """Read the retired entries of an index whose files have been verified; none without the file."""
    if not file.is_file():
        return ()
    lines = file.read_text(encoding="utf-8").splitlines()
    days = [date.fromisoformat(json.loads(line)["retired"]) for line in lines]
    entries = [entry_of(row)[0] for row in read_jsonl_rows(file)]
    return tuple(Retired(entry, day) for entry, day in zip(entries, days, strict=True))


def retired_to_json(one: Retired) -> str:
    """Return a retired entry as one JSON line: the entry's own, and the date."""
    return json.dumps(
        {**json.loads(entry_to_json(one.entry)), "retired": one.on.isoformat()}, ensure_ascii=False
    )
