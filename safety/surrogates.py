"""Surrogates: made-up values that read like the real ones, for training data.

The same value gets the same surrogate for one seed. Nothing here can belong to anyone: numbers from
the range reserved for fiction (555-01xx), addresses under example.org, record numbers that begin
with zeros. Dates lose their day: a made-up date of the same shape is as good as any.
"""

from __future__ import annotations

import hashlib
import hmac

from safety.placeholders import canonical

_GIVEN = (
    "Alex",
    "Casey",
    "Devin",
    "Ellis",
    "Frankie",
    "Jamie",
    "Kendall",
    "Logan",
    "Morgan",
    "Quinn",
    "Reese",
    "Sidney",
    "Taylor",
    "Avery",
    "Dana",
    "Robin",
)
_FAMILY = (
    "Ashdown",
    "Brightwater",
    "Coldwell",
    "Dunmere",
    "Eastwick",
    "Fairholm",
    "Greyfield",
    "Hartmoor",
    "Kestrel",
    "Larkwood",
    "Marlowe",
    "Northgate",
    "Oakhurst",
    "Ravenhill",
    "Stonebridge",
    "Thornbury",
)
_TOWNS = (
    "Fairhaven Mills",
    "Lower Ashbrook",
    "Stillwater Bend",
    "Maplecross",
    "Northfield Green",
    "Easton Hollow",
)
_STREETS = (
    "Willow Street",
    "Juniper Lane",
    "Harbor Road",
    "Orchard Avenue",
    "Meadow Court",
    "Chestnut Drive",
)
_PLACES = ("Brookmere Works", "Fernwood School", "Highmoor College", "Silverlake Company", "Westhaven Clinic")
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "September", "October", "November")


class Surrogates:
    """Made-up values, the same for the same seed and value."""

    def __init__(self, seed: int = 0) -> None:
        self._key = f"surrogates {seed}".encode()

    def replacement(self, entity_type: str, value: str) -> str:
        """Return a made-up value of the type of `value`."""
        draw = _Draw(
            hmac.new(self._key, f"{entity_type}\0{canonical(entity_type, value)}".encode(), hashlib.sha256)
        )
        match entity_type:
            case "PERSON":
                given = draw.one(_GIVEN)
                return f"{given} {draw.one(_FAMILY)}" if len(value.split()) > 1 else given
            case "LOCATION":
                return draw.one(_TOWNS)
            case "STREET_ADDRESS":
                return f"{draw.number(1, 999)} {draw.one(_STREETS)}"
            case "ORGANIZATION":
                return draw.one(_PLACES)
            case "DATE_TIME":
                return f"{draw.one(_MONTHS)} {draw.number(1, 28)}, {draw.number(1990, 2020)}"
            case "AGE":
                return "90"
            case "PHONE_NUMBER" | "FAX_NUMBER":
                return f"802-555-01{draw.number(0, 99):02d}"
            case "EMAIL_ADDRESS":
                return f"{draw.one(_GIVEN).lower()}{draw.number(1, 99)}@example.org"
            case "URL":
                return f"https://example.org/{draw.number(100, 999)}"
            case "IP_ADDRESS":
                return f"192.0.2.{draw.number(1, 254)}"
            case "USERNAME":
                return f"user_{draw.number(1000, 9999)}"
            case "US_SSN" | "US_ITIN":
                return f"000-00-{draw.number(0, 9999):04d}"
            case "ZIP_CODE":
                return f"000{draw.number(0, 99):02d}"
            case "CREDIT_CARD":
                return f"0000 0000 0000 {draw.number(0, 9999):04d}"
            case "PARTIAL_NUMBER":
                return f"{draw.number(0, 9999):04d}"
            case _:
                return f"X{draw.number(0, 9_999_999):07d}"

    def knows(self, name: str, *, part: bool) -> bool:  # noqa: ARG002 - it remembers nobody
        """Say no: a surrogate is drawn from the value itself, and none is remembered."""
        return False


class _Draw:
    """Choices from one digest, four bytes at a time."""

    def __init__(self, digest: hmac.HMAC) -> None:
        self._bytes = digest.digest()
        self._at = 0

    def number(self, low: int, high: int) -> int:
        value = int.from_bytes(self._bytes[self._at : self._at + 4], "big")
        self._at += 4
        return low + value % (high - low + 1)

    def one(self, choices: tuple[str, ...]) -> str:
        return choices[self.number(0, len(choices) - 1)]
