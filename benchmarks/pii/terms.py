"""Clinical terms that have to stay: medicines, conditions, eponyms and scales, in sentences and in any case.

A term is untouched when none of its letters and digits is covered. What is read from MedQuAD is counted and
never shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

from benchmarks.datasets import DATASETS, datasets_there
from benchmarks.pii.cases import OPEN, Case, Missing, Span, put, rotate
from benchmarks.pii.corruptions import in_cases
from weights.jsonl import Row, read_jsonl

LISTS = Path(__file__).with_name("terms.yaml")
FORMS = ("as written", "lower", "caps")


class FocusRow(BaseModel):
    """A row of MedQuAD: what its question is about."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    focus: str


def term_cases(kind: str, terms: Sequence[str], *, number: int | None = None) -> Iterator[Case]:
    """Yield each term in a sentence, as written, in lower case and in capitals. Its span must stay."""
    sentences = own_lists()["carriers"]
    for at, term in enumerate(terms[:number]):
        case = put(rotate(sentences, at), term, type="TERM", group=f"{kind} {at}", slice=kind)
        yield from in_cases(case, FORMS)


def untouched(case: Case, found: Sequence[Span]) -> bool:
    """Say whether the term of a case is left as it stands."""
    return not any(
        case.text[at].isalnum()
        for term in case.spans
        for one in found
        for at in range(max(term.start, one.start), min(term.end, one.end))
    )


def own_lists() -> dict[str, tuple[str, ...]]:
    """Return the terms and sentences that stand in this folder."""
    read = yaml.safe_load(LISTS.read_text(encoding="utf-8"))
    return {
        kind: tuple(
            dict.fromkeys(term.strip() for term in found.split(",")) if isinstance(found, str) else found
        )
        for kind, found in read.items()
    }


def focus_names() -> tuple[str, ...] | Missing:
    """Return the different subjects of MedQuAD's questions, or why there are none."""
    file = DATASETS / "medquad" / "medquad.jsonl"
    if not datasets_there() or not file.is_file():
        return Missing("no MedQuAD here: set CAREFOLD_DATASETS to the folder that holds it")
    read = (row.value.focus.strip() for row in read_jsonl(file, FocusRow) if isinstance(row, Row))
    return tuple(dict.fromkeys(focus for focus in read if any(map(str.isalnum, focus)) and OPEN not in focus))
