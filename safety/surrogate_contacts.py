"""Made-up ways to reach a person: phone numbers kept for fiction, addresses and links under example.org.

Phone numbers end in 555-01xx, which the North American Numbering Plan keeps for fiction, behind an area
code that is drawn as well (it tells where somebody lives). Abroad zeros stand before it: no national
number begins with 00. Handles keep their signs and lengths.

Must not: keep any part of the real address, its domain included.
"""

from __future__ import annotations

from collections.abc import Callable

import regex

from safety.surrogate_draws import Draw, is_spelled, like, match_case, refilled, spelled_like

_AREAS = ("202", "303", "404", "505", "606", "707", "808", "909")
_EXTENSION = regex.compile(r"(?:[\s,]*(?:x|ext\.?|extension)[\s#]*)(\d{1,6})\s*$", regex.IGNORECASE)
_AT = regex.compile(r"\s*[(\[{<]\s*(?:at|@)\s*[)\]}>]\s*|\s+at\s+|\s?[@＠]\s?", regex.IGNORECASE)
_DOT = regex.compile(r"\s*[(\[{<]\s*(?:dot|\.)\s*[)\]}>]\s*|\s+dot\s+|[ ]?\.[ ]?", regex.IGNORECASE)
_JOINER = frozenset({"dot", "at", "underscore", "dash", "hyphen", "plus"})
_URL = regex.compile(
    r"(?P<scheme>(?:https?|ftp)://)?(?P<www>www\.)?(?P<host>[^/?#\s]*)(?P<rest>.*)",
    regex.IGNORECASE | regex.DOTALL,
)
_ENDING = regex.compile(r"\.(?:html?|php|aspx?|pdf|jpe?g|png|gif)\b", regex.IGNORECASE)
_CONSONANTS, _VOWELS = "bdfgklmnprstvz", "aeou"


def phone(value: str, draw: Draw) -> str:
    """Return a number for fiction in the form of `value`, its extension made up as well."""
    if is_spelled(value):
        return spelled_like(value, lambda bare: _fiction(len(bare), draw, code=""))
    extension = _EXTENSION.search(value)
    main = value if extension is None else value[: extension.start()]
    code = regex.match(r"\s*\+\s*(\d{1,3})(?=\D)", main)
    digits = sum(character.isdigit() for character in main)
    made = refilled(
        main,
        lambda bare: (
            _fiction(digits, draw, code=_country(main, code)) if bare.isdigit() else like(bare, draw)
        ),
    )
    if extension is None:
        return made
    tail = value[extension.start() :]
    return made + regex.sub(r"\d", lambda _digit: str(draw.number(0, 9)), tail)


def phone_key(value: str) -> str:
    """Return what tells one phone number from another: its last ten digits, or all that it is."""
    extension = _EXTENSION.search(value)
    digits = regex.sub(r"\D", "", value if extension is None else value[: extension.start()])
    return digits[-10:] or value.casefold()


def email(value: str, draw: Draw, word: Callable[[str], str]) -> str:
    """Return an address under example.org; `word` gives the made-up name for a name in it."""
    at = list(_AT.finditer(value))
    if not at:
        return f"{_local(value, draw, word)}@example.org"
    sign = at[-1]
    domain = value[sign.end() :]
    dot = _DOT.search(domain)
    host = match_case(domain, "example") + (dot.group() if dot else ".") + match_case(domain, "org")
    return _local(value[: sign.start()], draw, word) + sign.group() + host


def link(value: str, draw: Draw) -> str:
    """Return a link under example.org, with as many parts in its path, each made up."""
    found = _URL.fullmatch(value)
    if found is None:
        return "https://example.org/"
    rest = found.group("rest")
    ending = _ENDING.search(rest)
    kept = ending.span() if ending else (len(rest), len(rest))
    path = _made_up(rest[: kept[0]], draw) + rest[kept[0] : kept[1]] + _made_up(rest[kept[1] :], draw)
    return f"{found.group('scheme') or ''}{found.group('www') or ''}example.org{path}"


def handle(value: str, draw: Draw) -> str:
    """Return a user name or password with the signs, case and lengths of `value`."""
    prefix = regex.match(r"/?u/", value)
    at = prefix.end() if prefix else 0
    return value[:at] + _made_up(value[at:], draw)


def payload(value: str) -> str:
    """Return an empty payload: the head of a data URI, or as many letters A as a line holds."""
    head = regex.match(r"data:[\w.+/-]{0,80}(?:;[\w=.-]{1,40}){0,4},", value, regex.IGNORECASE)
    if head:
        return head.group() + "AAAA"
    return refilled(value, lambda bare: "A" * len(bare)) if len(value) <= 64 else "A" * 64


def _country(main: str, code: regex.Match[str] | None) -> str:
    """Return the digits of a country code that is set apart from its number; +1 has our own plan."""
    if code is not None:
        return str(code.group(1))
    return "1" if main.lstrip().startswith("+1") else ""


def _fiction(count: int, draw: Draw, *, code: str) -> str:
    line = f"55501{draw.digits(2)}"
    area = draw.one(_AREAS)
    if count < 7:
        return "0" + draw.digits(count - 1) if count > 3 else draw.digits(count)
    if count == 7:
        return line
    if count == 10 and code in ("", "1"):
        return area + line
    if count == 11 and code in ("", "1"):
        return "1" + area + line
    return code + line.rjust(count - len(code), "0")[-(count - len(code)) :]


def _local(local: str, draw: Draw, word: Callable[[str], str]) -> str:
    def other(match: regex.Match[str]) -> str:
        text = match.group()
        if text.casefold() in _JOINER and " " in local:
            return str(text)
        if text.isdigit():
            return like(text, draw)
        if len(text) == 1:
            return draw.letter(text, among=_CONSONANTS.replace(text.lower(), ""))
        return match_case(text, word(text))

    return regex.sub(r"\p{L}[\p{L}\p{M}]*|\d+", other, local)


def _made_up(text: str, draw: Draw) -> str:
    """Return letters that can be spoken for letters, and digits for digits."""
    made: list[str] = []
    for character in text:
        if character.isdigit():
            made.append(str(draw.number(0, 9)))
        elif character.isalpha():
            vowel = bool(made) and made[-1].lower() in _CONSONANTS
            made.append(draw.letter(character, among=_VOWELS if vowel else _CONSONANTS))
        else:
            made.append(character)
    return "".join(made)
