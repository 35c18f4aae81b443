"""Fill slots: one value for one slot of one text, with the label of each of its parts.

Names of one number belong mostly to one person ({{first}} and {{name}}, {{email}} and {{last}}), as in life.
`FILLERS` is the table: a new slot is a line here and one in `labels.py`.

Must not: read a template or corrupt a value.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Final

from training.generated import contacts, dates, identifiers, names, places
from training.generated.halves import Half
from training.generated.labels import NONE, SLOT_LABELS
from training.generated.names import Person
from training.generated.templates import Slot

_SAME_PERSON: Final = 0.6


@dataclass(frozen=True)
class Part:
    """A stretch of a value and its label ('': not personal, such as the word between two dates)."""

    text: str
    label: str


@dataclass
class Fillers:
    """The values of one text. `rng` decides all of them; `half` is the half that names are of."""

    rng: Random
    half: Half
    _values: dict[Slot, tuple[Part, ...]] = field(default_factory=dict, repr=False)
    _people: dict[int, Person] = field(default_factory=dict, repr=False)

    def fill(self, slot: Slot) -> tuple[Part, ...]:
        """Return the value of a slot; the same slot again gives the same."""
        if slot not in self._values:
            self._values[slot] = FILLERS[slot.kind](self, slot)
        return self._values[slot]

    def person(self, slot: Slot) -> Person:
        """Return whose name a slot is: mostly the person of its number."""
        if slot.number not in self._people:
            self._people[slot.number] = names.person(self.rng, self.half)
        if self.rng.random() < _SAME_PERSON:
            return self._people[slot.number]
        return names.person(self.rng, self.half)


Filler = Callable[[Fillers, Slot], tuple[Part, ...]]


def _whole(slot: Slot, text: str) -> tuple[Part, ...]:
    return (Part(text, SLOT_LABELS[slot.kind]),)


def _drawn(draw: Callable[[Random], str]) -> Filler:
    return lambda fillers, slot: _whole(slot, draw(fillers.rng))


def _named(draw: Callable[[Random, Half], str]) -> Filler:
    return lambda fillers, slot: _whole(slot, draw(fillers.rng, fillers.half))


def _personal(write: Callable[[Person, Random], str]) -> Filler:
    return lambda fillers, slot: _whole(slot, write(fillers.person(slot), fillers.rng))


def _email(fillers: Fillers, slot: Slot) -> tuple[Part, ...]:
    stem = places.compound(fillers.rng, fillers.half)
    return _whole(slot, contacts.email(fillers.rng, fillers.person(slot), stem))


def _url(fillers: Fillers, slot: Slot) -> tuple[Part, ...]:
    stem = places.compound(fillers.rng, fillers.half)
    return _whole(slot, contacts.url(fillers.rng, fillers.person(slot), stem))


def _address(fillers: Fillers, _slot: Slot) -> tuple[Part, ...]:
    """A whole address on a line: its parts have their own labels, as where a form asks for each."""
    rng, half = fillers.rng, fillers.half
    between, before_zip = rng.choice(((", ", " "), (", ", " "), (", ", ", "), (" ", " ")))
    parts = [
        Part(places.street(rng, half), SLOT_LABELS["street"]),
        Part(between, NONE),
        Part(places.city(rng, half), SLOT_LABELS["city"]),
    ]
    if rng.random() < 0.85:
        parts += [Part(rng.choice((", ", ", ", " ")), NONE), Part(places.state(rng), SLOT_LABELS["state"])]
    if rng.random() < 0.8:
        parts += [Part(before_zip, NONE), Part(places.zip_code(rng), SLOT_LABELS["zip"])]
    return tuple(parts)


def _country(fillers: Fillers, slot: Slot) -> tuple[Part, ...]:
    article, name = places.country(fillers.rng)
    return (*((Part(article, NONE),) if article else ()), *_whole(slot, name))


def _date_range(fillers: Fillers, slot: Slot) -> tuple[Part, ...]:
    label = SLOT_LABELS[slot.kind]
    return tuple(Part(text, label if is_date else NONE) for text, is_date in dates.span(fillers.rng))


FILLERS: Final[dict[str, Filler]] = {
    "name": _personal(names.whole),
    "first": _personal(lambda someone, _rng: someone.given),
    "last": _personal(lambda someone, _rng: someone.family),
    "nickname": _named(names.nickname),
    "initials": _personal(names.initials),
    "last_first": _personal(names.last_first),
    "name_middle": _personal(names.with_middle),
    "street": _named(places.street),
    "address": _address,
    "zip": _drawn(places.zip_code),
    "city": _named(places.city),
    "county": _named(places.county),
    "neighbourhood": _named(places.neighbourhood),
    "facility": _named(places.facility),
    "school": _named(places.school),
    "state": _drawn(places.state),
    "country": _country,
    "nationality": _drawn(places.nationality),
    "employer": _named(places.employer),
    "insurer": _named(places.insurer),
    "org": _named(places.org),
    "date": _drawn(dates.full),
    "date_partial": _drawn(dates.partial),
    "dob": _drawn(dates.birth),
    "month_year": _drawn(dates.month_year),
    "date_range": _date_range,
    "holiday": _drawn(dates.holiday),
    "year": _drawn(dates.year),
    "time": _drawn(dates.clock),
    "age": _drawn(dates.age),
    "age_old": _drawn(dates.age_old),
    "phone": _drawn(contacts.phone),
    "fax": _drawn(contacts.phone),
    "email": _email,
    "url": _url,
    "handle": _personal(lambda someone, rng: contacts.handle(rng, someone)),
    "ip": _drawn(contacts.ip),
    "username": _personal(lambda someone, rng: contacts.username(rng, someone)),
    "ssn": _drawn(identifiers.ssn),
    "mbi": _drawn(identifiers.mbi),
    "card": _drawn(identifiers.card),
    "iban": _drawn(identifiers.iban),
    "vin": _drawn(identifiers.vin),
    "plate": _drawn(identifiers.plate),
    "partial_number": _drawn(identifiers.partial_number),
    "mrn": _drawn(identifiers.mrn),
    "member_id": _drawn(identifiers.member_id),
    "account": _drawn(identifiers.account),
    "driver_license": _drawn(identifiers.driver_license),
    "passport": _drawn(identifiers.passport),
    "medical_license": _drawn(identifiers.medical_license),
    "npi": _drawn(identifiers.npi),
    "device_serial": _drawn(identifiers.device_serial),
    "employee_id": _drawn(identifiers.employee_id),
    "case_number": _drawn(identifiers.case_number),
    "prescription_number": _drawn(identifiers.prescription_number),
    "accession": _drawn(identifiers.accession),
    "tracking": _drawn(identifiers.tracking),
}
"""How each slot is filled."""
