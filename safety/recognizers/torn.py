"""Account numbers, wallets and VINs by their check digits, however they are spaced or broken over lines.

The length of an IBAN follows from its country (SWIFT, IBAN registry) and its check is ISO 13616 (ISO 7064,
mod 97-10); a wallet's is the one of base58check (double SHA-256) or of bech32 and bech32m (BIP 173, BIP 350);
a VIN's is in 49 CFR 565.15. What a check says needs no words around it. Must not: take a number whose check
is wrong.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final

import regex

from safety.deadline import seconds_left
from safety.recognizers.rules import SpanRecognizer
from safety.recognizers.vehicles import is_vin

_LENGTHS: Final = {
    country: length
    for length, countries in {
        15: "NO", 16: "BE", 18: "DK FI FO GL NL SD", 19: "MK SI", 20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV", 22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST", 26: "IS TR", 27: "BI DJ FR GR IT MC MR SM", 28: "AL AZ BY CY DO GT HU LB NI PL SV",
        29: "BR EG PS QA UA", 30: "JO KW MU", 31: "MT SC", 32: "LC", 33: "RU",
    }.items()
    for country in countries.split()
}  # fmt: skip
_GAP: Final = r"[\s-]{0,4}"
_STARTS: Final = regex.compile(rf"(?<![\p{{L}}\d])[A-Z]{_GAP}[A-Z]{_GAP}\d{_GAP}\d", regex.IGNORECASE)
_TRIGGER: Final = regex.compile(r"\d\s?\d")
_NEXT: Final = regex.compile(r"[\s-]{0,4}([A-Za-z0-9])")
_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BECH32: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_IN_TWO: Final = regex.compile(
    r"(?<![\p{L}\d])(?P<first>[13b0][A-Za-z0-9]{0,62})\s{1,4}(?P<second>[A-Za-z0-9]{1,62})(?![\p{L}\d])"
)
_VIN_IN_TWO: Final = regex.compile(
    r"(?<![\p{L}\d])(?P<first>[A-HJ-NPR-Z0-9]{1,16})\s{1,4}(?P<second>[A-HJ-NPR-Z0-9]{0,13}\d{3,4})(?![\p{L}\d])",
    regex.IGNORECASE,
)
_WALLET: Final = regex.compile(r"[13][1-9A-HJ-NP-Za-km-z]{25,34}|bc1[0-9a-z]{39,59}|0x[0-9A-Fa-f]{40}")


class TornRecognizer(SpanRecognizer):
    """IBANs in any spacing, wallets and VINs in two parts."""

    def __init__(self) -> None:
        super().__init__("torn", entities=["IBAN_CODE", "CRYPTO", "VIN"])

    def find(self, text: str) -> Iterator[tuple[str, int, int, float]]:
        """Yield the numbers whose check is right."""
        if not _TRIGGER.search(text) and not any(sign in text for sign in "13b0"):
            return
        for match in _STARTS.finditer(text, timeout=seconds_left(1.0)):
            end = _iban_end(text, match.start())
            if end:
                yield "IBAN_CODE", match.start(), end, 0.97
        for match in _VIN_IN_TWO.finditer(text, overlapped=True, timeout=seconds_left(1.0)):
            if is_vin((match["first"] + match["second"]).upper()):
                yield "VIN", match.start(), match.end(), 0.97
        for match in _IN_TWO.finditer(text, overlapped=True, timeout=seconds_left(1.0)):
            if _is_wallet(match["first"] + match["second"]):
                yield "CRYPTO", match.start(), match.end(), 0.97


def torn() -> TornRecognizer:
    """Return the recognizer of numbers that their check digits tell."""
    return TornRecognizer()


def _iban_end(text: str, start: int) -> int:
    """Return where the IBAN that begins at `start` ends; 0 where there is none."""
    bare, end = "", start
    while len(bare) < _LENGTHS.get(bare[:2], 2 if len(bare) < 2 else 0):
        match = _NEXT.match(text, end)
        if not match:
            return 0
        bare, end = bare + match[1].upper(), match.end()
    if len(bare) < 15 or (end < len(text) and text[end].isalnum()):
        return 0
    moved = "".join(str(int(one, 36)) for one in bare[4:] + bare[:4])
    return end if int(moved) % 97 == 1 else 0


def _is_wallet(value: str) -> bool:
    if not _WALLET.fullmatch(value):
        return False
    if value.startswith("0x"):
        return True
    return _is_bech32(value) if value.startswith("bc1") else _is_base58check(value)


def _is_base58check(value: str) -> bool:
    number = 0
    for one in value:
        number = 58 * number + _BASE58.index(one)
    try:
        raw = number.to_bytes(25, "big")
    except OverflowError:
        return False
    return hashlib.sha256(hashlib.sha256(raw[:-4]).digest()).digest()[:4] == raw[-4:]


def _is_bech32(value: str) -> bool:
    if any(one not in _BECH32 for one in value[3:]):
        return False
    check = 1
    for part in (*(ord(one) >> 5 for one in "bc"), 0, *(ord(one) & 31 for one in "bc"),
                 *(_BECH32.index(one) for one in value[3:])):  # fmt: skip
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ part
        for at, factor in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= factor if top >> at & 1 else 0
    return check in (1, 0x2BC830A3)
