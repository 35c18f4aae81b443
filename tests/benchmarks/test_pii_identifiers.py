"""The identifiers follow their specifications, as another library or rule reads them."""

from __future__ import annotations

import ast
import base64
import ipaddress
import random
import re
from pathlib import Path

import phonenumbers
import pytest
from stdnum import bitcoin, ean, iban, luhn, mac
from stdnum.us import itin, rtn, ssn

from benchmarks import pii
from benchmarks.pii import check_digits
from benchmarks.pii.cases import unmark
from benchmarks.pii.corruptions import FORMS
from benchmarks.pii.formats_money import CARDS, IBANS
from benchmarks.pii.identifiers import GENERATORS, carriers, identifiers

MANY = 300


def made(name: str) -> list[str]:
    draw = random.Random(name)
    return [unmark(GENERATORS[name](draw)) for _ in range(MANY)]


def solid(number: str) -> str:
    return re.sub(r"[^0-9A-Za-z]", "", number)


@pytest.mark.parametrize(
    ("name", "valid"),
    [
        ("ssn", ssn.is_valid),
        ("aba routing", rtn.is_valid),
        ("credit card", luhn.is_valid),
    ],
)
def test_numbers_are_valid_to_another_library(name: str, valid: object) -> None:
    assert callable(valid)
    assert [number for number in made(name) if not valid(solid(number))] == []


def test_ibans_have_the_length_and_check_digits_of_their_country() -> None:
    numbers = made("iban")
    assert {number[:2] for number in numbers} == set(IBANS)
    assert [number for number in numbers if not iban.is_valid(number, check_country=False)] == []


def test_npi_passes_luhn_behind_its_prefix() -> None:
    for number in made("npi"):
        assert len(number) == 10
        assert number[0] in "12"
        assert luhn.is_valid("80840" + number)


def test_npi_and_dea_of_published_examples() -> None:
    assert check_digits.npi("123456789") == "3"  # CMS's own example, 1234567893
    assert check_digits.dea("123456") == "3"  # 1+3+5 + 2(2+4+6) = 33


def test_vins_carry_the_check_character_of_published_examples() -> None:
    for example in ("1M8GDM9AXKP042788", "1HGCM82633A004352", "5GZCZ43D13S812715", "1" * 17):
        assert check_digits.vin(example) == example[8]
    for number in made("vin"):
        assert re.fullmatch(r"[A-HJ-NPR-Z0-9]{8}[0-9X][A-HJ-NPR-TV-Y1-9][A-HJ-NPR-Z0-9]{7}", number)
        assert check_digits.vin(number) == number[8]


def test_itins_lie_in_the_groups_of_the_revenue_service() -> None:
    for number in map(solid, made("itin")):
        # The library still lacks the groups 50 to 65, which are given out since 2012.
        assert 50 <= int(number[3:5]) <= 65 or itin.is_valid(number)


def test_dea_numbers_carry_their_check_digit() -> None:
    for number in made("dea"):
        digits = [int(digit) for digit in number[2:]]
        total = digits[0] + digits[2] + digits[4] + 2 * (digits[1] + digits[3] + digits[5])
        assert digits[6] == total % 10


def test_mbi_follows_the_published_pattern() -> None:
    letter, either = "[AC-HJKMNP-RT-Y]", "[0-9AC-HJKMNP-RT-Y]"
    pattern = re.compile(rf"[1-9]{letter}{either}\d{letter}{either}\d{letter}{letter}\d\d")
    assert [number for number in made("mbi") if not pattern.fullmatch(solid(number))] == []


def test_cards_come_from_every_brand_at_its_length() -> None:
    numbers = [solid(number) for number in made("credit card")]
    assert {len(number) for number in numbers} == {length for _, length, _ in CARDS.values()}
    assert {number[0] for number in numbers} >= {"2", "3", "4", "5", "6"}


def test_phones_are_possible_numbers() -> None:
    for number in made("us phone"):
        national = re.split(r" ext\.| x", number)[0]
        assert phonenumbers.is_possible_number(phonenumbers.parse(national, "US"))
    for number in made("international phone"):
        international = re.sub(r"^\(?(00|\+)", "+", number).replace(")", "")
        assert phonenumbers.is_possible_number(phonenumbers.parse(international))


def test_device_identifiers_carry_a_valid_gtin() -> None:
    for number in made("udi"):
        found = re.match(r"\(01\)(\d{14})", number)
        assert found
        assert ean.is_valid(found[1])


def test_addresses_of_the_network_are_addresses() -> None:
    for name in ("ipv4", "ipv6"):
        for number in made(name):
            ipaddress.ip_address(number)
    for address in made("mac address"):
        colons = ":".join(re.findall("..", solid(address)))
        assert mac.is_valid(colons, validate_manufacturer=False)


def test_wallets_match_published_examples_and_shapes() -> None:
    # The hash of 20 zero bytes, and the witness program of BIP 173.
    assert check_digits.base58check(bytes(21)) == "1111111111111111111114oLvT2"
    program = [
        int(bits, 2) for bits in re.findall(".{5}", f"{0x751E76E8199196D454941C45D1B3A323F1433BD6:0160b}")
    ]
    assert check_digits.bech32("bc", [0, *program]) == "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
    for wallet in made("crypto wallet"):
        assert re.fullmatch(r"0x[0-9a-f]{40}", wallet) or bitcoin.is_valid(wallet)


def test_data_uris_hold_pictures() -> None:
    for value in made("data uri"):
        kind, _, payload = value.partition(";base64,")
        assert kind in ("data:image/png", "data:image/jpeg")
        base64.b64decode(payload, validate=True)


def test_every_category_has_six_sentences_of_its_own_with_one_slot() -> None:
    for name, sentences in carriers().items():
        assert len(set(sentences)) >= 6, name
        assert all(sentence.count("{v}") == 1 for sentence in sentences), name


def test_a_date_asks_for_month_and_day_and_leaves_the_year() -> None:
    for case in identifiers(len(GENERATORS) * 20):
        if case.slice == "date" and case.form == "clean":
            asked = "".join(case.text[span.start : span.end] for span in case.spans)
            assert not re.search(r"(19|20)\d\d", asked)
            assert re.search(r"\d", asked)


def test_identifiers_come_in_turn_each_in_every_form() -> None:
    cases = list(identifiers(70))
    assert len(cases) == 70 * (1 + len(FORMS))
    assert [case.form for case in cases[:6]] == ["clean", *FORMS]
    assert {case.slice for case in cases} == set(GENERATORS)
    assert cases == list(identifiers(70))
    assert cases != list(identifiers(70, seed=1))


def test_generators_know_nothing_of_what_they_measure() -> None:
    folder = Path(pii.__file__).parent
    for name in (
        "identifiers",
        "formats_people",
        "formats_money",
        "formats_contact",
        "check_digits",
        "cases",
        "corruptions",
    ):
        tree = ast.parse((folder / f"{name}.py").read_text(encoding="utf-8"))
        imported = {
            alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
        } | {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not {one for one in imported if one.split(".")[0] in ("safety", "training")}, name
