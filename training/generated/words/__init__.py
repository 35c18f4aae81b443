"""The word lists that fillers draw from, read once. Lines that begin with # are remarks."""

from __future__ import annotations

from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent


@cache
def lines(name: str) -> tuple[str, ...]:
    """Return the lines of a list of this folder."""
    text = (HERE / name).read_text(encoding="utf-8")
    return tuple(line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#"))


@cache
def keyed(name: str) -> dict[str, str]:
    """Return a list of "key: values" lines as key and values."""
    return {key.strip(): values.strip() for key, _, values in (line.partition(":") for line in lines(name))}


@cache
def places(kind: str) -> tuple[str, ...]:
    """Return the words of a kind that places and organisations are made of."""
    return tuple(word.strip() for word in keyed("places.txt")[kind].split(","))


@cache
def states() -> dict[str, str]:
    """Return the states by their two letters."""
    pairs = (one.strip().rpartition(" ") for one in lines("states.txt")[0].split(","))
    return {letters: name for name, _, letters in pairs}


@cache
def countries() -> dict[str, str]:
    """Return what the people of each country are called; some names begin with "the "."""
    return keyed("countries.txt")
