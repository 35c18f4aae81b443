"""Biometric and image payloads, and codes that nobody writes by hand: 45 CFR 164.514(b)(2)(i)(P)-(R).

Data URIs, long base64 and hexadecimal runs (a photo, a fingerprint's template, a voice print), keys and
tokens. Whatever is longer than 200 characters without a space is no sentence and is taken as well.
Must not: take a long word, a row of dots or a link for a payload.
"""

# ruff: noqa: E501 - a pattern reads better on one line

from __future__ import annotations

import regex

from safety.recognizers.numbers import LINK
from safety.recognizers.rules import Rule, RuleRecognizer


def _is_mixed(match: regex.Match[str]) -> bool:
    """Tell base64 from a long word: it holds capitals, small letters and digits."""
    value = match.group()
    return (
        any(one.isdigit() for one in value)
        and any(one.isupper() for one in value)
        and any(one.islower() for one in value)
    )


def _ends_it(match: regex.Match[str]) -> bool:
    """Tell the end of a payload over a line from the next sentence: base64 comes in fours (RFC 4648)."""
    first, last = len(match.group("first")), len(match.group("last"))
    return first % 4 > 0 and (first + last) % 4 == 0


_TRAIT = (
    r"(?:finger\s?prints?|thumb\s?print|palm\s?print|voice\s?(?:print|id)|face\s?(?:print|id)|facial(?:\s+recognition)?|iris|retina(?:l)?|"
    r"biometrics?|gait|dna|genetic|vein)"
)
_PAYLOADS = (
    Rule("data-uri", "BIOMETRIC", r"\bdata:(?:[\w.+-]{1,40}/[\w.+-]{1,60})?(?:;[\w=.\"-]{1,60}){0,4},[^\s\"'<>()]{8,}+", 0.97),
    # Broken over a line in its head, or once in what follows: the rest is a long run all the same.
    Rule("data-uri-broken", "BIOMETRIC",
         r"\bdata:\s{0,4}(?:image|audio|video|application|text|model)\s{0,4}/\s{0,4}[\w.+-]{1,60}+(?:(?<=[-.+])\s{1,4}[\w.+-]{1,60}+)?\s{0,4}(?:;\s{0,4}[\w=.\"-]{1,60}+\s{0,4}){0,4}"
         r",\s{0,4}[A-Za-z0-9+/=%_-]++(?:\s{1,4}[A-Za-z0-9+/=%_-]{40,}+){0,400}+(?:\s{1,4}[A-Za-z0-9+/]{1,40}+=)?", 0.97),
    Rule("data-uri-end", "BIOMETRIC",
         r"\bdata:(?:[\w.+-]{1,40}/[\w.+-]{1,60})?(?:;[\w=.\"-]{1,60}){0,4};base64,(?P<first>[A-Za-z0-9+/]{20,}+)\s{1,4}"
         r"(?P<last>[A-Za-z0-9+/]{1,40}+)(?![A-Za-z0-9+/=_-])", 0.97, accept=_ends_it),
    Rule("base64-lines", "BIOMETRIC", r"(?<![\w+/])(?:[A-Za-z0-9+/]{60,76}+\r?\n[ \t]{0,4}+){1,}+[A-Za-z0-9+/]{1,76}+={0,2}+", 0.93, accept=_is_mixed),
    Rule("base64", "BIOMETRIC", r"(?<![\w+/=.-])[A-Za-z0-9+/_-]{80,}+={0,2}+(?![\w.-])", 0.93, accept=_is_mixed),
    Rule("endless", "BIOMETRIC", r"(?<![A-Za-z0-9+/_=%-])[A-Za-z0-9+/_=%-]{200,}+", 0.92,
         accept=lambda match: any(one.isalnum() for one in match.group())),
    Rule("hexadecimal", "BIOMETRIC", r"(?<![\w-])(?:0x)?(?=[0-9a-f]{0,40}\d)(?=[0-9]{0,40}[a-f])[0-9a-f]{64,}+(?![\w-])", 0.9),
    Rule("hexadecimal-pairs", "BIOMETRIC", r"(?<![\w:])(?:[0-9a-f]{2}[: ]){15,}+[0-9a-f]{2}(?![\w:])", 0.9),
    Rule("template", "BIOMETRIC",
         rf"\b{_TRAIT}\s+(?:template|hash|id|code|scan|sample|data|signature|vector|kit|number|no|record)?{LINK}"
         r"(?P<v>(?=[A-Z-]{0,8}\d)[A-Z0-9]{2,}+(?:[-_.:/][A-Z0-9]++){0,8}+)(?!\s?%)", 0.9,
         accept=lambda match: sum(one.isdigit() for one in match.group("v")) >= 3),
    Rule("key-block", "ID_NUMBER", r"-----BEGIN [A-Z ]{2,40}-----[A-Za-z0-9+/=\s]{0,8000}+(?:-----END [A-Z ]{2,40}-----)?", 0.95),
    Rule("web-token", "ID_NUMBER", r"\beyJ[\w-]{5,}+\.[\w-]{5,}+(?:\.[\w-]{5,}+)?", 0.95),
    Rule("secret-key", "ID_NUMBER", r"\b(?:sk|pk|rk|ghp|gho|xox[abp]|AKIA|ASIA|AIza)[-_]?(?=[\w-]{0,20}\d)[\w-]{16,}+", 0.9),
    Rule("digest", "ID_NUMBER", r"(?<![\w-])(?=[0-9a-f]{0,20}\d)(?=[0-9]{0,20}[a-f])[0-9a-f]{32,63}+(?![\w-])", 0.85),
)  # fmt: skip


def payloads() -> RuleRecognizer:
    """Return the recognizer of payloads, keys and tokens."""
    return RuleRecognizer(
        "payloads", rules=_PAYLOADS, trigger=rf"[\w+/=%-]{{28}}|data:|-----|eyJ|[-_:]\w|{_TRAIT}"
    )
