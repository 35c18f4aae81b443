"""The words of an answer that no model wrote: approved ones, and fixed ones with numbers filled in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from app.clinic import Clinic
from app.decision import Route
from retrieval.hits import Hit
from safety.replies import Replies, ReplyName, reach_clinic
from safety.verdict import Verdict

_FIXED: dict[Route, ReplyName] = {"support": "support_brief", "clarify": "clarify", "abstain": "abstain"}


class Wording:
    """Fixed replies for one clinic: its country's hotlines, its number that answers now."""

    def __init__(self, replies: Replies, clinic: Clinic, *, max_chars: int) -> None:
        self._replies = replies
        self._clinic = clinic
        self._max_chars = max_chars

    def fixed(self, reply: ReplyName | Verdict) -> str:
        """Return the fixed reply for a verdict or a named case."""
        return self._replies.text(
            reply,
            country=self._clinic.country,
            clinic_phone=self._clinic.person_number(datetime.now(UTC)),
            max_chars=self._max_chars,
        )

    def short_numbers(self) -> tuple[str, ...]:
        """Return the three-digit numbers that the clinic's country has for a crisis or an emergency."""
        return self._replies.hotlines.short_numbers(self._clinic.country)

    def reach(self) -> str:
        """Say how to reach the clinic now, to stand inside a sentence."""
        return reach_clinic(self._clinic.person_number(datetime.now(UTC)))

    def approved(self, route: Route, hits: Sequence[Hit]) -> str:
        """Return the first hit's approved answer, word for word, or the fixed words of the route."""
        return hits[0].entry.answer if route == "faq" else self.fixed(_FIXED[route])

    def closed(self, route: Route, text: str) -> str:
        """Add to what the model wrote the fixed closing that its kind needs."""
        return f"{text}\n\n{self.fixed('support_closing')}" if route == "support" else text
