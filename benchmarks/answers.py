"""Answer times by kind on the sample FAQ, and what each confidence threshold holds.

The queries are those of tests/retrieval/queries: written by readers of questions and answers who had
not seen the alternates (dev: what thresholds were chosen on; test: measured while retrieval was being
built; fresh: written and measured once, after it). The peer of the
whole path is the same scrub and search with nothing around them, in the same run and in turn.
Run: python -m benchmarks.answers [--rounds 3] [--out FILE]
"""

from __future__ import annotations

import resource
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from pydantic import BaseModel

from app.conversation import Audience, Conversation
from app.settings import load_settings
from app.wiring import Application, build
from benchmarks.report import Figure, report, times

QUERIES = Path(__file__).parents[1] / "tests" / "retrieval" / "queries"
THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)


class Query(BaseModel):
    """A query and the entry that answers it; none for one that no entry answers."""

    id: str = ""
    text: str


def main(rounds: int = 3, out: Annotated[Path | None, typer.Option()] = None) -> None:
    """Answer every query as its own conversation, `rounds` times for the times."""
    with tempfile.TemporaryDirectory() as data:
        application = build(load_settings({"CAREFOLD_DATA_DIR": data}), model_wait_seconds=120)
        application.warm()
        application.service.parts.model.get().wait_ready(120)
        figures: dict[str, Figure] = {
            "recall_and_thresholds": {
                part: _thresholds(application, part) for part in ("dev", "test", "fresh")
            },
            "times": _times(application, rounds),
            "peak_memory_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        }
        application.close()
    report("answers", figures, out)


def _queries(name: str) -> list[Query]:
    lines = (QUERIES / f"{name}.jsonl").read_text("utf-8").splitlines()
    return [Query.model_validate_json(line) for line in lines]


def _reader(application: Application, query: Query) -> Audience:
    entry = application.service.parts.retriever.get().entries.get(query.id)
    return "staff" if entry is not None and entry.audience == "staff" else "patient"


def _thresholds(application: Application, part: str) -> dict[str, Figure]:
    retriever = application.service.parts.retriever.get()
    known = [
        (retriever.search(query.text, audience=_reader(application, query)), query.id)
        for query in _queries(part)
    ]
    # Nobody wrote a fresh set of questions that no entry answers: the test set's serve again.
    foreign = "off_dev" if part == "dev" else "off_test"
    unknown = [retriever.search(query.text, audience="patient").confidence for query in _queries(foreign)]
    right = [found.hits[0].id == wanted for found, wanted in known]
    table: dict[str, Figure] = {}
    for threshold in THRESHOLDS:
        above = [
            correct for (found, _), correct in zip(known, right, strict=True) if found.confidence >= threshold
        ]
        table[str(threshold)] = {
            "answered": round(len(above) / len(known), 3),
            "right_of_answered": round(sum(above) / len(above), 3) if above else None,
            "answered_though_no_entry_does": round(
                sum(confidence >= threshold for confidence in unknown) / len(unknown), 3
            ),
        }
    return {
        "queries": len(known),
        "recall_at_1": round(sum(right) / len(known), 4),
        "recall_at_3": round(
            sum(wanted in [hit.id for hit in found.hits[:3]] for found, wanted in known) / len(known), 4
        ),
        "by_confidence": table,
    }


def _times(application: Application, rounds: int) -> dict[str, Figure]:
    service = application.service
    scrubber, retriever = service.parts.scrubber.get(), service.parts.retriever.get()
    total: dict[str, list[float]] = {}
    steps: dict[str, list[float]] = {}
    firsts: dict[str, list[float]] = {}
    bare: list[float] = []
    dropped: Counter[str] = Counter()
    for _ in range(rounds):
        for query in _queries("dev") + _queries("off_dev"):
            audience = _reader(application, query)
            since = time.perf_counter()
            retriever.search(scrubber.scrub(query.text).text, audience=audience)
            bare.append((time.perf_counter() - since) * 1000)
            answer = service.answer(query.text, Conversation(audience=audience))
            total.setdefault(answer.kind, []).append(answer.timings_ms["total"])
            dropped.update(answer.dropped)
            if answer.kind == "faq" and "generate" not in answer.timings_ms:
                total.setdefault("faq, approved at once", []).append(answer.timings_ms["total"])
                for step, took in answer.timings_ms.items():
                    steps.setdefault(step, []).append(took)
            if "first_sentence" in answer.timings_ms:
                firsts.setdefault(answer.kind, []).append(answer.timings_ms["first_sentence"])
    return {
        "total_ms": {kind: times(values) for kind, values in sorted(total.items())},
        "first_sentence_ms": {kind: times(values) for kind, values in sorted(firsts.items())},
        "steps_of_faq_ms": {step: times(values) for step, values in steps.items()},
        "peer_scrub_and_search_alone_ms": times(bare),
        "dropped_sentences": dict(dropped),
    }


if __name__ == "__main__":
    typer.run(main)
