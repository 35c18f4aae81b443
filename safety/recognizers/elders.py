"""Ages over 89 and years that reveal them, 45 CFR 164.514(b)(2)(i)(C).

"Born in 1931" tells of more than 89 years when this is written; a year counts when someone born then
could be 90 by now, so the clock decides. `dates.ages` finds ages that are said. Must not: take the year
of a war, a law or a building, or a birth year of someone younger.
"""

# ruff: noqa: E501 - a pattern reads better on one line

from __future__ import annotations

from datetime import date

import regex

from safety.recognizers.rules import Rule, RuleRecognizer

_OVER = 90
_EARLIEST = 1850


def _is_old(match: regex.Match[str]) -> bool:
    """Tell whether someone born in that year could be 90 this year."""
    digits = regex.sub(r"\D", "", match.group("v"))
    year = int(digits) if len(digits) == 4 else 1900 + int(digits)
    return _EARLIEST <= year <= date.today().year - _OVER


def _was_old_enough(match: regex.Match[str]) -> bool:
    """Tell whether someone who was so old in that year could be 90 this year."""
    return _EARLIEST <= int(match.group("v")) - int(match.group("age")) <= date.today().year - _OVER


def _left_school_long_ago(match: regex.Match[str]) -> bool:
    return _EARLIEST <= int(match.group("v")) - 18 <= date.today().year - _OVER


_MEASURED = regex.compile(
    r"\b(?:temp(?:erature)?|fever|degrees|heat|oven|reads?|reading)\b", regex.IGNORECASE
)
_YEAR = r"(?P<v>(?:18|19|20)\d\d)(?![\d/-]|\.\d)"
_PART_OF_YEAR = (
    r"early|late|mid|middle|beginning|end|spring|summer|autumn|fall|winter|january|february|march|april|may|june|"
    r"july|august|september|october|november|december"
)
_ELDERS = (
    Rule("born-in", "AGE_OVER_89", rf"\b(?:born|birth|dob|d\.o\.b\.?|b\.)\b[\s:=,(]{{0,3}}(?:\b(?:in|is|was|year|of|back|around|about|circa|the|way|it'?s|{_PART_OF_YEAR})\b[\s:=,(]{{0,3}}){{0,6}}{_YEAR}", 0.9, accept=_is_old),
    Rule("birth-year", "AGE_OVER_89", rf"\b(?:birth\s?year|year\s+(?:of\s+birth|(?:i|he|she|mom|dad|my\s+\p{{L}}+)\s+was\s+born)|yob)\b[\s:=,(]{{0,3}}(?:is\s+|was\s+)?{_YEAR}", 0.9, accept=_is_old),
    Rule("born-decade", "AGE_OVER_89", r"\bborn\s+(?:in\s+|during\s+)?the\s+(?:early\s+|late\s+|mid[- ]?)?(?P<v>(?:18|19)\d0|'?[123]0)(?='?s\b)", 0.85, accept=_is_old),
    Rule("born-short", "AGE_OVER_89", r"\bborn\s+(?:back\s+)?(?:in\s+)?(?P<v>'[123]\d)\b", 0.85, accept=_is_old),
    Rule("year-born", "AGE_OVER_89", rf"(?<![\d/-])(?<!\d\.){_YEAR}\s+(?:baby|birth)\b", 0.8, accept=_is_old),
    Rule("was-so-old-in", "AGE_OVER_89", rf"\b(?:was|turned|aged?|were|at)\s+(?P<age>\d{{1,2}})(?:\s+years?\s+old)?\s+(?:back\s+)?in\s+{_YEAR}", 0.8, accept=_was_old_enough),
    Rule("class-of", "AGE_OVER_89", rf"\b(?:class\s+of|graduated(?:\s+(?:from\s+)?(?:high\s+)?school)?(?:\s+in)?|finished\s+(?:high\s+)?school\s+in|high\s+school\s+in)\s+{_YEAR}", 0.75, accept=_left_school_long_ago),
    Rule("birthday-over-89", "AGE_OVER_89", r"\b(?P<v>(?:9\d|1[01]\d)(?:st|nd|rd|th))\s+(?:birthday|b-?day)\b", 0.85),
    Rule("birthday-in-words", "AGE_OVER_89", r"\b(?P<v>ninet(?:ieth|y[- ](?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth))|hundredth)\s+(?:birthday|b-?day)\b", 0.85),
    Rule("age-and-sex", "AGE_OVER_89", r"(?<![\w.$/-])(?P<v>9\d|10\d|11[0-5])(?:[MF](?=\s+(?:with|w/|who|presents|presenting|here|c/o|s/p|h/o|pmh|admitted))|[ -](?:male|female|man|woman|lady|gentleman))\b", 0.78,
         accept=lambda match: not _MEASURED.search(match.string, max(0, match.start() - 30), match.start())),
    Rule("over-ninety", "AGE_OVER_89", r"\b(?P<v>super-?centenarian|centenarian)\b", 0.8),
)  # fmt: skip


def elders() -> RuleRecognizer:
    """Return the recognizer of years and words that reveal an age over 89."""
    return RuleRecognizer("elders", rules=_ELDERS, trigger=r"\d\d|ninet|hundredth|centenarian")
