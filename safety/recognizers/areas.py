"""Places below a state that are no town: counties, precincts, coordinates, facilities, (b)(2)(i)(B).

A facility (a hospital, a shelter, a nursing home) tells where somebody is, so it is a place under every
policy; firms and schools are organisations (`organisations.py`). Must not: take "the county" or "the
hospital" without a name.
"""

# ruff: noqa: E501 - a pattern reads better on one line

from __future__ import annotations

from collections.abc import Iterator

import regex

from safety.deadline import seconds_left
from safety.recognizers.lexicon import is_common, split_words
from safety.recognizers.organisations import OrganisationRecognizer
from safety.recognizers.rules import Rule, RuleRecognizer, SpanRecognizer

_DEGREES = r"[-+]?\d{1,3}(?:\.\d{4,10})°?[ ]?[NSEW]?"


def _is_named(match: regex.Match[str]) -> bool:
    """Tell "Addison County" from "every county" by the word before."""
    words = match.group("v").split()
    return not all(is_common(word.lower()) for word in words[:-1]) or all(
        word[0].isupper() for word in words[:2]
    )


_COUNTIES = (
    Rule("county", "LOCATION", r"\b(?P<v>(?!(?:the|every|each|our|this|that|any|in|at|from|my)\b)(?-i:\p{Lu})[\p{L}'.-]{2,20}+(?:[ ](?-i:\p{Lu})[\p{L}'.-]{2,20}+)?[ ](?:county|parish|borough|township|precinct))\b(?!'s\s+(?:best|first))", 0.6, accept=_is_named),
    Rule("county-lower", "LOCATION", r"\b(?:in|from|of|outside|near|for|at|leaving|around|to)\s+(?P<v>\p{L}{4,20}+\s+(?:county|township|borough))\b", 0.58,
         accept=lambda match: not is_common(match.group("v").split()[0].lower())),
    Rule("county-of", "LOCATION", r"\b(?:county|parish|township|borough)\s+of\s+(?P<v>(?-i:\p{Lu})[\p{L}'-]{2,20}+(?:[ ](?-i:\p{Lu})[\p{L}'-]{2,20}+)?)", 0.6),
    Rule("precinct", "LOCATION", r"\b(?:precinct|census\s+tract|census\s+block|school\s+district)\s*(?:num(?:ber)?|no\.?|#)?\s*(?P<v>\d{1,6}(?:\.\d{1,2})?)\b(?!\s?%)", 0.5),
)  # fmt: skip
_COORDINATES = (
    Rule("degrees", "LOCATION", rf"(?<![\w.-]){_DEGREES}[ ]?[,;/][ ]?{_DEGREES}(?![\w.])", 0.86),
    Rule("degrees-labelled", "LOCATION", r"\b(?:lat(?:itude)?|lon(?:g(?:itude)?)?|lng)\b[\s:=]{1,3}(?P<v>[-+]?\d{1,3}\.\d{2,10})", 0.86),
    Rule("degrees-minutes", "LOCATION", r"(?<!\w)\d{1,3}°[ ]?\d{1,2}['′][ ]?(?:\d{1,2}(?:\.\d{1,4})?[\"″][ ]?)?[NSEW]\b(?:[ ,;]{0,3}\d{1,3}°[ ]?\d{1,2}['′][ ]?(?:\d{1,2}(?:\.\d{1,4})?[\"″][ ]?)?[NSEW]\b)?", 0.9),
    Rule("plus-code", "LOCATION", r"(?<![\w+])(?=[2-9]{0,7}(?-i:[CFGHJMPQRVWX]))(?-i:[2-9CFGHJMPQRVWX]{4,8}\+[2-9CFGHJMPQRVWX]{2,3})(?![\w+])", 0.8),
)  # fmt: skip
_FACILITY = regex.compile(
    r"(?:(?<=\s)|\b)(?:(?:regional\s+|general\s+|memorial\s+|community\s+|children'?s\s+|veterans\s+|county\s+)*hospital|"
    r"(?:regional\s+|community\s+)?(?:medical|health|healthcare|treatment|recovery|care|cancer|rehab(?:ilitation)?|detox|birth|surgery|"
    r"dialysis|senior|correctional|detention)\s+(?:center|centre|clinic|facility)|clinic|nursing\s+home|hospice|shelter|group\s+home|"
    r"(?:assisted|senior)\s+living|residence|manor|infirmary|rehab)\b(?![-'])",
    regex.IGNORECASE,
)


_STAYS = regex.compile(r"\b(?:at|in|to|from|into|by|near)\s+$", regex.IGNORECASE)
_TO_STAY = regex.compile(
    r"hospital|nursing\s+home|medical\s+(?:center|centre)|hospice|living", regex.IGNORECASE
)


class FacilityRecognizer(SpanRecognizer):
    """Hospitals, clinics, homes and shelters that have a name."""

    def __init__(self) -> None:
        super().__init__("facilities", entities=["LOCATION"])

    def find(self, text: str) -> Iterator[tuple[str, int, int, float]]:
        """Yield facilities with their names."""
        found = None
        for match in _FACILITY.finditer(text, timeout=seconds_left(1.0)):
            found = split_words(text) if found is None else found
            start = OrganisationRecognizer.name_before(text, found, match.start())
            name = text[start : match.start()].strip()
            if name and (name[0].isupper() or self._is_stay(text, start, match.group())):
                yield "LOCATION", start, match.end(), 0.6

    @staticmethod
    def _is_stay(text: str, start: int, kind: str) -> bool:
        """Tell "at brindlewood hospital" from "a methadone clinic": where someone is, and a place to be."""
        return bool(_STAYS.search(text, max(0, start - 20), start)) and bool(_TO_STAY.search(kind))


def counties() -> RuleRecognizer:
    """Return the recognizer of counties, precincts and census areas."""
    return RuleRecognizer(
        "counties", rules=_COUNTIES, trigger=r"county|parish|borough|township|precinct|census|district"
    )


def coordinates() -> RuleRecognizer:
    """Return the recognizer of geographic coordinates."""
    return RuleRecognizer("coordinates", rules=_COORDINATES, trigger=r"\d\.\d{2}|°|\+")


def facilities() -> FacilityRecognizer:
    """Return the recognizer of named facilities."""
    return FacilityRecognizer()
