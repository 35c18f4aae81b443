"""Where people live, are treated, learn and worship, and whom they work for: names of one half.

Names are made of word lists (`words/places.txt`) and of Faker's towns; real chains, insurers and employers
occur too, because people name them. Each function draws until the distinctive word is of the wanted half.

Must not: give an address that was copied from anywhere.
"""

from __future__ import annotations

import importlib
from functools import cache
from random import Random
from typing import Final

from anyascii import anyascii

from training.generated.halves import Half, drawn, only
from training.generated.names import person
from training.generated.shapes import shaped
from training.generated.words import countries, places, states

_FAKER_TOWNS: Final = (
    ("en_IN", "cities"), ("en_PH", "province_lgus"), ("de_DE", "cities"), ("pl_PL", "cities"),
    ("en_BD", "cities"), ("id_ID", "cities"), ("pt_PT", "cities"),
)  # fmt: skip
_UNITS: Final = (
    "Apt {}",
    "Apt. {}",
    "apt {}",
    "#{}",
    "Unit {}",
    "Ste {}",
    "Suite {}",
    "Fl {}",
    "Lot {}",
    "Trlr {}",
    "Rm {}",
)
_BEFORE: Final = ("Mercy", "Grace", "Hope", "Providence", "Sacred Heart", "Good Samaritan")
_WAYS_BEFORE: Final = ("Calle", "Avenida", "Camino", "Via", "Rue", "Paseo")
_NUMBERED_WAYS: Final = ("St", "Street", "Ave", "Avenue", "Pl", "Rd")
_SHORT_WAYS: Final = {
    "Street": ("St", "St."), "Avenue": ("Ave", "Ave.", "Av"), "Road": ("Rd", "Rd."), "Drive": ("Dr", "Dr."),
    "Lane": ("Ln",), "Court": ("Ct",), "Boulevard": ("Blvd", "Blvd."), "Place": ("Pl",), "Terrace": ("Ter",),
    "Circle": ("Cir",), "Parkway": ("Pkwy",), "Highway": ("Hwy",), "Trail": ("Trl",), "Square": ("Sq",),
}  # fmt: skip


def city(rng: Random, wanted: Half) -> str:
    """Return a town: of the United States, of the world, or an invented one."""
    kind = rng.random()
    if kind < 0.55:
        name = rng.choice(_of("town", wanted))
    elif kind < 0.7:
        name = rng.choice(_of("world", wanted))
    elif kind < 0.78:
        name = rng.choice(_towns_abroad(wanted))
    else:
        name = compound(rng, wanted)
        if rng.random() < 0.2:
            name = (
                f"{rng.choice(('Port', 'Fort', 'Lake', 'New', 'Mount', 'San', 'El', 'West', 'North'))} {name}"
            )
    return anyascii(name) if rng.random() < 0.5 else name


def county(rng: Random, wanted: Half) -> str:
    """Return a county with the word that says so."""
    name = rng.choice(_of("county", wanted))
    return rng.choice(
        (f"{name} County", f"{name} County", f"{name} County", f"{name} Co.", f"{name} Parish", f"{name} Cty")
    )


def neighbourhood(rng: Random, wanted: Half) -> str:
    """Return a part of a town."""
    name = compound(rng, wanted)
    share = rng.random()
    if share < 0.15:
        return f"{rng.choice(places('side'))} {name}"
    return name if share < 0.25 else f"{name} {rng.choice(places('area'))}"


def street(rng: Random, wanted: Half) -> str:
    """Return house number and street, sometimes with a unit; or a box."""
    share = rng.random()
    if share < 0.05:
        return f"{rng.choice(('PO Box', 'P.O. Box', 'Box', 'p.o. box'))} {rng.randint(2, 99999)}"
    number = str(rng.randint(1, 30000) if rng.random() < 0.3 else rng.randint(1, 1999))
    if rng.random() < 0.04:
        number += rng.choice(("A", "B", " 1/2", "-02"))
    text = f"{number} {_road(rng, wanted)}"
    if share > 0.78:
        unit = rng.choice(
            (shaped(rng, "#@"), shaped(rng, "%#"), shaped(rng, "%##"), shaped(rng, "@"), shaped(rng, "%"))
        )
        text += rng.choice((", ", " ", " ")) + rng.choice(_UNITS).format(unit)
    return text


def zip_code(rng: Random) -> str:
    """Return a ZIP code, now and then with four more digits, or a Canadian or British code."""
    share = rng.random()
    if share < 0.04:
        return rng.choice((shaped(rng, "@#@ #@#"), shaped(rng, "@@## #@@"), shaped(rng, "@## #@@")))
    code = f"{rng.randint(1001, 99950):05d}"
    return f"{code}-{shaped(rng, '####')}" if share < 0.12 else code


def facility(rng: Random, wanted: Half) -> str:
    """Return a hospital, clinic, nursing home, shelter, jail or pharmacy."""
    kind = rng.random()
    if kind < 0.12:
        return rng.choice(_of("chain", wanted))
    if kind < 0.55:
        return f"{_stem(rng, wanted, saints=True)} {rng.choice(places('hospital'))}"
    if kind < 0.75:
        return f"{_stem(rng, wanted, saints=True)} {rng.choice(places('home'))}"
    if kind < 0.83:
        return f"{_stem(rng, wanted)} {rng.choice(places('jail'))}"
    if kind < 0.95:
        return f"{_stem(rng, wanted)}{rng.choice(('', chr(39) + 's'))} {rng.choice(places('pharmacy'))}"
    return f"{rng.choice(_BEFORE)} {_stem(rng, wanted)}"


def school(rng: Random, wanted: Half) -> str:
    """Return a school or college."""
    share = rng.random()
    if share < 0.06:
        return rng.choice(("PS {}", "P.S. {}", "IS {}", "MS {}")).format(_numbered(rng, wanted))
    if share < 0.14:
        return f"{rng.choice(places('university'))} {_stem(rng, wanted)}"
    return f"{_stem(rng, wanted, saints=True)} {rng.choice(places('school'))}"


def employer(rng: Random, wanted: Half) -> str:
    """Return a firm, invented or well known."""
    share = rng.random()
    if share < 0.3:
        return rng.choice(_of("company", wanted))
    name = f"{_stem(rng, wanted)} {rng.choice(places('firm'))}"
    return f"{name} {rng.choice(places('company ending'))}" if share > 0.8 else name


def insurer(rng: Random, wanted: Half) -> str:
    """Return a health insurer."""
    if rng.random() < 0.6:
        return rng.choice(_of("insurer", wanted))
    return f"{_stem(rng, wanted)} {rng.choice(places('plan'))}"


def org(rng: Random, wanted: Half) -> str:
    """Return a church, club, agency or union."""
    share = rng.random()
    if share < 0.4:
        return f"{_stem(rng, wanted, saints=True)} {rng.choice(places('church'))}"
    if share < 0.5:
        return f"{rng.choice(places('temple'))} {_stem(rng, wanted)}"
    if share < 0.56:
        return rng.choice(
            ("Local {}", "Teamsters Local {}", "VFW Post {}", "Legion Post {}", "UFCW {}")
        ).format(_numbered(rng, wanted))
    return f"{_stem(rng, wanted)} {rng.choice(places('club'))}"


def state(rng: Random) -> str:
    """Return a state by its name or its two letters."""
    letters, name = rng.choice(tuple(states().items()))
    return letters if rng.random() < 0.35 else name


def country(rng: Random) -> tuple[str, str]:
    """Return the article ("the " or "") and the country."""
    name = rng.choice(tuple(countries()))
    return ("the ", name[4:]) if name.startswith("the ") else ("", name)


def nationality(rng: Random) -> str:
    """Return what the people of a country are called."""
    return rng.choice(tuple(countries().values()))


def compound(rng: Random, wanted: Half) -> str:
    """Return an invented name of two words grown together: "Maplehurst"."""
    return drawn(lambda: rng.choice(places("start")) + rng.choice(places("end")), wanted)


def _stem(rng: Random, wanted: Half, *, saints: bool = False) -> str:
    """Return what a place or firm is named after: a saint, a family, a town or a compound."""
    share = rng.random()
    if saints and share < 0.3:
        saint = rng.choice(_of("saint", wanted))
        return f"{rng.choice(('St.', 'St', 'Saint'))} {saint}{rng.choice(('', chr(39) + 's'))}"
    if share < 0.55:
        return person(rng, wanted).family
    return rng.choice(_of("town", wanted)) if share < 0.75 else compound(rng, wanted)


def _road(rng: Random, wanted: Half) -> str:
    share = rng.random()
    way = rng.choice(places("way"))
    if rng.random() < 0.5:
        way = rng.choice(_SHORT_WAYS.get(way, (way,)))
    side = rng.choice(("", "", "", "N ", "S ", "E ", "W ", "North ", "West ", "NW ", "SE "))
    if share < 0.15:
        return f"{side}{_numbered(rng, wanted, nth=True)} {rng.choice(_NUMBERED_WAYS)}"
    if share < 0.2:
        number = _numbered(rng, wanted)
        return rng.choice(
            ("Highway {}", "Hwy {}", "County Road {}", "County Rd {}", "State Route {}", "FM {}")
        ).format(number)
    if share < 0.25:
        return f"{rng.choice(_WAYS_BEFORE)} {person(rng, wanted).family}"
    if share < 0.6:
        return f"{side}{rng.choice(_of('street', wanted))} {way}"
    return f"{side}{person(rng, wanted).family if share < 0.75 else compound(rng, wanted)} {way}"


def _numbered(rng: Random, wanted: Half, *, nth: bool = False) -> str:
    def draw() -> str:
        number = rng.randint(1, 180)
        ending = "th" if 10 < number % 100 < 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
        return f"{number}{ending if nth else ''}"

    return drawn(draw, wanted)


@cache
def _of(kind: str, wanted: Half) -> tuple[str, ...]:
    return only(places(kind), wanted)


@cache
def _towns_abroad(wanted: Half) -> tuple[str, ...]:
    found: list[str] = []
    for locale, attribute in _FAKER_TOWNS:
        provider = importlib.import_module(f"faker.providers.address.{locale}").Provider
        found += [str(name) for name in getattr(provider, attribute)]
    return only((name for name in found if "(" not in name and "," not in name), wanted)
