"""Numbers that a state or a health plan gives to a person: generators from their published formats.

Imports nothing from `safety` or `training`, so that a mistake there is not repeated here. A format string has
`#` for a digit, `@` for a capital letter, `*` for either.
"""

from __future__ import annotations

import random as _random
from collections.abc import Callable, Mapping, Sequence

from benchmarks.pii import check_digits

Random = _random.Random
Make = Callable[[Random], str]

CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
DIGITS = "0123456789"
_MBI_LETTERS = "ACDEFGHJKMNPQRTUVWXY"
_ITIN_GROUPS = [*range(50, 66), *range(70, 89), *range(90, 93), *range(94, 100)]
# State: formats on the face of the card, after the AAMVA list of licence formats.
_LICENCES = {
    "CA": ("@#######",), "TX": ("########",), "FL": ("@###-###-##-###-#", "@############"),
    "NY": ("### ### ###", "#########"), "IL": ("@###-####-####", "@###########"),
    "NJ": ("@#### ##### #####",),
    "PA": ("## ### ###", "########"), "OH": ("@@######",), "MI": ("@ ### ### ### ###", "@############"),
    "CO": ("##-###-####",), "WI": ("@###-####-####-##",), "MA": ("S########",), "VA": ("@########",
    "@##-##-####"),
    "MD": ("@-###-###-###-###",), "MN": ("@############",), "WA": ("WDL*********",), "GA": ("#########",),
}  # fmt: skip
# State: formats of the passenger series, after the states' motor vehicle departments.
_PLATES = {
    "CA": ("#@@@###",), "NY": ("@@@-####",), "TX": ("@@@-####",), "FL": ("@@@ @##", "##@ @@@"),
    "PA": ("@@@-####",),
    "OH": ("@@@ ####",), "IL": ("@@ #####",), "WA": ("@@@####",), "MI": ("@@@ ####",), "NJ": ("@##-@@@",),
    "GA": ("@@@ ####",), "VA": ("@@@-####",),
}  # fmt: skip


def fill(pattern: str, random: Random, *, letters: str = CAPITALS) -> str:
    """Fill a format string."""
    pools = {"#": DIGITS, "@": letters, "*": letters + DIGITS}
    return "".join(random.choice(pools[sign]) if sign in pools else sign for sign in pattern)


def digits(random: Random, number: int) -> str:
    """Return so many digits, the first of them not zero."""
    return random.choice(DIGITS[1:]) + fill("#" * (number - 1), random)


def ssn(random: Random) -> str:
    """Return an SSN: area 001-899 but 666, group 01-99, serial 0001-9999 (SSA, randomised since 2011)."""
    area = random.choice([number for number in range(1, 900) if number != 666])
    parts = (f"{area:03d}", f"{random.randint(1, 99):02d}", f"{random.randint(1, 9999):04d}")
    return random.choice(("-", "-", " ", "")).join(parts)


def itin(random: Random) -> str:
    """Return a taxpayer number: 9xx, then 50-65, 70-88, 90-92 or 94-99, then four digits (IRS Pub. 1915)."""
    parts = (
        f"9{random.randint(0, 99):02d}",
        str(random.choice(_ITIN_GROUPS)),
        f"{random.randint(0, 9999):04d}",
    )
    return random.choice(("-", "-", " ", "")).join(parts)


def mbi(random: Random) -> str:
    """Return a Medicare identifier: C A AN N A AN N A A N N without S, L, O, I, B, Z (CMS, 2017)."""
    kinds = "CA*#A*#AA##"
    pools = {"C": DIGITS[1:], "A": _MBI_LETTERS, "*": _MBI_LETTERS + DIGITS, "#": DIGITS}
    number = "".join(random.choice(pools[kind]) for kind in kinds)
    grouped = (number[:4], number[4:7], number[7:])
    return random.choice(("-", "-", " ", "")).join(grouped)


def npi(random: Random) -> str:
    """Return a National Provider Identifier: ten digits that begin with 1 or 2 (45 CFR 162.406)."""
    body = random.choice("12") + fill("########", random)
    return body + check_digits.npi(body)


def dea(random: Random) -> str:
    """Return a DEA registration: type letter, initial or 9, six digits and a check digit (21 CFR 1301)."""
    number = fill("######", random)
    return random.choice("ABFGMPRX") + random.choice(CAPITALS + "9") + number + check_digits.dea(number)


def driver_licence(random: Random) -> str:
    """Return a driver licence of one of seventeen states (AAMVA card design standard and list of formats)."""
    return _of(_LICENCES, random)


def plate(random: Random) -> str:
    """Return a number plate of one of twelve states, without I, O and Q."""
    return _of(_PLATES, random, letters="ABCDEFGHJKLMNPRSTUVWXYZ")


def passport(random: Random) -> str:
    """Return a passport number: US, UK nine digits; US A12345678; Canada AB123456; India A1234567."""
    return fill(random.choice(("#########", "@########", "@########", "@@######", "@#######")), random)


def medical_record_number(random: Random) -> str:
    """Return a record number as hospitals print it: six to ten digits, a site's letters (HL7 PID-3)."""
    return fill(
        random.choice(("######", "#######", "00######", "##########", "###-##-##", "@@######", "@#######")),
        random,
    )


def member_number(random: Random) -> str:
    """Return a health-plan number: a plan's three characters and fourteen more (BlueCard), or digits."""
    return fill(
        random.choice(
            (
                "@@@#########",
                "@@@############",
                "@########",
                "##########",
                "###########-##",
                "@@@ ### ### ###",
            )
        ),
        random,
    )


def claim_number(random: Random) -> str:
    """Return a claim number: up to twenty letters and digits (X12 837, CLM01), often year and day first."""
    return fill(
        random.choice(("############", "20######-#####", "@###########", "##-######", "20##-@@-######")),
        random,
    )


def prescription_number(random: Random) -> str:
    """Return a prescription number: up to twelve digits (NCPDP field 402-D2), with or without the shop."""
    return random.choice(
        (digits(random, 7), digits(random, 8), digits(random, 6), fill("####-#######", random))
    )


def certificate(random: Random) -> str:
    """Return a number of a state's licence or certificate: letters and five to eight digits.

    On a birth certificate: three digits of the state, the year and six more (NCHS, US Standard Certificate).
    """
    year = random.randint(1950, 2020)
    return random.choice(
        (fill("@@######", random), fill("@#####", random), fill("@@-#####", random),
         f"{random.randint(101, 156)}-{year % 100:02d}-{fill('######', random)}", fill("RN########", random)),
    )  # fmt: skip


def _of(table: Mapping[str, Sequence[str]], random: Random, *, letters: str = CAPITALS) -> str:
    return fill(random.choice(table[random.choice(sorted(table))]), random, letters=letters)
