"""What the page's events do. Each checks what it is given: a hidden event can be called by anyone.

A handler reads nothing of the window that a browser sends back; it draws the window from the session
that belongs to the caller's session hash. The only inputs are a message, the feedback form's fields
and a ticked box. Nothing raises to the browser: what goes wrong is a fixed sentence.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

import gradio as gr

from app.chat import ChatService
from app.errors import AppError, HandoverFailed, LineFull
from app.feedback import Draft, FeedbackKeeper, Rating, may_keep, rated_turn
from app.handover import Handover
from app.logs import get_logger
from app.metrics import Metrics
from app.pages.markup import escape_inline, paragraphs
from app.pages.view import View
from app.rate import RateLimit
from app.rows import answer_row
from app.sessions import LONGEST_KEY, Session, Sessions
from app.turns import Turn, TurnDesk
from safety.errors import SafetyError

log = get_logger(__name__)

CHIPS = 5
FIRST_LOOK_SECONDS = 1.0
# Nobody reads faster than this, and with many at once drawing would be all that the machine does.
BETWEEN_DRAWS_SECONDS = 0.1
SOON, SELDOM = 2.0, 30.0
LONGEST_TAKEN = 20_000
Drawn = list[Any]
Result = TypeVar("Result")


@dataclass(frozen=True)
class Limits:
    """How many messages a window and an address may send."""

    session: RateLimit
    address: RateLimit


class Handlers:
    """The page's events over the application's parts."""

    def __init__(
        self,
        *,
        service: ChatService,
        desk: TurnDesk,
        sessions: Sessions,
        keeper: FeedbackKeeper,
        handover: Handover,
        limits: Limits,
        metrics: Metrics,
        view: View,
        banners: Callable[[], list[str]],
    ) -> None:
        self._service, self._desk, self._sessions = service, desk, sessions
        self._keeper, self.handover, self._limits, self._metrics = keeper, handover, limits, metrics
        self.view, self._banners = view, banners
        self.standing = service.standing_line()
        self.longest = LONGEST_TAKEN
        # The gate has threads of its own: whatever else is busy, it reads at once.
        # Many, because some wait for the reader of messages, and who is in danger must not stand behind them.
        self._gate = ThreadPoolExecutor(16, thread_name_prefix="gate")
        self._others = ThreadPoolExecutor(8, thread_name_prefix="page")

    # --- messages -----------------------------------------------------------------------

    async def send(self, text: object, request: gr.Request) -> Drawn:
        """Take a message: gate it, scrub it, show it. What can't be taken stays in the box.

        The first value says whether it was taken: "yes" or "no".
        """
        session = self._session(request)
        message = text if isinstance(text, str) else ""
        if not message.strip():
            return ["no", *self.draw(session)]
        taken = await self._start(message, session, request)
        return ["yes" if taken else "no", *self.draw(session)]

    async def follow(self, request: gr.Request) -> AsyncIterator[Drawn]:
        """Draw what is said as the newest turn changes, until it ends: values for `Window.said()`.

        The buttons wait for `settle`: Gradio makes each anew that is given an update, a skipped one too,
        and with many people at once that was most of what the machine did.
        """
        session = self._session(request)
        turn = session.last
        if turn is None:
            yield self._said(session)
            return
        async for _ in turn.changes():
            yield self._said(session)
            if not turn.ended:
                await asyncio.sleep(BETWEEN_DRAWS_SECONDS)

    async def settle(self, request: gr.Request) -> Drawn:
        """Draw the whole window, once nothing more will be said."""
        return self.draw(self._session(request))

    async def retry(self, request: gr.Request) -> Drawn:
        """Ask the last question again, as it was scrubbed."""
        session = self._session(request)
        last = session.last
        if last is not None and last.question and self._within_limits(session, request):
            session.take_back()
            await self._start(last.question, session, request, counted=True)
        return self.draw(session)

    async def edit(self, request: gr.Request) -> Drawn:
        """Put the last question, as it was scrubbed, back into the box. The risk stays."""
        session = self._session(request)
        if session.last is not None:
            self._desk.stop(session.last)
        return [session.take_back() or gr.skip(), *self.draw(session)]

    async def stop(self, request: gr.Request) -> Drawn:
        """End the answer that is being written; the model is free within two tokens."""
        session = self._session(request)
        if session.last is not None:
            self._desk.stop(session.last)
        return self.draw(session)

    async def clear(self, request: gr.Request) -> Drawn:
        """Forget everything of this window, the risk too: the next person is another one."""
        self._sessions.forget(_key(request))
        session = self._session(request)
        session.notice = "cleared"
        return ["", *self.draw(session)]

    async def leave(self, request: gr.Request) -> None:
        """Forget the window that was closed."""
        self._sessions.forget(_key(request))

    async def ask(self, text: str, request: gr.Request) -> AsyncIterator[dict[str, Any]]:
        """Answer a program's question in its own session: partial answers, and last the whole one.

        The last value has the fields of `python -m app ask --json`; earlier ones have `text` only.
        """
        session = self._session(request)
        message = text if isinstance(text, str) else ""
        if not message.strip() or not await self._start(message, session, request):
            yield {"kind": "unavailable", "text": self._refusal(session)}
            return
        turn = cast(Turn, session.last)
        async for _ in turn.changes():
            if not turn.ended and turn.sentences:
                yield {"text": " ".join(turn.sentences)}
        if turn.answer is None:
            yield {"kind": "unavailable", "text": self.view.gave_up()}
            return
        yield answer_row(turn.answer.turn_id, turn.answer).model_dump()

    async def _start(
        self, message: str, session: Session, request: gr.Request, *, counted: bool = False
    ) -> bool:
        """Begin a turn, and wait a moment for its first words; false when it was not taken.

        The gate reads first, also beyond every limit: someone in danger is always answered.
        """
        session.notice = ""
        allowed = counted or self._within_limits(session, request)
        try:
            turn = await _in(
                self._gate,
                lambda: self._desk.start(
                    message, session.conversation, before=session.last, urgent_only=not allowed
                ),
            )
        except LineFull:
            session.notice = "busy" if allowed else "too_fast"
            self._metrics.refused(session.notice)
            return False
        session.show(turn)
        try:
            async with asyncio.timeout(FIRST_LOOK_SECONDS):
                await turn.read()
        except TimeoutError:
            pass
        return True

    def _within_limits(self, session: Session, request: gr.Request) -> bool:
        by_window = self._limits.session.allows(session.conversation.id)
        return self._limits.address.allows(_address(request)) and by_window

    def _refusal(self, session: Session) -> str:
        said = self.view.status(session) or self._service.words.fixed("unavailable")
        return f"{said} {self._service.words.fixed('crisis_line')}"

    # --- drawing ------------------------------------------------------------------------

    def draw(self, session: Session | None) -> Drawn:
        """Return new values for `Window.drawn()`."""
        turn = session.last if session else None
        ended = turn is not None and turn.ended
        title, chips = self._chips(turn)
        rated = session is not None and rated_turn(session) is not None
        return [
            *self._said(session),
            f"<p>{escape_inline(title)}</p>" if title else "",
            *chips,
            gr.update(visible=turn is not None and not ended),
            gr.update(visible=ended and bool(turn and turn.question)),
            gr.update(visible=ended and bool(turn and turn.question)),
            gr.update(visible=rated and ended),
        ]

    def _said(self, session: Session | None) -> Drawn:
        return [self.view.messages(session), self._status(session), self.view.spoken(session)]

    def _status(self, session: Session | None) -> str:
        line = self.view.status(session)
        if not line:
            return ""
        if session is not None and session.notice in ("busy", "too_fast"):
            line = f"{line} {self._service.words.fixed('crisis_line')}"
        return f'<p role="status">{paragraphs(line, self.view.links)}</p>'

    def _chips(self, turn: Turn | None) -> tuple[str, list[Any]]:
        words = self.view.words.ask
        if turn is None:
            titles, title = self._service.starters(CHIPS), words.starters
        else:
            suggestions = turn.answer.suggestions if turn.ended and turn.answer else ()
            titles, title = tuple(suggestions[:CHIPS]), words.suggestions
        shown = [gr.update(value=text, visible=True) for text in titles]
        shown += [gr.update(value="", visible=False)] * (CHIPS - len(shown))
        return (title if titles else ""), shown

    async def arrive(self, request: gr.Request) -> Drawn:
        """Draw a fresh window."""
        return [self.view.banners(self._banners()), *self.draw(self._sessions.peek(_key(request)))]

    async def refresh(self, request: gr.Request) -> Drawn:
        """Say how the page stands now; often while it is getting ready, then seldom."""
        session = self._sessions.peek(_key(request))
        title, chips = self._chips(session.last if session else None)
        if session is not None and session.turns:
            title_update, chips = gr.skip(), [gr.skip()] * CHIPS
        else:
            title_update = f"<p>{escape_inline(title)}</p>" if title else ""
        ready = self._service.parts.retriever.is_ready() and self._service.model_state().status == "ready"
        return [
            self.view.banners(self._banners()), gr.Timer(SELDOM if ready else SOON), title_update, *chips
        ]  # fmt: skip

    # --- feedback -----------------------------------------------------------------------

    async def preview_feedback(
        self, rating: object, reasons: object, comment: object, consent: object, request: gr.Request
    ) -> str:
        """Show exactly what would be kept."""
        session = self._session(request)
        turn = rated_turn(session)
        try:
            draft = await _in(
                self._others, lambda: self._draft(session, rating or "up", reasons, comment, consent)
            )
        except (AppError, SafetyError):
            return f"<p>{escape_inline(self.view.words.feedback.failed)}</p>"
        return self.view.draft(draft, never=turn is not None and not may_keep(session, turn))

    async def give_feedback(
        self, rating: object, reasons: object, comment: object, consent: object, request: gr.Request
    ) -> list[Any]:
        """Keep what was given about the last answer."""
        words = self.view.words.feedback
        session = self._session(request)
        unchanged = [gr.skip()] * 5
        if rating not in ("up", "down"):
            return [_told(words.no_rating), *unchanged]
        try:
            draft = await _in(self._others, lambda: self._draft(session, rating, reasons, comment, consent))
            if draft is None:
                return [_told(words.no_answer), *unchanged]
            await _in(self._others, lambda: self._keeper.keep(draft))
        except (AppError, SafetyError) as error:
            log.error("feedback_not_kept", error=type(error).__name__)
            return [_told(words.failed), *unchanged]
        self._metrics.rated(draft.rating)
        thanks = words.thanks_exchange if draft.exchange else words.thanks
        return [_told(thanks.format(code=draft.turn_id)), None, [], "", False, ""]

    async def withdraw(self, request: gr.Request) -> str:
        """Delete what was kept of the last answer."""
        words = self.view.words.feedback
        turn = rated_turn(self._session(request))
        if turn is None or turn.answer is None:
            return _told(words.nothing_to_withdraw)
        turn_id = turn.answer.turn_id
        try:
            found = await _in(self._others, lambda: self._keeper.withdraw(turn_id))
        except AppError as error:
            log.error("withdrawal_failed", error=type(error).__name__)
            return _told(words.failed)
        return _told(words.withdrawn if found else words.nothing_to_withdraw)

    def _draft(
        self, session: Session, rating: object, reasons: object, comment: object, consent: object
    ) -> Draft | None:
        chosen: Rating = "up" if rating == "up" else "down"
        return self._keeper.draft(
            session,
            rating=chosen,
            reasons=[str(reason) for reason in reasons] if isinstance(reasons, Sequence) else (),
            comment=comment if isinstance(comment, str) else "",
            consent=consent is True,
        )

    # --- a person -----------------------------------------------------------------------

    async def hours(self) -> str:
        """Say who can be reached now."""
        return self.view.person(datetime.now(UTC))

    async def preview_transcript(self, request: gr.Request) -> str:
        """Show exactly what would be sent."""
        return self.view.transcript_preview(self._session(request))

    async def hand_over(self, consent: object, request: gr.Request) -> list[Any]:
        """Send the window's scrubbed words to the clinic, when the box is ticked."""
        words, session = self.view.words.person, self._session(request)
        transcript = self.view.transcript(session)
        if consent is not True:
            return [_told(words.no_consent), gr.skip(), gr.skip()]
        if not transcript:
            return [_told(words.nothing), False, gr.skip()]
        reach = self.view.reach()
        if not self._within_limits(session, request):
            return [_told(words.failed.format(clinic=reach)), gr.skip(), gr.skip()]
        try:
            code = await _in(
                self._others, lambda: self.handover.send(transcript, risk=session.conversation.risk)
            )
        except HandoverFailed:
            return [_told(words.failed.format(clinic=reach)), gr.skip(), gr.skip()]
        return [_told(words.sent.format(code=code, clinic=reach)), False, ""]

    def close(self) -> None:
        """Let the threads go."""
        self._gate.shutdown(wait=False)
        self._others.shutdown(wait=False)

    def _session(self, request: gr.Request) -> Session:
        return self._sessions.open(_key(request))


def _key(request: gr.Request) -> str:
    """Return the caller's window. A call without one gets a window that nobody else can have."""
    key = request.session_hash
    return key if isinstance(key, str) and 0 < len(key) <= LONGEST_KEY else f"none-{id(request)}"


def _address(request: gr.Request) -> str:
    client = request.client
    return str(client.host) if client else "unknown"


def _told(text: str) -> str:
    return f'<p role="status">{paragraphs(text)}</p>'


async def _in(pool: ThreadPoolExecutor, work: Callable[[], Result]) -> Result:
    return await asyncio.get_running_loop().run_in_executor(pool, work)
