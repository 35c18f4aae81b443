"""The messages that the crisis classifier learns from, and what each of their levels means to the gate.

A row is a message, or a template with alternatives ("i {can't|cannot} go on") that is written out several
times. Rows of one template share a group, so that they fall into one split; their author is kept. What is
asked of the written FAQs stands among the ordinary messages: long ones, full of families, pills and pain,
look like danger to who has read only short ones.

Must not: hold words of a real person, a way of dying in usable detail, or a row of a test set.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

from pydantic import ValidationError

from training.errors import CorpusError
from training.rows import Frozen
from training.written.faq_rows import AUTHORS, taught_clinics

FOLDER: Final = Path(__file__).parent / "crisis"
COPIES: Final = 6
"""How often a template is written out, at most."""

RowAction = Literal["crisis", "emergency", "support", "allow"]
CATEGORY_OF_LEVEL: Final[dict[str, str]] = {
    "wish_dead": "suicide", "ideation": "suicide", "method": "suicide", "intent_plan": "suicide",
    "attempt": "suicide", "fiction_self": "suicide",
    "self_harm": "self_harm", "eating_disorder": "eating_disorder", "worried_other": "concern_for_other",
    "abuse": "abuse", "child_at_risk": "abuse", "harm_others": "violence", "psychosis": "violence",
    "medical_emergency": "medical_emergency", "overdose_poisoning": "medical_emergency",
    "bereaved": "grief",
    "clinic": "none",
    "health": "none", "admin": "none", "idiom": "none", "staff": "none", "past_recovered": "none",
    "negated": "none", "fiction_news": "none", "safe_wording": "none", "low_mood": "none",
}  # fmt: skip
"""The category of the gate's verdict for each level; "none" is what it lets through."""
KIND_OF_LEVEL: Final = {
    level: "none" if category == "none" else {"fiction_self": "ideation"}.get(level, level)
    for level, category in CATEGORY_OF_LEVEL.items()
}
"""The kind of danger (`safety.reply_kinds`) that a reply is for; who asks for a friend means themselves."""
CATEGORY_OF_KIND: Final = {kind: CATEGORY_OF_LEVEL[level] for level, kind in KIND_OF_LEVEL.items()}

_URGENT: Final = re.compile(r"\b(?:911|emergency|ambulance|poison)\b", re.IGNORECASE)
_ALTERNATIVES: Final = re.compile(r"\{([^{}]*)\}")


class CrisisRow(Frozen):
    """One written row. `level` is finer than the category that is learned: measures are given by it."""

    id: str
    author: str
    language: Literal["en", "es"]
    text: str
    template: bool
    action: RowAction
    level: str


def training_rows(seed: int) -> Iterator[dict[str, object]]:
    """Yield the columns id, text, label, author, group and level of every message, templates written out.

    The label is the kind of danger, which is finer than the category of the gate's verdict.
    """
    for row in crisis_rows():
        for columns in written_out(row, seed=seed):
            yield {**columns, "label": KIND_OF_LEVEL[row.level], "level": row.level}


def written_out(row: CrisisRow, *, seed: int, copies: int = COPIES) -> Iterator[dict[str, object]]:
    """Yield the columns id, text, label, author and group of a row; of a template at most `copies`."""
    for copy, text in enumerate(expansions(row, seed=seed)[:copies]):
        yield {
            "id": f"{row.id}.{copy}" if row.template else row.id,
            "text": text,
            "label": CATEGORY_OF_LEVEL[row.level],
            "author": row.author,
            "group": row.id,
        }


def crisis_rows(folder: Path = FOLDER) -> Iterator[CrisisRow]:
    """Yield the rows as they were written, then what patients ask of the written FAQs.

    Raises CorpusError that names file and line of a faulty one.
    """
    said = set[str]()
    for row in _own_rows(folder):
        said.add(_plain(row.text))
        yield row
    if folder == FOLDER:
        yield from (row for row in clinic_rows() if _plain(row.text) not in said)


def clinic_rows() -> Iterator[CrisisRow]:
    """Yield what is asked of the written FAQs, each text once, but for those held out.

    Left out are questions whose answer sends people to an emergency room: some of them are one.
    """
    seen = set[str]()
    for clinic in taught_clinics():
        asked = [
            text
            for entry in clinic.entries
            if not _URGENT.search(entry.answer)
            for text in (*entry.asked, *entry.near)
        ]
        for number, text in enumerate((*asked, *clinic.absent)):
            if _plain(text) not in seen:
                seen.add(_plain(text))
                yield CrisisRow(
                    id=f"clinic-{clinic.name}-{number}",
                    author=f"clinic-{AUTHORS[clinic.name]}",
                    language="en",
                    text=text,
                    template=False,
                    action="allow",
                    level="clinic",
                )


def _plain(text: str) -> str:
    return " ".join(text.lower().split())


def _own_rows(folder: Path) -> Iterator[CrisisRow]:
    for file in sorted(folder.glob("*.jsonl")):
        with file.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                try:
                    row = CrisisRow.model_validate_json(line)
                except ValidationError as error:
                    places = ", ".join(".".join(map(str, one["loc"])) for one in error.errors())
                    raise CorpusError(f"{file.name}:{number} is no row of the corpus: {places}") from None
                if row.level not in CATEGORY_OF_LEVEL:
                    raise CorpusError(f"{file.name}:{number} has the unknown level {row.level!r}")
                yield row


def expansions(row: CrisisRow, *, seed: int) -> list[str]:
    """Return the texts of a row, each once: of a template at most COPIES of its possible ones."""
    if not row.template:
        return [row.text]
    drawn = random.Random(f"{seed} {row.id}")
    texts = [
        _ALTERNATIVES.sub(lambda found: drawn.choice(found[1].split("|")), row.text) for _ in range(COPIES)
    ]
    return list(dict.fromkeys(texts))
