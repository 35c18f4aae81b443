"""The rows that `ask --batch` reads and writes. Other programs rely on their field names."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.answer import ChatAnswer
from app.decision import Kind
from safety.verdict import Action, Level
from weights.jsonl import RowId


class HistoryTurn(BaseModel):
    """An earlier turn of the conversation that a row continues."""

    model_config = ConfigDict(hide_input_in_errors=True)

    role: Literal["user", "assistant"]
    content: str


class AskRow(BaseModel):
    """One question."""

    model_config = ConfigDict(hide_input_in_errors=True)

    id: RowId = ""
    text: str
    history: list[HistoryTurn] = Field(default_factory=list)


class EntityRow(BaseModel):
    """Personal data that was found; offsets are code points into the question as given."""

    type: str
    start: int
    end: int
    score: float


class CitationRow(BaseModel):
    """An FAQ entry that the answer rests on."""

    id: str
    question: str
    score: float


class SafetyRow(BaseModel):
    """What the gate and the screen said."""

    action: Action
    category: str
    level: Level


class ModelRow(BaseModel):
    """Who wrote the answer; both empty for approved and fixed words."""

    base: str
    adapter: str


class AnswerRow(BaseModel):
    """One answer. `timings_ms` has a figure for each step that ran, and `total`."""

    id: str
    kind: Kind
    text: str
    scrubbed_input: str
    entities: list[EntityRow]
    citations: list[CitationRow]
    suggestions: list[str]
    safety: SafetyRow
    model: ModelRow
    reasons: list[str]
    dropped: dict[str, int]
    timings_ms: dict[str, float]


def answer_row(row_id: str, answer: ChatAnswer) -> AnswerRow:
    """Turn an answer into its output row."""
    return AnswerRow(
        id=row_id,
        kind=answer.kind,
        text=answer.text,
        scrubbed_input=answer.scrubbed_input,
        entities=[
            EntityRow(type=entity.type, start=entity.start, end=entity.end, score=round(entity.score, 4))
            for entity in answer.entities
        ],
        citations=[
            CitationRow(id=citation.id, question=citation.question, score=round(citation.score, 6))
            for citation in answer.citations
        ],
        suggestions=list(answer.suggestions),
        safety=SafetyRow(
            action=answer.verdict.action, category=answer.verdict.category, level=answer.verdict.level
        ),
        model=ModelRow(base=answer.model.base, adapter=answer.model.adapter),
        reasons=list(answer.reasons),
        dropped=answer.dropped,
        timings_ms=answer.timings_ms,
    )
