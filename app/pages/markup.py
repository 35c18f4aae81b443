"""Text to markup for the chat window and the blocks around it: everything is escaped here, nothing else is.

A message is shown through Markdown, where a person's `![](http://...)` would load a picture from a
stranger and `<img>` would be one. So every sign that means something to Markdown or HTML becomes its
character reference; only what this file adds is markup.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Final

from safety.language import Language, language_of

# What Gradio's document says of itself (`<html lang="en">`): only what is in another language is marked.
PAGE_LANGUAGE: Final[Language] = "en"
_SPECIAL = re.compile(r"[\\`*_{}\[\]()#+\-.!|~<>&\"':/=^$@]")
# What can be called: numbers in these two forms, and the short ones given; never inside a longer one.
_LONG = r"\([0-9]{3}\) [0-9]{3}-[0-9]{4}|1-[0-9]{3}-[0-9]{3}-[0-9]{4}"
_DIAL = r"(?<![\w-])(?<!\d[.,])(?:{numbers})(?![\w-]|[.,]\d)"
_SHORT = r"(?<!\d{{3}} )(?:{numbers})(?! \d{{4}}(?!\d)| \d{{3}}-)"
_PAGE = re.compile(r"https?://\S+")
_EMAIL = re.compile(r"[^\s@:/]+@[^\s@:/]+")
_PHONE = re.compile(r"\+?[0-9 ().-]*[0-9][0-9 ().-]{2,}")


def _reference(sign: re.Match[str]) -> str:
    return f"&#{ord(sign.group())};"


def with_links(text: str, links: Sequence[str] = ()) -> str:
    """Escape text, and make numbers that can be dialled and the given addresses into links.

    A number of three digits is one to dial only where it is among `links`.
    """
    short = [link for link in links if re.fullmatch("[0-9]{3}", link)]
    numbers = "|".join([_LONG, _SHORT.format(numbers="|".join(short))] if short else [_LONG])
    given = [re.escape(link) for link in sorted(links, key=len, reverse=True) if _address(link)]
    others = [rf"(?<![\w-]){link}(?![\w-])" for link in given if link not in short]
    pattern = re.compile("|".join([_DIAL.format(numbers=numbers), *others]))
    pieces: list[str] = []
    last = 0
    for found in pattern.finditer(text):
        pieces += (escape_inline(text[last : found.start()]), _link(found.group()))
        last = found.end()
    return "".join(pieces) + escape_inline(text[last:])


def escape_inline(text: str) -> str:
    """Return a piece of a line that Markdown and HTML show as it is, the spaces at its ends too."""
    return _SPECIAL.sub(_reference, text)


def _link(target: str) -> str:
    return f'<a href="{html.escape(_address(target), quote=True)}">{escape_inline(target)}</a>'


def _address(target: str) -> str:
    """Return where a link to `target` leads; empty for what is no page, mailbox or number."""
    if _PAGE.fullmatch(target):
        return target
    if _EMAIL.fullmatch(target):
        return f"mailto:{target}"
    return "tel:" + re.sub(r"[^0-9+]", "", target) if _PHONE.fullmatch(target) else ""


def paragraphs(text: str, links: Sequence[str] = ()) -> str:
    """Return the paragraphs of an answer as Markdown, with its numbers and addresses as links.

    Each says its language where that is not the page's, so that a screen reader speaks it with its sounds.
    """
    whole = language_of(text)
    blocks = [block for block in re.split(r"\n\s*\n", text.strip()) if block.strip()]
    return "\n\n".join(
        _spoken_as(
            "\n".join(with_links(line.strip(), links) for line in block.splitlines()),
            language_of(block, doubt=whole),
        )
        for block in blocks
    )


def lang_attribute(language: Language) -> str:
    """Return ` lang="es"` for what is in another language than the page, else nothing."""
    return "" if language == PAGE_LANGUAGE else f' lang="{language}"'


def _spoken_as(markup: str, language: Language) -> str:
    # Inside the paragraph, and with text right after it: on a line of its own it would begin a block of HTML.
    attribute = lang_attribute(language)
    return f"<span{attribute}>{markup.strip()}</span>" if attribute else markup
