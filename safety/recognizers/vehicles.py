"""Vehicles: identification numbers and plates, 45 CFR 164.514(b)(2)(i)(L).

A VIN is 17 characters without I, O and Q; written with spaces or hyphens it counts when its check digit
is right (49 CFR 565.15). A plate needs a word before it or a state, and one of letters alone has to stand
in capitals or quotes. Must not: take the name of a car (F-150, CX-5) for its plate.
"""

# ruff: noqa: E501 - a pattern reads better on one line

from __future__ import annotations

import regex

from safety.recognizers.lexicon import is_common
from safety.recognizers.numbers import LINK
from safety.recognizers.places import STATE_CODE, STATE_NAME
from safety.recognizers.rules import Rule, RuleRecognizer

_VALUES = dict(
    zip(
        "ABCDEFGHJKLMNPRSTUVWXYZ",
        (1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9),
        strict=True,
    )
)
_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def _is_vin(match: regex.Match[str]) -> bool:
    return len(match.group()) <= 21 and is_vin(regex.sub(r"[^A-Z0-9]", "", match.group().upper()))


def is_vin(bare: str) -> bool:
    """Tell a VIN, in capitals and without spaces, from any other row of characters by its check digit."""
    if len(bare) != 17 or not bare[-4:].isdigit() or any(one in "IOQ" for one in bare):
        return False
    if sum(one.isdigit() for one in bare) < 6:
        return False
    values = [int(one) if one.isdigit() else _VALUES[one] for one in bare]
    rest = sum(value * weight for value, weight in zip(values, _WEIGHTS, strict=True)) % 11
    return bare[8] == ("X" if rest == 10 else str(rest))


_PLATE = r"(?:(?:li[cs]en[cs]e|number|car|truck|vanity|registration|front|rear)\s+)?plates?\b"
_VEHICLES = (
    Rule("vin-checked", "VIN", r"(?<![\w-])[A-HJ-NPR-Z0-9](?:[ -]?[A-HJ-NPR-Z0-9]){16}(?![\w-])", 0.86, accept=_is_vin),
    Rule("plate-letters", "LICENSE_PLATE", rf"\b{_PLATE}{LINK}(?P<v>(?-i:[A-Z]{{4,8}})\b(?!\s+(?-i:[A-Z]{{2}}))|(?<=\")[A-Z0-9 -]{{3,8}}(?=\"))", 0.8,
         accept=lambda match: not is_common(match.group("v").lower())),
    Rule("plate-state", "LICENSE_PLATE",
         rf"\b(?:{STATE_CODE}|{STATE_NAME})[ ]+(?:li[cs]en[cs]e[ ]+)?(?:plates?|tags?|reg(?:istration)?)\b{LINK}"
         r"(?P<v>(?=[A-Z -]{0,6}\d)[A-Z0-9]{1,4}(?:[ -]?[A-Z0-9]{2,4}){1,2})\b", 0.88),
    Rule("plate-in-two", "LICENSE_PLATE", rf"\b(?:plates?|registration|tag\s+(?:number|no|#))\b{LINK}(?P<v>\b\d{{2,3}}[A-Z]\s{{1,3}}[A-Z]{{3}})\b", 0.86,
         accept=lambda match: not is_common(match.group("v").split()[-1].lower())),
    Rule("plate-of-a-car", "LICENSE_PLATE",
         r"\b(?:tags?|plates?)\s+(?:on|of|from)\s+(?:the|my|her|his|our|their|a|that)\s+(?:\p{L}++\s+)?(?:car|truck|van|suv|jeep|sedan|motorcycle|"
         r"pickup|vehicle)\b[^.\n]{0,30}?\b(?:is|was|reads?|says|said)\s+(?P<v>\b(?=[A-Z]{0,4}[- ]?\d)[A-Z0-9]{2,4}(?:\s{0,2}[ -]\s{0,2}[A-Z0-9]{2,4}|\s{1,3}[A-Z0-9]{2,4})?)\b", 0.86,
         accept=lambda match: sum(map(str.isdigit, match.group("v"))) >= 2),
    Rule("plate-in-state", "LICENSE_PLATE",
         rf"\b(?:car|truck|van|suv|jeep|sedan|motorcycle|pickup|vehicle|honda|toyota|ford|subaru|chevy|nissan)\b[^.\n]{{0,20}}?\(?(?-i:{STATE_CODE})[ :#]{{1,2}}"
         r"(?P<v>(?-i:[A-Z]{1,3}[ -]?\d{2,4}[A-Z]?|\d{1,3}[ -]?[A-Z]{2,3}))\b(?!\s?[-\d])", 0.78),
)  # fmt: skip


def vehicles() -> RuleRecognizer:
    """Return the recognizer of vehicle numbers and plates."""
    return RuleRecognizer("vehicles", rules=_VEHICLES, trigger=r"plate|\d")
