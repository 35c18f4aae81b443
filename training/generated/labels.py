"""Which label a slot of a template carries: entity types of `safety/policies.py`, as a tagger can learn them.

Two kinds of choice are made here.

**What is merged.** Record numbers, member ids, accounts, licences, serials and all other numbers of no
scheme of their own are one label, ID_NUMBER: only the words around them tell them apart, every policy
scrubs all of them, and a tagger that divides its belief among nine labels may find none of them likely
enough. Numbers with a shape that can be seen keep their label: SSN, MBI, card, IBAN, VIN, plate.

**What is personal at all.** 45 CFR 164.514(b)(2)(i) names "all elements of dates (except year) for dates
directly related to an individual" and "all ages over 89". So:

- Full dates, dates of birth, a month with a day and a month with a year are DATE_TIME. So is a holiday: "at
  Christmas" says the day and the month.
- A year alone is YEAR, which safe harbor leaves and `wide` takes.
- A clock time is no element of a date: no label. Nor is a weekday without a date ("since Tuesday"), which
  recurs every week; written with a date it is part of it ("Tuesday, March 3" is one value).
- An age up to 89 is AGE, from 90 on AGE_OVER_89.
- States, countries, nationalities and organisations have labels of their own, so that a policy can choose.
  Hospitals, clinics, schools, shelters and jails are places where one is found: LOCATION.

Must not: hold a rule for finding anything.
"""

from __future__ import annotations

from typing import Final

NONE: Final = ""

SLOT_LABELS: Final[dict[str, str]] = {
    "name": "PERSON", "first": "PERSON", "last": "PERSON", "nickname": "PERSON", "initials": "PERSON",
    "last_first": "PERSON", "name_middle": "PERSON",
    "street": "STREET_ADDRESS", "address": "STREET_ADDRESS", "zip": "ZIP_CODE",
    "city": "LOCATION", "county": "LOCATION", "neighbourhood": "LOCATION", "facility": "LOCATION",
    "school": "LOCATION",
    "state": "STATE", "country": "COUNTRY", "nationality": "NATIONALITY",
    "employer": "ORGANIZATION", "insurer": "ORGANIZATION", "org": "ORGANIZATION",
    "date": "DATE_TIME", "date_partial": "DATE_TIME", "dob": "DATE_TIME", "month_year": "DATE_TIME",
    "date_range": "DATE_TIME", "holiday": "DATE_TIME",
    "year": "YEAR", "time": NONE, "age": "AGE", "age_old": "AGE_OVER_89",
    "phone": "PHONE_NUMBER", "fax": "FAX_NUMBER", "email": "EMAIL_ADDRESS", "url": "URL", "ip": "IP_ADDRESS",
    "handle": "USERNAME", "username": "USERNAME",
    "ssn": "US_SSN", "mbi": "US_MBI", "card": "CREDIT_CARD", "iban": "IBAN_CODE", "vin": "VIN",
    "plate": "LICENSE_PLATE", "partial_number": "PARTIAL_NUMBER",
    "mrn": "ID_NUMBER", "member_id": "ID_NUMBER", "account": "ID_NUMBER", "driver_license": "ID_NUMBER",
    "passport": "ID_NUMBER", "medical_license": "ID_NUMBER", "npi": "ID_NUMBER", "device_serial": "ID_NUMBER",
    "employee_id": "ID_NUMBER", "case_number": "ID_NUMBER", "prescription_number": "ID_NUMBER",
    "accession": "ID_NUMBER", "tracking": "ID_NUMBER",
}  # fmt: skip
"""Slot to label; no label means that the value is not personal."""

LABELS: Final[tuple[str, ...]] = tuple(sorted({label for label in SLOT_LABELS.values() if label}))

NUMBERS: Final = frozenset(
    {
        "PHONE_NUMBER",
        "FAX_NUMBER",
        "US_SSN",
        "US_MBI",
        "CREDIT_CARD",
        "PARTIAL_NUMBER",
        "ID_NUMBER",
        "ZIP_CODE",
    }
)
"""Labels whose values people read out digit by digit."""
