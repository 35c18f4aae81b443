"""Identifiers that a line break tears apart are found whole, and what only looks like one is left."""

from __future__ import annotations

import random
from datetime import date

import pytest

from safety.recognizers import RECOGNIZERS
from safety.recognizers.torn import torn
from safety.scrubber import Scrubber
from tests.safety.checks_of_others import base58check, bech32, iban

BREAKS = ("\n", "\r\n", "  ")
RULES = Scrubber(policy="safe-harbor", name_model=None)
TORN = torn()


def left(text: str) -> str:
    """Return what the rules leave of a text, covered parts as underscores."""
    shown = list(text)
    for one in RULES.find(text):
        shown[one.start : one.end] = "_" * (one.end - one.start)
    return "".join(shown)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("make", [iban, base58check, bech32])
def test_a_number_with_a_right_check_is_found_wherever_it_is_broken(make, seed: int) -> None:
    draw = random.Random(seed)
    number = make(draw)
    for at in range(1, len(number)):
        text = f"send it to {number[:at]}{draw.choice(BREAKS)}{number[at:]} please"
        spans = [(start, end) for _, start, end, _ in TORN.find(text)]
        assert (11, len(text) - 7) in spans, at


@pytest.mark.parametrize("make", [iban, base58check, bech32])
def test_with_another_sign_its_check_is_wrong(make) -> None:
    draw = random.Random(3)
    for _ in range(20):
        number = make(draw)
        at = draw.randrange(5, len(number))
        other = draw.choice([one for one in "23456789" if one != number[at]])
        text = f"send it to {number[:5]} {number[5:at]}{other}{number[at + 1 :]} please"
        assert [*TORN.find(text)] == []


def test_an_iban_ends_where_its_country_says() -> None:
    assert [*TORN.find("GB82 WEST 1234 5698 7654 32 and more")] == [("IBAN_CODE", 0, 27, 0.97)]
    assert [*TORN.find("GB82 WEST 1234 5698 7654 321")] == []
    assert [*TORN.find("GB82 WEST 1234")] == []
    assert left("pay FR14 2004 1010 0505 0001 3M02 606 now") == "pay _________________________________ now"


def test_a_dose_inside_of_a_payload_or_an_account_is_none() -> None:
    letters = "".join(random.Random(5).choice("abcdefghijkLMNOPQRSTUVW0123456789") for _ in range(90))
    payload = f"{letters}+8g{letters}/b3{letters}=="
    assert left(f"scan {payload} stored") == f"scan {'_' * (len(payload) - 2)}== stored"
    assert left("my plate is 97L WFJ here") == "my plate is _______ here"
    assert left("i take 8g of it and 5 mg more") == "i take 8g of it and 5 mg more"


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("DEA # BW\n2541539 on the script", "DEA # __________ on the script"),
        ("the dea # B90\n881397 looked expired", "the dea # __________ looked expired"),
        ("Subscriber number W  MQ036541674, changed", "Subscriber number ______________, changed"),
        ("DL# B7\n5380704081 checked", "DL# _____________ checked"),
        ("its vin is K\n1234567890", "its vin is ____________"),
        ("ventilator serial # UG9810352  T alarmed", "ventilator serial # ____________ alarmed"),
        ("ventilator serial # UG9810352\nI called", "ventilator serial # _________\nI called"),
        ("mrn 9810352\nB complex", "mrn _______\nB complex"),
        ("MRN:\n5380704", "MRN:\n_______"),
        ("I WAS SEEN. OK\n5380704081 IS MINE", "I WAS SEEN. OK\n__________ IS MINE"),
    ],
)
def test_letters_before_a_break_belong_to_the_number_that_was_announced(text: str, after: str) -> None:
    assert left(text) == after


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("you have oona@hollowtree.\ninfo on file", "oona@hollowtree.\ninfo"),
        ("my email is mrs.\r\noona@hollowtree.org", "mrs.\r\noona@hollowtree.org"),
        ("my email is oona@\nhollowtree.health, ok", "oona@\nhollowtree.health"),
        ("write to oona@hollowtree.org.\nInfo is on the page", "oona@hollowtree.org"),
        ("please write to me.\noona@hollowtree.org", "oona@hollowtree.org"),
        ("see www.hollowtree.\norg/profile.php?id=7788 please", "www.hollowtree.\norg/profile.php?id=7788"),
        ("at http:/  /hollowtree.de/profile.php?id=4491, i", "http:/  /hollowtree.de/profile.php?id=4491"),
        ("at http://hollowtree.de/\nprofile.php?id=4491", "http://hollowtree.de/\nprofile.php?id=4491"),
        ("at www.hollowtree.de/blog/\r\n86/my-surgery now", "www.hollowtree.de/blog/\r\n86/my-surgery"),
        ("see www.hollowtree.org/\nand/or call", "www.hollowtree.org"),
        ("see www.hollowtree.org.\nIs it right? x=1", "www.hollowtree.org"),
    ],
)
def test_addresses_go_on_over_a_break_at_a_sign(text: str, value: str) -> None:
    assert left(text) == text.replace(value, "_" * len(value))


@pytest.mark.parametrize(
    "place",
    [
        "56 Birchwood Blvd,\nLot 16", "31061 N Birchwood\nLane, Ste 4000", "17 SE\nLarkspur Pl, Unit 8", "198 2nd\nDr",
        "65766\nW Saddleback Pl, Fl 21", "99140 Millrace Drive\r\nFl 10", "69 Juniper Lane, #\n15", "RR 9 Box 40",
        "85 Millrace\r\nCt", "RR 9\r\nBox 40",
    ],
)  # fmt: skip
def test_a_street_address_goes_on_over_a_break(place: str) -> None:
    assert left(f"visit at {place}, dog there") == f"visit at {'_' * len(place)}, dog there"


@pytest.mark.parametrize(
    "text",
    [
        "Weight 180\nSeen by Dr", "Pulse 72\nAttending Dr", "Ward 12\nThe Way", "take 20\nWalk down the Street",
        "He is 64\nUnit 4 is full", "Pain 10\nStreet drugs none",
    ],
)  # fmt: skip
def test_a_number_at_the_end_of_a_line_begins_no_address(text: str) -> None:
    assert "STREET_ADDRESS" not in {one.type for one in RULES.find(text)}


def test_a_unit_over_a_break_has_a_number() -> None:
    assert left("12 Birchwood Lane\nunit manager called") == "_________________\nunit manager called"


def test_a_birth_year_is_told_by_a_season_too() -> None:
    year = date.today().year - 95
    assert left(f"He was born in the spring of {year}.") == "He was born in the spring of ____."
    assert left(f"Mom was born in early March {year}").endswith("____")
    young = date.today().year - 40
    assert str(young) in left(f"He was born in the spring of {young}.")


def test_a_media_type_may_be_broken_at_its_hyphen() -> None:
    payload = "data:application/octet-\nstream;base64," + "Rk1S" * 30
    assert left(f"wrote {payload} there") == f"wrote {'_' * len(payload)} there"


def test_the_end_of_a_payload_goes_on_over_a_line_where_its_length_says_so() -> None:
    head = "data:image/png;base64,"
    assert left(f"scan {head}{'iVBOR' * 9}5\nOk") == f"scan {'_' * (len(head) + 49)}"
    assert left(f"scan {head}{'iVBO' * 9}\nOkay then") == f"scan {'_' * (len(head) + 36)}\nOkay then"


def test_a_plate_is_told_by_the_car_that_it_is_on() -> None:
    assert left("the tag on the van that hit me was 35N FHD") == "the tag on the van that hit me was _______"
    assert left("vehicle registration 00b rcm, handicap") == "vehicle registration _______, handicap"
    assert left("vehicle registration 00b was wrong") == "vehicle registration ___ was wrong"
    assert left("the tag on the shirt was 35 left") == "the tag on the shirt was 35 left"


def test_discharged_on_a_day_that_looks_like_a_fraction() -> None:
    assert left("Discharged 2/3, wound clean") == "Discharged ___, wound clean"
    assert left("took 2/3 of a tablet") == "took 2/3 of a tablet"


def test_it_stands_in_the_table() -> None:
    assert "torn" in RECOGNIZERS
