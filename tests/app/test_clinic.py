"""The clinic's profile: the sample is valid, faults are named, hours and lines are right."""

from __future__ import annotations

import re
from datetime import datetime
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
