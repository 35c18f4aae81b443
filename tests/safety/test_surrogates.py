"""Surrogates keep who is who, the form and the distances of time, and belong to nobody."""

from __future__ import annotations

from datetime import date

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from safety.people import word_list
from safety.policies import POLICIES
from safety.surrogate_dates import ShiftedTime
from safety.surrogate_numbers import (
    aba_is_right,
    dea_is_right,
    gtin_is_right,
    luhn_is_right,
    npi_is_right,
    vin_is_right,
)
from safety.surrogates import Surrogates

TYPES = sorted(POLICIES["wide"])
NUMBERS = ["US_SSN", "US_ITIN", "US_PASSPORT", "US_DRIVER_LICENSE", "US_BANK_NUMBER", "US_MBI", "US_NPI", "MEDICAL_LICENSE", "CERTIFICATE_NUMBER", "MEDICAL_RECORD_NUMBER", "MEMBER_ID", "ACCOUNT_NUMBER", "CREDIT_CARD", "LICENSE_PLATE", "VIN", "EMPLOYEE_ID", "ID_NUMBER", "USERNAME"]  # fmt: skip


def _shape(value: str) -> str:
    return regex.sub(r"\d", "9", regex.sub(r"\p{Ll}", "a", regex.sub(r"\p{Lu}", "A", value)))


@pytest.mark.parametrize("entity", TYPES)
def test_the_same_salt_and_value_give_the_same_surrogate(entity: str) -> None:
    value = "Oona Tindle 4471"
    assert Surrogates(3).replacement(entity, value) == Surrogates(3).replacement(entity, value)


@pytest.mark.parametrize("entity", [one for one in TYPES if one not in ("TITLE", "ZIP_CODE")])
def test_no_surrogate_repeats_the_value(entity: str) -> None:
    for salt in range(20):
        made = Surrogates(salt).replacement(entity, "Oona 4471 22")
        assert "Oona" not in made and "4471" not in made


def test_another_salt_gives_other_surrogates() -> None:
    values = ["Oona", "Jorah", "Wilhelmina", "Abernethy"]
    one, other = Surrogates(b"one"), Surrogates(b"other")
    assert [one.replacement("PERSON", v) for v in values] != [other.replacement("PERSON", v) for v in values]
    assert Surrogates(b"one").replacement("DATE_TIME", "3/14/2024") != other.replacement(
        "DATE_TIME", "3/14/2024"
    )


class TestPeople:
    """One made-up person for each person, in the form that was written."""

    def test_all_forms_of_a_name_are_one_person(self) -> None:
        made = Surrogates(b"salt")
        given, family = made.replacement("PERSON", "Robert Tindle").split()
        for value, expected in [
            ("robert", given.lower()),
            ("TINDLE", family.upper()),
            ("Bob", given),
            ("Tindle, Robert", f"{family}, {given}"),
            ("Mr. Tindle", f"Mr. {family}"),
            ("R. Tindle", f"{given[0]}. {family}"),
            ("R.T.", f"{given[0]}.{family[0]}."),
            ("Robert's", f"{given}'s"),
            ("Robert Tindle, MD", f"{given} {family}, MD"),
        ]:
            assert made.replacement("PERSON", value) == expected, value

    def test_relatives_keep_one_family_name_and_different_people_stay_different(self) -> None:
        made = Surrogates(b"salt")
        first, second = made.replacement("PERSON", "Oona Tindle"), made.replacement("PERSON", "Jorah Tindle")
        assert first.split()[1] == second.split()[1] and first.split()[0] != second.split()[0]
        others = [
            made.replacement("PERSON", f"{name} Vane") for name in ("Ann", "Bo", "Cy", "Di", "Ed", "Flo")
        ]
        assert len(set(others)) == 6

    def test_an_initial_that_comes_first_agrees_with_the_name_that_follows(self) -> None:
        for salt in range(5):
            made = Surrogates(salt)
            initial = made.replacement("PERSON", "R. Tindle")[0]
            assert made.replacement("PERSON", "Robert Tindle")[0] == initial

    @pytest.mark.parametrize(
        ("name", "pool"), [("Robert", "male_names"), ("Liz", "female_names"), ("Mr. Xq Vane", "male_names")]
    )
    def test_the_sex_of_a_given_name_stays(self, name: str, pool: str) -> None:
        for salt in range(10):
            made = Surrogates(salt).replacement("PERSON", name).removeprefix("Mr. ").split()[0]
            assert made.lower() in word_list(pool)

    def test_family_names_are_invented_and_common_ones_in_equal_mix(self) -> None:
        invented = word_list("invented_families")
        drawn = [
            Surrogates(salt).replacement("PERSON", "Oona Tindle").split()[1].lower() for salt in range(400)
        ]
        assert 160 < sum(name in invented for name in drawn) < 240

    def test_a_made_up_name_is_no_name_that_is_known(self) -> None:
        taken = sorted(word_list("female_names"))[:300]
        made = Surrogates(b"salt")
        for name in taken:
            made.learn(name)
        drawn = {
            made.replacement("PERSON", f"Xq{number}a".translate(str.maketrans("0123456789", "abcdefghij")))
            for number in range(20)
        }
        assert not {name.lower() for name in drawn} & set(taken)

    def test_a_name_is_known_by_nickname_and_not_shown(self) -> None:
        made = Surrogates(b"salt")
        made.learn("Robert Tindle")
        assert made.knows("bob", part=True) and made.knows("ROBERT TINDLE", part=False)
        assert not made.knows("bob", part=False) and "tindle" not in repr(made).lower()


class TestTime:
    """Dates move together and keep their form; ages over 89 become 90."""

    FORMS = (
        "3/14/2024", "03/14/2024", "3-14-24", "2024-03-14", "2024/03/14", "March 14, 2024", "march 14th 2024", "MAR 14 2024",
        "14 March 2024", "14th of March, 2024", "14-Mar-2024", "the fourteenth of march 2024", "march the fourteenth, twenty twenty four",
        "Mar. 14 '24", "03142024", "20240314", "031424", "3 14 2024",
    )  # fmt: skip

    @pytest.mark.parametrize("form", FORMS)
    def test_every_form_is_moved_by_the_same_days_and_keeps_its_form(self, form: str) -> None:
        from safety.surrogate_date_forms import read_date

        made = Surrogates(b"salt", year=2026)
        start, moved = (
            read_date(made.replacement("DATE_TIME", "2024-03-14")),
            read_date(made.replacement("DATE_TIME", form)),
        )
        assert start is not None and moved is not None
        assert (moved.year, moved.month, moved.day) == (start.year, start.month, start.day)
        signs = regex.compile(r"[^\p{L}\d\s-]|(?<=\d)-")
        assert signs.findall(made.replacement("DATE_TIME", form)) == signs.findall(form)

    @given(
        st.dates(date(1950, 1, 1), date(2030, 12, 31)),
        st.dates(date(1950, 1, 1), date(2030, 12, 31)),
        st.binary(min_size=1, max_size=8),
    )
    @settings(deadline=None, max_examples=60)
    def test_what_lies_between_two_dates_stays_and_weekdays_fit(
        self, one: date, other: date, salt: bytes
    ) -> None:
        made = Surrogates(salt, year=2026)
        first, second = (
            date.fromisoformat(made.replacement("DATE_TIME", day.isoformat())) for day in (one, other)
        )
        assert second - first == other - one
        assert first.weekday() == one.weekday() and first < one

    def test_a_weekday_beside_a_date_without_a_year_fits_the_year_of_the_text(self) -> None:
        made = Surrogates(b"salt", year=2026)
        whole = date.fromisoformat(made.replacement("DATE_TIME", "2024-03-01"))
        month, day = map(int, made.replacement("DATE_TIME", "3/8").split("/"))
        assert (date(whole.year, month, day) - whole).days == 7

    def test_years_stay_in_range_and_tell_of_no_age_over_89(self) -> None:
        time = ShiftedTime(b"key", year=2026)
        assert time.date_like("1/2/1900").endswith("/1936")
        assert time.year_like("1931") == "1936" and time.old_age_like("1931") == "1936"
        assert 1936 <= int(time.year_like("1938")) < 1938

    @pytest.mark.parametrize(
        ("value", "made"), [("94", "90"), ("ninety-two", "ninety"), ("101st", "90th"), ("NINETY", "NINETY")]
    )
    def test_an_age_over_89_becomes_90(self, value: str, made: str) -> None:
        assert Surrogates(b"salt").replacement("AGE_OVER_89", value) == made

    @pytest.mark.parametrize("value", ["1", "7", "15", "34", "thirty-four", "88", "66 years old"])
    def test_another_age_is_of_the_same_stage_of_life(self, value: str) -> None:
        from safety.surrogate_date_forms import read_number

        stages = [(0, 2), (3, 12), (13, 17), (18, 64), (65, 89)]
        for salt in range(10):
            made = Surrogates(salt).replacement("AGE", value)
            before, after = read_number(value), read_number(made)
            assert before is not None and after is not None and made != value
            low, high = next(stage for stage in stages if stage[0] <= before[0] <= stage[1])
            assert low <= after[0] <= high

    @pytest.mark.parametrize("value", ["next easter", "13/45/2024", "", "Christmas", "99999"])
    def test_what_is_no_date_becomes_a_made_up_day(self, value: str) -> None:
        assert regex.fullmatch(r"(?i)[a-z]+ \d{1,2}", Surrogates(1).replacement("DATE_TIME", value))


class TestNumbers:
    """The shape stays, and no number can be anyone's."""

    @pytest.mark.parametrize("entity", NUMBERS)
    @pytest.mark.parametrize(
        "value", ["219-09-9998", "A-004 8291", "QKR.4471/b", "1EG4-TE5-MK73", "4012888888881881", "x7"]
    )
    def test_letters_stand_for_letters_and_digits_for_digits(self, entity: str, value: str) -> None:
        assert _shape(Surrogates(5).replacement(entity, value)) == _shape(value)

    def test_check_digits_are_wrong_and_prefixes_reserved(self) -> None:
        for salt in range(60):
            made = Surrogates(salt)
            assert made.replacement("US_SSN", "219-09-9998")[:3] in ("000", "666")
            assert regex.fullmatch(r"9\d\d-93-\d{4}", made.replacement("US_ITIN", "912-70-1234"))
            assert not luhn_is_right(made.replacement("CREDIT_CARD", "4012 8888 8888 1881").replace(" ", ""))
            assert not npi_is_right(made.replacement("US_NPI", "1234567893"))
            assert not aba_is_right(made.replacement("US_BANK_NUMBER", "021000021"))
            assert not dea_is_right(made.replacement("MEDICAL_LICENSE", "BB1388568"))
            assert not vin_is_right(made.replacement("VIN", "1HGCM82633A004352"))
            assert made.replacement("IBAN_CODE", "DE89 3704 0044 0532 0130 00")[:4] == "XX00"
            assert made.replacement("US_MBI", "1EG4-TE5-MK73")[0] == "0"
            assert not luhn_is_right(made.replacement("DEVICE_ID", "490154203237518"))
            assert not gtin_is_right(made.replacement("DEVICE_ID", "(01)00884838000001")[4:])
            assert made.replacement("DEVICE_ID", "00:1B:44:11:3A:B7").startswith("00:00:5E:00:53:")
            assert made.replacement("IP_ADDRESS", "10.2.3.4").startswith(
                ("192.0.2.", "198.51.100.", "203.0.113.")
            )
            assert made.replacement("IP_ADDRESS", "fe80::1").startswith("2001:db8::")

    def test_checks_pass_for_numbers_that_are_right(self) -> None:
        assert luhn_is_right("4012888888881881") and aba_is_right("021000021") and npi_is_right("1234567893")
        assert (
            vin_is_right("1HGCM82633A004352")
            and dea_is_right("BB1388568")
            and gtin_is_right("00012345678905")
        )

    @pytest.mark.parametrize(
        "form", ["(617) 555-0111", "617.555.0111", "617 555 0111", "6175550111", "+1 617-555-0111"]
    )
    def test_a_phone_number_is_one_for_fiction_in_its_form(self, form: str) -> None:
        made = Surrogates(b"salt")
        number = made.replacement("PHONE_NUMBER", form)
        assert _shape(number) == _shape(form)
        assert regex.search(r"55501\d\d$", regex.sub(r"\D", "", number)) and "617" not in number[:6]
        assert made.replacement("PHONE_NUMBER", "617-555-0111")[-2:] == number[-2:]

    def test_numbers_of_two_people_are_two(self) -> None:
        made = Surrogates(b"salt")
        assert len({made.replacement("PHONE_NUMBER", f"617-555-01{n:02d}") for n in range(40)}) == 40

    @pytest.mark.parametrize(
        "value", ["five five five oh one two three", "617 five five five oh one one one"]
    )
    def test_a_spelled_number_stays_spelled(self, value: str) -> None:
        made = Surrogates(b"salt").replacement("PHONE_NUMBER", value)
        assert len(made.split()) == len(value.split()) and made != value


@given(st.sampled_from(TYPES), st.text(max_size=40), st.binary(min_size=1, max_size=4))
@settings(deadline=None, max_examples=150)
def test_any_value_of_any_type_gets_a_surrogate(entity: str, value: str, salt: bytes) -> None:
    made = Surrogates(salt, year=2026)
    first = made.replacement(entity, value)
    assert isinstance(first, str) and (first or not value.strip())
    assert made.replacement(entity, value) == first
