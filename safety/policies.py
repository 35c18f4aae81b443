"""Policies: which entity types are scrubbed, by which recognizers, from which score on.

`safe-harbor` (live text) takes the 18 categories of 45 CFR 164.514(b)(2)(i)(A)-(R), with the parts of
numbers that the regulator's guidance counts among them, and of organisations those that the text calls
somebody's employer (`recognizers/tagger.py`); `wide` (corpora) also takes what narrows a
person down without being one of the 18: organisations, countries, states, nationalities, titles, every
age and year. A policy's version is a hash over everything that decides what is scrubbed.

Must not: load a recognizer (naming a policy loads nothing), or let the clinic's own names and numbers,
which are never scrubbed, into the version: two clinics under one policy share one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from safety.errors import PolicyError

Policy = Literal["safe-harbor", "wide"]
POLICY_NAMES: tuple[str, ...] = get_args(Policy)
LEAST_SCORE = 0.35
"""What a finding must reach where a policy names no threshold for its recognizer."""

_SAFE_HARBOR = (
    "PERSON",
    "LOCATION",
    "STREET_ADDRESS",
    "ZIP_CODE",
    "DATE_TIME",
    "AGE_OVER_89",
    "PHONE_NUMBER",
    "FAX_NUMBER",
    "EMAIL_ADDRESS",
    "URL",
    "IP_ADDRESS",
    "USERNAME",
    "US_SSN",
    "US_ITIN",
    "US_PASSPORT",
    "US_DRIVER_LICENSE",
    "US_BANK_NUMBER",
    "US_MBI",
    "US_NPI",
    "MEDICAL_LICENSE",
    "CERTIFICATE_NUMBER",
    "MEDICAL_RECORD_NUMBER",
    "MEMBER_ID",
    "ACCOUNT_NUMBER",
    "CREDIT_CARD",
    "IBAN_CODE",
    "CRYPTO",
    "LICENSE_PLATE",
    "VIN",
    "DEVICE_ID",
    "BIOMETRIC",
    "EMPLOYEE_ID",
    "ID_NUMBER",
    "PARTIAL_NUMBER",
)
_WIDE_ONLY = ("ORGANIZATION", "AGE", "YEAR", "STATE", "COUNTRY", "NATIONALITY", "TITLE")

_SOURCES = (
    "normalise.py",
    "deadline.py",
    "scrubber.py",
    "presidio.py",
    "analyzer.py",
    "keep.py",
    "sparing.py",
    "joining.py",
    "function_words.py",
    "widening.py",
    "repeats.py",
    "mentions.py",
    "namesakes.py",
    "placeholders.py",  # what a placeholder looks like, and which names are known again
    "people.py",
    "surrogates.py",  # which names are known again in corpora
    "surrogate_people.py",
    "tagging.py",
)
TAGGED = frozenset({"AGE", "YEAR", "STATE", "COUNTRY", "NATIONALITY", "TITLE"})
"""Types that may have no recognizer: rules cannot find them in full, so they wait for the tagger."""

POLICIES: dict[str, tuple[str, ...]] = {
    "safe-harbor": _SAFE_HARBOR,
    "wide": (*_SAFE_HARBOR, *_WIDE_ONLY),
}


@dataclass(frozen=True, slots=True)
class ScrubPolicy:
    """What is scrubbed. `thresholds` are (recognizer, least score) pairs, in the order of the names."""

    name: Policy
    entities: tuple[str, ...]
    recognizers: tuple[str, ...]
    thresholds: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        """Refuse what does not fit together, all faults at once. Raises PolicyError."""
        faults = [f"{kind} stands twice" for kind in self.entities if self.entities.count(kind) > 1]
        for recognizer, least in self.thresholds:
            if recognizer not in self.recognizers:
                faults.append(f"a threshold for {recognizer!r}, which is no recognizer of the policy")
            if not 0 <= least <= 1:
                faults.append(f"the threshold of {recognizer!r} is {least}, not between 0 and 1")
        if not self.entities or not self.recognizers:
            faults.append("it needs at least one entity type and one recognizer")
        if faults:
            raise PolicyError(f"policy {self.name!r}: {'; '.join(dict.fromkeys(faults))}")

    def least_score(self, recognizer: str) -> float:
        """Return the score from which a finding of `recognizer` counts (0 to 1)."""
        return dict(self.thresholds).get(recognizer, LEAST_SCORE)

    def version(self, models: Mapping[str, Path | None]) -> str:
        """Return the SHA-256 over the policy, the code and words of its recognizers, and its models.

        `models` names each model and its folder; None is a model that is left out, which counts as such.
        """
        digest = hashlib.sha256(f"{self.name}\0{','.join(self.entities)}\0".encode())
        scores = [f"{one}={self.least_score(one):.4f}" for one in self.recognizers]
        digest.update(("\0".join(scores) + "\0").encode())
        for path in _sources():
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
        for name in sorted(models):
            digest.update(f"\0{name}\0".encode())
            folder = models[name]
            if folder is not None:
                for path in sorted(folder.rglob("*")):
                    if path.is_file() and "__pycache__" not in path.parts:
                        digest.update(
                            path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes()
                        )
        return digest.hexdigest()


def scrub_policy(
    name: str, recognizers: Iterable[str], *, thresholds: Mapping[str, float] | None = None
) -> ScrubPolicy:
    """Return the policy called `name` over these recognizers. Raises PolicyError for an unknown name."""
    for known in get_args(Policy):
        if known == name:
            pairs = tuple(sorted((thresholds or {}).items()))
            return ScrubPolicy(known, POLICIES[name], tuple(recognizers), pairs)
    raise PolicyError(f"no policy {name!r}; there is {', '.join(POLICIES)}")


def _sources() -> list[Path]:
    """Return the files whose content decides what is found."""
    package = Path(__file__).resolve().parent
    return [
        *(package / name for name in _SOURCES),
        *sorted((package / "recognizers").glob("*.py")),
        *sorted((package / "recognizers" / "words").glob("*.txt")),
    ]
