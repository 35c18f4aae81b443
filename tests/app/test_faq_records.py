"""What the store knows of how the FAQ is used, and that asking makes no store."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from app.decision import GROUNDED_CONFIDENCE
from app.faq_records import load_records
from app.settings import load_settings
from app.store import Store, TraceHit, TurnTrace
from retrieval.doctor import Records


def trace(number: int, kind: str, *hits: str, cited: str = "") -> TurnTrace:
    return TurnTrace.model_validate(
        {
            "turn_id": f"{number:032x}",
            "conversation_id": "conversation-1",
            "started_at": datetime(2026, 5, number, 12, tzinfo=UTC),
            "kind": kind,
            "action": "allow",
            "hits": [TraceHit(id=hit, score=0.5, cited=hit in cited.split()) for hit in hits],
        }
    )


def test_entries_that_answers_cite_are_counted_and_kept_questions_come_along(tmp_path: Path) -> None:
    settings = load_settings({"CAREFOLD_DATA_DIR": str(tmp_path)})
    with Store.open(settings.database) as store:
        store.record_trace(trace(3, "faq", "hours", "parking", cited="hours"))
        store.record_trace(trace(4, "grounded", "parking", "hours", cited="hours"))
        store.record_trace(trace(5, "abstain", "parking"))
        store.keep_unanswered(f"{5:032x}", "is there a bus")
    records = load_records(settings)
    assert (records.turns, dict(records.hits), records.unanswered) == (2, {"hours": 2}, ("is there a bus",))
    assert str(records.since) == "2026-05-03"
    assert (records.enough, records.keeps) == (GROUNDED_CONFIDENCE, False)


def test_records_say_whether_the_clinic_keeps_unanswered_questions(tmp_path: Path) -> None:
    values = {"CAREFOLD_DATA_DIR": str(tmp_path), "CAREFOLD_KEEP_UNANSWERED": "1"}
    assert load_records(load_settings(values)).keeps


def test_no_store_is_made_by_asking(tmp_path: Path) -> None:
    records = load_records(load_settings({"CAREFOLD_DATA_DIR": str(tmp_path)}))
    assert records == Records(enough=GROUNDED_CONFIDENCE)
    assert list(tmp_path.iterdir()) == []
