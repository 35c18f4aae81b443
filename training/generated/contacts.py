"""Phones, addresses on the net and names of accounts, as people write them.

Telephone numbers are drawn from the whole plan of numbers and belong to anyone only by chance; the ranges
kept for fiction are too few to learn from. Hotlines (988, 911, 211) are never drawn: they have three
digits.
"""

from __future__ import annotations

import re
from random import Random
from typing import Final

from anyascii import anyascii

from training.generated.names import Person
from training.generated.shapes import shaped

_US: Final = (
    "({a}) {b}-{c}", "({a}) {b}-{c}", "{a}-{b}-{c}", "{a}-{b}-{c}", "{a}-{b}-{c}", "{a}.{b}.{c}", "{a}{b}{c}",
    "{a}{b}{c}", "{a} {b} {c}", "({a}){b}-{c}", "1-{a}-{b}-{c}", "1 {a} {b} {c}", "+1 {a} {b} {c}",
    "+1 ({a}) {b}-{c}", "+1{a}{b}{c}", "+1-{a}-{b}-{c}", "{a}/{b}-{c}", "{a} {b}-{c}", "{b}-{c}", "{b}-{c}",
    "{b} {c}",
)  # fmt: skip
_EXTENSIONS: Final = (" x{n}", " ext {n}", " ext. {n}", ", ext {n}", " extension {n}")
_WORLD: Final = (
    "+44 20 #### ####", "+44 7### ######", "07### ######", "020 #### ####", "+52 55 #### ####",
    "+52 1 ### ### ####", "+91 9#### #####", "+91-98########", "+63 9## ### ####", "09## ### ####",
    "+234 80# ### ####", "+49 30 #######", "+49 17# #######", "+33 6 ## ## ## ##", "06 ## ## ## ##",
    "+86 13# #### ####", "+84 9# ### ## ##", "+504 9###-####", "+503 7### ####", "+502 #### ####",
    "+509 3### ####", "+57 3## ### ####", "+55 11 9####-####", "+7 9## ###-##-##", "+380 ## ### ## ##",
    "+48 ### ### ###", "+39 3## ### ####", "+34 6## ### ###", "+82 10-####-####", "+81 90-####-####",
    "+251 9# ### ####", "+254 7## ######", "+252 61 #######", "+27 8# ### ####", "+92 3## #######",
    "+880 1###-######", "+977 98########", "+93 7# ### ####", "+964 7## ### ####", "+98 91# ### ####",
    "+20 10 #### ####", "+61 4## ### ###", "011 52 ## #### ####", "00 44 7### ######",
)  # fmt: skip
_MAIL: Final = (
    "gmail.com", "gmail.com", "gmail.com", "yahoo.com", "yahoo.com", "hotmail.com", "outlook.com",
    "icloud.com", "aol.com", "comcast.net", "protonmail.com", "live.com", "msn.com", "att.net", "verizon.net",
    "ymail.com", "me.com", "qq.com", "mail.ru", "yahoo.co.uk", "gmx.de", "naver.com", "hotmail.es",
)  # fmt: skip
_ENDS: Final = (
    ".com",
    ".com",
    ".org",
    ".org",
    ".net",
    ".edu",
    ".health",
    ".us",
    ".co",
    ".care",
    ".k12.oh.us",
    ".gov",
)
_WORDS: Final = (
    "sun", "flower", "moon", "wolf", "dark", "lil", "big", "queen", "king", "baby", "mama", "papa", "dr",
    "real", "its", "the", "mr", "miss", "pink", "blue", "red", "gamer", "ninja", "tiger", "bear", "cat",
    "dog", "fish", "star", "rose", "angel", "devil", "coffee", "pizza", "taco", "music", "dance", "yoga",
    "runner", "hiker", "biker", "truck", "army", "navy", "nurse", "teach", "farm", "ranch", "beach", "mtn",
    "river", "rain", "snow", "fire", "ice", "rock", "jazz",
)  # fmt: skip


def phone(rng: Random) -> str:
    """Return a telephone number: mostly of North America, in a dozen ways to write it."""
    if rng.random() < 0.15:
        return shaped(rng, rng.choice(_WORLD))
    parts = {
        "a": shaped(rng, rng.choice("23456789") + "##"),
        "b": shaped(rng, rng.choice("23456789") + "##"),
        "c": shaped(rng, "####"),
    }
    number = rng.choice(_US).format(**parts)
    if rng.random() < 0.05:
        number += rng.choice(_EXTENSIONS).format(n=rng.randint(10, 9999))
    return number


def email(rng: Random, someone: Person, stem: str) -> str:
    """Return an address of a person; `stem` is the word of an employer, for addresses at work."""
    host = rng.choice(_MAIL) if rng.random() < 0.7 else slug(stem) + rng.choice(_ENDS)
    local = _account(rng, someone, ("", ".", "_", "-"))
    share = rng.random()
    if share < 0.04:
        return f"{local} at {host.replace('.', ' dot ')}"
    if share < 0.06:
        return f"{local} @ {host}"
    if share < 0.1:
        return f"{local}+{rng.choice(('clinic', 'med', 'kids', 'bills'))}@{host}"
    return f"{local}@{host}".upper() if share < 0.13 else f"{local}@{host}"


def username(rng: Random, someone: Person) -> str:
    """Return the name of an account."""
    if rng.random() < 0.5:
        return _account(rng, someone, ("", "", ".", "_"))
    name = rng.choice(("", "", "_", ".")).join(rng.sample(_WORDS, 2))
    name += rng.choice(
        ("", shaped(rng, "#"), shaped(rng, "##"), shaped(rng, "###"), f"_{slug(someone.given)}")
    )
    return rng.choice((name, name, name.upper(), name.title()))


def handle(rng: Random, someone: Person) -> str:
    """Return an @name."""
    return "@" + username(rng, someone)


def url(rng: Random, someone: Person, stem: str) -> str:
    """Return an address of a page by or about a person."""
    first, last = slug(someone.given), slug(someone.family)
    path = rng.choice(
        (
            f"caringbridge.org/visit/{first}{last}",
            f"gofundme.com/f/help-{first}-{shaped(rng, '@@##').lower()}",
            f"facebook.com/{first}.{last}.{shaped(rng, '##')}", f"instagram.com/{username(rng, someone)}",
            f"{last}family.{rng.choice(('com', 'net', 'blogspot.com', 'wordpress.com'))}",
            f"drive.google.com/file/d/{shaped(rng, '*@*@**@*#*@')}",
            f"zoom.us/j/{shaped(rng, '%##########')}", f"bit.ly/{shaped(rng, '@*@*#*@')}",
            f"linkedin.com/in/{first}-{last}-{shaped(rng, '#####')}",
            f"{slug(stem)}.{rng.choice(('com', 'org', 'health'))}/u/{shaped(rng, '#####')}",
            f"portal.{slug(stem)}.org/r/{shaped(rng, '****').lower()}",
            f"tiktok.com/@{username(rng, someone)}",
            f"dropbox.com/s/{shaped(rng, '@#*@*#').lower()}/{first}_labs.pdf", f"doxy.me/dr{last}",
            f"youtu.be/{shaped(rng, '@**@*#@')}", f"{first}{last}.com",
            f"onlyfans.com/{first}xo{shaped(rng, '##')}",
        )
    )  # fmt: skip
    return rng.choice(("https://", "https://", "http://", "www.", "https://www.", "")) + path


def ip(rng: Random) -> str:
    """Return an address of version 4, or now and then of version 6."""
    if rng.random() < 0.15:
        groups = [f"{rng.randrange(65536):x}" for _ in range(8)]
        return ":".join(groups) if rng.random() < 0.6 else "::".join((":".join(groups[:3]), groups[-1]))
    return ".".join(str(rng.randint(1, 254)) for _ in range(4))


def slug(name: str) -> str:
    """Return a name as it stands in an address: lower-case letters and digits."""
    return re.sub(r"[^a-z0-9]", "", anyascii(name).lower()) or "mail"


def _account(rng: Random, someone: Person, between: tuple[str, ...]) -> str:
    first, last, sign = slug(someone.given), slug(someone.family), rng.choice(between)
    base = rng.choice(
        (
            f"{first}{sign}{last}",
            f"{first[0]}{sign}{last}",
            f"{last}{sign}{first[0]}",
            f"{first}{sign}{last[0]}",
            first,
        )
    )
    tail = rng.choice(("", "", shaped(rng, "#"), shaped(rng, "##"), str(rng.randint(1948, 2012))))
    return f"{base}{tail}" if tail or base != first else f"{base}{shaped(rng, '##')}"
