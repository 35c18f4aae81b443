"""Text to markup for the chat window and the blocks around it: everything is escaped here, nothing else is.

A message is shown through Markdown, where a person's `![](http://...)` would load a picture from a
stranger and `<img>` would be one. So every sign that means something to Markdown or HTML becomes its
character reference; only what this file adds is markup.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

_SPECIAL = re.compile(r"[\\`*_{}\[\]()#+\-.!|~<>&\"':/=^$@]")
# What can be called or visited: "988", "911", "741741", (802) 555-0110, 1-800-222-1222.
_DIAL = re.compile(r"(?<![\w-])(?:\(\d{3}\) \d{3}-\d{4}|1-\d{3}-\d{3}-\d{4}|988|911)(?![\w-])")


def escape(text: str) -> str:
    """Return text that Markdown and HTML show as it is; line breaks stay."""
    lines = [_SPECIAL.sub(_reference, line.strip()) for line in text.splitlines()]
    return "\n".join(lines)


def _reference(sign: re.Match[str]) -> str:
    return f"&#{ord(sign.group())};"


def with_links(text: str, links: Sequence[str] = ()) -> str:
    """Escape text, and make numbers that can be dialled and the given addresses into links."""
    targets = [re.escape(link) for link in sorted(links, key=len, reverse=True) if not _DIAL.fullmatch(link)]
    pattern = re.compile("|".join([_DIAL.pattern, *targets]))
    pieces: list[str] = []
    last = 0
    for found in pattern.finditer(text):
        pieces += (escape_inline(text[last : found.start()]), _link(found.group()))
        last = found.end()
    return "".join(pieces) + escape_inline(text[last:])


def escape_inline(text: str) -> str:
    """Escape a piece of a line; unlike `escape` it keeps the spaces at its ends."""
    return _SPECIAL.sub(_reference, text)


def _link(target: str) -> str:
    if _DIAL.fullmatch(target):
        address = "tel:" + re.sub(r"\D", "", target)
    elif "@" in target:
        address = f"mailto:{target}"
    else:
        address = target
    return f'<a href="{html.escape(address, quote=True)}">{escape_inline(target)}</a>'


def paragraphs(text: str, links: Sequence[str] = ()) -> str:
    """Return the paragraphs of an answer as Markdown, with its numbers and addresses as links."""
    blocks = [block for block in re.split(r"\n\s*\n", text.strip()) if block.strip()]
    return "\n\n".join(
        "\n".join(with_links(line.strip(), links) for line in block.splitlines()) for block in blocks
    )
