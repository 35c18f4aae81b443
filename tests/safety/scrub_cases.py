"""Read scrub_cases.jsonl: chat messages of made-up people, marked inline as {{TYPE:value}}."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

MARK = re.compile(r"\{\{([A-Z_]+):(.*?)\}\}", re.DOTALL)


@dataclass(frozen=True)
class Case:
    """A message and the spans (start, end, type) of its personal data; without any it is a clean one."""

    id: str
    split: str
    text: str
    spans: tuple[tuple[int, int, str], ...]


def load_cases() -> list[Case]:
    """Return all cases in order."""
    lines = (Path(__file__).parent / "scrub_cases.jsonl").read_text(encoding="utf-8").splitlines()
    return [_case(json.loads(line)) for line in lines]


def _case(row: dict[str, str]) -> Case:
    text, spans, last = "", [], 0
    for match in MARK.finditer(row["text"]):
        text += row["text"][last : match.start()]
        spans.append((len(text), len(text) + len(match[2]), match[1]))
        text += match[2]
        last = match.end()
    return Case(row["id"], row["split"], text + row["text"][last:], tuple(spans))


def characters(text: str, spans: list[tuple[int, int]]) -> set[int]:
    """Return the positions of letters and digits inside the spans."""
    return {at for start, end in spans for at in range(start, end) if text[at].isalnum()}
