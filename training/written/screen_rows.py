"""What must be refused and what only looks like it, for the reader of messages.

Requests alone, never an answer, and no working detail. Must not: hold a real person's words, or a row of a
benchmark or test.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

from training.rows import Frozen
from training.written.lines import written_rows

FOLDER: Final = Path(__file__).parent / "screen"
CATEGORY_OF_LABEL: Final[dict[str, str]] = {
    "medical_harm": "harmful_request", "drugs": "harmful_request", "violence": "harmful_request",
    "minors": "harmful_request", "privacy": "harmful_request", "injection": "injection", "none": "none",
}  # fmt: skip


class ScreenRow(Frozen):
    """One message; the letter before the dash in its id is its author."""

    id: str
    text: str
    label: Literal["medical_harm", "drugs", "violence", "minors", "privacy", "injection", "none"]

    @property
    def author(self) -> str:
        """Who wrote it."""
        return self.id.partition("-")[0]

    @property
    def category(self) -> str:
        """The category of the screen's verdict; "none" is what it lets through."""
        return CATEGORY_OF_LABEL[self.label]


def screen_rows(folder: Path = FOLDER) -> Iterator[ScreenRow]:
    """Return the rows in the order of files and lines. Raises CorpusError that names a faulty line."""
    return written_rows(folder, ScreenRow)
