"""The clinic's profile: the sample is valid, faults are named, hours and lines are right."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

from app.clinic import Clinic, load_clinic
from app.errors import ConfigError
from app.settings import SAMPLES

HERE = ZoneInfo("America/New_York")


@pytest.fixture
def clinic() -> Clinic:
    return load_clinic(SAMPLES / "clinic.yaml")


def test_sample_uses_only_numbers_and_addresses_kept_for_fiction() -> None:
    text = (SAMPLES / "clinic.yaml").read_text("utf-8")
    assert all(
        re.fullmatch(r"\(\d{3}\) 555-01\d\d", number) for number in re.findall(r"\(\d{3}\) [\d-]+", text)
    )
    hosts = re.findall(r"(?:@|https://)([\w.-]+)", text)
    assert hosts
    assert all(host.endswith("example.org") for host in hosts)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        (datetime(2026, 11, 16, 8, 0, tzinfo=HERE), True),
        (datetime(2026, 11, 16, 7, 59, tzinfo=HERE), False),
        (datetime(2026, 11, 16, 18, 0, tzinfo=HERE), False),
        (datetime(2026, 11, 18, 19, 30, tzinfo=HERE), True),
        (datetime(2026, 11, 22, 12, 0, tzinfo=HERE), False),
        (datetime(2026, 11, 16, 14, 0, tzinfo=ZoneInfo("UTC")), True),
    ],
)
def test_hours_are_read_in_the_clinics_own_time(clinic: Clinic, moment: datetime, is_open: bool) -> None:
    assert clinic.is_open(moment) is is_open
    assert (clinic.person_number(moment) == clinic.phone("front desk")) is is_open


def at(day: int, hour: int, minute: int = 0, *, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=HERE)


def with_hours(clinic: Clinic, **hours: list[str]) -> Clinic:
    return Clinic.model_validate(clinic.model_dump() | {"hours": hours})


@pytest.mark.parametrize(
    ("moment", "closes"),
    [
        (at(16, 8), time(18)),
        (at(16, 17, 59), time(18)),
        (at(16, 18), None),
        (at(18, 19, 30), time(20)),
        (at(21, 12, 59), time(13)),
        (at(22, 12), None),
        (at(16, 9).astimezone(UTC), time(18)),
    ],
)
def test_closing_time_is_todays_in_the_clinics_own_time(
    clinic: Clinic, moment: datetime, closes: time | None
) -> None:
    assert clinic.closes_at(moment) == closes


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        (at(16, 7, 59), at(16, 8)),  # Monday, a minute before
        (at(16, 8), at(17, 8)),  # it is open: the next time
        (at(16, 22), at(17, 8)),
        (at(20, 17), at(21, 9)),  # Friday evening: Saturday, later in the morning
        (at(21, 13), at(23, 8)),  # over the closed Sunday
        (at(22, 23, 30), at(23, 8)),
        (at(16, 4).astimezone(UTC), at(16, 8)),
        (datetime(2026, 11, 17, 2, 0, tzinfo=UTC), at(17, 8)),  # still Monday evening at the clinic
    ],
)
def test_next_opening_is_in_the_clinics_own_time(clinic: Clinic, moment: datetime, opens: datetime) -> None:
    found = clinic.opens_next(moment)
    assert found == opens
    assert found is not None and found.utcoffset() == opens.utcoffset()


@pytest.mark.parametrize(
    ("moment", "opens", "offset"),
    [
        (at(31, 14, month=10), at(2, 8), -5),  # clocks go back in between: 2026-11-01
        (at(1, 1, 30), at(2, 8), -5),
        (at(7, 14, month=3), at(9, 8, month=3), -4),  # and forward: 2026-03-08
        (at(8, 3, month=3), at(9, 8, month=3), -4),
    ],
)
def test_next_opening_stands_on_the_clinics_wall_clock_when_the_clocks_change(
    clinic: Clinic, moment: datetime, opens: datetime, offset: int
) -> None:
    found = clinic.opens_next(moment.astimezone(UTC))
    assert found is not None
    assert (found.hour, found.utcoffset()) == (8, timedelta(hours=offset))
    assert found.astimezone(UTC) == opens.astimezone(UTC)
    assert clinic.is_open(found.astimezone(UTC))
    assert not clinic.is_open(found.astimezone(UTC) - timedelta(minutes=1))


def test_clinic_that_opens_on_one_day_a_week_opens_in_a_week(clinic: Clinic) -> None:
    mondays = with_hours(clinic, monday=["14:00-16:00", "08:00-10:00"])
    assert mondays.opens_next(at(16, 8)) == at(16, 14)
    assert mondays.opens_next(at(16, 14)) == at(23, 8)
    assert mondays.opens_next(at(16, 7)) == at(16, 8)
    assert mondays.closes_at(at(16, 9)) == time(10)
    assert mondays.closes_at(at(16, 12)) is None


@pytest.mark.parametrize("hours", [{}, {"monday": [], "tuesday": []}])
def test_clinic_without_hours_neither_closes_nor_opens(clinic: Clinic, hours: dict[str, list[str]]) -> None:
    never = with_hours(clinic, **hours)
    assert never.closes_at(at(16, 12)) is None
    assert never.opens_next(at(16, 12)) is None
    assert not never.is_open(at(16, 12))
    assert never.person_number(at(16, 12)) == clinic.phone("after-hours nurse")


def test_a_bare_last_name_is_not_public_but_a_titled_one_is(clinic: Clinic) -> None:
    assert "Dr. Okafor" in clinic.public_words
    assert "Okafor" not in clinic.public_words


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("timezone", "Vermont", "IANA time zone"),
        ("hours", {"monday": ["18:00-08:00"]}, "ends before it starts"),
        ("handover", {"phone": "reception"}, "reception"),
        ("phone", "x", "phone: Extra inputs"),
        ("country", "USA", "two-letter country code"),
        ("country", "", "two-letter country code"),
        ("name", "", "name"),
        ("handover", {"phone": "front desk", "webhook": "ftp://x.example"}, "handover.webhook"),
        ("handover", {"phone": "front desk", "webhook": "javascript:x"}, "handover.webhook"),
    ],
)
def test_fault_in_a_profile_is_named(tmp_path: Path, field: str, value: object, said: str) -> None:
    profile = yaml.safe_load((SAMPLES / "clinic.yaml").read_text("utf-8")) | {field: value}
    file = tmp_path / "mine.yaml"
    file.write_text(yaml.safe_dump(profile), encoding="utf-8")
    with pytest.raises(ConfigError, match=said) as caught:
        load_clinic(file)
    assert "mine.yaml" in str(caught.value)


def test_missing_profile_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="CAREFOLD_CLINIC"):
        load_clinic(tmp_path / "none.yaml")
