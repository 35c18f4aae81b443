"""The recognizers of personal data: one function each in the table RECOGNIZERS.

The tagger is not in the table, because it is made from a folder (`tagger.py`); where there is one, those
in REPLACED_BY_TAGGER are left out.

To add one, write a file with a function that returns a Presidio EntityRecognizer, add a line here
and a row to tests/contracts/test_recognizers.py, which runs over the table.
"""

from __future__ import annotations

from collections.abc import Callable

from safety.presidio import EntityRecognizer
from safety.recognizers.areas import coordinates, counties, facilities
from safety.recognizers.certificates import certificates
from safety.recognizers.contacts import emails, links, phones, phones_by_region, usernames
from safety.recognizers.dates import ages, dates
from safety.recognizers.devices import devices
from safety.recognizers.elders import elders
from safety.recognizers.handles import handles
from safety.recognizers.model_names import model_names
from safety.recognizers.names import names
from safety.recognizers.numbers import identifiers, partial_numbers, spelled_numbers
from safety.recognizers.organisations import organisations
from safety.recognizers.payloads import payloads
from safety.recognizers.places import postal_codes, streets
from safety.recognizers.presidio_rules import (
    credit_card,
    email_address,
    ip_address,
    medical_license,
    us_bank,
    us_itin,
    us_license,
    us_passport,
    us_ssn,
)
from safety.recognizers.torn import torn
from safety.recognizers.towns import towns
from safety.recognizers.vehicles import vehicles

RECOGNIZERS: dict[str, Callable[[], EntityRecognizer]] = {
    "names": names,
    "model_names": model_names,
    "organisations": organisations,
    "streets": streets,
    "postal_codes": postal_codes,
    "towns": towns,
    "dates": dates,
    "ages": ages,
    "emails": emails,
    "links": links,
    "phones": phones,
    "phones_by_region": phones_by_region,
    "usernames": usernames,
    "identifiers": identifiers,
    "partial_numbers": partial_numbers,
    "spelled_numbers": spelled_numbers,
    "us_ssn": us_ssn,
    "us_bank": us_bank,
    "us_passport": us_passport,
    "us_license": us_license,
    "us_itin": us_itin,
    "credit_card": credit_card,
    "medical_license": medical_license,
    "ip_address": ip_address,
    "email_address": email_address,
    "torn": torn,
    "payloads": payloads,
    "certificates": certificates,
    "devices": devices,
    "vehicles": vehicles,
    "handles": handles,
    "elders": elders,
    "counties": counties,
    "coordinates": coordinates,
    "facilities": facilities,
}

REPLACED_BY_TAGGER = frozenset({"model_names"})
