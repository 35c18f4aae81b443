"""Numbers that stand for one person: records, members, accounts, licences, devices, vehicles.

Most are found by the words before them ("my record number is ..."), because their shape alone says
little. Numbers without such words are the `wide` policy's business (`ID_NUMBER`). Doses, scores
and hotlines are not decided here: `safety.recognizers.protected` keeps every rule off them.
"""

# ruff: noqa: E501 - a pattern reads better on one line

from __future__ import annotations

import regex

from safety.recognizers.lexicon import is_common
from safety.recognizers.rules import Rule, RuleRecognizer

# Words and signs that may stand between a cue and its value.
LINK = (
    r"(?:[\s:#=.,(-]|\b(?:numbers?|num|nr|no|id|is|was|are|code|it'?s|its|which|reads?|says|shows?|the|my|mine|of|"
    r"s|called|here|file|on\s+file|listed|under)\b|'s\b){0,12}+"
)
# A value with at least one digit: letters and digits, joined by separators or, before a digit, one space.
VALUE = (
    r"(?P<v>\b(?=[A-Z-]{0,8}\d|[A-Z]{1,4}[ ]\d)(?!(?:19|20)\d\d\b(?![-./]\w|[ ]\d))"
    r"(?:[A-Z]{1,4}[ ](?=\d))?[A-Z0-9]++(?:[-./#][A-Z0-9]++|[ ](?=[A-Z]{0,3}\d)[A-Z0-9]{2,}+(?![:/%])){0,6}+)"
)


def _long_enough(match: regex.Match[str]) -> bool:
    value: str = match.group("v")
    first = value.split(" ", 1)[0]
    if first.isalpha() and is_common(first.lower()):
        return False  # "in that case call 911"
    return sum(character.isalnum() for character in value) >= 4


def _has_digit_pair(match: regex.Match[str]) -> bool:
    value = match.group("v")
    return len(value) >= 3 and sum(character.isdigit() for character in value) >= 2


def cued(name: str, entity: str, cue: str, score: float = 0.9) -> Rule:
    """Build a rule for a value that follows a cue such as "record number"."""
    return Rule(name, entity, rf"(?:{cue}){LINK}{VALUE}", score, accept=_long_enough)


_INSURERS = (
    r"medicaid|medicare|tricare|aetna|cigna|humana|anthem|kaiser|uhc|united\s?health(?:care)?|"
    r"blue\s?cross(?:\s?blue\s?shield)?|bcbs|ambetter|molina|centene|oscar\s+health|mvp"
)

_LABELLED = (
    cued(
        "record-number",
        "MEDICAL_RECORD_NUMBER",
        r"\bm\.?r\.?n\.?(?![a-z])|\bmed(?:ical)?\s+rec(?:ord)?s?\b|\bchart\b|\b(?:patient|pt)\s*(?:id|num(?:ber)?|no|#)|"
        r"\brecords?\s+(?:num(?:ber)?|no|id|#)|\b(?:hospital|encounter|e[mh]r|visit)\s+(?:num(?:ber)?|no|id|#)",
    ),
    cued(
        "member-id",
        "MEMBER_ID",
        rf"\b(?:member(?:ship)?|subscriber|policy(?:\s?holder)?|insurance|enrollee|beneficiary|health\s+plan|{_INSURERS})\b"
        r"|\b(?:group|plan)\s*(?:num(?:ber)?|no|id|#)",
    ),
    cued(
        "account-number",
        "ACCOUNT_NUMBER",
        r"\b(?:acc(?:oun)?t|acct|claim|rx|prescription|script|case|docket|invoice|confirmation|reference|ref|"
        r"(?:prior\s+)?auth(?:orization)?|order|ticket|statement|tracking|receipt|transaction|application|file)\b",
    ),
    cued(
        "certificate",
        "US_DRIVER_LICENSE",
        r"\bdriv(?:er|ers|er's|ing)\s+(?:li[cs]en[cs]e|permit|id)\b|\bd\.?[/]?l\.?\b|\bli[cs]en[cs]e\s*(?:num(?:ber)?|no|id|#)|"
        r"\bstate\s+id\b",
    ),
    cued("passport", "US_PASSPORT", r"\bpas+ports?\b"),
    cued("bank", "US_BANK_NUMBER", r"\b(?:routing|aba|(?:bank|checking|savings)\s+acc(?:oun)?t)\b"),
    cued("provider-number", "US_NPI", r"\bnpi\b"),
    cued("dea-number", "MEDICAL_LICENSE", r"\bdea\b"),
    cued("taxpayer", "US_ITIN", r"\b(?:itin|ein|tax\s+id)\b"),
    cued(
        "social",
        "US_SSN",
        r"\b(?:ssn|ss\s?#|ss\s+num(?:ber)?|soc(?:ial)?(?:\s+sec(?:urity)?)?(?:\s+num(?:ber)?)?)(?![a-z])",
    ),
    cued(
        "employee-id",
        "EMPLOYEE_ID",
        r"\b(?:employee|staff|badge|student|worker|veteran|inmate|military|school)\s*(?:id|badge|num(?:ber)?|no|#)|\bbadge\b",
    ),
    cued(
        "device",
        "DEVICE_ID",
        r"\b(?:serial|s/n|imei|udi|device\s+(?:id|num(?:ber)?)|lot\s+(?:num(?:ber)?|no|#)|(?:pump|pacemaker|cpap|implant|"
        r"monitor|sensor|wheelchair)\s+(?:id|num(?:ber)?|no|#))(?![a-z])",
    ),
    cued("vehicle-id", "VIN", r"\b(?:vin|vehicle\s+(?:id|identification)(?:\s+num(?:ber)?)?)\b"),
    Rule(
        "plate",
        "LICENSE_PLATE",
        rf"\b(?:(?:li[cs]en[cs]e|number|car|truck|vanity)?\s*plates?|tag\s+(?:num(?:ber)?|no|#)|registration)\b{LINK}"
        r"(?P<v>\b(?=[A-Z]{0,4}[- ]?\d)(?:[A-Z0-9]{2,8}+)(?:[- ](?=[A-Z]{0,3}\d)[A-Z0-9]{2,5}+)?+\b)",
        0.85,
        accept=_has_digit_pair,
    ),
)

_SHAPED = (
    Rule("vin", "VIN", r"\b(?=[A-Z]*\d)(?=\d*[A-Z])(?=(?:[A-Z]*\d){5})[A-HJ-NPR-Z0-9]{17}\b", 0.8),
    Rule("ssn", "US_SSN", r"(?<![\d-])\d{3}[ ]?[-. ][ ]?\d{2}[ ]?[-. ][ ]?\d{4}(?![\d-])", 0.85),
    Rule("ssn-broken", "US_SSN", r"(?<![\d-])(?:\d{5}-\d{4}|\d{3}-\d{6})(?![\d-])", 0.45),
    Rule("itin", "US_ITIN", r"(?<![\d-])9\d\d[- ][5-9]\d[- ]\d{4}(?![\d-])", 0.87),
    Rule("card", "CREDIT_CARD", r"(?<![\d-])(?:\d{4}[- ]?){3}\d{1,7}(?![\d-])", 0.8),
    Rule("card-amex", "CREDIT_CARD", r"(?<![\d-])3\d{3}[- ]?\d{6}[- ]?\d{5}(?![\d-])", 0.82),
    Rule(
        "iban",
        "IBAN_CODE",
        r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?\b",
        0.83,
        accept=lambda match: sum(map(str.isdigit, match.group())) >= 6,
    ),
    Rule(
        "mbi",
        "US_MBI",
        r"\b[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d-?[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d-?[AC-HJKMNP-RT-Y]{2}\d{2}\b",
        0.9,
    ),
    Rule("dea", "MEDICAL_LICENSE", r"\b[ABCDEFGHJKLMPRSTUX][A-Z9]\d{7}\b", 0.75),
    Rule("mac", "DEVICE_ID", r"\b(?:[0-9A-F]{2}[:-]){5}[0-9A-F]{2}\b", 0.9),
    Rule("uuid", "DEVICE_ID", r"\b[0-9A-F]{8}-(?:[0-9A-F]{4}-){3}[0-9A-F]{12}\b", 0.9),
)

_ENDING = (
    Rule(
        "last-four",
        "PARTIAL_NUMBER",
        r"\b(?:last|first)\s+(?:four|4|five|5|six|6|few|two|3|three)(?:\s+(?:digits?|numbers?))?"
        rf"(?:\s+(?:of|on|in|for)\s+(?:\p{{L}}++\s+){{0,4}}?\p{{L}}++)?{LINK}(?P<v>\d(?:[ -]?\d){{1,6}})\b",
        0.7,
    ),
    Rule(
        "ending",
        "PARTIAL_NUMBER",
        r"\b(?:ending|ends|end|starts|starting)\s+(?:in|with|on)?\s*(?P<v>\d(?:[ -]?\d){2,6})\b",
        0.65,
    ),
    Rule(
        "secret",
        "PARTIAL_NUMBER",
        rf"\b(?:cvv2?|cvc|cid|pin|passcode|otp|security\s+code|one[- ]time\s+code)\b{LINK}(?P<v>\d{{3,8}})\b",
        0.65,
    ),
    Rule(
        "expiry",
        "PARTIAL_NUMBER",
        r"\b(?:exp(?:ir(?:es|y|ation|ing))?)\b\.?\s*(?:date|on|is|:)?\s*(?P<v>(?:0?[1-9]|1[0-2])\s?/\s?(?:20)?\d\d)\b(?!/)",
        0.6,
    ),
)


def _digit_count(match: regex.Match[str]) -> int:
    return sum(character.isdigit() for character in match.group())


_UNLABELLED = (
    Rule("long-number", "ID_NUMBER", r"(?<![\d$.,€£-])\d(?:[- ]?\d){5,}(?![\d%]|\.\d|,\d{3})", 0.4),
    Rule(
        "mixed-code",
        "ID_NUMBER",
        r"(?<![\w-])(?=[A-Z-]*\d)(?=[\d-]*[A-Z])(?=(?:[A-Z-]*\d){4})[A-Z0-9]++(?:-[A-Z0-9]++){0,5}+(?![\w-])",
        0.4,
        accept=lambda match: _digit_count(match) >= 4 and len(match.group()) >= 6,
    ),
)


def identifiers() -> RuleRecognizer:
    """Return the recognizer of identifying numbers, by their cue words or their shape."""
    return RuleRecognizer("identifiers", rules=_LABELLED + _SHAPED, trigger=r"\d")


def partial_numbers() -> RuleRecognizer:
    """Return the recognizer of pieces of numbers, and of long numbers without a label."""
    return RuleRecognizer("partial_numbers", rules=_ENDING + _UNLABELLED, trigger=r"\d")


_DIGIT_WORD = (
    r"(?:zero|oh|o|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|"
    r"seventeen|eighteen|nineteen|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[ -](?:one|two|three|four|"
    r"five|six|seven|eight|nine))?|hundred|double|triple|\d)"
)
_DIGIT_GAP = r"(?:[ ,.-]{1,3}(?:dash|hyphen|then|area\s+code)?[ ,]{0,2})"


def _spelled(name: str, entity: str, *, cue: str, least: int, most: int, score: float) -> Rule:
    pattern = rf"{cue}(?P<v>\b{_DIGIT_WORD}(?:{_DIGIT_GAP}{_DIGIT_WORD}){{{least - 1},{most - 1}}}\b)"
    return Rule(name, entity, pattern, score, accept=_is_spelled)


def _is_spelled(match: regex.Match[str]) -> bool:
    """Numbers in digits alone are other rules' work, unless each digit stands by itself."""
    value = match.group("v")
    return any(character.isalpha() for character in value) or len(regex.findall(r"\d", value)) >= 5


_SPELLED = (
    _spelled(
        "spelled-ssn", "US_SSN", cue=rf"\b(?:ssn|social(?:\s+security)?){LINK}", least=4, most=12, score=0.88
    ),
    _spelled(
        "spelled-ending",
        "PARTIAL_NUMBER",
        cue=r"\b(?:last\s+(?:four|4|digits)|ending|ends)(?:\s+(?:digits|numbers))?(?:\s+(?:of|in|on|with)(?:\s+\p{L}++){1,4}?)??"
        + LINK,
        least=3,
        most=6,
        score=0.66,
    ),
    _spelled("spelled-number", "PHONE_NUMBER", cue="", least=6, most=20, score=0.5),
)


def spelled_numbers() -> RuleRecognizer:
    """Return the recognizer of numbers that are spelled out, digit by digit."""
    return RuleRecognizer(
        "spelled_numbers",
        rules=_SPELLED,
        trigger=r"\b(?:zero|oh|one|two|three|four|five|six|seven|eight|nine)\b|\d \d \d",
    )
