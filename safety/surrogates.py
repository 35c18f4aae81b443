"""Surrogates: made-up values that read like the real ones, for training data.

    made = Surrogates(salt)                   # one for each dialogue; the salt is the corpus's own
    made.replacement("PERSON", "Oona Tindle")

One dialogue's values stay consistent: a person is one person however called, dates keep their distances,
a number is one number in any format. The same salt and value give the same surrogate, another salt
gives others. Nothing here can belong to anyone: see the module of each kind of value.

Must not: outlive its dialogue (it remembers whom it replaced), or return a value as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from safety.placeholders import canonical
from safety.surrogate_contacts import email, handle, link, payload, phone, phone_key
from safety.surrogate_dates import ShiftedTime
from safety.surrogate_draws import Draw, match_case
from safety.surrogate_numbers import number
from safety.surrogate_people import MadePeople
from safety.surrogate_places import country, country_key, organisation, state, street, town, zip_code

_TRIES = 12
_HONORIFICS = frozenset({"mr", "mrs", "ms", "miss", "mx", "dr", "doctor", "prof", "professor"})
_TITLES = (
    "manager",
    "teacher",
    "driver",
    "engineer",
    "accountant",
    "cook",
    "carpenter",
    "librarian",
    "designer",
)


class Surrogates:
    """Made-up values of one dialogue."""

    def __init__(self, salt: bytes | int = 0, *, year: int | None = None) -> None:
        """Take the corpus's salt, and the `year` that ages over 89 count from (default: this year)."""
        key = salt if isinstance(salt, bytes) else str(salt).encode()
        self._key = b"surrogates " + key
        self._people = MadePeople(self._key)
        self._time = ShiftedTime(self._key, year=date.today().year if year is None else year)
        self._tries: dict[tuple[str, str], int] = {}
        self._owners: dict[tuple[str, str], str] = {}

    def __repr__(self) -> str:
        return f"Surrogates({len(self._owners)} values, {len(self._people.parts)} parts of names)"

    @property
    def parts(self) -> tuple[str, ...]:
        """All parts of names that are known, in lower case, in the order in which they were met."""
        return self._people.parts

    def replacement(self, entity_type: str, value: str) -> str:
        """Return a made-up value of the type and in the form of `value`."""
        match entity_type:
            case "PERSON":
                return self._people.made(value)
            case "DATE_TIME":
                return self._time.date_like(value)
            case "YEAR":
                return self._time.year_like(value)
            case "AGE":
                return self._time.age_like(value)
            case "AGE_OVER_89":
                return self._time.old_age_like(value)
            case "ZIP_CODE":
                return zip_code(value, self._draw(entity_type, value, 0))
            case "BIOMETRIC":
                return payload(value)
            case "TITLE":
                return self._title(value)
        return self._distinct(entity_type, value)

    def knows(self, name: str, *, part: bool) -> bool:
        """Say whether a person's name was replaced or learned; with `part` a part of one counts."""
        return self._people.knows(name, part=part)

    def learn(self, name: str) -> None:
        """Know a person before a text mentions one."""
        self._people.made(name)

    def _distinct(self, entity_type: str, value: str) -> str:
        """Draw until the value is no other value's surrogate and not the value itself."""
        plain = self._same(entity_type, value)
        tries = self._tries.get((entity_type, plain))
        for attempt in range(_TRIES) if tries is None else (tries,):
            made = self._make(entity_type, value, self._draw(entity_type, plain, attempt))
            drawn = (entity_type, self._same(entity_type, made))
            if drawn[1] != plain and self._owners.get(drawn, plain) == plain:
                break
        self._tries[entity_type, plain] = attempt
        self._owners.setdefault(drawn, plain)
        return made

    def _make(self, entity_type: str, value: str, draw: Draw) -> str:
        makers: dict[str, Callable[[str, Draw], str]] = {
            "PHONE_NUMBER": phone,
            "FAX_NUMBER": phone,
            "EMAIL_ADDRESS": lambda value, draw: email(value, draw, self._people.word),
            "URL": self._link,
            "USERNAME": handle,
            "STREET_ADDRESS": street,
            "LOCATION": town,
            "STATE": state,
            "COUNTRY": lambda value, draw: country(value, draw, people=False),
            "NATIONALITY": lambda value, draw: country(value, draw, people=True),
            "ORGANIZATION": organisation,
            "PARTIAL_NUMBER": self._partial,
        }
        maker = makers.get(entity_type)
        return maker(value, draw) if maker else number(entity_type, value, draw)

    def _link(self, value: str, draw: Draw) -> str:
        return (
            email(value, draw, self._people.word) if "@" in value and "//" not in value else link(value, draw)
        )

    def _partial(self, value: str, draw: Draw) -> str:
        """Move a month and year, such as a card's last month; make other parts of numbers up."""
        return self._time.date_like(value) if "/" in value else number("PARTIAL_NUMBER", value, draw)

    def _title(self, value: str) -> str:
        if value.casefold().strip(".") in _HONORIFICS:
            return value
        return match_case(value, self._draw("TITLE", value.casefold(), 0).one(_TITLES))

    def _draw(self, entity_type: str, plain: str, attempt: int) -> Draw:
        kind = {"NATIONALITY": "COUNTRY", "FAX_NUMBER": "PHONE_NUMBER"}.get(entity_type, entity_type)
        return Draw(self._key, kind, plain, str(attempt))

    @staticmethod
    def _same(entity_type: str, value: str) -> str:
        """Return what makes two written values one value."""
        if entity_type in ("PHONE_NUMBER", "FAX_NUMBER"):
            return phone_key(value)
        if entity_type in ("COUNTRY", "NATIONALITY"):
            return country_key(value)
        return canonical(entity_type, value)
