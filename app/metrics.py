"""Prometheus metrics of a running server: counts, times and states, never a word of anyone.

A registry of its own, so that two applications in one process (and tests) do not share figures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from app.chat import URGENT
from app.lineup import Lineup
from app.models.base import ModelState
from app.turns import Turn

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
REFUSALS = ("busy", "too_fast", "not_found", "too_large", "too_many", "unavailable", "unexpected")
RATINGS = ("up", "down")
# These end before the resources line would stand: a support verdict makes no referral of them.
WITHOUT_LINE = ("too_long", "unavailable")
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
        self._referrals = Counter("referrals", "Answers that named a crisis line", ["form"], **make)  # type: ignore[arg-type]
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
        if answer.kind in URGENT:
            self._referrals.labels("reply").inc()
        elif answer.verdict.action == "support" and answer.kind not in WITHOUT_LINE:
            self._referrals.labels("line").inc()
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

    def follow_releases(self, lineup: Lineup) -> None:
        """Show what each release does, as its guards count it, and who is served."""
        self.registry.register(_Releases(lineup))

    def text(self) -> bytes:
        """Return all of it in Prometheus' text format."""
        return generate_latest(self.registry)


class _Releases(Collector):
    """Reads the line-up when it is asked. The label `release` is a release's name, or "base"."""

    COUNTS = ("turns", "written", "fell_back", "timed_out", "empty", "thumbs_down")

    def __init__(self, lineup: Lineup) -> None:
        self._lineup = lineup

    def collect(self) -> Iterator[Metric]:
        """Yield the counts of the live guards, and each release's share of conversations."""
        labels = ["task", "release"]
        counts = {name: CounterMetricFamily(f"carefold_release_{name}", told, labels=labels)
                  for name, told in zip(self.COUNTS, _TOLD, strict=True)}  # fmt: skip
        dropped = CounterMetricFamily(
            "carefold_release_dropped", "Sentences the check dropped", labels=[*labels, "reason"]
        )
        for (task, release), tally in self._lineup.guards.tallies().items():
            who = [task, release or "base"]
            for name, family in counts.items():
                family.add_metric(who, getattr(tally, name))
            for reason, count in tally.dropped.items():
                dropped.add_metric([*who, reason], count)
        yield from counts.values()
        yield dropped
        yield from self._served()

    def _served(self) -> Iterator[Metric]:
        share = GaugeMetricFamily(
            "carefold_release_share", "Share of conversations", labels=["task", "release", "role"]
        )
        refused = GaugeMetricFamily("carefold_release_refused", "Releases in place that do not fit",
                                    labels=["task"])  # fmt: skip
        back = CounterMetricFamily("carefold_release_taken_back", "Candidates that left their band",
                                   labels=["task", "guard"])  # fmt: skip
        for task, line in self._lineup.lines().items():
            if line.active:
                share.add_metric([task, line.active, "active"], 1.0 - line.share)
            if line.candidate:
                share.add_metric([task, line.candidate, "candidate"], line.share)
            refused.add_metric([task], len(line.refused))
        for (task, guard), count in self._lineup.guards.taken_back().items():
            back.add_metric([task, guard], count)
        yield share
        yield refused
        yield back


_TOLD = (
    "Turns that asked a release or the base",
    "Sentences that passed the check",
    "Turns that fell back to approved or fixed words",
    "Turns that ran out of time",
    "Turns in which not one sentence was written",
    "Thumbs down for what it wrote",
)
