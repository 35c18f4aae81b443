"""A person's judgement of an answer: what would be kept, keeping it, and taking it back.

What is kept comes from the server's own record of the turn, never from what a browser sends, except the
comment, which is scrubbed first. An exchange is kept only with consent, and never of someone in danger.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from app.chat import URGENT, Parts
from app.errors import StoreError
from app.sessions import Session
from app.turns import Turn

Rating = Literal["up", "down"]
CONSENT_VERSION = "2026-11"
LONGEST_COMMENT = 1_000
LONGEST_READ = 4_000


@dataclass(frozen=True)
class Draft:
    """Feedback as it would be kept. `exchange` says whether question and answer go with it."""

    turn_id: str
    rating: Rating
    reasons: tuple[str, ...]
    comment: str = field(repr=False)
    question: str = field(repr=False)
    answer: str = field(repr=False)
    exchange: bool


class FeedbackKeeper:
    """Drafts, keeps and withdraws feedback. Raises StoreError, ScrubError or PartUnavailable."""

    def __init__(
        self,
        parts: Parts,
        *,
        reasons: Sequence[str],
        rated: Callable[[str, Rating], None] = lambda _turn_id, _rating: None,
    ) -> None:
        """Keep feedback with these codes of reasons; `rated` hears each rating that was kept."""
        self._parts = parts
        self._rated = rated
        self._reasons = tuple(reasons)
        # Turns whose exchange is kept. Only a window of this process can rate a turn, so memory is enough.
        self._exchanged: set[str] = set()

    def draft(
        self, session: Session, *, rating: Rating, reasons: Sequence[str], comment: str, consent: bool
    ) -> Draft | None:
        """Return what would be kept about the last answer; None when there is none."""
        turn = rated_turn(session)
        if turn is None or turn.answer is None:
            return None
        scrubbed = ""
        if comment.strip():
            # Cut for good after scrubbing: half a number is found by nobody.
            read = _cut(comment.strip(), LONGEST_READ)
            scrubbed = _cut(
                self._parts.scrubber.get().scrub(read, session.conversation.placeholders).text,
                LONGEST_COMMENT,
            )
        exchange = consent and may_keep(session, turn)
        return Draft(
            turn_id=turn.answer.turn_id,
            rating=rating,
            reasons=tuple(reason for reason in self._reasons if reason in reasons),
            comment=scrubbed,
            question=turn.question if exchange else "",
            answer=turn.answer.text if exchange else "",
            exchange=exchange,
        )

    def keep(self, draft: Draft) -> None:
        """Keep a draft, or nothing of its words; a later one about the same turn replaces it."""
        # Loaded here: the store's libraries must not delay the page.
        from app.store import Exchange, Feedback

        store = self._parts.store.get()
        if draft.exchange:
            store.keep_exchange(
                Exchange(
                    turn_id=draft.turn_id,
                    question=draft.question,
                    answer=draft.answer,
                    consent_version=CONSENT_VERSION,
                )
            )
            self._exchanged.add(draft.turn_id)
        elif draft.turn_id in self._exchanged:
            # Consent was given before and is not given now.
            self.withdraw(draft.turn_id)
        try:
            store.add_feedback(
                Feedback(
                    turn_id=draft.turn_id, rating=draft.rating, reasons=draft.reasons, comment=draft.comment
                )
            )
        except StoreError:
            if draft.exchange:
                self.withdraw(draft.turn_id)
            raise
        self._rated(draft.turn_id, draft.rating)

    def withdraw(self, turn_id: str) -> bool:
        """Delete what someone wrote in a turn; say whether there was anything."""
        found = self._parts.store.get().withdraw(turn_id)
        self._exchanged.discard(turn_id)
        return found


def rated_turn(session: Session) -> Turn | None:
    """Return the newest turn that has an answer."""
    return next((turn for turn in reversed(session.turns) if turn.answer is not None), None)


def may_keep(session: Session, turn: Turn) -> bool:
    """Say whether consent could cover this turn: never where someone is or was in danger."""
    answer = turn.answer
    if answer is None or not turn.question or answer.kind in URGENT:
        return False
    return answer.verdict.action not in URGENT and session.conversation.risk == "none"


def _cut(text: str, most: int) -> str:
    """Cut text that is too long, never through a word when it has several."""
    return text if len(text) <= most else text[:most].rsplit(maxsplit=1)[0]
