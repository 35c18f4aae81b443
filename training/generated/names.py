"""Names of people from all over the world, of one half, and the ways in which one name is written.

Given and family names come from Faker's locales and from `words/names.txt`; scripts other than Latin are
transliterated (anyascii). Origins are drawn by weights that let every origin occur often, not by how many
people bear such names; within an origin every name is as likely, because a tagger that has seen the rare ones
knows the common ones too. Names that are words (Grace, Will, Young) get a share of their own.

Must not: hold names of known people.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Final

from anyascii import anyascii

import safety
from training.generated.halves import Half, drawn, only
from training.generated.words import keyed

_WORD_NAMES: Final = Path(safety.__file__).parent / "recognizers" / "words"
_WORDS_SHARE: Final = 0.1
_PLAIN_SHARE: Final = 0.5  # of names with accents: written without

# Origin: weight, Faker's locales, and the origins of words/names.txt that join them.
_ORIGINS: Final[dict[str, tuple[float, tuple[str, ...], tuple[str, ...]]]] = {
    "united states": (18, ("en_US", "en"), ()),
    "british isles": (5, ("en_GB", "en_IE", "ga_IE", "en_NZ"), ()),
    "hispanic": (11, ("es_MX", "es_ES", "es_CL", "es_CO", "es_AR"), ()),
    "black american": (5, (), ("black",)),
    "portuguese": (3, ("pt_BR", "pt_PT"), ()),
    "french": (3, ("fr_FR", "fr_CA", "fr_BE"), ()),
    "haitian": (3, (), ("haitian",)),
    "german": (3, ("de_DE", "de_AT", "de_CH", "nl_NL", "nl_BE"), ()),
    "nordic": (3, ("sv_SE", "no_NO", "da_DK", "fi_FI", "is_IS"), ()),
    "italian": (3, ("it_IT",), ()),
    "slavic": (5, ("pl_PL", "cs_CZ", "sk_SK", "hr_HR", "sl_SI", "ru_RU", "uk_UA", "bg_BG", "mk_MK"), ()),
    "baltic and balkan": (3, ("lt_LT", "lv_LV", "et_EE", "ro_RO", "hu_HU", "el_GR"), ()),
    "caucasus": (2, ("ka_GE", "hy_AM", "az_AZ"), ()),
    "turkic": (3, ("tr_TR", "uz_UZ"), ()),
    "arabic": (5, ("fr_DZ",), ("arabic",)),
    "persian": (3, (), ("persian",)),
    "hebrew": (2, (), ("hebrew",)),
    "indian": (6, ("en_IN",), ("indian", "nepali")),
    "pakistani and bengali": (4, ("en_PK",), ("bengali",)),
    "chinese": (4, ("zh_CN", "zh_TW"), ()),
    "japanese": (3, ("ja_JP",), ()),
    "korean": (3, (), ("korean",)),
    "vietnamese": (4, (), ("vietnamese",)),
    "hmong, khmer, lao and burmese": (3, (), ("hmong", "khmer", "lao", "burmese")),
    "thai and indonesian": (3, ("en_TH", "id_ID"), ()),
    "filipino": (3, (), ("filipino",)),
    "nigerian and ghanaian": (4, ("yo_NG", "ig_NG", "ha_NG", "en_NG", "tw_GH"), ()),
    "east and south african": (3, ("en_KE", "sw", "zu_ZA"), ()),
    "ethiopian and somali": (4, (), ("ethiopian", "somali")),
    "pacific": (2, (), ("pacific",)),
    "native american": (2, (), ("native",)),
}
ORIGINS: Final = tuple(_ORIGINS)
_FAMILY_FIRST: Final = ("chinese", "korean", "vietnamese", "hmong, khmer, lao and burmese")


@dataclass(frozen=True)
class Person:
    """One person's names; `shown` is how the whole name is mostly written."""

    origin: str
    given: str
    family: str
    middle: str

    @property
    def shown(self) -> str:
        """The whole name in natural order."""
        return f"{self.given} {self.family}"


def person(rng: Random, wanted: Half) -> Person:
    """Draw a person of any origin whose names are all of one half."""
    origin = rng.choices(ORIGINS, weights=[weight for weight, _, _ in _ORIGINS.values()])[0]
    given, family = _lists(origin)
    words_given, words_family = _word_lists()

    def one_of(names: Sequence[str]) -> str:
        return drawn(lambda: rng.choice(names), wanted)

    first = one_of(words_given if rng.random() < _WORDS_SHARE else given)
    last = one_of(words_family if rng.random() < _WORDS_SHARE / 2 else family)
    double = rng.random()
    if origin == "hispanic" and double < 0.3:
        last = f"{last} {one_of(family)}"
    elif double < 0.04:
        last = f"{last}-{one_of(family)}"
    if rng.random() < 0.04:
        first = f"{first}{rng.choice(' -')}{one_of(given)}"
    middle = one_of(given)
    if rng.random() < _PLAIN_SHARE:
        first, last, middle = (anyascii(one) for one in (first, last, middle))
    return Person(origin, *(_joined(one, rng) for one in (first, last, middle)))


def nickname(rng: Random, wanted: Half) -> str:
    """Draw a short form ("Bill") or a name that somebody goes by ("Big Mike")."""
    kind = rng.choices(("short", "called", "words"), weights=(5, 4, 2))[0]
    return _joined(rng.choice(_nicknames(kind, wanted)), rng)


def whole(someone: Person, rng: Random) -> str:
    """Write the whole name in natural order, now and then with initial or suffix."""
    if someone.origin in _FAMILY_FIRST and rng.random() < 0.25:
        return f"{someone.family} {someone.given}"
    share = rng.random()
    if share < 0.06:
        return f"{someone.given} {_initial(someone.middle)}{rng.choice(('.', ''))} {someone.family}"
    if share < 0.1:
        return f"{someone.shown}{rng.choice((' Jr.', ' Jr', ', Jr.', ' Sr.', ' III', ' II'))}"
    if share < 0.12:
        return f"{_initial(someone.given)}. {someone.family}"
    return someone.shown


def with_middle(someone: Person, rng: Random) -> str:
    """Write the whole name with a middle name or initial."""
    first = _initial(someone.middle)
    middle = rng.choice((f"{first}.", f"{first}.", first, someone.middle, someone.middle))
    return f"{someone.given} {middle} {someone.family}"


def last_first(someone: Person, rng: Random) -> str:
    """Write the family name first, as records do."""
    share = rng.random()
    family, given = someone.family, someone.given
    if share < 0.3:
        family, given = family.upper(), given.upper()
    if share > 0.8:
        given = f"{given} {_initial(someone.middle)}{rng.choice(('.', ''))}"
    return f"{family}{rng.choice((', ', ', ', ', ', ','))}{given}"


def initials(someone: Person, rng: Random) -> str:
    """Write initials: J.K., JK, J. K., jk, J.K.M."""
    letters = [_initial(someone.given), _initial(someone.family)]
    if rng.random() < 0.25:
        letters.insert(1, _initial(someone.middle))
    form = rng.choice(("{}.", "{}.", "{}", "{}", "{}. "))
    text = "".join(form.format(letter) for letter in letters).strip()
    return text.lower() if rng.random() < 0.15 else text


@cache
def _lists(origin: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the given and the family names of an origin."""
    _weight, locales, more = _ORIGINS[origin]
    given = [name for locale in locales for name in _of_locale(locale, "first")]
    family = [name for locale in locales for name in _of_locale(locale, "last")]
    for one in more:
        given += keyed("names.txt")[f"{one} given"].split()
        family += keyed("names.txt")[f"{one} family"].split()
    return tuple(dict.fromkeys(given)), tuple(dict.fromkeys(family))


@cache
def _nicknames(kind: str, wanted: Half) -> tuple[str, ...]:
    return only(keyed("nicknames.txt")[kind].split(), wanted)


@cache
def _word_lists() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return given and family names that are words."""
    given = [*keyed("nicknames.txt")["words"].split(), *_word_file("ambiguous_names.txt")]
    return tuple(dict.fromkeys(given)), tuple(_word_file("surname_words.txt"))


def _word_file(name: str) -> list[str]:
    return [word.title() for word in (_WORD_NAMES / name).read_text(encoding="utf-8").split()]


def _of_locale(locale: str, which: str) -> list[str]:
    """Return a locale's given ("first") or family ("last") names in Latin letters.

    Faker keeps them in attributes of its provider. Romanised lists win where a locale has them: a Chinese
    name is written as its bearer spells it in English.
    """
    provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
    attributes = {
        name: value
        for name in dir(provider)
        if which in name and name.endswith(("names", "_male", "_female", "_unisex", "_common"))
        and isinstance(value := getattr(provider, name), Sequence | Mapping) and not isinstance(value, str)
    }  # fmt: skip
    romanised = {name: value for name, value in attributes.items() if "romanized" in name}
    found: list[str] = []
    for value in (romanised or attributes).values():
        found += [_latin(name) for name in value if isinstance(name, str)]
    return [name for name in dict.fromkeys(found) if _fit(name)]


def _latin(name: str) -> str:
    text = name.strip()
    if any(
        letter.isalpha() and ord(letter) > 0x24F and not 0x1E00 <= ord(letter) < 0x1F00 for letter in text
    ):
        text = anyascii(text).replace("'", "")
    return text.title() if text.isupper() else text


def _fit(name: str) -> bool:
    """Keep names as people write them; Faker's "Doe" stands in where a locale has no list."""
    return (
        1 < len(name) < 25
        and name not in ("Doe", "John", "Jane")
        and name[0].isalpha()
        and all(letter.isalpha() or letter in " -'’" for letter in name)
    )


def _joined(name: str, rng: Random) -> str:
    """Write "Min-jun" with its hyphen, with a space or as one word."""
    if "-" not in name:
        return name
    return name.replace("-", rng.choice(("-", "-", " ")))


def _initial(name: str) -> str:
    return name[0].upper()
