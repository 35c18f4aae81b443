"""The trace of a turn: what is kept of it without a word of it."""

from __future__ import annotations

from collections import Counter

from app.answer import ChatAnswer
from app.store import TraceHit, TurnTrace, Versions
from app.turn_record import TurnRecord


def trace_of(
    turn: TurnRecord,
    answer: ChatAnswer,
    *,
    base: str,
    model_state: str,
    prompt_hash: str,
    index_hash: str,
    policy_hash: str,
) -> TurnTrace:
    """Build the trace row of an answered turn: ids, codes, counts, scores, times and hashes."""
    cited = {citation.id for citation in answer.citations}
    return TurnTrace(
        turn_id=turn.turn_id,
        conversation_id=turn.conversation.id,
        started_at=turn.started_at,
        kind=answer.kind,
        action=turn.verdict.action,
        category=turn.verdict.category,
        level=turn.verdict.level,
        entities=Counter(entity.type for entity in turn.entities),
        hits=tuple(TraceHit(id=hit.id, score=hit.score, cited=hit.id in cited) for hit in turn.hits),
        confidence=turn.confidence,
        adapter=answer.model.adapter,
        base=base,
        model_state=model_state,
        reasons=answer.reasons,
        dropped=answer.dropped,
        timings_ms=answer.timings_ms,
        versions=Versions(
            release=turn.writer.adapter or "",
            prompt_hash=prompt_hash,
            index_hash=index_hash,
            policy_hash=policy_hash,
        ),
    )
