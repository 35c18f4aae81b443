"""Numbers that name a person, account, record or thing, in the formats that issuers publish and people write.

Schemes with check digits have right ones. Nothing here belongs to anyone but by chance.

Must not import from `safety`: what is learned is measured against rules of its own.
"""

from __future__ import annotations

from random import Random
from typing import Final

from training.generated import check_digits
from training.generated.shapes import grouped, one_of, shaped

_MBI: Final = "%@*#@*#@@##"  # CMS: a letter in places 2, 5, 8 and 9; never S, L, O, I, B or Z
_MBI_NEVER: Final = "SLOIBZ"
# Country and the shape of its account part (ISO 13616 registry).
_IBANS: Final = (
    ("DE", "#" * 18), ("GB", "@@@@" + "#" * 14), ("FR", "#" * 10 + "*" * 11 + "##"), ("ES", "#" * 20),
    ("IT", "@" + "#" * 10 + "*" * 12), ("NL", "@@@@" + "#" * 10), ("PL", "#" * 24),
    ("CH", "#" * 5 + "*" * 12), ("SE", "#" * 20), ("IE", "@@@@" + "#" * 14), ("BE", "#" * 12),
    ("AT", "#" * 16), ("PT", "#" * 21), ("DK", "#" * 14), ("NO", "#" * 11), ("FI", "#" * 14),
    ("GR", "#" * 7 + "*" * 16), ("CZ", "#" * 20), ("HU", "#" * 24), ("RO", "@@@@" + "*" * 16),
    ("TR", "#" * 6 + "*" * 16), ("AE", "#" * 19), ("SA", "##" + "*" * 18), ("PK", "@@@@" + "*" * 16),
    ("IL", "#" * 19), ("UA", "#" * 6 + "*" * 19),
)  # fmt: skip
# Brand: how its numbers begin, their length, and how they are grouped (ISO/IEC 7812).
_CARDS: Final = (
    (("4",), 16, (4, 4, 4, 4)), (("4",), 16, (4, 4, 4, 4)),
    (("51", "52", "53", "54", "55"), 16, (4, 4, 4, 4)), (("2221", "2345", "2720"), 16, (4, 4, 4, 4)),
    (("34", "37"), 15, (4, 6, 5)), (("6011", "644", "65"), 16, (4, 4, 4, 4)), (("36", "38"), 14, (4, 6, 4)),
    (("3528", "3589"), 16, (4, 4, 4, 4)),
)  # fmt: skip
_DRIVER_LICENSES: Final = (
    "@#######", "### ### ###", "#########", "@###-###-##-###-#", "@############", "########",
    "@###-####-####", "## ### ###", "@@######", "@ ### ### ### ###", "@#### ##### #####", "WDL@@@@@###@",
    "@########", "##-###-####", "S########", "@###-####-####-##", "@-###-###-###-###", "############",
    "#######", "@##-##-####", "##@@@#####", "###@@####", "K##-##-####", "H########", "##########",
    "@@@@@##***", "MD-@-###-###-###-###", "DL #######",
)  # fmt: skip
_PASSPORTS: Final = (
    "#########", "#########", "@########", "A########", "E########", "G########", "C****#####", "@@######",
    "@#######", "P#######A", "@@#######", "N########", "X#######", "@@@######", "##@@#####",
)  # fmt: skip
_PLATES: Final = (
    "%@@@###", "%@@@###", "@@@-####", "@@@ ####", "@@@####", "@@@-###", "@@@ @##", "@@ #####", "@##-@@@",
    "%@@@ ##", "@@@-@##", "###-@@@", "### @@@", "%@@####", "@@-#####", "%@@ ###", "@@@ ###", "@@##@@@",
    "###@@@", "@@@@###", "@-###-@@", "%##-@@#", "@@ ####", "@####@",
)  # fmt: skip
_MRNS: Final = (
    "######", "#######", "########", "##########", "00#######", "##-##-##", "00-##-##-##", "## ## ##",
    "### ## ##", "MR#######", "MRN-#######", "M000######", "E#######", "H-#######", "#######-#", "A########",
    "@@######", "#%#####", "PT-{yyyy}-#####", "{yy}-#####", "@######@",
)  # fmt: skip
_MEMBERS: Final = (
    "@@@#########", "@@@#########", "@@@###@#####", "W#########", "U######## 01", "U########", "#########-01",
    "#########", "H########", "##########", "@@#####@", "##########@", "@##-#######-0#", "@@@ ### ### ###",
    "YPP@#######", "R########", "100#########", "############", "@@@@#########", "ME#########",
)  # fmt: skip
_ACCOUNTS: Final = (
    "######", "#######", "########", "##########", "############", "ACC-#######", "##-######-#",
    "000#######-01", "A-######", "INV#######", "#### #### ##", "G#######", "1000######", "@#########",
    "INV-{yyyy}-####",
)  # fmt: skip
_EMPLOYEES: Final = (
    "E#####", "EMP-######", "######", "#####", "RN####", "BN-####", "T00#####", "@@####", "####", "ID #####",
    "W#######", "#######", "@-####", "B#####", "EMP####",
)  # fmt: skip
_CASES: Final = (
    "{yy}-CV-#####", "{yyyy}-CF-######-A", "DR-{yyyy}-####", "A###-###-###", "A#########", "CPS-#######",
    "#######", "WC{yyyy}-######", "CLM#######", "{yy}-######", "SR-######", "{yyyy}JC#####", "##########",
    "@@-{yyyy}-#####", "{yyyy}-####", "MSC##########", "REF#######", "@########", "{yy}@@######",
    "CR-{yy}-####", "###-##-#####", "PD{yy}-#####", "INC#######", "FV-##-####-{yy}", "AUTH########",
    "{yyyy}-DN-######", "@@@#######",
)  # fmt: skip
_PRESCRIPTIONS: Final = (
    "#######", "#######", "RX#######", "#######-#####", "N######", "######-###", "%######", "C#######",
    "Rx #######", "####### 01", "##-#######", "########",
)  # fmt: skip
_ACCESSIONS: Final = (
    "S{yy}-#####", "A#######", "{yy}-###-#####", "H#######", "{yyyy}{mm}{dd}-####", "CT-{yy}-#####",
    "MB{yy}-####", "E{yy}-#####", "L-######", "W##########", "{yy}:@#####@", "{yy}@@-####@@####",
    "SP-{yy}-####", "########", "ACC#######", "@@{yy}-#####", "C{yy}-####", "M######", "{mm}{dd}-@@#####",
)  # fmt: skip
_SERIALS: Final = (
    "SN########", "@@@######H", "@@@######S", "G#-########", "@@##@####", "NS######", "########",
    "##########", "#@##-#####", "@@########@", "#########@@", "23###########", "@@@-####-####", "1#@#####",
    "D#########", "@##@######", "{yyyy}-#####", "@@@#######",
)  # fmt: skip
_LICENSES: Final = (
    "MD######", "MD.######", "A ######", "A######", "G#####", "036-######", "036.######", "ME #####",
    "ME#####", "RN ######", "RN######", "35.######", "25MA########", "PA#####", "DO-####", "R#######",
    "@####", "######", "#######", "NP-#####", "##-######", "LCSW #####", "0101######", "@@-#####",
    "MT######L",
)  # fmt: skip


def ssn(rng: Random) -> str:
    """Return a Social Security number; its area is none that is never issued (000, 666, 900 on)."""
    area = rng.choice((rng.randint(1, 665), rng.randint(667, 899)))
    number = f"{area:03d}{rng.randint(1, 99):02d}{rng.randint(1, 9999):04d}"
    return grouped(number, (3, 2), rng.choice(("-", "-", "-", " ", "", ".")))


def mbi(rng: Random) -> str:
    """Return a Medicare Beneficiary Identifier."""
    number = shaped(rng, _MBI)
    while any(sign in number for sign in _MBI_NEVER):
        number = shaped(rng, _MBI)
    return grouped(number, (4, 3), rng.choice(("-", "-", "", "", " ")))


def npi(rng: Random) -> str:
    """Return a National Provider Identifier."""
    nine = rng.choice("12") + shaped(rng, "########")
    return nine + check_digits.npi(nine)


def card(rng: Random) -> str:
    """Return a card number of any brand."""
    begins, length, groups = rng.choice(_CARDS)
    start = rng.choice(begins)
    number = start + shaped(rng, "#" * (length - 1 - len(start)))
    return grouped(number + check_digits.luhn(number), groups, rng.choice((" ", " ", "-", "")))


def iban(rng: Random) -> str:
    """Return an international bank account number, in groups of four or in one piece."""
    country, shape = rng.choice(_IBANS)
    account = shaped(rng, shape)
    number = f"{country}{check_digits.iban(country, account)}{account}"
    return grouped(number, (4,) * 9, rng.choice((" ", " ", "")))


def vin(rng: Random) -> str:
    """Return a vehicle number of 17 signs."""
    number = rng.choice(("1", "2", "3", "4", "5", "J", "K", "W", "S", "L")) + shaped(rng, "*" * 7)
    rest = rng.choice("ABCDEFGHJKLMNPRSTVWXY123456789") + shaped(rng, "*") + shaped(rng, "######")
    return number + check_digits.vin(f"{number}0{rest}") + rest


def plate(rng: Random) -> str:
    """Return a licence plate of one of several states."""
    return shaped(rng, rng.choice(_PLATES))


def driver_license(rng: Random) -> str:
    """Return a driver's licence number in a state's format."""
    return shaped(rng, rng.choice(_DRIVER_LICENSES))


def passport(rng: Random) -> str:
    """Return a passport number of one of several countries."""
    return shaped(rng, rng.choice(_PASSPORTS))


def medical_license(rng: Random) -> str:
    """Return a state licence number, or a DEA registration."""
    if rng.random() < 0.2:
        six = shaped(rng, "######")
        return f"{rng.choice('ABFGMPR')}{shaped(rng, '@')}{six}{check_digits.dea(six)}"
    return shaped(rng, rng.choice(_LICENSES))


def mrn(rng: Random) -> str:
    """Return a medical record number in one of the shapes that hospitals use."""
    return one_of(rng, _MRNS)


def member_id(rng: Random) -> str:
    """Return a health plan's member number."""
    return one_of(rng, _MEMBERS)


def account(rng: Random) -> str:
    """Return an account or invoice number."""
    return one_of(rng, _ACCOUNTS)


def employee_id(rng: Random) -> str:
    """Return a badge or staff number."""
    return one_of(rng, _EMPLOYEES)


def case_number(rng: Random) -> str:
    """Return a number of a court, agency, claim or report."""
    return one_of(rng, _CASES)


def prescription_number(rng: Random) -> str:
    """Return the number on a pharmacy's label."""
    return one_of(rng, _PRESCRIPTIONS)


def accession(rng: Random) -> str:
    """Return the number of a specimen or study."""
    return one_of(rng, _ACCESSIONS)


def device_serial(rng: Random) -> str:
    """Return a serial number, or a device's UDI in the form of GS1."""
    if rng.random() < 0.12:
        item = "0" + shaped(rng, "############")
        return f"(01){item}{check_digits.gs1(item)}(21){shaped(rng, '*****###')}"
    return one_of(rng, _SERIALS)


def tracking(rng: Random) -> str:
    """Return a parcel number of UPS, FedEx, USPS or DHL."""
    carrier = rng.randrange(4)
    if carrier == 0:
        body = shaped(rng, "****####" + "#######")
        return f"1Z{body}{check_digits.ups(body)}"
    if carrier == 1:
        return grouped(shaped(rng, "############"), (4, 4, 4), rng.choice((" ", "")))
    if carrier == 2:
        body = "9400" + shaped(rng, "#" * 17)
        return grouped(body + check_digits.gs1(body), (4,) * 6, rng.choice((" ", "")))
    return shaped(rng, rng.choice(("##########", "JD##################")))


def partial_number(rng: Random) -> str:
    """Return the last four digits of a number, bare or behind a mask."""
    four = shaped(rng, "####")
    return rng.choice(("{}", "{}", "{}", "{}", "x{}", "xxxx{}", "***{}", "...{}", "XXX-XX-{}")).format(four)
