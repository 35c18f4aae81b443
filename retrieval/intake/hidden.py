"""Find text that a reader of a document does not see, and take it out.

Invisible characters, HTML comments that hold a sentence, elements that a style hides, white on white.
Where something was taken out a mark is left, so that the pair around it can be set aside.
Written words are never hidden by chance; a model reads them all the same.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

MARK: Final = "\ue000"
# Zero width, direction marks, invisible operators, tag characters, variation selectors that carry bytes.
_INVISIBLE: Final = re.compile(
    "[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\u180e\U000e0000-\U000e01ef]"
)
_OTHER_SCRIPT: Final = "[^\x00-\u024f\u2000-\u206f\ufeff\U000e0000-\U000e01ef]"
_JOINED: Final = re.compile(f"(?<={_OTHER_SCRIPT})[\u200c\u200d](?={_OTHER_SCRIPT})")
_HIDING: Final = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0(?:\.0+)?(?:[;\s]|$)"
    r"|font-size\s*:\s*[01](?:\.\d+)?(?:px|pt|em|rem|%)?\s*(?:;|$)"
    r"|(?:left|top|text-indent)\s*:\s*-\d{3,}|(?:^|;)\s*(?:max-)?(?:height|width)\s*:\s*0(?:px)?\s*(?:;|$)",
    re.IGNORECASE,
)
_WHITE: Final = r"(?:white|#fff(?:fff)?|rgb\(\s*255\s*,\s*255\s*,\s*255\s*\)|transparent)(?!\w)"
_WHITE_TEXT: Final = re.compile(rf"(?:^|;)\s*color\s*:\s*{_WHITE}", re.IGNORECASE)
_BACKGROUND: Final = re.compile(rf"background(?:-color)?\s*:\s*(?!\s*{_WHITE})", re.IGNORECASE)
_COMMENT_WORDS: Final = 4
_HIDDEN_ELEMENT: Final = re.compile(r"<(\w+)\b([^>]*)>.*?</\1\s*>", re.DOTALL)
# HTML comments, closed or not, and the link definitions that Markdown writers use as comments.
_FIELD_COMMENT: Final = re.compile(
    r"<!--.*?(?:-->|\Z)|^\s*\[[^\]\n]{1,40}\]:\s*(?:#|<>)\s*[\"'(][^\n]*$", re.DOTALL | re.MULTILINE
)


def without_invisible(text: str) -> tuple[str, bool]:
    """Return the text without invisible characters and marks, and whether there were any.

    Joiners inside emoji and inside scripts that write with them are left; a soft hyphen goes unmarked.
    """
    kept = _JOINED.sub(lambda match: {"\u200c": "\ue001", "\u200d": "\ue002"}[match.group()], text)
    bare = _INVISIBLE.sub("", kept.removeprefix("\ufeff")).replace("\u00ad", "")
    hidden = MARK in bare or len(bare) != len(kept.removeprefix("\ufeff").replace("\u00ad", ""))
    return bare.replace(MARK, "").replace("\ue001", "\u200c").replace("\ue002", "\u200d"), hidden


def without_hidden(text: str) -> tuple[str, bool]:
    """Return a field of an entry without what a reader would not see, and whether there was any.

    Comments, styles that hide, and invisible characters. What is taken out of a whole document before its
    fields are known is found by `seen_html` and `seen_markdown`; a field has no comments of its own.
    """
    if "<" in text or "[" in text:
        text = _HIDDEN_ELEMENT.sub(
            lambda match: MARK if _hides(match[2]) else match[0], _FIELD_COMMENT.sub(MARK, text)
        )
    return without_invisible(text)


def seen_html(html: str) -> str:
    """Return a page with a mark in the place of what its reader does not see."""
    from bs4 import BeautifulSoup, Comment

    page = BeautifulSoup(html, "html.parser")
    classes = _hiding_classes(page)
    for element in page.find_all(True):
        if element.decomposed or element.name in ("html", "body", "head", "style", "script"):
            continue
        if _is_hidden(element, classes):
            said = any(letter.isalnum() for letter in element.get_text())
            element.replace_with(MARK) if said else element.decompose()
    for comment in page.find_all(string=lambda text: isinstance(text, Comment)):
        words = re.findall(r"[^\W\d_]{2,}", comment)
        comment.replace_with(MARK if len(words) >= _COMMENT_WORDS else "")
    return str(page)


def seen_markdown(text: str) -> str:
    """Return Markdown with a mark in the place of comments that hold a sentence and of hidden elements."""
    # A comment with fields (`<!-- audience: staff -->`) is how an entry says what it is.
    text = re.sub(
        r"<!--(?!\s*\w+\s*:)(.*?)(?:-->|\Z)",
        lambda match: MARK if len(re.findall(r"[^\W\d_]{2,}", match[1])) >= _COMMENT_WORDS else "",
        text,
        flags=re.DOTALL,
    )
    if "style=" not in text and "hidden" not in text:
        return text
    return _HIDDEN_ELEMENT.sub(lambda match: MARK if _hides(match[2]) else match[0], text)


def _hides(attributes: str) -> bool:
    return bool(_HIDING.search(attributes) or _is_white(attributes) or " hidden" in attributes)


def _is_hidden(element: Tag, classes: frozenset[str]) -> bool:
    style = str(element.get("style") or "")
    names = element.get_attribute_list("class")
    white = element.name == "font" and re.fullmatch(_WHITE, str(element.get("color") or ""), re.IGNORECASE)
    return bool(
        element.has_attr("hidden")
        or element.name in ("template", "noscript")
        or (element.name == "input" and element.get("type") == "hidden")
        or white
        or _HIDING.search(style)
        or (_is_white(style) and not _on_colour(element))
        or classes.intersection(names)
    )


def _hiding_classes(page: BeautifulSoup) -> frozenset[str]:
    """Return the classes that the page's own style sheets hide."""
    sheets = "\n".join(sheet.get_text() for sheet in page.find_all("style"))
    rules = re.findall(r"\.([\w-]+)\s*\{([^{}]*)\}", sheets)
    return frozenset(name for name, style in rules if _HIDING.search(style) or _is_white(style))


def _is_white(style: str) -> bool:
    return bool(_WHITE_TEXT.search(re.sub(r"^[^\"']*[\"']", "", style))) and not _BACKGROUND.search(style)


def _on_colour(element: Tag) -> bool:
    """Say whether something around the element gives it a background that is not white."""
    around = [str(parent.get("style") or "") for parent in element.parents]
    return any(_BACKGROUND.search(style) for style in around)
