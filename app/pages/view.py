"""What the window shows, drawn from the server's session: messages, notes, banners, previews.

Pure: strings and values in, Gradio's plain message dictionaries and HTML out. No rule is made here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from regex import Match

from app.answer import ChatAnswer
from app.catalogue import Catalogue
from app.chat import URGENT
from app.clinic import Clinic
from app.feedback import Draft
from app.handover import Said
from app.pages.markup import escape_inline, lang_attribute, paragraphs, with_links
from app.sentences import split_sentences, text_after
from app.sessions import Notice, Session
from app.turns import Turn
from retrieval.faq import FaqEntry
from safety.language import language_of
from safety.placeholders import PLACEHOLDER

EXCERPT_CHARS = 320
# What the style sheet knows a reply to someone in danger by.
URGENT_MARK = '<span class="urgent"></span>'


class ChatMessage(TypedDict):
    """One bubble, as Gradio takes it."""

    role: str
    content: str


@dataclass(frozen=True)
class View:
    """Draws one clinic's window in one language.

    `reach` says how to reach the clinic now, `crisis_line` whom to call in a crisis.
    """

    words: Catalogue
    clinic: Clinic
    reach: Callable[[], str]
    crisis_line: Callable[[], str]
    sources: Callable[[ChatAnswer], tuple[FaqEntry, ...]]
    sample: bool
    short_numbers: tuple[str, ...] = ()

    @property
    def links(self) -> tuple[str, ...]:
        """What is a link wherever it stands: the clinic's contacts, and the short numbers to call."""
        return (*self.clinic.contacts, *self.short_numbers)

    def messages(self, session: Session | None) -> list[ChatMessage]:
        """Return every bubble of the window."""
        shown: list[ChatMessage] = []
        for turn in session.turns if session else ():
            shown.append({"role": "user", "content": self._question(turn)})
            if answer := self._answer(turn):
                shown.append({"role": "assistant", "content": answer})
        return shown

    def _question(self, turn: Turn) -> str:
        if not turn.question:
            return _small(self.words.chat.hidden if turn.ended or turn.urgent else self.words.chat.reading)
        text = paragraphs(self._readable(turn.question))
        if turn.entities:
            kinds = self.words.kinds_of([entity.type for entity in turn.entities])
            text += "\n\n" + _small(self.words.chat.removed.format(kinds=kinds))
        return text

    def _readable(self, scrubbed: str) -> str:
        """Say "[a name]" for [PERSON_1], and "[a name 2]" for the second."""

        def named(found: Match[str]) -> str:
            kind, number = found.group()[1:-1].rsplit("_", 1)
            return f"[{self.words.kinds[kind]}{'' if number == '1' else ' ' + number}]"

        return PLACEHOLDER.sub(named, scrubbed)

    def _answer(self, turn: Turn) -> str:
        chat = self.words.chat
        if turn.answer is not None:
            if turn.answer.kind in URGENT:
                return URGENT_MARK + paragraphs(turn.answer.text, self.links)
            return self._whole(turn.answer)
        if turn.urgent:
            return URGENT_MARK + paragraphs("\n\n".join(turn.sentences), self.links)
        said = paragraphs(" ".join(turn.sentences), self.links)
        if turn.stage == "gave_up":
            return paragraphs(self.gave_up(), self.links)
        if turn.stage == "stopped":
            return f"{said}\n\n{_small(chat.stopped)}".strip()
        return said

    def gave_up(self) -> str:
        """Say that no answer comes any more, whom to ask instead, and whom to call in a crisis."""
        return f"{self.words.chat.gave_up.format(clinic=self.reach())} {self.crisis_line()}"

    def _whole(self, answer: ChatAnswer) -> str:
        parts = [paragraphs(answer.text, self.links)]
        if answer.model.base:
            chat = self.words.chat
            parts.append(_small(chat.model_conversed if answer.kind == "support" else chat.model_wrote))
        if entries := self.sources(answer):
            parts.append(self._sources(entries))
        return "\n\n".join(parts)

    def _sources(self, entries: Sequence[FaqEntry]) -> str:
        chat = self.words.chat
        items = []
        for entry in entries:
            reviewed = (
                chat.reviewed.format(date=entry.reviewed.isoformat())
                if entry.reviewed
                else chat.never_reviewed
            )
            mark = f' <span class="tag">{escape_inline(chat.sample)}</span>' if self.sample else ""
            # On one line each: a blank line would end the block, and what follows would be text.
            question = " ".join(entry.question.split())
            excerpt = _cut(" ".join(entry.answer.split()), EXCERPT_CHARS)
            items.append(
                f"<li><strong>{escape_inline(question)}</strong>{mark}<br>"
                f"{escape_inline(chat.excerpt.format(text=excerpt))}<br>"
                f'<span class="when">{escape_inline(reviewed)}</span></li>'
            )
        title = escape_inline(chat.sources.format(count=len(entries)))
        return f'<details class="sources"><summary>{title}</summary><ul>{"".join(items)}</ul></details>'

    def status(self, session: Session | None) -> str:
        """Return the line under the messages: place in line, writing, a notice, or nothing."""
        chat = self.words.chat
        notices: dict[Notice, str] = {
            "busy": chat.busy.format(clinic=self.reach()),
            "too_fast": chat.too_fast.format(clinic=self.reach()),
            "cleared": self.words.announce.cleared,
        }
        if session is None:
            return ""
        if session.notice:
            return notices[session.notice]
        turn = session.last
        if turn is None or turn.ended:
            return ""
        if turn.stage == "reading":
            return chat.reading
        if turn.stage == "waiting" and turn.position:
            return chat.waiting.format(position=turn.position)
        return chat.writing

    def spoken(self, session: Session | None) -> str:
        """Return what a screen reader is to say of the newest turn: one keyed piece a sentence.

        A sentence of a reply in another language than the page's says which.
        """
        turn = session.last if session else None
        if turn is None:
            return ""
        said = [sentence for piece in turn.sentences for sentence in split_sentences(piece)]
        ours: list[str] = []
        reply = " ".join(turn.sentences)
        if turn.answer is not None:
            rest = text_after(turn.answer.text, reply)
            said += split_sentences(turn.answer.text if rest is None else rest)
            count = len(turn.answer.citations)
            ours += [self.words.announce.sources.format(count=count)] if count else []
        elif turn.stage == "gave_up":
            ours.append(self.gave_up())
        whole = language_of(reply if turn.answer is None else turn.answer.text)
        spoken = [(text, lang_attribute(language_of(text, doubt=whole))) for text in said]
        return "".join(
            f'<span data-key="{turn.key}-{number}"{lang}>{escape_inline(text)}</span>'
            for number, (text, lang) in enumerate([*spoken, *((text, "") for text in ours)])
        )

    def standing(self, text: str) -> str:
        """Return the standing line, with its numbers ready to dial."""
        return f'<p class="standing" role="note">{with_links(text, self.links)}</p>'

    def banners(self, lines: Sequence[str]) -> str:
        """Return the lines that say how the page stands."""
        return "".join(f'<p class="banner">{escape_inline(line)}</p>' for line in lines)

    def person(self, now: datetime) -> str:
        """Return hours, numbers and the address of the clinic, at `now` (an aware datetime)."""
        words = self.words.person
        closes, opens = self.clinic.closes_at(now), self.clinic.opens_next(now)
        if closes is not None:
            state = words.open.format(until=closes.strftime("%H:%M"))
        else:
            answers = self.clinic.handover.after_hours_phone
            state = (
                words.closed.format(number=self.clinic.phone(answers)) if answers else words.closed_no_number
            )
            if opens is not None:
                day = words.days[opens.weekday()]
                state += " " + words.opens.format(day=day, time=opens.strftime("%H:%M"))
        rows = "".join(
            f"<li><strong>{escape_inline(phone.label)}</strong>: {with_links(phone.number, [phone.number])}"
            + (f" ({escape_inline(phone.use)})" if phone.use else "")
            + "</li>"
            for phone in self.clinic.phones
            if "fax" not in phone.label.casefold()
        )
        email = self.clinic.handover.email
        mail = f"<p>{with_links(words.email.format(address=email), [email])}</p>" if email else ""
        return f'<p class="hours">{with_links(state, self.links)}</p><ul class="numbers">{rows}</ul>{mail}'

    def transcript(self, session: Session | None) -> tuple[Said, ...]:
        """Return what a hand-over would send: the scrubbed words of both sides."""
        said: list[Said] = []
        for turn in session.turns if session else ():
            if turn.question:
                said.append(Said("person", turn.question))
            if turn.answer is not None:
                said.append(Said("chat", turn.answer.text))
        return tuple(said)

    def transcript_preview(self, session: Session | None) -> str:
        """Return the transcript as it would be sent."""
        said = self.transcript(session)
        if not said:
            return f"<p>{escape_inline(self.words.person.nothing)}</p>"
        return "".join(
            f"<p><strong>{escape_inline(piece.who)}</strong>: {escape_inline(piece.text)}</p>"
            for piece in said
        )

    def draft(self, draft: Draft | None, *, never: bool) -> str:
        """Return exactly what would be kept of a piece of feedback."""
        words = self.words.feedback
        if draft is None:
            return f"<p>{escape_inline(words.preview_nothing)}</p>"
        rating = words.up if draft.rating == "up" else words.down
        lines = [words.preview_rating.format(rating=rating)]
        if draft.reasons:
            named = [str(getattr(words.reason, reason)) for reason in draft.reasons]
            lines.append(words.preview_reasons.format(reasons="; ".join(named)))
        if draft.comment:
            lines.append(words.preview_comment.format(text=draft.comment))
        if draft.exchange:
            lines.append(words.preview_question.format(text=draft.question))
            lines.append(words.preview_answer.format(text=draft.answer))
        elif never:
            lines.append(words.preview_never)
        return "".join(f"<p>{escape_inline(line)}</p>" for line in lines)


def _small(text: str) -> str:
    return f'<small class="note">{escape_inline(text)}</small>'


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most].rsplit(" ", 1)[0] + " …"
