"""Presidio's own pattern recognizers, held to our time limit.

Presidio logs a pattern that runs out of time and goes on without it. Here its compiled patterns are
replaced by ones that raise, so that a skipped pattern fails the scrub. Their check digits find what
our shapes leave open (a bare nine-digit number after "social", a bank number after "account").
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import regex
import tldextract

from safety.deadline import seconds_left
from safety.errors import RecognizerFailed
from safety.presidio import (
    CreditCardRecognizer,
    EmailRecognizer,
    IpRecognizer,
    MedicalLicenseRecognizer,
    PatternRecognizer,
    UsBankRecognizer,
    UsItinRecognizer,
    UsLicenseRecognizer,
    UsPassportRecognizer,
    UsSsnRecognizer,
)
from safety.recognizers.rules import REGEX_SECONDS


class BoundedPattern:
    """A compiled pattern that raises RecognizerFailed, and is never skipped, when time runs out."""

    def __init__(self, name: str, *, pattern: str, flags: int) -> None:
        self._name = name
        self._compiled = regex.compile(pattern, flags)

    def finditer(self, text: str, timeout: float = REGEX_SECONDS) -> Sequence[regex.Match[str]]:
        """Return all matches within the time limit."""
        try:
            return list(self._compiled.finditer(text, timeout=seconds_left(min(timeout, REGEX_SECONDS))))
        except TimeoutError:
            raise RecognizerFailed(
                f"pattern {self._name!r} took longer than {REGEX_SECONDS} s on a text"
            ) from None


def bounded(recognizer: PatternRecognizer) -> PatternRecognizer:
    """Hold each pattern of a Presidio recognizer to our time limit, and return it."""
    flags = recognizer.global_regex_flags or 0
    opened = cast(Any, recognizer)  # Presidio leaves the types of `name` and `patterns` open
    for pattern in opened.patterns:
        pattern.compiled_regex = BoundedPattern(
            f"{opened.name}: {pattern.name}", pattern=pattern.regex, flags=flags
        )
        pattern.compiled_with_flags = flags
    return recognizer


_SUFFIXES = tldextract.TLDExtract(suffix_list_urls=())


class OfflineEmailRecognizer(EmailRecognizer):
    """Presidio's e-mail recognizer, with the public suffixes that ship with tldextract."""

    def validate_result(self, pattern_text: str) -> bool:
        """Tell whether the address ends in a public suffix, without asking the network."""
        return bool(_SUFFIXES(pattern_text).top_domain_under_public_suffix)


def us_ssn() -> PatternRecognizer:
    """Return Presidio's recognizer of social security numbers."""
    return bounded(UsSsnRecognizer())


def us_bank() -> PatternRecognizer:
    """Return Presidio's recognizer of bank account numbers."""
    return bounded(UsBankRecognizer())


def us_passport() -> PatternRecognizer:
    """Return Presidio's recognizer of passport numbers."""
    return bounded(UsPassportRecognizer())


def us_license() -> PatternRecognizer:
    """Return Presidio's recognizer of driver's licences."""
    return bounded(UsLicenseRecognizer())


def us_itin() -> PatternRecognizer:
    """Return Presidio's recognizer of taxpayer numbers."""
    return bounded(UsItinRecognizer())


def credit_card() -> PatternRecognizer:
    """Return Presidio's recognizer of payment cards with a right check digit."""
    return bounded(CreditCardRecognizer())


def medical_license() -> PatternRecognizer:
    """Return Presidio's recognizer of DEA numbers."""
    return bounded(MedicalLicenseRecognizer())


def ip_address() -> PatternRecognizer:
    """Return Presidio's recognizer of network addresses."""
    return bounded(IpRecognizer())


def email_address() -> PatternRecognizer:
    """Return Presidio's e-mail recognizer, offline."""
    return bounded(OfflineEmailRecognizer())
