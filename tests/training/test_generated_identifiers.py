"""Invented numbers: right check digits, right shapes, many of them."""

from __future__ import annotations

import re
from random import Random

import pytest

from training.generated import check_digits, contacts, dates, identifiers
from training.generated.names import person

SEEDS = range(400)


def digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def luhn_holds(number: str) -> bool:
    doubled = [int(d) * (1 + place % 2) for place, d in enumerate(reversed(number))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def test_known_numbers_have_the_check_digits_that_are_published_with_them() -> None:
    assert check_digits.luhn("411111111111111") == "1"
    assert check_digits.npi("123456789") == "3"
    assert check_digits.iban("GB", "WEST12345698765432") == "82"
    assert check_digits.iban("DE", "370400440532013000") == "89"
    assert check_digits.vin("1M8GDM9A_KP042788".replace("_", "0")) == "X"
    assert check_digits.dea("123456") == "3"
    assert check_digits.ups("999AA1012345678"[:15]) == check_digits.ups("999AA1012345678")
    assert check_digits.gs1("0061414112345") == "2"


def test_cards_pass_luhn_and_have_their_brands_length() -> None:
    lengths = set()
    for seed in SEEDS:
        number = digits(identifiers.card(Random(seed)))
        assert luhn_holds(number)
        lengths.add(len(number))
    assert lengths == {14, 15, 16}


def test_npis_pass_luhn_behind_80840() -> None:
    for seed in SEEDS:
        number = identifiers.npi(Random(seed))
        assert re.fullmatch(r"[12]\d{9}", number) and luhn_holds("80840" + number)


def test_ibans_leave_one_modulo_97() -> None:
    countries = set()
    for seed in SEEDS:
        number = identifiers.iban(Random(seed)).replace(" ", "")
        assert int("".join(str(int(sign, 36)) for sign in number[4:] + number[:4])) % 97 == 1
        countries.add(number[:2])
    assert len(countries) > 15


def test_vins_have_seventeen_signs_and_the_right_ninth() -> None:
    for seed in SEEDS:
        number = identifiers.vin(Random(seed))
        assert re.fullmatch(r"[A-HJ-NPR-Z0-9]{17}", number)
        assert check_digits.vin(number) == number[8]


def test_social_security_numbers_are_of_areas_that_are_issued() -> None:
    for seed in SEEDS:
        number = digits(identifiers.ssn(Random(seed)))
        assert re.fullmatch(r"(?!000|666|9)\d{3}(?!00)\d{2}(?!0000)\d{4}", number)


def test_medicare_numbers_have_the_published_form() -> None:
    form = r"[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d[AC-HJKMNP-RT-Y]{2}\d\d"
    for seed in SEEDS:
        assert re.fullmatch(form, re.sub(r"[- ]", "", identifiers.mbi(Random(seed))))


def test_dea_and_ups_numbers_have_their_check_digit() -> None:
    found = [identifiers.medical_license(Random(seed)) for seed in SEEDS]
    dea = [one for one in found if re.fullmatch(r"[ABFGMPR][A-Z]\d{7}", one)]
    assert len(dea) > 20
    assert all(check_digits.dea(one[2:8]) == one[8] for one in dea)
    parcels = [one for seed in SEEDS if (one := identifiers.tracking(Random(seed))).startswith("1Z")]
    assert len(parcels) > 40
    assert all(len(one) == 18 and check_digits.ups(one[2:17]) == one[17] for one in parcels)


def test_device_identifiers_have_the_gs1_check_digit() -> None:
    udis = [one for seed in SEEDS if (one := identifiers.device_serial(Random(seed))).startswith("(01)")]
    assert len(udis) > 20
    assert all(check_digits.gs1(one[4:17]) == one[17] for one in udis)


@pytest.mark.parametrize(
    ("draw", "forms"),
    [
        (identifiers.mrn, 12), (identifiers.member_id, 12), (identifiers.driver_license, 20), (identifiers.plate, 15),
        (identifiers.case_number, 15), (identifiers.accession, 12), (contacts.phone, 25), (dates.full, 18),
        (dates.partial, 12), (dates.clock, 8), (identifiers.passport, 8), (identifiers.prescription_number, 8),
    ],
)  # fmt: skip
def test_values_come_in_many_forms(draw, forms: int) -> None:  # type: ignore[no-untyped-def]
    shapes = {re.sub(r"[A-Za-z]+", "a", re.sub(r"\d", "9", draw(Random(seed)))) for seed in range(600)}
    assert len(shapes) >= forms


def test_telephone_numbers_are_no_hotlines_and_have_enough_digits() -> None:
    for seed in range(600):
        assert len(digits(contacts.phone(Random(seed)))) >= 7


def test_addresses_on_the_net_hold_no_space_but_when_spelled() -> None:
    for seed in SEEDS:
        someone = person(Random(seed), "train")
        assert " " not in contacts.url(Random(seed), someone, "Maplehurst")
        assert re.fullmatch(r"@\S+", contacts.handle(Random(seed), someone))
        address = contacts.email(Random(seed), someone, "Maplehurst")
        assert re.fullmatch(r"\S+@\S+\.\S+|\S+ @ \S+|\S+ at [\w -]+ dot [\w -]+", address)


def test_ages_are_on_their_side_of_ninety() -> None:
    assert all(0 <= int(dates.age(Random(seed))) <= 89 for seed in SEEDS)
    assert all(90 <= int(dates.age_old(Random(seed))) <= 112 for seed in SEEDS)


@pytest.mark.parametrize(
    ("number", "words"), [(0, "zero"), (13, "thirteen"), (42, "forty-two"), (90, "ninety"), (103, "one hundred and three")]
)  # fmt: skip
def test_numbers_in_words(number: int, words: str) -> None:
    assert dates.in_words(number) == words
