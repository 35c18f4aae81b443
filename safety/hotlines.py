"""Who can be called, by country and language: the model of hotlines.yaml.

A line has a number, hours, a source and the day on which it was checked; words put lines into sentences, and
a reply takes the words by name. A country without an entry gets words that name no number, and the directory.

Must not: hold a number itself, or give a country the number of another.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from datetime import date
from typing import Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from safety.language import LANGUAGES, Language

ALWAYS: Final = "always"
DIRECTORY: Final = "directory"
_HOURS: Final = "_hours"
_STRICT: Final = ConfigDict(frozen=True, extra="forbid")

Words = Mapping[str, str]


class Line(BaseModel):
    """One line: `number` as it is dialled or texted, `hours` "always" or in words, where it is published."""

    model_config = _STRICT

    name: str = Field(min_length=1)
    number: str = Field(pattern=r"^[0-9][0-9-]*$")
    hours: Literal["always"] | dict[Language, str]
    source: str = Field(pattern=r"^https://\S+$")
    checked: date


class Directory(BaseModel):
    """A site that lists lines of all countries."""

    model_config = _STRICT

    site: str = Field(pattern=r"^[a-z0-9.-]+$")
    source: str = Field(pattern=r"^https://\S+$")
    checked: date


class Country(BaseModel):
    """The lines of one country, and the words that speak of them in each language."""

    model_config = _STRICT

    lines: dict[str, Line]
    words: dict[Language, Words]

    @model_validator(mode="after")
    def _speaks_of_each_line(self) -> Self:
        for language in LANGUAGES:
            if language not in self.words:
                raise ValueError(f"no words in {language!r}")
            named = [_slots(text) for text in self.words[language].values()]
            if silent := sorted(set(self.lines) - set().union(*named)):
                raise ValueError(f"words in {language!r} never speak of {silent}")
            for name, line in self.lines.items():
                if line.hours == ALWAYS:
                    continue
                if language not in line.hours:
                    raise ValueError(f"line {name} has no hours in {language!r}")
                if any(name in slots and name + _HOURS not in slots for slots in named):
                    raise ValueError(f"words in {language!r} name {name} without {{{name}{_HOURS}}}")
        return self

    def values(self, language: Language) -> dict[str, str]:
        """Return what fills the slots of the words: numbers, and hours where they are limited."""
        filled = {name: line.number for name, line in self.lines.items()}
        for name, line in self.lines.items():
            if line.hours != ALWAYS:
                filled[name + _HOURS] = line.hours[language]
        return filled


class Hotlines(BaseModel):
    """All lines. `default` are the words for a country that has none of its own."""

    model_config = _STRICT

    directory: Directory
    default: dict[Language, Words]
    countries: dict[str, Country]

    @model_validator(mode="after")
    def _same_slots_everywhere(self) -> Self:
        first = set(self.default.get(LANGUAGES[0], ()))
        for language in LANGUAGES:
            if not first or set(self.default.get(language, ())) != first:
                raise ValueError(f"`default` in {language!r} has not the words {sorted(first)}")
            self._fill(self.default[language], {}, f"default, {language}")
        for code, country in self.countries.items():
            for language, words in country.words.items():
                if unknown := sorted(set(words) - first):
                    raise ValueError(f"country {code} has words {unknown} that `default` lacks")
                self._fill(words, country.values(language), f"{code}, {language}")
        return self

    @property
    def names(self) -> frozenset[str]:
        """The names of the words that a reply may ask for."""
        return frozenset(self.default[LANGUAGES[0]])

    def slots(self, country: str, language: Language = "en") -> dict[str, str]:
        """Return every word for a country (ISO code) in a language: its own, else the default."""
        filled = self._fill(self.default[language], {}, "default")
        if of_country := self.countries.get(country.upper()):
            filled |= self._fill(of_country.words[language], of_country.values(language), country)
        return filled

    def short_numbers(self, country: str) -> tuple[str, ...]:
        """Return the numbers of three digits that a country's lines have, each once."""
        of_country = self.countries.get(country.upper())
        numbers = (line.number for line in of_country.lines.values()) if of_country else ()
        return tuple(dict.fromkeys(number for number in numbers if re.fullmatch("[0-9]{3}", number)))

    def every_word(self) -> tuple[str, ...]:
        """Return all words of all countries and languages, filled in: what a text may name and be known."""
        codes = ("", *self.countries)
        return tuple(
            text for code in codes for language in LANGUAGES for text in self.slots(code, language).values()
        )

    def _fill(self, words: Words, values: Mapping[str, str], where: str) -> dict[str, str]:
        known = {DIRECTORY: self.directory.site, **values}
        for name, text in words.items():
            if unknown := sorted(_slots(text) - set(known)):
                raise ValueError(f"{where}: {name} asks for unknown lines {unknown}")
        return {name: text.format_map(known) for name, text in words.items()}


def _slots(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
