"""Made-up identifiers: letters for letters, digits for digits, and such that they can be nobody's.

A scheme with a check digit gets a wrong one; a scheme that reserves a prefix gets that prefix (a social
security number's area 000 or 666, an IBAN's check digits 00, an address from RFC 5737, 3849 or 7042); one
with neither begins with two zeros.

Must not: return a number that passes the check of its scheme.
"""

from __future__ import annotations

from collections.abc import Callable

import regex

from safety.surrogate_draws import Draw, is_spelled, like, refilled, spelled_like

_NO_MBI_LETTERS = "sloibz"  # a Medicare number never holds these
_NO_DEA_LETTERS = "qvwyz"  # no kind of registrant
_VIN_VALUES = dict(
    zip(
        "ABCDEFGHJKLMNPRSTUVWXYZ",
        (1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9),
        strict=True,
    )
)
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_MAC = regex.compile(r"(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}", regex.IGNORECASE)
_MAC_PREFIX = "00005e0053"  # RFC 7042: for documentation
_IDENTIFIER = regex.compile(r"(?<=\()\d{2,4}(?=\))")  # (01), (21): what a part of a UDI is, not a part of it


def number(entity_type: str, value: str, draw: Draw) -> str:
    """Return a number of the type with the signs, case and lengths of `value`."""
    make = _MAKERS.get(entity_type, plain)
    if is_spelled(value):
        return spelled_like(value, lambda bare: make(bare, draw))
    if entity_type == "DEVICE_ID":
        return _device(value, draw)
    if entity_type == "IP_ADDRESS":
        return _network_address(value, draw)
    return refilled(value, lambda bare: make(bare, draw))


def plain(bare: str, draw: Draw) -> str:
    """Return letters and digits like those of `bare`; a first run of four digits or more begins with 00."""
    hexadecimal = len(bare) > 7 and regex.fullmatch(r"[0-9a-fA-F]+", bare) and not bare.isdigit()
    made = like(bare, draw, letters="abcdef") if hexadecimal else like(bare, draw)
    run = regex.search(r"\d{4,}", made)
    return made if run is None else made[: run.start()] + "00" + made[run.start() + 2 :]


def luhn_is_right(digits: str) -> bool:
    """Tell whether the last digit is the check digit of ISO/IEC 7812-1."""
    doubled = [int(digit) * (2 if at % 2 else 1) for at, digit in enumerate(reversed(digits))]
    return sum(one - 9 if one > 9 else one for one in doubled) % 10 == 0


def gtin_is_right(digits: str) -> bool:
    """Tell whether the last digit is the check digit of a GS1 number, such as a device identifier's."""
    return sum(int(digit) * (3 if at % 2 else 1) for at, digit in enumerate(reversed(digits))) % 10 == 0


def vin_is_right(vin: str) -> bool:
    """Tell whether the ninth character is the check digit of 49 CFR 565.15."""
    values = [int(one) if one.isdigit() else _VIN_VALUES.get(one.upper(), 0) for one in vin]
    rest = sum(value * weight for value, weight in zip(values, _VIN_WEIGHTS, strict=True)) % 11
    return vin[8].upper() == ("X" if rest == 10 else str(rest))


def aba_is_right(digits: str) -> bool:
    """Tell whether nine digits pass the check of a routing number."""
    return sum(int(digit) * weight for digit, weight in zip(digits, (3, 7, 1) * 3, strict=True)) % 10 == 0


def dea_is_right(number: str) -> bool:
    """Tell whether two letters and seven digits pass the check of a DEA number."""
    digits = [int(one) for one in number[2:]]
    return (sum(digits[0:6:2]) + 2 * sum(digits[1:6:2])) % 10 == digits[6]


def npi_is_right(digits: str) -> bool:
    """Tell whether ten digits pass the check of a provider number (45 CFR 162.406)."""
    return luhn_is_right("80840" + digits)


def _spoilt(made: str, is_right: Callable[[str], bool], at: int = -1) -> str:
    """Return `made` with the digit `at` moved on by one when its check came out right."""
    at %= len(made)
    if not is_right(made) or not made[at].isdigit():
        return made
    return made[:at] + str((int(made[at]) + 1) % 10) + made[at + 1 :]


def _ssn(bare: str, draw: Draw) -> str:
    if not (bare.isdigit() and len(bare) == 9):
        return plain(bare, draw)
    return draw.one(("000", "666")) + draw.digits(6)


def _itin(bare: str, draw: Draw) -> str:
    if not (bare.isdigit() and len(bare) == 9):
        return plain(bare, draw)
    return f"9{draw.digits(2)}93{draw.digits(4)}"  # groups 50-65, 70-88, 90-92 and 94-99 are given out


def _card(bare: str, draw: Draw) -> str:
    made = plain(bare, draw)
    return _spoilt(made, luhn_is_right) if made.isdigit() else made


def _npi(bare: str, draw: Draw) -> str:
    made = plain(bare, draw)  # real ones begin with 1 or 2
    return _spoilt(made, npi_is_right) if made.isdigit() and len(made) == 10 else made


def _bank(bare: str, draw: Draw) -> str:
    made = like(bare, draw)
    if len(made) > 3 and made[:2].isdigit():
        made = "99" + made[2:]  # no Federal Reserve district
    return _spoilt(made, aba_is_right) if made.isdigit() and len(made) == 9 else made


def _iban(bare: str, draw: Draw) -> str:
    made = plain(bare, draw)
    return ("XX" if bare[:2].isupper() else "xx") + "00" + made[4:] if len(made) > 4 else made


def _mbi(bare: str, draw: Draw) -> str:
    made = like(bare, draw, letters=_NO_MBI_LETTERS)
    return "0" + made[1:] if made[:1].isdigit() else made


def _dea(bare: str, draw: Draw) -> str:
    if not regex.fullmatch(r"\p{L}[\p{L}9]\d{7}", bare):
        return plain(bare, draw)
    made = draw.letter(bare[0], among=_NO_DEA_LETTERS) + like(bare[1:], draw)
    return _spoilt(made, dea_is_right)


def _vin(bare: str, draw: Draw) -> str:
    made = like(bare, draw)
    return _spoilt(made, vin_is_right, 8) if len(made) == 17 else made


def _plate(bare: str, draw: Draw) -> str:
    made = like(bare, draw)
    first = next((at for at, one in enumerate(made) if one.isalpha()), -1)
    return made if first < 0 else made[:first] + ("Q" if made[first].isupper() else "q") + made[first + 1 :]


def _wallet(bare: str, draw: Draw) -> str:
    """No wallet's alphabet has a capital O, and none but a hexadecimal one begins with 0."""
    made = like(bare, draw)
    return (
        "0x00" + like(bare[4:], draw, letters="abcdef")
        if bare.startswith("0x")
        else made[:2] + "O" + made[3:]
    )


def _device(value: str, draw: Draw) -> str:
    if _MAC.fullmatch(value.strip()):
        return refilled(value, lambda bare: _as_cased(bare, _MAC_PREFIX + f"{draw.number(0, 255):02x}"))
    pieces = _IDENTIFIER.split(value)
    marks = _IDENTIFIER.findall(value)
    made = [refilled(piece, lambda bare: _serial(bare, draw)) for piece in pieces]
    return made[0] + "".join(mark + piece for mark, piece in zip(marks, made[1:], strict=True))


def _serial(bare: str, draw: Draw) -> str:
    made = plain(bare, draw)
    if not made.isdigit() or len(made) not in (14, 15):
        return made
    return _spoilt(made, gtin_is_right if len(made) == 14 else luhn_is_right)


def _as_cased(model: str, made: str) -> str:
    return made.upper() if any(one.isupper() for one in model) else made


def _network_address(value: str, draw: Draw) -> str:
    if ":" not in value:
        ending = "".join(regex.findall(r"[/:]\d+$", value))
        return f"{draw.one(('192.0.2', '198.51.100', '203.0.113'))}.{draw.number(1, 254)}{ending}"
    host = "".join(draw.letter(among="0123456789abcdef") for _ in range(4))
    return _as_cased(value, f"2001:db8::{host}")


_MAKERS: dict[str, Callable[[str, Draw], str]] = {
    "US_SSN": _ssn,
    "US_ITIN": _itin,
    "CREDIT_CARD": _card,
    "US_NPI": _npi,
    "US_BANK_NUMBER": _bank,
    "IBAN_CODE": _iban,
    "US_MBI": _mbi,
    "MEDICAL_LICENSE": _dea,
    "VIN": _vin,
    "LICENSE_PLATE": _plate,
    "CRYPTO": _wallet,
    "PARTIAL_NUMBER": like,
}
