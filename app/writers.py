"""Who writes an answer: a release, the base model, or nobody; and how it went for the live guards.

    with writers.of(turn, route) as writer: ...     # a release stays loaded until the block ends
    writers.count(turn)

Must not read, write or check a sentence: that is the message path's.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from app.decision import Route
from app.errors import PartUnavailable
from app.lineup import NOBODY, TASKS, Lineup, Writer
from app.live_guards import Outcome
from app.models.base import ChatModel
from app.parts import Part
from app.turn_record import TurnRecord

# Who answers a feeling: the model, fixed words, or the model while a release tuned for it is served.
Support = Literal["model", "brief", "release"]
CONVERSING = TASKS["support"]


class Writers:
    """Chooses from the line-up by the operator's rule for feelings."""

    def __init__(
        self, lineup: Lineup, model: Part[ChatModel], *, support: Support, wait_seconds: float = 0.0
    ) -> None:
        """Wait up to `wait_seconds` for a model that is still loading before choosing."""
        self._lineup, self._model = lineup, model
        self._support, self._wait_seconds = support, wait_seconds

    @property
    def support(self) -> Literal["model", "brief"]:
        """Who answers a feeling now: the model, or fixed words."""
        tuned = self._lineup.expects(CONVERSING)
        if self._support == "model":
            return "model" if tuned or not self._lineup.line(CONVERSING).withheld else "brief"
        return "model" if self._support == "release" and tuned else "brief"

    @contextmanager
    def of(self, turn: TurnRecord, route: Route) -> Iterator[Writer]:
        """Choose who writes, note it in the turn, and hold it.

        Nobody answers a feeling once someone has been in danger here, or where fixed words are set; nor one
        in another language than English, whose sentences no rule can check, nor one about eating and weight;
        and nobody writes where a release was chosen and none fits: the base is not what was chosen.
        """
        converses = (
            self._support != "brief"
            and turn.conversation.risk == "none"
            and turn.language == "en"
            and turn.verdict.category != "eating_disorder"
        )
        if route not in TASKS or (route == "support" and not converses):
            yield NOBODY
            return
        # Fixed words wait for no model.
        if route == "grounded" or self._support == "model" or self._lineup.expects(CONVERSING):
            self._wait(turn)
        with self._lineup.writer(TASKS[route], turn.conversation.id) as writer:
            if not writer.writes:
                turn.reasons.append("release_refused")
            elif route == "support" and writer.adapter is None and self._support == "release":
                writer = NOBODY
            turn.writer = writer
            yield writer

    def count(self, turn: TurnRecord) -> None:
        """Let who was asked answer for how it went; a person's stop is not its fault."""
        if not turn.asked or turn.stop.is_set():
            return
        self._lineup.guards.count(
            Outcome(
                turn_id=turn.turn_id,
                task=turn.writer.task,
                release=turn.writer.adapter or "",
                written=turn.written,
                dropped=turn.dropped,
                fell_back=not turn.model_wrote,
                timed_out=turn.timed_out,
            )
        )

    def _wait(self, turn: TurnRecord) -> None:
        """Wait until the model and its releases are loaded, or until it is clear that they are not."""
        if self._wait_seconds <= 0:
            return
        until = time.monotonic() + self._wait_seconds
        with turn.timing("wait"):
            try:
                if self._model.get().wait_ready(self._wait_seconds):
                    self._lineup.wait_settled(max(until - time.monotonic(), 0.0))
            except PartUnavailable:
                return  # whoever asks it next is told why
