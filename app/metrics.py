"""Prometheus metrics of a running server: counts, times and states, never a word of anyone.

A registry of its own, so that two applications in one process (and tests) do not share figures.
"""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from app.models.base import ModelState
from app.turns import Turn

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
REFUSALS = ("busy", "too_fast", "not_found", "too_large", "too_many", "unavailable", "unexpected")
RATINGS = ("up", "down")
SECONDS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 40.0)


class Metrics:
    """What a monitoring system may ask for."""

    def __init__(
        self, *, sessions: Callable[[], int], under_way: Callable[[], int], model: Callable[[], ModelState]
    ) -> None:
        self.registry = CollectorRegistry()
        make = {"registry": self.registry, "namespace": "carefold"}
        self._answers = Counter("answers", "Answers by kind", ["kind"], **make)  # type: ignore[arg-type]
        self._seconds = Histogram(
            "answer_seconds",
            "Seconds from message to whole answer",
            ["kind"],
            buckets=SECONDS,
            **make,  # type: ignore[arg-type]
        )
        self._first = Histogram(
            "first_sentence_seconds",
            "Seconds to the model's first sentence",
            buckets=SECONDS,
            **make,  # type: ignore[arg-type]
        )
        self._ended = Counter("turns_ended", "Turns by how they ended", ["stage"], **make)  # type: ignore[arg-type]
        self._dropped = Counter("sentences_dropped", "Sentences the check dropped", ["reason"], **make)  # type: ignore[arg-type]
        self._scrubbed = Counter("entities_scrubbed", "Personal data removed", ["type"], **make)  # type: ignore[arg-type]
        self._refused = Counter("requests_refused", "Refusals outside the message path", ["reason"], **make)  # type: ignore[arg-type]
        self._feedback = Counter("feedback", "Ratings given", ["rating"], **make)  # type: ignore[arg-type]
        Gauge("sessions", "Open windows", **make).set_function(sessions)  # type: ignore[arg-type]
        Gauge("turns_under_way", "Turns being answered or in line", **make).set_function(under_way)  # type: ignore[arg-type]
        Gauge("model_ready", "1 when the model would answer", **make).set_function(  # type: ignore[arg-type]
            lambda: float(model().status == "ready")
        )

    def turn_ended(self, turn: Turn) -> None:
        """Count a turn at its end."""
        self._ended.labels(turn.stage).inc()
        for entity in turn.entities:
            self._scrubbed.labels(entity.type).inc()
        answer = turn.answer
        if answer is None:
            return
        self._answers.labels(answer.kind).inc()
        self._seconds.labels(answer.kind).observe(answer.timings_ms["total"] / 1000)
        if "first_sentence" in answer.timings_ms:
            self._first.observe(answer.timings_ms["first_sentence"] / 1000)
        for reason, count in answer.dropped.items():
            self._dropped.labels(reason).inc(count)

    def refused(self, reason: str) -> None:
        """Count a refusal by its code; what is none of REFUSALS is counted without its words."""
        self._refused.labels(reason if reason in REFUSALS else "other").inc()

    def rated(self, rating: str) -> None:
        """Count a rating."""
        self._feedback.labels(rating if rating in RATINGS else "other").inc()

    def text(self) -> bytes:
        """Return all of it in Prometheus' text format."""
        return generate_latest(self.registry)
