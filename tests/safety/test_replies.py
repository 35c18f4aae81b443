"""The fixed replies: complete, with the right numbers early, and numbers in one file only."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import get_args

import pytest

from safety.replies import CrisisCategory, Replies, RepliesError, ReplyName
from safety.verdict import Verdict

REPLIES = Replies.load()
PACKAGE = Path(__file__).resolve().parents[2]
LEVELS = ("imminent", "high", "concern")
NUMBER = re.compile(r"\b(?:988|741741|1-8\d\d-\d{3}-\d{4}|1?8\d{2}\d{7}|\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4})\b")


def _first_two(text: str) -> str:
    return " ".join(re.split(r"(?<=[.!?])\s", text)[:2])


@pytest.mark.parametrize("category", get_args(CrisisCategory))
@pytest.mark.parametrize("level", LEVELS)
def test_a_crisis_reply_names_whom_to_call_within_two_sentences(category: str, level: str) -> None:
    start = _first_two(REPLIES.text(Verdict("crisis", category, level), country="US"))
    assert "988" in start
    assert "741741" in start
    assert "911" in start
    assert "nearest emergency room" in start


@pytest.mark.parametrize("category", get_args(CrisisCategory))
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("country", ["DE", "", "us"])
def test_elsewhere_a_crisis_reply_names_no_foreign_number(category: str, level: str, country: str) -> None:
    text = REPLIES.text(Verdict("crisis", category, level), country=country)
    assert "findahelpline.com" in text
    assert bool(NUMBER.search(text)) is (country == "us")


def test_an_emergency_reply_names_the_emergency_number_first() -> None:
    assert "911" in _first_two(
        REPLIES.text(Verdict("emergency", "medical_emergency", "imminent"), country="US")
    )
    assert "local emergency number" in _first_two(REPLIES.text("emergency", country="FR"))


@pytest.mark.parametrize("name", get_args(ReplyName))
def test_every_named_reply_is_filled_in(name: ReplyName) -> None:
    text = REPLIES.text(name, country="US", clinic_phone="(802) 555-0110")
    assert text
    assert "{" not in text
    assert "as an AI" not in text


@pytest.mark.parametrize("category", ["injection", "harmful_request", "something new"])
def test_a_refusal_has_a_next_step(category: str) -> None:
    text = REPLIES.text(Verdict("refuse", category, "high"), country="US", clinic_phone="(802) 555-0110")
    assert "(802) 555-0110" in text
    assert "988" in text


def test_support_has_a_resources_line_for_its_subject() -> None:
    grief = REPLIES.text(Verdict("support", "grief", "concern"), country="US")
    other = REPLIES.text(Verdict("support", "low_mood", "concern"), country="US")
    assert grief != other
    assert "988" in grief
    assert "988" in other


def test_an_allowed_message_has_no_fixed_reply() -> None:
    with pytest.raises(ValueError, match="no fixed reply"):
        REPLIES.text(Verdict("allow", "none", "none"), country="US")


def test_numbers_to_call_stand_in_one_file_only() -> None:
    # The recognizer of what must not be scrubbed has to name the short numbers.
    exempt = {"protected.py"}
    files = [
        *PACKAGE.glob("safety/**/*.py"),
        *PACKAGE.glob("app/**/*.py"),
        PACKAGE / "safety" / "replies.yaml",
    ]
    found = {file.name for file in files if NUMBER.search(file.read_text(encoding="utf-8"))} - exempt
    assert not found


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("replies.yaml", "{go_now}", "{go_naw}"),
        ("replies.yaml", "too_long:", "too_lang:"),
        ("replies.yaml", "    imminent:", "    iminent:"),
        ("hotlines.yaml", "    crisis_line:", "    crisis_lin:"),
        ("hotlines.yaml", "default:", "  default: ["),
    ],
)
def test_a_mistake_in_the_files_stops_the_start(tmp_path: Path, file: str, old: str, new: str) -> None:
    for name in ("replies.yaml", "hotlines.yaml"):
        shutil.copy(PACKAGE / "safety" / name, tmp_path / name)
    changed = tmp_path / file
    changed.write_text(changed.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(RepliesError, match="cannot be used"):
        Replies.load(tmp_path)


def test_short_numbers_are_those_of_the_country() -> None:
    hotlines = Replies.load().hotlines
    assert set(hotlines.short_numbers("us")) == {"988", "911"}
    assert hotlines.short_numbers("XX") == ()
