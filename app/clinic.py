"""The clinic's profile: one YAML file with its name, numbers, people, sites and hours.

What stands here is public: it is not scrubbed from questions, and the model may name its
numbers and addresses. Everything else that looks like a number to call is dropped.
"""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from app.errors import ConfigError

Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
DAYS: tuple[Day, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

TITLES = ("Dr.", "Dr", "Doctor", "Mr.", "Mr", "Ms.", "Ms", "Mrs.", "Mrs")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Phone(_Part):
    label: str
    number: str
    use: str = ""


class Email(_Part):
    label: str
    address: str


class Link(_Part):
    label: str
    url: str


class Site(_Part):
    name: str
    address: str


class Clinician(_Part):
    name: str
    role: str = ""


class Handover(_Part):
    """Who takes over from the chat; `phone` and `after_hours_phone` are labels of `phones`.

    A transcript that someone wants to hand over goes to `webhook` (a POST of JSON), else by mail to
    `email` where the server may send mail (CAREFOLD_SMTP_URL).
    """

    phone: str
    after_hours_phone: str = ""
    email: str = ""
    webhook: str = Field("", pattern=r"^(?:https?://\S+)?$")


class Clinic(_Part):
    """The whole profile; see retrieval/samples/clinic.yaml for one with every field."""

    name: str = Field(min_length=1, pattern=r"\S")
    sample: bool = False
    country: str = Field(description="two letters, ISO 3166: it decides which numbers are given in a crisis")
    timezone: str
    languages: tuple[str, ...] = ("en",)
    about: str = ""
    phones: tuple[Phone, ...]
    emails: tuple[Email, ...] = ()
    links: tuple[Link, ...] = ()
    sites: tuple[Site, ...] = ()
    clinicians: tuple[Clinician, ...] = ()
    programmes: tuple[str, ...] = ()
    starters: tuple[str, ...] = Field((), description="ids of FAQ entries that the empty page offers")
    hours: dict[Day, tuple[str, ...]]
    handover: Handover

    @field_validator("country")
    @classmethod
    def _country_is_a_code(cls, value: str) -> str:
        code = value.strip().upper()
        if not re.fullmatch(r"[A-Z]{2}", code):
            raise ValueError(f"{value!r} is not a two-letter country code such as US")
        return code

    @field_validator("timezone")
    @classmethod
    def _zone_is_known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{value!r} is not an IANA time zone such as America/New_York") from error
        return value

    @field_validator("hours")
    @classmethod
    def _hours_are_spans(cls, value: dict[Day, tuple[str, ...]]) -> dict[Day, tuple[str, ...]]:
        for spans in value.values():
            for span in spans:
                start, end = _span(span)
                if start >= end:
                    raise ValueError(f"{span!r} ends before it starts")
        return value

    @model_validator(mode="after")
    def _handover_names_phones(self) -> Clinic:
        labels = {phone.label for phone in self.phones}
        for label in (self.handover.phone, self.handover.after_hours_phone):
            if label and label not in labels:
                raise ValueError(
                    f"handover names the phone {label!r}; phones has: {', '.join(sorted(labels))}"
                )
        return self

    @cached_property
    def contacts(self) -> tuple[str, ...]:
        """Every number, address and link that an answer may name."""
        return (
            *(phone.number for phone in self.phones),
            *(email.address for email in self.emails),
            *(link.url for link in self.links),
        )

    @cached_property
    def public_words(self) -> tuple[str, ...]:
        """What is the clinic's own and so is never scrubbed from a question."""
        bare = [clinician.name.removeprefix("Dr. ") for clinician in self.clinicians]
        # A bare last name may also be a patient's: only with its title is it the clinician's.
        titled = [f"{title} {name.split()[-1]}" for name in bare for title in TITLES]
        sites = [part for site in self.sites for part in (site.name, site.address, *_street_and_town(site))]
        programmes = [programme.split(" (")[0] for programme in self.programmes]
        full = [clinician.name for clinician in self.clinicians]
        words = (self.name, self.name.split()[0], *full, *bare, *titled, *sites, *programmes, *self.contacts)
        return tuple(dict.fromkeys(words))

    def phone(self, label: str) -> str:
        """Return the number with this label."""
        return next(phone.number for phone in self.phones if phone.label == label)

    def is_open(self, moment: datetime) -> bool:
        """Say whether the clinic is open at `moment` (an aware datetime)."""
        return self.closes_at(moment) is not None

    def closes_at(self, moment: datetime) -> time | None:
        """Return the local time at which the clinic closes, None when it is closed at `moment`."""
        local = moment.astimezone(ZoneInfo(self.timezone))
        spans = self.hours.get(DAYS[local.weekday()], ())
        return next((end for start, end in map(_span, spans) if start <= local.time() < end), None)

    def opens_next(self, moment: datetime) -> datetime | None:
        """Return when the clinic opens next, in its own time zone; None when it has no hours."""
        local = moment.astimezone(ZoneInfo(self.timezone))
        for ahead in range(8):
            day = local + timedelta(days=ahead)
            for start, _ in sorted(map(_span, self.hours.get(DAYS[day.weekday()], ()))):
                opening = datetime.combine(day.date(), start, tzinfo=local.tzinfo)
                if opening > local:
                    return opening
        return None

    def person_number(self, moment: datetime) -> str:
        """Return the number at which a person answers at `moment` (an aware datetime)."""
        label = self.handover.phone
        if not self.is_open(moment) and self.handover.after_hours_phone:
            label = self.handover.after_hours_phone
        return self.phone(label)


def _street_and_town(site: Site) -> tuple[str, ...]:
    parts = [part.strip() for part in site.address.split(",")]
    street = parts[0].lstrip("0123456789 ")
    return (street, *(part for part in parts[1:] if part.isalpha()))


def _span(text: str) -> tuple[time, time]:
    start, _, end = text.partition("-")
    return time.fromisoformat(start.strip()), time.fromisoformat(end.strip())


def load_clinic(file: Path) -> Clinic:
    """Read and validate a profile. Raises ConfigError that names the file and every fault."""
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        return Clinic.model_validate(content)
    except OSError as error:
        raise ConfigError(
            f"cannot read the clinic's profile {file}: {error.strerror}. Set CAREFOLD_CLINIC"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"the clinic's profile {file} is not text in UTF-8. Save it as UTF-8") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"the clinic's profile {file} is not valid YAML: {error}") from error
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'profile'}: {fault['msg']}" for fault in error.errors()
        )
        raise ConfigError(f"the clinic's profile {file}: {faults}") from error
