"""The lines to call: each with hours, source and day, spoken of in every language, never a foreign one."""

from __future__ import annotations

import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

import safety
from safety.hotlines import ALWAYS, Hotlines
from safety.language import LANGUAGES, Language

FILE = yaml.safe_load((Path(safety.__file__).parent / "hotlines.yaml").read_text(encoding="utf-8"))
HOTLINES = Hotlines.model_validate(FILE)
NUMBER = re.compile(r"\d{3}")


def changed(*path: str, to: object) -> dict[str, Any]:
    """Return the file's content with one value replaced."""
    content = deepcopy(FILE)
    place = content
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = to
    return dict(content)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_us_has_words_of_its_own_for_all_that_a_reply_may_ask(language: Language) -> None:
    general = HOTLINES.slots("", language)
    assert all(text != general[name] for name, text in HOTLINES.slots("US", language).items())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("country", ["DE", "MX", "", "ES"])
def test_a_country_without_an_entry_gets_the_directory_and_no_number(
    country: str, language: Language
) -> None:
    words = HOTLINES.slots(country, language)
    assert not any(NUMBER.search(text) for text in words.values())
    assert "findahelpline.com" in words["crisis_line"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_line_that_closes_is_never_named_without_its_hours(language: Language) -> None:
    limited = [line for line in HOTLINES.countries["US"].lines.values() if line.hours != ALWAYS]
    assert limited
    for line in limited:
        assert line.hours != ALWAYS
        named = [text for text in HOTLINES.slots("US", language).values() if line.number in text]
        assert named and all(line.hours[language] in text for text in named)


def test_spanish_reaches_the_lifeline_in_spanish() -> None:
    assert "oprima 2" in HOTLINES.slots("US", "es")["crisis_line"]
    assert "AYUDA" in HOTLINES.slots("US", "es")["crisis_line"]
    assert "HOME" not in HOTLINES.slots("US", "es")["crisis_line"]


def test_short_numbers_are_those_of_the_country() -> None:
    assert set(HOTLINES.short_numbers("us")) == {"988", "911"}
    assert HOTLINES.short_numbers("XX") == ()


def test_every_number_is_among_the_words_that_are_known() -> None:
    said = " ".join(HOTLINES.every_word())
    assert all(line.number in said for line in HOTLINES.countries["US"].lines.values())


LIFELINE = ("countries", "US", "lines", "lifeline")


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (changed(*LIFELINE, "number", to=""), "number"),
        (changed(*LIFELINE, "hours", to="mostly"), "hours"),
        (changed(*LIFELINE, "source", to="a leaflet"), "source"),
        (changed(*LIFELINE, "checked", to="lately"), "checked"),
        (changed(*LIFELINE, to={"name": "x", "number": "988", "hours": "always"}), "source"),
        (changed("countries", "US", "words", to={"en": FILE["countries"]["US"]["words"]["en"]}), "'es'"),
        (changed("countries", "US", "words", "es", "crisis_line", to="llame a alguien"), "never speak of"),
        (changed("countries", "US", "words", "en", "eating_disorder_line", to="call {anad}"), "anad_hours"),
        (changed("countries", "US", "words", "en", "crisis_lin", to="call {lifeline}"), "crisis_lin"),
        (changed("countries", "US", "words", "en", "call_now", to="call {emergencia}"), "emergencia"),
        (changed("default", "en", "call_now", to="call {emergency}"), "emergency"),
        (changed("default", "es", to={"call_now": "llame"}), "'es'"),
    ],
)
def test_a_line_that_is_not_whole_is_refused(content: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        Hotlines.model_validate(content)
