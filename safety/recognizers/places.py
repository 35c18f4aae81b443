"""Where a person lives: street addresses, boxes, postal codes. Towns are in `towns.py`.

A street needs a number, a capital or words such as "I live on", so that "20 minutes to drive" is
not one; five digits need a state, "zip" or a hyphen, so that a billing code is not a postal code.
"""

# ruff: noqa: E501 - a pattern reads better on one line

from __future__ import annotations

import regex

from safety.recognizers.lexicon import is_common, words
from safety.recognizers.rules import Rule, RuleRecognizer

SUFFIX = (
    r"(?:street|str|st|avenue|aven?|road|rd|boulevard|blvd|lane|ln|drive|dr|court|ct|circle|cir|terrace|ter|place|pl|parkway|"
    r"pkwy|highway|hwy|route|rte|trail|trl|way|alley|square|sq|loop|row|crescent|cres|heights|hts|pike|turnpike|plaza|"
    r"crossing|hollow|ridge|commons)"
)
_CERTAIN = regex.compile(
    r"(?:street|str|avenue|aven?|road|rd|boulevard|blvd|lane|ln|terrace|parkway|pkwy|highway|hwy|crescent)",
    regex.IGNORECASE,
)
_WRITTEN_SUFFIX = (
    r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Circle|Cir|Terrace|Ter|Place|Pl|Parkway|Pkwy|"
    r"Highway|Hwy|Trail|Trl|Way|Square|Sq|Crescent)"
)
_DIRECTION = r"(?:(?:north|south|east|west|n|s|e|w|ne|nw|se|sw)\b\.?)"
UNIT = r"(?:[ ,]{0,3}(?:(?:apt|apartment|unit|suite|ste|room|rm|floor|fl|bldg|building|lot|trlr)\b\.?|#)[ ]?#?[ ]?[\w-]{1,6}+)"
# The same broken over a line; what follows has to be a number there: "12 Elm St,\nUnit 4", not "unit manager".
_BROKEN_UNIT = (
    r"(?:[ ,]{0,3}\s{0,3}(?:(?:apt|apartment|unit|suite|ste|room|rm|floor|fl|bldg|building|lot|trlr)\b\.?|#)\s{0,3}#?\s{0,3}"
    r"(?=[A-Z]?-?\d)[\w-]{1,6}+)"
)
_MIDDLE = r"(?:[\p{L}][\p{L}'.-]{0,20}+|\d{1,3}(?:st|nd|rd|th))"

# Words that no street name holds: with one of them in the middle it is a sentence, not an address.
_FUNCTION = frozenset(
    [
        "i",
        "me",
        "my",
        "you",
        "your",
        "he",
        "him",
        "his",
        "she",
        "her",
        "it",
        "its",
        "we",
        "us",
        "our",
        "they",
        "them",
        "their",
        "a",
        "an",
        "the",
        "and",
        "or",
        "but",
        "if",
        "so",
        "to",
        "too",
        "of",
        "on",
        "in",
        "at",
        "by",
        "for",
        "from",
        "with",
        "into",
        "out",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "am",
        "do",
        "does",
        "did",
        "have",
        "has",
        "had",
        "will",
        "would",
        "can",
        "could",
        "should",
        "may",
        "might",
        "must",
        "not",
        "no",
        "this",
        "that",
        "these",
        "those",
        "there",
        "here",
        "when",
        "where",
        "why",
        "how",
        "what",
        "who",
        "which",
        "days",
        "day",
        "weeks",
        "week",
        "months",
        "month",
        "years",
        "year",
        "hours",
        "hour",
        "minutes",
        "minute",
        "min",
        "mins",
        "times",
        "time",
        "mg",
        "mcg",
        "ml",
        "pills",
        "pill",
        "tablets",
        "tablet",
        "doses",
        "dose",
        "miles",
        "mile",
        "blocks",
        "people",
        "kids",
        "more",
        "less",
        "than",
        "after",
        "before",
        "since",
        "ago",
        "per",
        "every",
        "each",
        "about",
        "around",
        "just",
        "only",
        "then",
        "because",
    ]
)


def _is_street(match: regex.Match[str]) -> bool:
    middle = [word.strip(".").lower() for word in match.captures("middle")]
    if any(word in _FUNCTION for word in middle):
        return False
    return bool(_CERTAIN.fullmatch(match.group("suffix").rstrip("."))) or not all(
        is_common(word) for word in middle
    )


def _is_named_road(match: regex.Match[str]) -> bool:
    return not any(word.strip(".").lower() in _FUNCTION for word in match.captures("middle"))


def _is_road_name(match: regex.Match[str]) -> bool:
    """Take "Stratford Park Road", not "Wall Street" or "The Road" at the start of a sentence."""
    name = match.group().lower().split()[:-1]
    return name[0] not in _FUNCTION and not all(is_common(word) for word in name) and name != ["wall"]


def _is_broken_street(match: regex.Match[str]) -> bool:
    """Tell an address that goes over a line once from a number that ends one: "BP 120\\nSeen by Dr Tindle"."""
    written = match.string[match.start() : match.end("suffix")]
    gaps = regex.findall(r"\s+", written)
    if sum(gap != " " for gap in gaps) != 1:
        return False
    middle = [word.strip(".").lower() for word in match.captures("middle")]
    if any(word in _FUNCTION for word in middle) or all(map(is_common, middle)):
        return False
    return gaps[0] == " " or match.group("suffix") not in ("Dr", "St", "Way") or bool(match.group("way"))


_HOME = r"(?:live|lives|lived|living|stay|stays|staying|moved|address|reside[sd]?|house|home|located|mail|crash(?:ing)?)"

_STREETS = (
    Rule("street", "STREET_ADDRESS",
         rf"(?<![\w$./-])\d{{1,6}}[A-Z]?(?:[-/]\d{{1,4}})?,?[ ]+(?:{_DIRECTION}[ ]+)?(?:(?P<middle>{_MIDDLE})[ ]+){{1,4}}?(?P<suffix>{SUFFIX})\b\.?"
         rf"(?:[ ]+{_DIRECTION}(?![\w']))?(?:{UNIT}|{_BROKEN_UNIT}){{0,2}}", 0.85, accept=_is_street),
    Rule("street-broken", "STREET_ADDRESS",
         rf"(?<![\w$./-])\d{{2,6}}[A-Z]?\s{{1,3}}(?P<way>{_DIRECTION}\s{{1,3}})?(?:(?P<middle>(?-i:\p{{Lu}}[\p{{L}}'.-]{{1,20}}+|\d{{1,3}}(?:st|nd|rd|th)))\s{{1,3}}){{1,4}}?"
         rf"(?P<suffix>(?-i:{_WRITTEN_SUFFIX}))\b\.?(?:{UNIT}|{_BROKEN_UNIT}){{0,2}}", 0.8, accept=_is_broken_street),
    Rule("street-cued", "STREET_ADDRESS",
         rf"\b{_HOME}\b(?:[\s:]|\b(?:on|at|to|is|in|was|over|near|my|goes)\b){{1,6}}+(?P<v>(?:\d{{1,6}}[A-Z]?[ ]+)?(?:{_DIRECTION}[ ]+)?"
         rf"(?:(?P<middle>{_MIDDLE})[ ]+){{1,3}}?{SUFFIX}\b\.?{UNIT}{{0,2}})", 0.8, accept=_is_named_road),
    Rule("highway", "STREET_ADDRESS", r"(?<![\w$./-])\d{1,6}[ ]+(?:county|state|rural|us|old)?[ ]?(?:road|rd|route|rte|highway|hwy)[ ]+\d{1,4}\b", 0.8),
    Rule("street-name", "STREET_ADDRESS",
         r"(?-i:\b(?:\p{Lu}\p{Ll}[\p{L}'-]{0,20}+[ ]){1,3}(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Boulevard|Blvd|Drive|Terrace|Parkway|Crescent)\b)\.?"
         rf"{UNIT}{{0,2}}(?!\s+(?:clinic|site|office|location|campus|hospital|school))", 0.5, accept=_is_road_name),
    Rule("street-field", "STREET_ADDRESS", r"\b(?:street|address|addr)(?:\s+(?:line\s?)?\d)?[\"'*\])]{0,4}\s*:[\s\"'*\[(]*(?P<v>[\p{L}\d][^\n\"<,;]{2,60}+)", 0.5),
    Rule("rural-box", "STREET_ADDRESS", r"\b(?:rr|hc|rural\s+route|highway\s+contract)\s?#?\d{1,3},?\s{1,3}box\s?#?\d{1,5}\b", 0.9),
    Rule("box", "STREET_ADDRESS", r"\b(?:p\.?\s?o\.?\s*box|post\s+office\s+box|pob)\s*(?:is|#|no\.?|number)?\s*#?\s*\d{1,6}\b", 0.9),
    Rule("unit", "STREET_ADDRESS", r"\b(?:apt|apartment)\b\.?[ ]?#?[ ]?(?:\d{1,5}[A-Z]?|[A-Z]-?\d{1,4}|[A-Z](?=[,.]|$))\b", 0.6),
)  # fmt: skip

STATE_CODE = r"(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY])"
STATE_NAME = (
    "(?:" + "|".join(sorted((regex.escape(state) for state in words("states")), key=len, reverse=True)) + ")"
)

_POSTAL = (
    Rule("zip-plus-4", "ZIP_CODE", r"(?<![\d-])\d{5}-\d{4}(?![\d-])", 0.6),
    Rule("zip-cued", "ZIP_CODE", r"\b(?:zip|postal|post)(?:\s?code)?s?\b(?:[\s:#.']|\b(?:is|s|was|in|my|the|of|it'?s|are)\b){0,6}+(?P<v>\d{5}(?:-?\d{4})?|[A-Z]\d[A-Z][ ]?\d[A-Z]\d)(?![\d-])", 0.88),
    Rule("zip-state", "ZIP_CODE", rf"\b(?:{STATE_CODE}|{STATE_NAME})[.,]{{0,2}}[ ]{{1,2}}(?P<v>\d{{5}}(?:[- ]\d{{4}})?)(?![\d-])", 0.88),
    Rule("state-zip", "STATE", rf"\b(?P<v>{STATE_CODE}|{STATE_NAME})[.,]{{0,2}}[ ]{{1,2}}\d{{5}}\b", 0.8),
    Rule("postcode-uk", "ZIP_CODE", r"(?<!\w)[A-Z]{1,2}\d[A-Z\d]?[ ]\d[A-Z]{2}(?!\w)", 0.55),
)  # fmt: skip


def streets() -> RuleRecognizer:
    """Return the recognizer of street addresses and boxes."""
    return RuleRecognizer("streets", rules=_STREETS, trigger=rf"\d|{_HOME}")


def postal_codes() -> RuleRecognizer:
    """Return the recognizer of postal codes."""
    return RuleRecognizer("postal_codes", rules=_POSTAL, trigger=r"\d")
