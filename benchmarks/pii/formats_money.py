"""Numbers of cards, banks, wallets, vehicles and devices: generators from their published formats.

Imports nothing from `safety` or `training`.
"""

from __future__ import annotations

import base64

from benchmarks.pii import check_digits
from benchmarks.pii.formats_people import Random, digits, fill

# Brand: prefixes, length, groups as printed (ISO/IEC 7812 ranges as the brands publish them).
CARDS: dict[str, tuple[tuple[tuple[int, int], ...], int, tuple[int, ...]]] = {
    "visa": (((4, 4),), 16, (4, 4, 4, 4)),
    "mastercard": (((51, 55), (2221, 2720)), 16, (4, 4, 4, 4)),
    "american express": (((34, 34), (37, 37)), 15, (4, 6, 5)),
    "discover": (((6011, 6011), (644, 649), (65, 65)), 16, (4, 4, 4, 4)),
    "diners club": (((300, 305), (36, 36), (38, 39)), 14, (4, 6, 4)),
    "jcb": (((3528, 3589),), 16, (4, 4, 4, 4)),
}
# Country: its BBAN in the registry's notation turned into a format string (SWIFT IBAN registry, ISO 13616-1).
IBANS = {
    "DE": "##################", "FR": "##########***********##", "GB": "@@@@##############",
    "IT": "@##########************", "NL": "@@@@##########", "CH": "#####************",
    "AT": "################",
    "PL": "########################", "IE": "@@@@##############", "SE": "####################",
}  # fmt: skip
_WMI = ("1HG", "1FT", "1C4", "2T1", "3VW", "4T1", "5YJ", "JTD", "KMH", "WBA", "WVW", "SAL")
_VIN_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
_VIN_YEARS = "ABCDEFGHJKLMNPRSTVWXY123456789"
_ROUTING_PREFIXES = [*range(1, 13), *range(21, 33), *range(61, 73), 80]
_LOT_LETTERS = "ABCDEFGHJKLMNPRTUVWXY"


def credit_card(random: Random) -> str:
    """Return a card number of one of six brands: issuer prefix, account, Luhn digit (ISO/IEC 7812)."""
    ranges, length, groups = CARDS[random.choice(sorted(CARDS))]
    low, high = random.choice(ranges)
    prefix = str(random.randint(low, high))
    body = prefix + fill("#" * (length - 1 - len(prefix)), random)
    number = body + check_digits.luhn(body)
    return random.choice((" ", " ", "-", "")).join(_grouped(number, groups))


def iban(random: Random) -> str:
    """Return an IBAN of one of ten countries, in print (groups of four) or electronic form (ISO 13616-1)."""
    country = random.choice(sorted(IBANS))
    account = fill(IBANS[country], random)
    number = country + check_digits.iban(country, account) + account
    fours = (4,) * (len(number) // 4 + 1)
    return random.choice((" ", " ", "")).join(_grouped(number, fours))


def routing(random: Random) -> str:
    """Return a bank routing number: Federal Reserve prefix, eight digits and a check digit (ABA policy)."""
    body = f"{random.choice(_ROUTING_PREFIXES):02d}" + fill("######", random)
    return body + check_digits.aba(body)


def bank_account(random: Random) -> str:
    """Return a US account number: up to seventeen digits (Nacha); eight to twelve are usual."""
    return random.choice(
        (digits(random, random.randint(8, 12)), fill("####-####-##", random), fill("### ### ####", random))
    )


def vin(random: Random) -> str:
    """Return a VIN: maker, description, check character, year, plant, serial (ISO 3779, 49 CFR 565)."""
    start = random.choice(_WMI) + fill("*****", random, letters=_VIN_LETTERS)
    rest = random.choice(_VIN_YEARS) + random.choice(_VIN_LETTERS) + fill("######", random)
    return start + check_digits.vin(f"{start}0{rest}") + rest


def crypto_wallet(random: Random) -> str:
    """Return a Bitcoin (base58check, version 0 or 5, or BIP 173) or an Ethereum address (40 hex digits)."""
    kind = random.choice(("p2pkh", "p2sh", "bech32", "ethereum"))
    if kind == "ethereum":
        return "0x" + fill("*" * 40, random, letters="abcdef")
    if kind == "bech32":
        # Witness version 0 and a hash of 160 bits: thirty-two five-bit values.
        return check_digits.bech32("bc", [0, *(random.randrange(32) for _ in range(32))])
    version = b"\0" if kind == "p2pkh" else b"\5"
    return check_digits.base58check(version + random.randbytes(20))


def udi(random: Random) -> str:
    """Return a device identifier in readable form: GTIN, expiry, lot, serial (GS1, 21 CFR 830)."""
    body = random.choice("01") + fill("############", random)
    number = f"(01){body}{check_digits.gtin(body)}"
    if random.random() < 0.8:
        number += f"(17){random.randint(26, 34)}{random.randint(1, 12):02d}{random.randint(1, 28):02d}"
    if random.random() < 0.8:
        number += f"(10){fill('@####', random, letters=_LOT_LETTERS)}"
    return number + f"(21){fill('*' * random.randint(6, 10), random, letters=_LOT_LETTERS)}"


def device_serial(random: Random) -> str:
    """Return the serial of a device: up to twenty letters and digits (GS1 application identifier 21)."""
    return fill(random.choice(("@@@######", "########", "@#####-##", "@@#######@", "####-@@-####")), random)


def mac_address(random: Random) -> str:
    """Return six octets in hex with colons, hyphens or dots (IEEE 802-2014, 8.1)."""
    octets = [f"{random.randrange(256):02x}" for _ in range(6)]
    if random.random() < 0.5:
        octets = [octet.upper() for octet in octets]
    joined = "".join(octets)
    return random.choice((":".join(octets), "-".join(octets), ".".join(_grouped(joined, (4, 4, 4)))))


def data_uri(random: Random) -> str:
    """Return a picture in the text, base64 (RFC 2397): noise behind the first bytes of a PNG or a JPEG."""
    kind, head = random.choice((("png", b"\x89PNG\r\n\x1a\n"), ("jpeg", b"\xff\xd8\xff\xe0\0\x10JFIF")))
    payload = base64.b64encode(head + random.randbytes(random.randint(60, 240))).decode("ascii")
    return f"data:image/{kind};base64,{payload}"


def biometric(random: Random) -> str:
    """Return a fingerprint's minutiae (ISO/IEC 19794-2, "FMR") or a voice sample (RIFF WAVE), base64."""
    kind, head = random.choice(
        (
            ("application/octet-stream", b"FMR\0 20\0"),
            ("audio/wav", b"RIFF\x24\x08\0\0WAVEfmt "),
        )
    )
    payload = base64.b64encode(head + random.randbytes(random.randint(60, 240))).decode("ascii")
    return f"data:{kind};base64,{payload}"


def _grouped(number: str, groups: tuple[int, ...]) -> list[str]:
    found, at = [], 0
    for size in groups:
        found.append(number[at : at + size])
        at += size
    return [part for part in found if part]
