"""The words of an answer that no model wrote: approved ones, and fixed ones with numbers filled in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from app.clinic import Clinic
from app.decision import Route
from app.several import Several
from retrieval.hits import Hit
from safety.language import Language
from safety.replies import Replies, ReplyName
from safety.verdict import Verdict

_FIXED: dict[Route, ReplyName] = {"support": "support_brief", "clarify": "clarify", "abstain": "abstain"}


class Wording:
    """Fixed replies for one clinic: its country's hotlines, its number that answers now."""

    def __init__(self, replies: Replies, clinic: Clinic, *, max_chars: int) -> None:
        self._replies = replies
        self._clinic = clinic
        self._max_chars = max_chars

    def fixed(self, reply: ReplyName | Verdict, *, said: str = "", language: Language = "en") -> str:
        """Return the fixed reply for a verdict or a named case.

        `said` is the message that is answered: in danger it decides which reply fits. No word of it is shown.
        """
        return self._replies.text(
            reply,
            said=said,
            language=language,
            country=self._clinic.country,
            clinic_phone=self._clinic.person_number(datetime.now(UTC)),
            max_chars=self._max_chars,
        )

    def short_numbers(self) -> tuple[str, ...]:
        """Return the three-digit numbers that the clinic's country has for a crisis or an emergency."""
        return self._replies.hotlines.short_numbers(self._clinic.country)

    def reach(self) -> str:
        """Say how to reach the clinic now, to stand inside a sentence."""
        return self._replies.reach_clinic(self._clinic.person_number(datetime.now(UTC)))

    def approved(self, route: Route, hits: Sequence[Hit], language: Language = "en") -> str:
        """Return the first hit's approved answer, word for word, or the fixed words of the route."""
        return hits[0].entry.answer if route == "faq" else self.fixed(_FIXED[route], language=language)

    def several(self, several: Several, language: Language = "en") -> str:
        """Return each approved answer under its question, and what to do about a part that has none."""
        texts = [f"{hit.entry.question}\n\n{hit.entry.answer}" for hit in several.answered]
        return "\n\n".join((*texts, *([self.fixed("partly", language=language)] if several.partly else [])))

    def closed(self, route: Route, text: str, language: Language = "en") -> str:
        """Add to what the model wrote the fixed closing that its kind needs."""
        if route != "support":
            return text
        return f"{text}\n\n{self.fixed('support_closing', language=language)}"
