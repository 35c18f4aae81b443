"""Check digits of published identifiers. Each function cites its rule; the tests ask another library.

Apart from `training/generated/check_digits.py` on purpose: a mistake that what teaches and what measures
had in common would not be seen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

_VIN_VALUES = {
    **{str(digit): digit for digit in range(10)},
    **dict(zip("ABCDEFGH", range(1, 9), strict=True)),
    **dict(zip("JKLMN", range(1, 6), strict=True)),
    "P": 7,
    "R": 9,
    **dict(zip("STUVWXYZ", range(2, 10), strict=True)),
}
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BECH32_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def luhn(body: str) -> str:
    """Return the digit that completes `body` (ISO/IEC 7812-1 annex B)."""
    total = 0
    for place, character in enumerate(reversed(body)):
        digit = int(character) * (2 if place % 2 == 0 else 1)
        total += digit - 9 if digit > 9 else digit
    return str(-total % 10)


def npi(body: str) -> str:
    """Return the tenth digit of an NPI (45 CFR 162.406: Luhn over 80840 and nine digits)."""
    return luhn("80840" + body)


def dea(digits: str) -> str:
    """Return the seventh digit of a DEA registration (21 CFR 1301; odd places plus twice the even ones)."""
    odd, even = sum(map(int, digits[0:6:2])), sum(map(int, digits[1:6:2]))
    return str((odd + 2 * even) % 10)


def aba(body: str) -> str:
    """Return the ninth digit of a routing number (ABA policy: weights 3, 7, 1)."""
    return str(-sum(int(digit) * weight for digit, weight in zip(body, (3, 7, 1) * 3, strict=False)) % 10)


def iban(country: str, account: str) -> str:
    """Return the two check digits of an IBAN (ISO 13616-1, by ISO 7064 MOD 97-10)."""
    number = int("".join(str(int(character, 36)) for character in f"{account}{country}00"))
    return f"{98 - number % 97:02d}"


def vin(number: str) -> str:
    """Return the ninth character of a VIN (49 CFR 565.15(c), to ISO 3779); its own place counts nothing."""
    total = sum(
        _VIN_VALUES[character] * weight for character, weight in zip(number, _VIN_WEIGHTS, strict=True)
    )
    return "X" if total % 11 == 10 else str(total % 11)


def gtin(body: str) -> str:
    """Return the last digit of a GTIN (GS1 General Specifications 7.9: weights 3 and 1 from the right)."""
    return str(-sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(reversed(body))) % 10)


def base58check(payload: bytes) -> str:
    """Return a Bitcoin address of version byte and hash (base58 with four bytes of double SHA-256)."""
    data = payload + hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4]
    number, written = int.from_bytes(data, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        written = _BASE58[rest] + written
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + written


def bech32(human: str, values: Sequence[int]) -> str:
    """Return a segregated-witness address of five-bit values (BIP 173)."""
    spread = [ord(letter) >> 5 for letter in human] + [0] + [ord(letter) & 31 for letter in human]
    rest = _polymod([*spread, *values, 0, 0, 0, 0, 0, 0]) ^ 1
    check = [rest >> 5 * (5 - place) & 31 for place in range(6)]
    return f"{human}1" + "".join(_BECH32[value] for value in (*values, *check))


def _polymod(values: Sequence[int]) -> int:
    state = 1
    for value in values:
        top, state = state >> 25, (state & 0x1FFFFFF) << 5 ^ value
        for place, constant in enumerate(_BECH32_GENERATOR):
            state ^= constant if top >> place & 1 else 0
    return state
