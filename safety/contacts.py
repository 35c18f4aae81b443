"""Find phone numbers, e-mail addresses and links in a text, in a form that can be compared.

Used to check that a sentence names only contacts that the clinic or a cited passage names. It must
not judge whether a number is right, and it holds no number of its own.
"""

from __future__ import annotations

import re
from typing import Final

_EMAIL: Final = re.compile(r"[\w.+-]{1,64}\s?@\s?[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
_LINK: Final = re.compile(
    r"(?:https?://|www\.)[^\s<>\"')\]]{2,200}"
    r"|\b[\w-]{1,63}(?:\.[\w-]{1,63}){0,4}\.(?:com|org|net|gov|edu|io|info|health|care|us|co|uk|de|ca|au|app|me|ly)\b"
    r"(?:/[^\s<>\"')\]]{0,200})?",
    re.IGNORECASE,
)
_PHONE: Final = re.compile(r"(?<![\w.])\+?\(?\d[\d\-\s().‑–/]{5,22}\d(?!\w)")
_DATE: Final = re.compile(r"^\(?(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})")
_SHORT: Final = re.compile(
    r"\b(?:call|calling|dial|dialling|dialing|text|texting|phone|ring|to|or|at)\s+(\d{3}(?:\d{2,3})?)\b(?![\s.\-)]{0,2}\d)(?!\s*(?:hours|"
    r"days|weeks|minutes|dollars|mg|percent|people|patients|business|working|times|months|years|pages|steps)\b)",
    re.IGNORECASE,
)
_SPELLED: Final = re.compile(
    r"(?:\b(?:zero|oh|one|two|three|four|five|six|seven|eight|nine)\b[\s,-]{0,3}){5,}", re.IGNORECASE
)


def contacts(text: str) -> frozenset[str]:
    """Return every contact in `text`: digits of numbers, lower-case addresses, links without scheme."""
    found: set[str] = set()
    rest = text
    for match in _EMAIL.finditer(text):
        found.add(re.sub(r"\s", "", match.group()).lower().rstrip("."))
        rest = rest.replace(match.group(), " ")
    for match in _LINK.finditer(rest):
        found.add(_link(match.group()))
    rest = _LINK.sub(" ", rest)
    for match in _PHONE.finditer(rest):
        if not _is_no_phone(match.group()):
            found.add(_number(re.sub(r"\D", "", match.group())))
    found |= {match.group(1) for match in _SHORT.finditer(rest)}
    if _SPELLED.search(rest):
        found.add("spelled-out number")
    return frozenset(found)


def without_contacts(text: str) -> str:
    """Return the text with every number to call, address and link taken out."""
    rest = _LINK.sub(" ", _EMAIL.sub(" ", text))
    return _PHONE.sub(lambda match: match.group() if _is_no_phone(match.group()) else " ", rest)


def _is_no_phone(text: str) -> bool:
    return len(re.sub(r"\D", "", text)) < 7 or bool(_DATE.match(text))


def _number(digits: str) -> str:
    return digits[1:] if len(digits) == 11 and digits.startswith("1") else digits


def _link(text: str) -> str:
    bare = re.sub(r"^https?://", "", text.lower()).removeprefix("www.")
    return bare.rstrip("/.,;:!?")
