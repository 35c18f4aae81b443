"""Made-up places and addresses: the three-digit rule, invented towns, example.org."""

from __future__ import annotations

import pytest
import regex

from safety.people import word_list
from safety.surrogate_places import SMALL_AREAS
from safety.surrogates import Surrogates


class TestPlacesAndAddresses:
    """Places are invented, ZIP codes follow the three-digit rule, addresses lead to example.org."""

    @pytest.mark.parametrize(
        ("value", "made"),
        [("05401", "05400"), ("05401-1234", "05400-0000"), ("05999", "00000"), ("10271", "00000")],
    )
    def test_a_zip_code_keeps_three_digits_of_a_large_area(self, value: str, made: str) -> None:
        assert Surrogates(1).replacement("ZIP_CODE", value) == made

    def test_there_are_17_small_areas(self) -> None:
        assert len(SMALL_AREAS) == 17 and all(regex.fullmatch(r"\d{3}", area) for area in SMALL_AREAS)

    def test_an_address_keeps_its_form_and_kind(self) -> None:
        made = Surrogates(b"salt").replacement("STREET_ADDRESS", "12 Thistle Lane, Apt 4B")
        assert regex.fullmatch(r"\d\d \p{Lu}\p{Ll}+ Lane, Apt \d\p{Lu}", made) and "Thistle" not in made

    def test_a_town_is_no_town_that_we_know_and_a_state_another_state(self) -> None:
        for salt in range(50):
            made = Surrogates(salt)
            assert made.replacement("LOCATION", "burlington") not in word_list("cities")
            assert made.replacement("STATE", "VT") != "VT" and len(made.replacement("STATE", "VT")) == 2
            assert made.replacement("STATE", "vermont") in word_list("states") - {"vermont"}

    def test_a_country_and_its_people_stay_together(self) -> None:
        from safety.surrogate_places import _COUNTRIES

        made = Surrogates(b"salt")
        assert (
            made.replacement("COUNTRY", "Peru"),
            made.replacement("NATIONALITY", "Peruvian"),
        ) in _COUNTRIES

    def test_what_kind_of_place_it_is_stays(self) -> None:
        made = Surrogates(b"salt")
        assert made.replacement("ORGANIZATION", "brindlewood middle school").endswith(" middle school")
        assert made.replacement("LOCATION", "Addison County").endswith(" County")

    @pytest.mark.parametrize(
        ("value", "form"),
        [
            ("oona.tindle77@corp.test", r"{given}\.{family}\d\d@example\.org"),
            ("OONA@CORP.TEST", r"{GIVEN}@EXAMPLE\.ORG"),
            ("oona dot tindle at corp dot test", r"{given} dot {family} at example dot org"),
        ],
    )
    def test_an_address_is_under_example_org_with_the_made_up_name(self, value: str, form: str) -> None:
        made = Surrogates(b"salt")
        given, family = made.replacement("PERSON", "Oona Tindle").split()
        pattern = form.format(given=given.lower(), family=family.lower(), GIVEN=given.upper())
        assert regex.fullmatch(pattern, made.replacement("EMAIL_ADDRESS", value))

    def test_a_link_leads_to_example_org(self) -> None:
        made = Surrogates(b"salt").replacement("URL", "https://www.tindle.test/oona/p12.html?x=9")
        assert regex.fullmatch(r"https://www\.example\.org/[a-z]{4}/[a-z]\d\d\.html\?[a-z]=\d", made)

    def test_a_payload_becomes_an_empty_one(self) -> None:
        made = Surrogates(1).replacement("BIOMETRIC", "data:image/png;base64," + "iVBOR" * 50)
        assert made == "data:image/png;base64,AAAA"
