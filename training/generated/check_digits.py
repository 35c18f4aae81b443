"""Check digits of published schemes, to make numbers that a validator takes as real.

Luhn: ISO/IEC 7812-1 annex B. NPI: 45 CFR 162.406, the Luhn digit over 80840 and the number. IBAN: ISO 13616
with ISO 7064 MOD 97-10. VIN: 49 CFR 565.15. DEA: 21 CFR 1301 practice. UPS and GS1: modulus 10 with
weights.
"""

from __future__ import annotations

from typing import Final

_VIN_WEIGHTS: Final = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_VIN_VALUES: Final = {
    **{str(digit): digit for digit in range(10)},
    **dict(zip("ABCDEFGH", range(1, 9), strict=True)),
    **dict(zip("JKLMN", range(1, 6), strict=True)),
    "P": 7,
    "R": 9,
    **dict(zip("STUVWXYZ", range(2, 10), strict=True)),
}


def luhn(digits: str) -> str:
    """Return the digit that, put after `digits`, makes them pass the Luhn test."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def npi(nine: str) -> str:
    """Return the tenth digit of a National Provider Identifier."""
    return luhn("80840" + nine)


def iban(country: str, account: str) -> str:
    """Return the two check digits of an IBAN of `country` (two letters) and its account part."""
    number = "".join(str(int(sign, 36)) for sign in f"{account}{country}00")
    return f"{98 - int(number) % 97:02d}"


def vin(seventeen: str) -> str:
    """Return the check digit (0-9 or X) for the ninth place of a vehicle number."""
    rest = sum(_VIN_VALUES[sign] * weight for sign, weight in zip(seventeen, _VIN_WEIGHTS, strict=True)) % 11
    return "X" if rest == 10 else str(rest)


def dea(six: str) -> str:
    """Return the seventh digit of a DEA registration number."""
    digits = [int(digit) for digit in six]
    return str((digits[0] + digits[2] + digits[4] + 2 * (digits[1] + digits[3] + digits[5])) % 10)


def ups(fifteen: str) -> str:
    """Return the last digit of a 1Z tracking number, from the fifteen signs between 1Z and it."""
    values = [int(sign) if sign.isdigit() else (ord(sign) - 63) % 10 for sign in fifteen]
    return str(-(sum(values[0::2]) + 2 * sum(values[1::2])) % 10)


def gs1(digits: str) -> str:
    """Return the check digit of a GS1 key (a device's GTIN-14, a USPS label)."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return str(-total % 10)
