"""Scrub a mail: its people, subject, date and texts come out as a plain mail, all else stays behind.

What a mail server adds (routes, addresses of machines, identifiers of messages) and attachments are not
written: neither can be searched as text. A mail is read whole, so its size is bounded.

Must not: write a part that it cannot read; such a mail fails.
"""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import Final, TextIO

import regex

from safety.bulk_markup import FILLER, markup_view
from safety.bulk_pieces import TextScrubber
from safety.errors import ScrubError

MOST_CHARS: Final = 64_000_000
LEFT_OUT: Final = "[attachment left out]\n"
_KEPT: Final = ("From", "To", "Cc", "Bcc", "Reply-To", "Subject", "Date")
_HEAD: Final = (
    "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
)


class MailTooLong(ScrubError):
    """A mail is longer than is read at once."""


def scrub_mail(source: TextIO, text: TextScrubber, *, on_left_out: Callable[[], None]) -> Iterator[str]:
    """Yield a mail scrubbed, in plain text. Raises MailTooLong, ScrubError, LookupError (unknown charset).

    `source` holds the mail's bytes as Latin-1: each part is decoded by the charset that it names.
    """
    raw = source.read(MOST_CHARS + 1)
    if len(raw) > MOST_CHARS:
        raise MailTooLong(f"a mail of over {MOST_CHARS} characters")
    message = email.message_from_bytes(raw.encode("latin-1"), policy=email.policy.default)
    for name in _KEPT:
        for value in message.get_all(name, []):
            line = " ".join(str(value).split())
            yield f"{name}: {text.whole(line, cue=name)}\n"
    yield _HEAD
    for part in mail_texts(message):
        if part:
            yield from text.stream([part if part.endswith("\n") else part + "\n"])
        else:
            on_left_out()
            yield LEFT_OUT


def mail_texts(message: EmailMessage) -> Iterator[str]:
    """Yield the text of each part, and "" for a part that is none."""
    for part in message.walk():
        kind = part.get_content_type()
        if part.is_multipart() or not isinstance(part, EmailMessage):
            if kind == "message/rfc822":
                yield "-" * 5 + "\n"
            continue
        if kind == "text/plain":
            yield str(part.get_content()) or "\n"
        elif kind == "text/html":
            yield page_text(str(part.get_content())) or "\n"
        else:
            yield ""


def page_text(page: str) -> str:
    """Return what a page shows, and the values of its attributes, as plain text."""
    return regex.sub(r"\n\s*\n", "\n\n", markup_view(page).replace(FILLER, ""))
