"""HTML and XML as a scrubber should read them, in a text of the same length as the markup.

What a tag hides is bridged: `J<b>ane</b>` reads as one word, `&#74;ane` as "Jane", a tag that starts a
block as a line break; values of attributes and comments stay readable. Zero-width spaces fill what is
left over, so that every offset of the view is an offset of the markup; recognizers pass over them.

Must not: change the length of anything, or run without a bound: TimeoutError after SECONDS.
"""

from __future__ import annotations

import html

import regex

FILLER = "\u200b"
SECONDS = 5.0
_INLINE_NAMES = """
a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark o q s samp small span strike
strong sub sup tt u var wbr
"""
_INLINE = frozenset(_INLINE_NAMES.split())
_TAG = regex.compile(
    r"<(?:!--.*?-->|!\[CDATA\[|/?+(?P<name>[A-Za-z_][\w:.-]*+)(?P<rest>[^<>]*+)>)", regex.DOTALL
)
_OPENS = regex.compile(r"<[A-Za-z_/!?]")
_CDATA_END = "]]>"
_VALUE = regex.compile(r"""=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>]++))""")
_REFERENCE = regex.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")


def markup_view(text: str) -> str:
    """Return `text` with its tags bridged and its references read, at the same length."""
    pieces: list[str] = []
    last = 0
    for tag in _TAG.finditer(text, timeout=SECONDS):
        pieces += (text[last : tag.start()], _tag(tag))
        last = tag.end()
    view = "".join(pieces) + text[last:]
    return _REFERENCE.sub(_reference, view).replace(_CDATA_END, "\n" + 2 * FILLER)


def inside_tag(text: str, at: int) -> bool:
    """Say whether a cut at `at` would part a tag, a comment or a reference."""
    opened = text.rfind("<", 0, at)
    if opened > text.rfind(">", 0, at) and _OPENS.match(text, opened):
        return True
    if text.rfind("<!--", 0, at) > text.rfind("-->", 0, at):
        return True
    return any(one.start() < at < one.end() for one in _REFERENCE.finditer(text, max(0, at - 34), at + 34))


def tags_of(text: str) -> str:
    """Return the tags alone: they outlive a value that was spread over them."""
    return "".join(tag.group() for tag in _TAG.finditer(text) if tag["name"])


def _tag(tag: regex.Match[str]) -> str:
    whole = tag.group()
    if tag["name"] is None:
        # A comment or the head of a CDATA section: its signs go, its words stay.
        words = whole[4:-3] if whole.startswith("<!--") else ""
        front = "\n" + FILLER * (3 if words or whole.startswith("<!--") else len(whole) - 1)
        return front + words + ("\n" + 2 * FILLER if whole.startswith("<!--") else "")
    view = [FILLER] * len(whole)
    if tag["name"].rpartition(":")[2].lower() not in _INLINE:
        view[0] = "\n"
    offset = tag.start("rest") - tag.start()
    for value in _VALUE.finditer(tag["rest"]):
        group = next(number for number in (1, 2, 3) if value.start(number) >= 0)
        start, end = (place + offset for place in value.span(group))
        view[start:end] = whole[start:end]
        view[start - 1] = "\n"
        view[end if end < len(view) else -1] = "\n"
    return "".join(view)


def _reference(match: regex.Match[str]) -> str:
    whole = match.group()
    read = html.unescape(whole)
    if read == whole or len(read) > len(whole):
        return whole
    return read + FILLER * (len(whole) - len(read))
