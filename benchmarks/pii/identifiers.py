"""Structured identifiers from published formats, each in a sentence and in five corruptions.

Nothing of `safety` or `training` is imported here or in what this imports: a misread specification there must
not be misread here too. An identifier counts as found when every letter and digit that has to go is covered.
"""

from __future__ import annotations

import random as _random
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import yaml

from benchmarks.pii import formats_contact as contact
from benchmarks.pii import formats_money as money
from benchmarks.pii import formats_people as people
from benchmarks.pii.cases import Case, put, rotate
from benchmarks.pii.corruptions import FORMS, corrupt
from benchmarks.pii.formats_people import Make

CARRIERS = Path(__file__).with_name("carriers.yaml")

GENERATORS: dict[str, Make] = {
    "ssn": people.ssn,
    "itin": people.itin,
    "mbi": people.mbi,
    "npi": people.npi,
    "dea": people.dea,
    "credit card": money.credit_card,
    "iban": money.iban,
    "aba routing": money.routing,
    "bank account": money.bank_account,
    "vin": money.vin,
    "us phone": contact.us_phone,
    "fax": contact.us_phone,
    "international phone": contact.international_phone,
    "email": contact.email,
    "url": contact.url,
    "ipv4": contact.ipv4,
    "ipv6": contact.ipv6,
    "mac address": money.mac_address,
    "udi": money.udi,
    "device serial": money.device_serial,
    "plate": people.plate,
    "driver licence": people.driver_licence,
    "passport": people.passport,
    "medical record number": people.medical_record_number,
    "member number": people.member_number,
    "claim number": people.claim_number,
    "prescription number": people.prescription_number,
    "certificate or licence": people.certificate,
    "zip": contact.zip_code,
    "street address": contact.street_address,
    "date": contact.date,
    "age over 89": contact.age_over_89,
    "birth year over 89": contact.birth_year_over_89,
    "crypto wallet": money.crypto_wallet,
    "data uri": money.data_uri,
    "biometric payload": money.biometric,
}


def identifiers(number: int, *, seed: int = 0) -> Iterator[Case]:
    """Yield `number` identifiers in turn of their categories, each clean and then in each of FORMS.

    So there are `number * (1 + len(FORMS))` cases; the six of one identifier share sentence and group.
    """
    random = _random.Random(seed)
    names = list(GENERATORS)
    for at in range(number):
        name = names[at % len(names)]
        turn = at // len(names)
        clean = _clean(name, turn, random)
        yield clean
        for form in FORMS:
            yield corrupt(clean, form, random=random)


def identifiers_of(name: str, number: int, *, seed: int = 0) -> list[Case]:
    """Return `number` clean identifiers of one category."""
    random = _random.Random(f"{name} {seed}")
    return [_clean(name, turn, random) for turn in range(number)]


def _clean(name: str, turn: int, random: _random.Random) -> Case:
    sentences = carriers()[name]
    group = f"{name} {turn % len(sentences)}"
    return put(rotate(sentences, turn), GENERATORS[name](random), type=name, group=group, slice=name)


@cache
def carriers() -> dict[str, tuple[str, ...]]:
    """Return the sentences of each category. Raises ValueError when table and file name different ones."""
    read: dict[str, list[str]] = yaml.safe_load(CARRIERS.read_text(encoding="utf-8"))
    if set(read) != set(GENERATORS):
        raise ValueError(
            f"only in one of {CARRIERS.name} and GENERATORS: {sorted(set(read) ^ set(GENERATORS))}"
        )
    return {name: tuple(sentences) for name, sentences in read.items()}
