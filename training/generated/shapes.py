"""Write random values by shape: `#` a digit, `%` a digit but 0, `@` a letter, `*` a letter or digit.

    shaped(rng, "MR-%#####")     'MR-304811'

Every other sign stands for itself. `dated` shapes may also hold {yy}, {yyyy}, {mm} and {dd}.
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from random import Random
from typing import Final

_LETTERS: Final = "ABCDEFGHJKLMNPRSTUVWXYZ"  # without I, O and Q, which issuers avoid
_SIGNS: Final = {
    "#": string.digits,
    "%": string.digits[1:],
    "@": _LETTERS,
    "*": _LETTERS + string.digits,
}


def shaped(rng: Random, shape: str) -> str:
    """Fill a shape."""
    return "".join(rng.choice(_SIGNS[sign]) if sign in _SIGNS else sign for sign in shape)


def one_of(rng: Random, shapes: Sequence[str]) -> str:
    """Fill one of several shapes; dates in it are of the years 2009 to 2026."""
    shape = rng.choice(shapes)
    if "{" in shape:
        year = rng.randint(2009, 2026)
        shape = shape.format(
            yy=f"{year % 100:02d}", yyyy=year, mm=f"{rng.randint(1, 12):02d}", dd=f"{rng.randint(1, 28):02d}"
        )
    return shaped(rng, shape)


def grouped(text: str, sizes: Sequence[int], between: str) -> str:
    """Cut a text into groups of these sizes; what is left over is a last group."""
    groups, at = [], 0
    for size in sizes:
        groups.append(text[at : at + size])
        at += size
    return between.join(group for group in (*groups, text[at:]) if group)
