"""Made-up places: invented streets, towns, facilities and firms; ZIP codes by the three-digit rule.

A ZIP code keeps its first three digits where the area that they name holds over 20,000 people, else it
becomes 000 (45 CFR 164.514(b)(2)(i)(B)); its other digits are always 0. What a place is called by its
kind stays ("12 Thistle Lane, Apt 4" keeps Lane and Apt). A state or country becomes another one.

Must not: keep a word that names the real place.
"""

# ruff: noqa: E501 - a list reads better in long lines

from __future__ import annotations

from functools import cache

import regex

from safety.people import word_list
from safety.surrogate_draws import Draw, is_spelled, like, match_case, refilled, spelled_like

SMALL_AREAS = frozenset(
    {"036", "059", "063", "102", "203", "556", "692", "790", "821", "823", "830", "831", "878", "879", "884", "890", "893"}
)  # fmt: skip
"""Three-digit areas of 20,000 people or fewer by the Census of 2000: the 17 that the Office for Civil Rights
lists in its "Guidance Regarding Methods for De-identification of Protected Health Information" (26 November
2012), under "When can ZIP codes be included in de-identified information?". The rule asks for the current
public data of the Census Bureau: whoever has newer tables replaces these."""

_STARTS = (
    "brindle", "cressen", "dorrin", "elmsby", "fenwell", "galder", "hesper", "iversby", "jorrin", "kelder",
    "lorrin", "merrin", "norring", "orrel", "pellin", "quimber", "rossen", "selwick", "torrin", "ulver",
    "verrin", "wessen", "yarrin", "zellen",
)  # fmt: skip
_ENDS = (
    "bridge",
    "combe",
    "cross",
    "dale",
    "fell",
    "gate",
    "ham",
    "hurst",
    "marsh",
    "mere",
    "moor",
    "stead",
    "stow",
    "wick",
    "worth",
    "by",
)
_SIDES = ("Upper", "Lower", "North", "South", "East", "West")
_STREET_WORDS = regex.compile(
    r"street|str|st|avenue|aven?|road|rd|boulevard|blvd|lane|ln|drive|dr|court|ct|circle|cir|terrace|ter|place|pl|parkway|"
    r"pkwy|highway|hwy|route|rte|trail|trl|way|alley|square|sq|loop|row|crescent|cres|heights|hts|pike|turnpike|plaza|"
    r"crossing|hollow|ridge|commons|north|south|east|west|n|s|e|w|ne|nw|se|sw|apt|apartment|unit|suite|ste|room|rm|"
    r"floor|fl|bldg|building|lot|trlr|po|p|o|b|box|post|office|pob|no|number|is|county|state|rural|us|old",
    regex.IGNORECASE,
)
_KIND_WORDS = regex.compile(
    r"school|schools|elementary|middle|high|primary|charter|grammar|nursing|law|medical|public|university|univ|college|"
    r"academy|institute|hospital|hospitals|clinic|clinics|center|centre|regional|general|memorial|community|children|"
    r"childrens|veterans|health|healthcare|treatment|recovery|care|cancer|rehab|rehabilitation|group|system|systems|partners|"
    r"church|parish|synagogue|mosque|temple|daycare|preschool|kindergarten|inc|llc|ltd|corp|corporation|company|"
    r"industries|associates|logistics|enterprises|technologies|solutions|bank|credit|union|fire|police|department|"
    r"sheriff|office|county|township|borough|district|precinct|ward|shelter|hospice|home|living|assisted|senior|"
    r"of|the|and|for|at|s",
    regex.IGNORECASE,
)
_WORD = regex.compile(r"\p{L}[\p{L}\p{M}]*+(?:[-'’.]\p{L}[\p{L}\p{M}]*+)*+")
_CODES = (
    "AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "FL", "GA", "HI", "ID", "IL", "IN", "IA", "KS", "KY", "LA", "ME", "MD", "MA", "MI", "MN", "MS", "MO", "MT",
    "NE", "NV", "NH", "NJ", "NM", "NY", "NC", "ND", "OH", "OK", "OR", "PA", "RI", "SC", "SD", "TN", "TX", "UT", "VT", "VA", "WA", "WV", "WI", "WY", "DC",
)  # fmt: skip
_COUNTRIES = (
    ("Argentina", "Argentinian"), ("Australia", "Australian"), ("Belgium", "Belgian"), ("Brazil", "Brazilian"),
    ("Bulgaria", "Bulgarian"), ("Cameroon", "Cameroonian"), ("Chile", "Chilean"), ("Colombia", "Colombian"),
    ("Cuba", "Cuban"), ("Egypt", "Egyptian"), ("Ethiopia", "Ethiopian"), ("Ghana", "Ghanaian"), ("Haiti", "Haitian"),
    ("Hungary", "Hungarian"), ("Indonesia", "Indonesian"), ("Italy", "Italian"), ("Jamaica", "Jamaican"),
    ("Japan", "Japanese"), ("Kenya", "Kenyan"), ("Mexico", "Mexican"), ("Morocco", "Moroccan"), ("Nepal", "Nepali"),
    ("Nigeria", "Nigerian"), ("Norway", "Norwegian"), ("Pakistan", "Pakistani"), ("Peru", "Peruvian"),
    ("Portugal", "Portuguese"), ("Romania", "Romanian"), ("Somalia", "Somali"), ("Sudan", "Sudanese"),
    ("Sweden", "Swedish"), ("Tunisia", "Tunisian"), ("Uganda", "Ugandan"), ("Ukraine", "Ukrainian"), ("Vietnam", "Vietnamese"),
)  # fmt: skip


def zip_code(value: str, draw: Draw) -> str:
    """Return a postal code by the three-digit rule; one from abroad by its shape, in no real area."""
    digits = "".join(character for character in value if character.isdigit())
    if regex.search(r"\p{L}", value) or len(digits) not in (5, 9):
        if is_spelled(value):
            return spelled_like(value, lambda bare: "0" * len(bare))
        made = refilled(value, lambda bare: like(bare, draw))
        return regex.sub(r"\p{L}", lambda one: "Q" if one.group().isupper() else "q", made, count=1)
    area = digits[:3]
    kept = "000" if area in SMALL_AREAS else area
    return refilled(value, lambda bare: (kept + "0" * len(bare))[: len(bare)])


def street(value: str, draw: Draw) -> str:
    """Return an address on an invented street: numbers as long, the words for its kind kept."""
    name = _invented(draw)
    pieces: list[str] = []
    last, named = 0, False
    for match in regex.finditer(r"\d+|" + _WORD.pattern, value):
        text = match.group()
        gap = value[last : match.start()]
        if text.isdigit():
            made, ordinal = _house(text, draw), regex.match(r"(?:st|nd|rd|th)\b", value[match.end() :])
            pieces += (gap, _ending_like(made) if ordinal else made)
        elif _STREET_WORDS.fullmatch(text) or (len(text) == 2 and text in ("st", "nd", "rd", "th")):
            pieces += (gap, text)
        elif len(text) == 1:
            pieces += (gap, draw.letter(text))
        elif not named:
            pieces += (gap, match_case(text, name))
            named = True
        last = match.end()
    return "".join(pieces) + value[last:]


def town(value: str, draw: Draw) -> str:
    """Return an invented town, or another state for a state."""
    lower = " ".join(value.casefold().split())
    if lower in word_list("states") or value.strip(".").upper() in _CODES:
        return state(value, draw)
    if regex.search(r"\d", value):
        return refilled(value, lambda bare: like(bare, draw))
    if any(_KIND_WORDS.fullmatch(word) for word in _WORD.findall(value)):
        return organisation(value, draw)
    name = _invented(draw)
    if len(value.split()) == 1:
        return match_case(value, name)
    side = draw.one([one for one in _SIDES if one.casefold() not in lower])
    return match_case(value, f"{side} {name}")


def state(value: str, draw: Draw) -> str:
    """Return another state, as a code for a code."""
    bare = value.strip(".").replace(".", "")
    if len(bare) == 2:
        return match_case(bare, draw.one([code for code in _CODES if code != bare.upper()]))
    return match_case(value, draw.one([one for one in _states() if one.casefold() != value.casefold()]))


def country(value: str, draw: Draw, *, people: bool) -> str:
    """Return another country, or with `people` what its people are called."""
    others = [pair for pair in _COUNTRIES if value.casefold() not in (one.casefold() for one in pair)]
    return match_case(value, draw.one(others)[1 if people else 0])


def country_key(value: str) -> str:
    """Return the country that a country or nationality of the list names, else the value itself."""
    lower = value.casefold()
    return next((pair[0] for pair in _COUNTRIES if lower in (one.casefold() for one in pair)), lower)


def organisation(value: str, draw: Draw) -> str:
    """Return an invented name for each run of words that name it; words for its kind stay."""
    pieces: list[str] = []
    last, naming = 0, False
    for match in _WORD.finditer(value):
        text = match.group()
        if _KIND_WORDS.fullmatch(text):
            pieces += (value[last : match.start()], text)
            naming = False
        elif not naming:
            pieces += (value[last : match.start()], match_case(text, _invented(draw)))
            naming = True
        last = match.end()
    made = regex.sub(r"\d", lambda _digit: str(draw.number(0, 9)), "".join(pieces) + value[last:])
    return made if made != value else match_case(value, f"{_invented(draw)} {value}")


@cache
def _states() -> tuple[str, ...]:
    return tuple(sorted(" ".join(word.capitalize() for word in one.split()) for one in word_list("states")))


def _invented(draw: Draw) -> str:
    return (draw.one(_STARTS) + draw.one(_ENDS)).capitalize()


def _house(text: str, draw: Draw) -> str:
    return str(draw.number(1, 9)) + draw.digits(len(text) - 1)


def _ending_like(number: str) -> str:
    """Return a number that ends in 4 to 9, so that an ordinal's "th" fits whatever stood there."""
    return number[:-1] + str(4 + int(number[-1]) % 6)
