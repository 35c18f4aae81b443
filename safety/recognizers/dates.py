"""Dates more exact than a year, and ages over 89: HIPAA's safe harbor names both.

"Next Tuesday", "in May", "for 3 weeks", "since 2015" and a pain of 5/10 are nobody's date and stay.
"""

# ruff: noqa: E501 - a pattern reads better on one line

from __future__ import annotations

import regex

from safety.recognizers.rules import Rule, RuleRecognizer

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:r?uary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_DAY = r"(?:3[01]|[12]\d|0?[1-9])(?:\s?(?:st|nd|rd|th))?\b(?![:%]|\s?(?:mg|mcg|ml|am|pm|weeks?|days?|hours?|months?|minutes?)\b)"
_DAY_WORD = (
    r"(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth|fourteenth|fifteenth|"
    r"sixteenth|seventeenth|eighteenth|nineteenth|(?:twenty|thirty)[- ](?:first|second|third|fourth|fifth|sixth|seventh|"
    r"eighth|ninth)|twentieth|thirtieth)\b"
)
_YEAR = (
    r"(?:(?:(?:19|20)\d\d|'\d\d)\b|\b(?:two\s+thousand|nineteen|twenty)(?:[ -]+(?:and|hundred|oh|o|one|two|three|four|five|six|seven|"
    r"eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)\b){0,3})"
)
_M = r"(?:1[0-2]|0?[1-9])"
_D = r"(?:3[01]|[12]\d|0?[1-9])"

_HOLIDAY = (
    r"(?:christmas(?:\s+(?:eve|day))?|new\s+year'?s(?:\s+(?:eve|day))?|thanksgiving|easter(?:\s+(?:sunday|monday))?|halloween|valentine'?s(?:\s+day)?|"
    r"(?:independence|labor|memorial|mother'?s|father'?s|veterans?'?|boxing)\s+day|juneteenth)"
)

_NOT_A_DATE = regex.compile(
    r"\b(?:pain|scale|rat(?:e|ed|ing)|mood|anxiety|score[ds]?|out\s+of|level|stress|energy|sleep|solid|bp|blood\s+pressure|tablets?|pills?|stars?)\b",
    regex.IGNORECASE,
)


def reads_as_a_score(text: str, start: int, end: int) -> bool:
    """Tell a score, a pressure or half a tablet from a day (6/5) by the words around it."""
    return bool(_NOT_A_DATE.search(text, max(0, start - 25), min(len(text), end + 12)))


def _is_date(match: regex.Match[str]) -> bool:
    return not reads_as_a_score(match.string, *match.span())


_DATES = (
    Rule("month-day", "DATE_TIME", rf"\b{_MONTH}\s?,?\s*(?:the\s+)?(?:{_DAY}|{_DAY_WORD})(?:\s?,?\s*(?:of\s+)?{_YEAR})?", 0.8),
    Rule("day-month", "DATE_TIME", rf"(?<![\d./-])\b(?:{_DAY}|{_DAY_WORD})\s?-?(?:of\s+)?[- ]?{_MONTH}(?:[ ,-]{{0,3}}{_YEAR})?", 0.8),
    Rule("month-year", "DATE_TIME", rf"\b{_MONTH}\s?,?\s*(?:of\s+)?{_YEAR}", 0.78),
    Rule("iso", "DATE_TIME", rf"(?<![\d-])(?:19|20)\d\d([-/.]){_M}\1{_D}(?![\d])(?:T\d\d:\d\d(?::\d\d)?)?", 0.85),
    Rule("numeric", "DATE_TIME", rf"(?<![\d./-]){_D}\s?([-/.])\s?{_D}\s?\1\s?(?:(?:19|20)\d\d|\d\d)(?![\d/-]|\.\d)", 0.85),
    Rule("month-number-year", "DATE_TIME", rf"(?<![\d./-]){_M}[-/](?:19|20)\d\d(?![\d/-])", 0.7),
    Rule("day-only", "DATE_TIME",
         rf"\b(?:on|since|until|till|til|by|before|after|dated?|dob|born|birthday|bday|seen|discharged|admitted|visit|appointment|appt|scheduled|due|"
         rf"from|his|her|their|your|was|mon|tues?|wed|thurs?|fri|sat|sun|\w{{3,6}}day)\b[\s:,(]{{1,3}}(?P<v>{_M}[/-]{_D})(?![\d/%-]|\.\d|\s?(?:mg|ml|tab|pill|pain))",
         0.6, accept=_is_date),
    Rule("holiday-year", "DATE_TIME", rf"\b{_HOLIDAY}\s?,?\s*(?:(?:of|in)\s+)?{_YEAR}", 0.78),
    Rule("day-of-some-month", "DATE_TIME",
         r"\b(?:on|by|until|till|since|before|after|from|to)\s+the\s+(?P<v>(?:3[01]|[12]?\d)(?:st|nd|rd|th))\b"
         r"(?=\s*(?:[.,;:!?)]|$|(?:and|at|of|for|to|with|but|or|if|when|because|so|instead|this|next|last|around|after|before|my|i)\b))", 0.6),
    Rule("birth", "DATE_TIME",
         r"\b(?:d\.?\s?o\.?\s?b\.?|date\s+of\s+birth|birth\s?(?:day|date)|b-?day|born)\b[\s:=.(-]*(?:is|was|on|the|it'?s)?[\s:]*"
         rf"(?P<v>\d{{6}}|\d{{8}}|{_D}[ ./-]{{1,3}}{_D}[ ./-]{{1,3}}\d{{2,4}})(?!\d)", 0.9),
)  # fmt: skip

_OVER_89 = r"(?:9\d|1[0-2]\d)"
_NINETY = (
    r"(?:ninety(?:[- ](?:one|two|three|four|five|six|seven|eight|nine))?|(?:a\s+|one\s+)?hundred(?:\s+and)?"
    r"(?:[ -](?:one|two|three|four|five|six|seven|eight|nine|ten))?)"
)
_AGE = rf"(?P<v>{_OVER_89}|{_NINETY})"

_MEASURED = regex.compile(
    r"\b(?:weigh[ts]?|weight|pressure|pulse|sugar|temp(?:erature)?|fever|heart|rate|score|bpm|glucose|levels?|oxygen|sat|sats|iq|room|"
    r"number|cost|costs|price|copay|bill|fee|balance|percent|bac|ldl|hdl|cholesterol|bus|line|page|dose|it)\b",
    regex.IGNORECASE,
)


def _is_an_age(match: regex.Match[str]) -> bool:
    """Tell "my wife is 91" from "my pulse is 91" by the words before it."""
    return not _MEASURED.search(match.string, max(0, match.start() - 30), match.start())


_AGES = (
    Rule("age-years-old", "AGE_OVER_89", rf"\b{_AGE}\s?-?\s?(?:years?|yrs?|yr)\s?-?\s?(?:old|of\s+age|young)\b", 0.85),
    Rule("age-short", "AGE_OVER_89", rf"\b{_AGE}\s?-?(?:y/?o|y\.o\.?|yrs?\s?o)\b", 0.85),
    Rule("age-label", "AGE_OVER_89", rf"\b(?:age[ds]?|turn(?:ed|s|ing)?)\b\s?(?:is|:|of)?\s?{_AGE}\b(?!\s?(?:days?|dollars|percent|%|degrees|pounds|lbs|mg))", 0.8),
    Rule("age-is", "AGE_OVER_89",
         r"\b(?:he'?s|she'?s|i'?m|i\s+am|who'?s|he\s+is|she\s+is|(?:i|he|she|who)(?:'?ll|\s+will)\s+be|(?:mother|father|mom|dad|grandma|grandpa|"
         rf"grandmother|grandfather|aunt|uncle|husband|wife|patient|pt)\s+(?:is|will\s+be)|(?:is|was)(?=\s\d+\s+and\b))\s+(?:now\s+|already\s+|almost\s+)?{_AGE}\b"
         r"(?!\s?[-/.%:]?\d|\s?(?:%|percent|days?|weeks?|months?|hours?|minutes?|years?\s(?!old)|lbs?|pounds?|kgs?|mg|dollars|degrees|miles))", 0.7),
    Rule("age-person-is", "AGE_OVER_89", rf"\b(?:is|was|just|at)\s+{_AGE}\b(?=\s*(?:[,;!?]|\.(?!\d)|$|and\b|now\b|with\b|but\b|so\b|this\b))", 0.6, accept=_is_an_age),
    Rule("age-decade", "AGE_OVER_89", r"\bin\s+(?:his|her|their|my|the)\s+(?:late\s+|mid[- ]?|early\s+)?(?P<v>(?:90|100)'?s|nineties)\b", 0.6),
)  # fmt: skip


def dates() -> RuleRecognizer:
    """Return the recognizer of dates more exact than a year."""
    return RuleRecognizer("dates", rules=_DATES, trigger=rf"\d|{_DAY_WORD}")


def ages() -> RuleRecognizer:
    """Return the recognizer of ages over 89."""
    return RuleRecognizer("ages", rules=_AGES, trigger=r"9\d|1[0-2]\d|ninet|hundred|100")
