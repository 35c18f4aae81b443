"""Which half of the generated values a name belongs to: the training half or the test half.

A benchmark is worth something only when no name, street, town, facility or employer in it was trained on.
The half of a value follows from a hash of the value alone, so that training and benchmark need no list of
each other's values. Case, accents, punctuation and the short words in a value do not count: "De la Cruz",
"CRUZ" and "Cruz" are in one half.

Must not depend on anything but the value: a change here puts trained values into the benchmark.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from typing import Final, Literal, get_args

from anyascii import anyascii

Half = Literal["train", "test"]
HALVES: Final[tuple[Half, ...]] = get_args(Half)
_MANY: Final = 400
_WORD: Final = re.compile(r"[a-z0-9]+")


def half(value: str) -> Half:
    """Return the half of a value, by its longest word (of two as long, the first in the alphabet)."""
    return HALVES[hashlib.sha256(_weightiest(value).encode()).digest()[0] & 1]


def only(values: Iterable[str], wanted: Half) -> tuple[str, ...]:
    """Return the values of one half, in their order, each once."""
    return tuple(value for value in dict.fromkeys(values) if half(value) == wanted)


def drawn(draw: Callable[[], str], wanted: Half) -> str:
    """Draw until a value is of the wanted half. Raises ValueError when none comes."""
    for _ in range(_MANY):
        if half(value := draw()) == wanted:
            return value
    raise ValueError(f"no value of the {wanted} half in {_MANY} draws")


def _weightiest(value: str) -> str:
    plain = anyascii(value).lower().replace("'", "").replace("`", "")
    words = sorted(_WORD.findall(plain))
    return max(words, key=len, default=value)
