"""Find phone numbers, e-mail addresses and links in a text, in a form that can be compared.

Used to check that a sentence names only contacts that the clinic or a cited passage names. It must
not judge whether a number is right, and it holds no number of its own.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from safety.function_words import content_words

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
_DIGIT_WORD: Final = re.compile(
    r"\b(?:(zero|oh)|(one)|(two)|(three)|(four)|(five)|(six)|(seven)|(eight)|(nine))\b[\s,-]{0,3}",
    re.IGNORECASE,
)
# A name at any other ending, some of them not in use: who hides an address does not care. Endings in capitals
# begin a sentence after a missing blank; files and function words are no addresses.
_OTHER_LINK: Final = re.compile(
    r"(?<![\w.@/-])(?=[\w.-]{0,130}?[a-z])[\w-]{2,63}(?:\.[\w-]{2,63}){0,4}\.(?P<ending>[a-z]{2,24})(?![\w-])"
    r"(?:/[^\s<>\"')\]]{0,200})?"
)
_FILE: Final = re.compile(r"pdf|docx?|xlsx?|pptx?|txt|csv|jpe?g|png|gif|mp[34]|html?|json|rtf")
_HANDLE: Final = re.compile(r"(?<![\w.@])@[a-z_]\w{2,30}", re.IGNORECASE)
_WRITTEN_AT: Final = re.compile(r"\s{0,2}[\[({]\s?at\s?[\])}]\s{0,2}", re.IGNORECASE)
_WRITTEN_DOT: Final = re.compile(
    r"\s{0,2}[\[({]\s?(?:dot|\.)\s?[\])}]\s{0,2}|\s{1,2}(?:dot|punto)\s{1,2}(?=(?:com|org|net|gov|edu|info|io|co|us|test)\b)",
    re.IGNORECASE,
)
_DEFUSED: Final = re.compile(r"\bhxxp(?=s?:)", re.IGNORECASE)


def contacts(text: str) -> frozenset[str]:
    """Return every contact in `text`: digits of numbers, lower-case addresses, links without scheme."""
    found: set[str] = set()
    text = rest = _folded(text)
    for match in _EMAIL.finditer(text):
        found.add(re.sub(r"\s", "", match.group()).lower().rstrip("."))
        rest = rest.replace(match.group(), " ")
    for match in _LINK.finditer(rest):
        found.add(_link(match.group()))
    rest = _LINK.sub(" ", rest)
    for match in _OTHER_LINK.finditer(rest):
        ending = match.group("ending")
        if not _FILE.fullmatch(ending) and (len(ending) == 2 or content_words([ending])):
            found.add(_link(match.group()))
    found |= {match.group().lower() for match in _HANDLE.finditer(rest)}
    found |= _phones(rest)
    found |= {match.group(1) for match in _SHORT.finditer(rest)}
    if _SPELLED.search(rest) or _phones(_in_digits(rest)) - found:
        found.add("spelled-out number")
    return frozenset(found)


def without_contacts(text: str) -> str:
    """Return the text with every number to call, address and link taken out."""
    rest = _LINK.sub(" ", _EMAIL.sub(" ", text))
    return _PHONE.sub(lambda match: match.group() if _is_no_phone(match.group()) else " ", rest)


def _folded(text: str) -> str:
    """Return the text with look-alike forms, invisible signs and written-out signs undone."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
        text = "".join(sign for sign in text if unicodedata.category(sign) != "Cf")
    return _DEFUSED.sub("http", _WRITTEN_DOT.sub(".", _WRITTEN_AT.sub("@", text)))


def _phones(text: str) -> set[str]:
    return {
        _number(re.sub(r"\D", "", match.group()))
        for match in _PHONE.finditer(text)
        if not _is_no_phone(match.group())
    }


def _in_digits(text: str) -> str:
    """Return the text with the names of digits as digits, and without the commas between them."""
    if len(_DIGIT_WORD.findall(text)) < 2:
        return text
    spoken = _DIGIT_WORD.sub(lambda match: f"{(match.lastindex or 1) - 1} ", text)
    return re.sub(r"(?<=\d),\s?(?=\d)", " ", spoken)


def _is_no_phone(text: str) -> bool:
    return len(re.sub(r"\D", "", text)) < 7 or bool(_DATE.match(text))


def _number(digits: str) -> str:
    return digits[1:] if len(digits) == 11 and digits.startswith("1") else digits


def _link(text: str) -> str:
    bare = re.sub(r"^https?://", "", text.lower()).removeprefix("www.")
    return bare.rstrip("/.,;:!?")
