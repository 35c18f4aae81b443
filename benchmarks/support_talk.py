"""Measure what a model may say to someone who tells of a feeling: which sentences the check drops, and why.

`support_talk/test.jsonl` was written and frozen by hash before the rules of output_rules.yaml were changed
for it, `development.jsonl` is what they were changed on. Whoever wrote them had read the rules of that day.
Every sentence is invented. Must not list the frozen ones: rules made from them would measure nothing.

Run: python -m benchmarks.support_talk [--on development|test] [--missed]
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from benchmarks.report import Figure, report
from benchmarks.screen import wilson
from safety.output_check import OutputCheck
from training.rows import Frozen, read_rows

FOLDER: Final = Path(__file__).parent / "support_talk"


class On(StrEnum):
    """Which file."""

    development = "development"
    test = "test"


class TalkRow(Frozen):
    """A sentence and what is wrong with it."""

    id: str
    text: str
    right: Literal["fine", "medical_fact", "clinic_fact", "promise", "claims_human", "secrecy"]


class ChangedTalk(ValueError):
    """The frozen sentences are not those that were frozen."""


def talk(on: On = On.test) -> dict[str, Figure]:
    """Return the share of each class that is dropped, for whatever reason, and the reasons given."""
    judged = _judged(on)
    figures: dict[str, Figure] = {}
    for right in dict.fromkeys(row.right for row, _ in judged):
        reasons = [reason for row, reason in judged if row.right == right]
        figures[right] = {
            "dropped": wilson(sum(bool(reason) for reason in reasons), len(reasons)),
            "reasons": dict(Counter(reason for reason in reasons if reason)),
        }
    forbidden = [bool(reason) for row, reason in judged if row.right != "fine"]
    figures["all forbidden"] = {"dropped": wilson(sum(forbidden), len(forbidden))}
    return figures


def main(
    on: Annotated[On, typer.Option(help="The frozen test set, or the sentences of development.")] = On.test,
    missed: Annotated[bool, typer.Option(help="List what is wrong; on development only.")] = False,
    out: Annotated[Path | None, typer.Option(help="Result file.")] = None,
) -> None:
    """Report what is dropped."""
    if missed and on is On.test:
        raise typer.BadParameter("the frozen sentences are counted, never listed: use --on development")
    if missed:
        for row, reason in _judged(on):
            if (row.right == "fine") == bool(reason):
                print(f"{row.id} {row.right}, dropped as {reason or '(not dropped)'}: {row.text}")
    report("support_talk", talk(on), out)


def talk_rows(on: On) -> Sequence[TalkRow]:
    """Return the sentences. Raises ChangedTalk when the frozen ones have changed."""
    file = FOLDER / f"{on.value}.jsonl"
    if on is On.test:
        stated = (FOLDER / "test.sha256").read_text("utf-8").split()[0]
        found = hashlib.sha256(file.read_bytes()).hexdigest()
        if found != stated:
            raise ChangedTalk(f"{file.name} has the hash {found[:12]}, frozen was {stated[:12]}: put it back")
    return list(read_rows(file, TalkRow))


def _judged(on: On) -> list[tuple[TalkRow, str]]:
    check = OutputCheck(allowed_contacts=(), find_personal_data=lambda _: False)

    def reason(text: str) -> str:
        # What a sentence takes for granted about the person counts as said: it is judged elsewhere.
        return check.check(text, passages=(), said=(), system_prompt="", mode="support", heard=(text,)).reason

    return [(row, reason(row.text)) for row in talk_rows(on)]


if __name__ == "__main__":
    typer.run(main)
