"""What reading a document gives, and what may be odd about it.

`ODD` is the table: a code, what it says, and whether such a row waits for a person. What may harm whoever
reads the answer is set aside until somebody accepts it by its code; what is only untidy is a remark.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Code = Literal[
    "unreadable", "no_question", "no_answer", "repeated_id", "duplicate", "near_duplicate", "contradiction",
    "retired", "personal_data", "unknown_contact", "hidden_text", "model_instruction", "unsafe_words",
    "spoken", "unknown_language", "no_header", "review_past", "remark",
]  # fmt: skip
Weight = Literal["never", "aside", "remark"]

ODD: dict[Code, tuple[str, Weight]] = {
    "unreadable": ("cannot be read", "never"),
    "no_question": ("no question", "never"),
    "no_answer": ("no answer", "never"),
    "repeated_id": ("the id was used before", "never"),
    "duplicate": ("the same question and answer came before", "never"),
    "contradiction": ("another answer to this question came before", "aside"),
    "retired": ("an entry that was retired", "aside"),
    "personal_data": ("personal data", "aside"),
    "unknown_contact": ("a phone number, address or link that the clinic's list does not know", "aside"),
    "hidden_text": ("text that a reader does not see; it was taken out", "aside"),
    "model_instruction": ("an instruction aimed at a model", "aside"),
    "unsafe_words": ("words that could harm whoever reads them", "aside"),
    "spoken": ("said in a call, not approved words", "aside"),
    "no_header": ("no header says what its cells are", "aside"),
    "unknown_language": ("its language is not known", "aside"),
    "near_duplicate": ("a question near this one came before", "remark"),
    "review_past": ("its review date is past", "remark"),
    "remark": ("", "remark"),
}


@dataclass(frozen=True)
class Oddity:
    """One odd thing: its code, and a detail in ids, counts and types; never in the row's words."""

    code: Code
    detail: str = ""

    def __str__(self) -> str:
        words = ODD[self.code][0]
        return f"{words}: {self.detail}" if words and self.detail else words or self.detail


@dataclass(frozen=True)
class Found:
    """A pair, or what might be one, as its document has it; `number` is its line, row or page."""

    path: Path
    number: int
    unit: Literal["line", "row", "page", "file"] = "line"
    fields: dict[str, object] = field(default_factory=dict, repr=False)
    odd: tuple[Oddity, ...] = ()


def unreadable(path: Path, why: str, *, number: int = 0) -> Found:
    """Return what stands for a file, or a row of it, that cannot be read."""
    unit: Literal["row", "file"] = "row" if number else "file"
    return Found(path, number, unit, odd=(Oddity("unreadable", why),))
