"""The replies that the counseling adapter learns its manner from: short, about what was said, one step on.

Counselors' letters teach a small model to go on and on, to console for what nobody mentioned and to help
with anything. These rows show what the chat wants: a few plain sentences; a kind no to what would harm;
danger taken seriously and sent to people; medicine left to those who prescribe it; no claim to be human.

Must not: hold words of a real person, a number to call, a dose, or a row of a probe or test set.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from training.rows import Frozen
from training.written.lines import written_rows

FOLDER = Path(__file__).parent / "support"


class SupportRow(Frozen):
    """One message and the reply to it. `kind` says what the reply has to do."""

    id: str
    author: str
    topic: str
    question: str
    answer: str
    kind: Literal["support", "decline", "benign", "boundary", "crisis", "medicine", "clinic"] = "support"


def training_rows(_seed: int) -> Iterator[dict[str, object]]:
    """Yield the columns id, question, answer, author, topic and kind of every row."""
    for row in support_rows():
        yield row.model_dump()


def support_rows(folder: Path = FOLDER) -> Iterator[SupportRow]:
    """Return the rows as they were written. Raises CorpusError that names file and line of a faulty one."""
    return written_rows(folder, SupportRow)
