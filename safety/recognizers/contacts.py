"""Ways to reach a person: e-mail, phone, fax, links, network addresses, user names.

The phone recognizer is Presidio's, behind a count of digits since it is the slowest of all; a plain
pattern beside it also takes what is not a valid number (a typo, a number from a reserved range).
E-mail addresses need no known top-level domain: `j.doe@intranet` is one.
"""

# ruff: noqa: E501 - a pattern reads better on one line

from __future__ import annotations

from typing import cast

import regex

from safety.function_words import is_function_word
from safety.presidio import NlpArtifacts, PhoneRecognizer, RecognizerResult
from safety.recognizers.lexicon import is_common
from safety.recognizers.rules import Rule, RuleRecognizer

_TLD = r"(?:com|org|net|edu|gov|mil|io|co|us|uk|ca|info|biz|me|tv|app|dev|health|clinic|mail)"
_AT = r"(?:\s*[(\[{<]\s*(?:at|@)\s*[)\]}>]\s*|\s+at\s+|\s?@\s?)"
_DOT = r"(?:\s*[(\[{<]\s*(?:dot|\.)\s*[)\]}>]\s*|\s+dot\s+|\.)"
_LOCAL_JOIN = r"(?:\s*[(\[{<]\s*(?:dot|\.)\s*[)\]}>]\s*|\s+(?:dot|underscore|dash|hyphen|plus)\s+)"
_PROVIDER = r"(?:gmail|g\s?mail|googlemail|yahoo|ymail|hotmail|outlook|icloud|aol|proton(?:mail)?|comcast|verizon|att|msn|live|fastmail|zoho)"
_MAILED = regex.compile(
    r"\b(?:e-?mails?|e-?mailed|address|write\s+(?:to\s+)?(?:me|us|him|her)|reach\s+(?:me|us|him|her))\b[^.!?\n]{0,20}$",
    regex.IGNORECASE,
)


def _reads_as_an_address(match: regex.Match[str]) -> bool:
    """Tell "jane.doe at gmail" from "people who work at yahoo": by a sign or digit, or by the words before it."""
    local = regex.split(r"[\s(\[{<@]", match.group("v"), maxsplit=1)[0].strip(".-")
    if not regex.search(r"\p{L}", local):
        return False
    if regex.search(r"[\d._+%]", local) or regex.search(_LOCAL_JOIN, match.group("v"), regex.IGNORECASE):
        return True
    before = match.string[max(0, match.start() - 60) : match.start()]
    return not is_common(local.lower()) and bool(_MAILED.search(before))


def _ends_in_no_domain(match: regex.Match[str]) -> bool:
    """Tell "oona@hollowtree.\ninfo" from an address that ends a sentence."""
    host = match.group("host").lower()
    return "." not in host or not regex.fullmatch(_TLD, host.rpartition(".")[2])


def _begins_an_address(match: regex.Match[str]) -> bool:
    """Tell "i wrote from mrs.\noona@..." from "write to me.\noona@..."; no sentence ends in an article."""
    first = match.group("v").partition(".")[0].lower()
    return first in ("a", "an", "the", "my", "our", "your") or not is_function_word(first)


_EMAIL = (
    Rule("email", "EMAIL_ADDRESS", r"(?<![\w.+%-])[\w.+%'-]{1,64}+@[\w-]++(?:\.[\w-]++)*+", 0.95),
    Rule("email-spaced", "EMAIL_ADDRESS", rf"(?<![\w.+%-])[\w.+%-]{{1,64}}+[ ]?@[ ]?[\w-]{{1,63}}+(?:[ ]?\.[ ]?[\w-]{{1,63}}+){{0,4}}?[ ]?\.[ ]?{_TLD}\b", 0.93),
    # Broken over a line after a full stop: before the last part of its host, or within its local part.
    Rule("email-broken", "EMAIL_ADDRESS",
         rf"(?<![\w.+%-])[\w.+%'-]{{1,64}}+@(?P<host>[\w-]{{1,63}}+(?:\.[\w-]{{1,63}}+){{0,3}}?)\.\s{{1,4}}{_TLD}\b(?![\w'@-])", 0.94,
         accept=_ends_in_no_domain),
    Rule("email-broken-after", "EMAIL_ADDRESS", rf"(?<![\w.+%-])[\w.+%'-]{{1,64}}+@\s{{1,4}}(?:[\w-]{{1,63}}+\.){{1,4}}?{_TLD}\b(?![\w'@-])", 0.94),
    Rule("email-broken-before", "EMAIL_ADDRESS",
         r"(?:\b(?:at|is|from|to|have|e-?mail|address|use|contact|write|with)|[:=])\s{1,2}(?P<v>[\w+%-]{2,32}+\.(?:[ ]{2,4}|[ ]?\r?\n[ ]{0,3})"
         r"[\w.+%-]{1,64}+@[\w-]++(?:\.[\w-]++)++)", 0.94,
         accept=_begins_an_address),
    Rule(
        "email-spoken",
        "EMAIL_ADDRESS",
        rf"(?<![\w.+%-])[\w.+%-]{{1,64}}+(?:{_LOCAL_JOIN}[\w+%-]{{1,32}}+){{0,4}}{_AT}[\w-]{{1,63}}+(?:{_DOT}[\w-]{{1,63}}+){{0,3}}?{_DOT}{_TLD}\b",
        0.9,
    ),
    Rule("email-at-a-provider", "EMAIL_ADDRESS", rf"(?<![\w.+%-])(?P<v>[\w.+%-]{{2,64}}+(?:{_LOCAL_JOIN}[\w+%-]{{1,32}}+){{0,4}}{_AT}{_PROVIDER}\b)(?!['-])", 0.85, accept=_reads_as_an_address),
)  # fmt: skip

_KNOWN_SITES = regex.compile(
    r"(?:gmail|yahoo|outlook|hotmail|icloud|zoom|google|facebook|youtube|amazon|webmd|mychart|goodrx|psychologytoday|"
    r"medicare|healthcare|samhsa|cdc|nih|nami|988lifeline|findahelpline|crisistextline)\.\w+",
    regex.IGNORECASE,
)


def _is_in_two_at_most(match: regex.Match[str]) -> bool:
    return len(match.group().split()) <= 2


def _is_address_in_two(match: regex.Match[str]) -> bool:
    value = match.group()
    parts = [int(part) for part in value.split(".")]
    # "Section 1. 2.3.4" is none.
    return len(value.split()) == 2 and max(parts) <= 255 and sum(part > 9 for part in parts) >= 3


_LINKS = (
    Rule("link", "URL", r"\b(?:https?|ftp)://[^\s<>\"']++|\bwww\.[^\s<>\"']++", 0.9),
    # Broken over a line at a sign, where a query follows: "/profile.\nphp?id=7".
    Rule("link-broken", "URL",
         r"(?:\bhttps?:\s{0,4}/\s{0,4}/\s{0,4}|\bwww\.\s{0,4})(?:[^\s<>\"']*+(?<=[./?=&_~-])\s{1,4})?"
         r"[\w./~%@-]{0,80}+\?\s{0,4}[\w-]{1,20}+\s{0,4}=\s{0,4}[^\s<>\"',;]++", 0.9),
    Rule("link-broken-path", "URL", r"(?:\bhttps?://|\bwww\.)[^\s<>\"']*+(?<=/)\s{1,4}(?=[\w-]{0,20}\d)[\w-]{1,40}+/[^\s<>\"',;]++", 0.9),
    Rule("site-path", "URL", rf"(?<![\w@.-])(?:[A-Z0-9-]{{1,63}}+\.){{1,5}}{_TLD}/[^\s<>\"']*+", 0.85),
    Rule(
        "site",
        "URL",
        r"(?<![\w@.-])(?:[A-Z0-9-]{1,63}+\.){1,5}(?:com|org|net|edu|gov|io|info|biz|blog|health|clinic)\b(?![\w/@-])",
        0.5,
        accept=lambda match: not _KNOWN_SITES.fullmatch(match.group()),
    ),
    Rule("ipv4", "IP_ADDRESS", r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)", 0.9),
    # What was copied may be broken over a line, at a sign: there once, and nowhere else.
    Rule("ipv4-broken", "IP_ADDRESS", r"(?<![\w.])(?:\d{1,3}\.\s?){3}\d{1,3}(?![\w]|\.\d)", 0.86, accept=_is_address_in_two),
    Rule("mac", "IP_ADDRESS", r"(?<![\w:.-])(?:[0-9A-F]{2}(?:[:-]\s{0,4}|\s{1,4}[:-])){5}[0-9A-F]{2}(?![\w:-])", 0.92, accept=_is_in_two_at_most),
    Rule("mac-dotted", "IP_ADDRESS", r"(?<![\w:.-])(?:[0-9A-F]{4}(?:\.\s{0,4}|\s{1,4}\.)){2}[0-9A-F]{4}(?![\w-]|\.\w)", 0.92, accept=_is_in_two_at_most),
    Rule("ipv6", "IP_ADDRESS", r"(?<![\w:])(?:[0-9A-F]{1,4}:){2,7}(?::?[0-9A-F]{1,4}){1,6}(?![\w:])", 0.85,
         accept=lambda match: match.group().count(":") >= 4 or "::" in match.group()),
    Rule("ipv6-broken", "IP_ADDRESS", r"(?<![\w:])(?:[0-9A-F]{1,4}:\s{0,4}){7}[0-9A-F]{1,4}(?![\w:])", 0.86, accept=_is_in_two_at_most),
    Rule("wallet", "CRYPTO", r"\b(?:bc1[a-z0-9]{25,60}|[13][a-km-zA-HJ-NP-Z1-9]{25,34}|0x[0-9a-f]{40})\b", 0.8),
)  # fmt: skip

_SIGNS = r"[ ./*\u00b7\u2022-]{0,3}"
_NUMBER = (
    rf"(?:\+?\d{{1,3}}{_SIGNS})?(?:\(\s?\d{{3}}\s?\)|\d{{3}}){_SIGNS}\d{{3}}{_SIGNS}\d{{2}}[ ]?\d{{2}}"
    r"(?:[ ,]{0,2}(?:x|ext\.?|extension)[ ]?\d{1,6})?"
)
_EDGE = r"(?<![\d$-]|\d[./])"
_FAX = r"\bfax(?:es|ed|ing)?\b(?:[\s:#.]|\b(?:it|them|number|no|is|to|at|for|my|the|me|her|his|pharmacy|office|doctor|clinic|line|results?|form|copy)\b){0,10}+"

_PHONE = (
    Rule("fax", "FAX_NUMBER", rf"{_FAX}(?P<v>{_NUMBER}|\d{{3}}[- .]\d{{4}})(?!\d)", 0.86),
    Rule("phone", "PHONE_NUMBER", rf"{_EDGE}{_NUMBER}(?![\d-])", 0.75),
    Rule("phone-local", "PHONE_NUMBER", rf"{_EDGE}\d{{3}}[ ]?[-.][ ]?\d{{4}}(?![\d-])", 0.6),
    Rule("phone-cued", "PHONE_NUMBER",
         r"\b(?:phone|cell|mobile|number|numbr|call|text|reach|home|work|landline|pager|tel)\b"
         r"(?:[\s:#.']|\b(?:me|him|her|us|them|back|number|is|was|at|on|my|phone|cell|s|it'?s)\b){0,8}+(?P<v>\+?\(?\d(?:[-. ()/]{0,3}\d){6,14})(?!\d)", 0.7),
    Rule("phone-abroad", "PHONE_NUMBER", r"(?<!\w)\+\d{1,3}(?:[ ./()-]{0,2}\d){6,13}(?!\d)", 0.75),
    Rule("extension", "PHONE_NUMBER", r"\b(?:ext|extension)\b\.?[ ]?#?(?P<v>\d{2,6})\b", 0.6),
)  # fmt: skip


def _looks_like_handle(match: regex.Match[str]) -> bool:
    value = match.group("v").strip("@.").lower()
    return not is_common(value) and value not in ("incorrect", "locked", "invalid", "rejected")


def _has_sign(match: regex.Match[str]) -> bool:
    return any(character.isdigit() or character in "_@." for character in match.group("v").rstrip("."))


_SERVICES = (
    r"(?:user\s?name|user\s?id|user|screen\s?name|handle|log\s?in|gamertag|discord|insta(?:gram)?|ig|snap(?:chat)?|"
    r"twitter|tik\s?tok|reddit|venmo|cash\s?app|facebook|fb|skype|telegram|whatsapp|kik|steam|twitch)"
)
_HANDLE = r"(?P<v>@?[A-Z0-9_][\w.#-]{2,40}+)"
_USERNAMES = (
    Rule("handle", "USERNAME", r"(?<![\w.@])@[A-Z_][\w.]{2,40}+(?!@)", 0.7),
    Rule("reddit", "USERNAME", r"(?<![\w/])/?u/[\w-]{3,30}+", 0.7),
    Rule("tag", "USERNAME", r"(?<!\w)[A-Z][\w.]{2,31}+#\d{4}\b", 0.7),
    Rule("user", "USERNAME", rf"\b{_SERVICES}\b(?:\s+(?:name|handle|id|account|user))?\s*(?:\bis\b|:|=|@)\s*{_HANDLE}", 0.65, accept=_looks_like_handle),
    Rule("user-signs", "USERNAME", rf"\b{_SERVICES}\s+{_HANDLE}", 0.6, accept=lambda match: _looks_like_handle(match) and _has_sign(match)),
    Rule("password", "USERNAME", r"\b(?:pass\s?word|pwd|passwd|pw)\s*(?:\bis\b|:|=)\s*(?P<v>[^\s,;]{4,40}+)", 0.65, accept=_looks_like_handle),
)  # fmt: skip


class GatedPhoneRecognizer(PhoneRecognizer):
    """Presidio's phone recognizer, run only on texts with enough digits to hold a number."""

    _DIGITS = regex.compile(r"\d(?:[^\w\n]{0,3}\d){6}")

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Return phone numbers in any of the regions."""
        if not self._DIGITS.search(text):
            return []
        found: list[RecognizerResult] = super().analyze(text, entities, cast(NlpArtifacts, nlp_artifacts))
        return [one for one in found if sum(map(str.isdigit, text[one.start : one.end])) >= 7]


def emails() -> RuleRecognizer:
    """Return the recognizer of e-mail addresses, written or spoken."""
    return RuleRecognizer("emails", rules=_EMAIL, trigger=r"@|\bat\b")


def links() -> RuleRecognizer:
    """Return the recognizer of links, network addresses and wallets."""
    return RuleRecognizer(
        "links", rules=_LINKS, trigger=r"\.\w|:|0x|bc1|[13]\w{25}|[0-9a-f]{2}\s{0,4}-\s{0,4}[0-9a-f]{2}\b"
    )


def phones() -> RuleRecognizer:
    """Return the recognizer of phone and fax numbers by pattern."""
    return RuleRecognizer("phones", rules=_PHONE, trigger=r"\d\D{0,3}\d")


def phones_by_region() -> GatedPhoneRecognizer:
    """Return Presidio's recognizer of valid phone numbers."""
    return GatedPhoneRecognizer(supported_regions=("US", "GB"))


def usernames() -> RuleRecognizer:
    """Return the recognizer of user names, handles and passwords."""
    return RuleRecognizer("usernames", rules=_USERNAMES, trigger=rf"@|u/|#|pass|pwd|pw|{_SERVICES}")
