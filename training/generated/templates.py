"""Templates: text as people write it, with slots in double braces that a program fills.

    my son {{first}} goes to {{school}}, {{first:2}} does not

The same slot with the same number is one value wherever it stands; another number is another value. A
template file is JSON Lines: id, register, text. Every personal value must be a slot; the rest is literal.

Must not: fill a slot.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from training.errors import CorpusError
from training.generated.labels import SLOT_LABELS

TRAINING: Final = Path(__file__).resolve().parent / "pii"
_SLOT: Final = re.compile(r"\{\{(?P<slot>[a-z_]+)(?::(?P<number>\d+))?\}\}")
_FIELDS: Final = {"id", "register", "text"}
MASK: Final = "slot"


@dataclass(frozen=True)
class Slot:
    """A place to fill: what kind of value, and which of several."""

    kind: str
    number: int


@dataclass(frozen=True)
class Template:
    """A text in pieces: literals and slots, in order."""

    id: str
    register: str
    pieces: tuple[str | Slot, ...]

    @property
    def slots(self) -> tuple[Slot, ...]:
        """The slots, as they stand."""
        return tuple(piece for piece in self.pieces if isinstance(piece, Slot))

    @property
    def masked(self) -> str:
        """The text with one word for every slot: what two templates are compared by."""
        return "".join(MASK if isinstance(piece, Slot) else piece for piece in self.pieces)

    @property
    def literal(self) -> str:
        """The text without its slots."""
        return "".join(piece for piece in self.pieces if isinstance(piece, str))


def parsed(template_id: str, register: str, text: str) -> Template:
    """Cut a text into pieces. Raises ValueError that names the fault, never the text."""
    pieces: list[str | Slot] = []
    at = 0
    for found in _SLOT.finditer(text):
        if found["slot"] not in SLOT_LABELS:
            raise ValueError(f"there is no slot {found['slot']!r}; there is {', '.join(sorted(SLOT_LABELS))}")
        if found.start() > at:
            pieces.append(text[at : found.start()])
        pieces.append(Slot(found["slot"], int(found["number"] or 1)))
        at = found.end()
    if at < len(text):
        pieces.append(text[at:])
    if any("{{" in piece or "}}" in piece for piece in pieces if isinstance(piece, str)):
        raise ValueError("braces that are no slot: write {{kind}} or {{kind:2}}")
    if not text.strip():
        raise ValueError("the text is empty")
    return Template(template_id, register, tuple(pieces))


def read_templates(files: Sequence[Path]) -> tuple[Template, ...]:
    """Read template files, in order. Raises CorpusError that lists every fault with file and line."""
    found: dict[str, Template] = {}
    faults: list[str] = []
    for file in files:
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
            try:
                row = json.loads(line)
                if not isinstance(row, dict) or row.keys() != _FIELDS:
                    raise ValueError(f"a template has {', '.join(sorted(_FIELDS))}")
                if row["id"] in found:
                    raise ValueError("its id is there already")
                found[row["id"]] = parsed(row["id"], row["register"], row["text"])
            except ValueError as fault:
                reason = "not JSON" if isinstance(fault, json.JSONDecodeError) else str(fault)
                faults.append(f"  {file.name}:{number}: {reason}")
    if faults or not found:
        raise CorpusError("\n".join(["templates cannot be used:", *(faults or ["  there are none"])]))
    return tuple(found.values())


def training_templates() -> tuple[Template, ...]:
    """Read the training half's templates."""
    return read_templates(sorted(TRAINING.glob("templates_*.jsonl")))
