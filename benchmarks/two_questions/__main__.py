"""Measure what messages of two questions get from the sample FAQ, and whether long single ones stay whole.

`development.jsonl` was written to choose the rules on: its figures flatter them. "two" asks two questions
that have an entry each, "half" one that has and one that has none, "one" a single question with what led
up to it. "As one" is the same search and decision on the whole message; "told apart" is the real
`ChatService`. Without a model: what it would write is not measured. The result holds counts and ids only.

Run: python -m benchmarks.two_questions [--out FILE]
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from app.answer import ChatAnswer
from app.conversation import Conversation
from app.decision import decide
from app.settings import load_settings
from app.wiring import Application, build
from benchmarks.report import Figure, report
from benchmarks.screen import wilson
from training.rows import Frozen, read_rows

FILE: Final = Path(__file__).with_name("development.jsonl")
OUTCOMES: Final = {
    "two": ("both right", "one right", "one wrong", "none"),
    "half": ("right, and told that a part is open", "right", "one wrong", "none"),
    "one": ("right", "right, and told that a part is open", "one wrong", "none"),
}


class Message(Frozen):
    """A message and the entries that answer it."""

    id: str
    kind: Literal["two", "half", "one"]
    entries: tuple[str, ...]
    text: str


def main(out: Annotated[Path | None, typer.Option()] = None) -> None:
    """Ask every message as its own conversation and count what it gets."""
    messages = list(read_rows(FILE, Message))
    with tempfile.TemporaryDirectory() as data:
        settings = load_settings({"CAREFOLD_DATA_DIR": data, "CAREFOLD_MODEL": "echo"})
        application = build(settings)
        answers = [application.service.answer(message.text, Conversation()) for message in messages]
        before = [_as_one(application, answer) for answer in answers]
        application.close()
    after = [tuple(hit.id for hit in answer.citations) if answer.kind == "faq" else () for answer in answers]
    told = ["partly" if _told(answer) else "" for answer in answers]
    figures: dict[str, Figure] = {}
    for kind in OUTCOMES:
        places = [place for place, message in enumerate(messages) if message.kind == kind]
        asked = [messages[place] for place in places]
        figures[kind] = {
            "messages": len(asked),
            "as one": _counts(kind, asked, [before[place] for place in places], [""] * len(places)),
            "told apart": _counts(kind, asked, [after[place] for place in places], [told[p] for p in places]),
            "not as wished": [
                f"{messages[place].id}: {', '.join(after[place]) or answers[place].kind}"
                + (", partly" if told[place] else "")
                for place in places
                if set(after[place]) != set(messages[place].entries) or bool(told[place]) != (kind == "half")
            ],
        }
    report("two_questions", figures, out)


def _as_one(application: Application, answer: ChatAnswer) -> tuple[str, ...]:
    """Return the entry whose approved answer the whole message gets, by the same search and decision."""
    found = application.service.parts.retriever.get().search(answer.scrubbed_input, audience="patient")
    first = found.hits[0]
    decision = decide(
        answer.scrubbed_input,
        confidence=found.confidence,
        verdict=answer.verdict,
        approved=first.entry.answer,
    )
    return (first.id,) if decision.route == "faq" and answer.verdict.action in ("allow", "support") else ()


def _told(answer: ChatAnswer) -> bool:
    return answer.kind == "faq" and bool(answer.suggestions)


def _counts(
    kind: str, messages: Sequence[Message], given: Sequence[Sequence[str]], told: Sequence[str]
) -> dict[str, Figure]:
    counts: Counter[str] = Counter()
    for message, ids, open_part in zip(messages, given, told, strict=True):
        counts[_outcome(message, set(ids), bool(open_part))] += 1
    return {outcome: wilson(counts[outcome], len(messages)) for outcome in OUTCOMES[kind]}


def _outcome(message: Message, ids: set[str], told: bool) -> str:
    wanted = set(message.entries)
    if not ids:
        return "none"
    if ids - wanted:
        return "one wrong"
    if message.kind == "two":
        return "both right" if ids == wanted else "one right"
    return "right, and told that a part is open" if told else "right"


if __name__ == "__main__":
    typer.run(main)
