"""Give staff their own values back: placeholders of one request, and what stands behind them.

    restorer = Restorer([text])
    scrubbed = scrubber.scrub(text, restorer).text
    output = restorer.restore(tool(scrubbed))

It restores exactly the placeholders that it made; one that the user typed, or that the model made up,
stays as it is. Names are joined only where there is no doubt, because a wrong name in a note is worse
than two placeholders for one person.

Must not: outlive its request, be pickled, copied or stored, or show a value in a repr or an error.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NoReturn, SupportsIndex

import regex

from safety.people import pieces
from safety.placeholders import PLACEHOLDER, Numbers, canonical


class Restorer:
    """Placeholders of one request that can be turned back into the values behind them."""

    __slots__ = ("_marks", "_names", "_numbers", "_values")

    def __init__(self, inputs: Iterable[str] = ()) -> None:
        """Take the request's texts: what looks like a placeholder in them is the user's own."""
        self._numbers = Numbers()
        self._marks: dict[tuple[str, str], str] = {}
        self._names: dict[str, set[str]] = {}
        self._values: dict[str, str] = {}
        for text in inputs:
            self._numbers.reserve(text)

    def __repr__(self) -> str:
        return f"Restorer({len(self._values)} placeholders)"

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        """Refuse to be pickled or copied."""
        raise TypeError("a Restorer holds raw values for one request: it is never pickled, copied or stored")

    def reserve(self, text: str) -> None:
        """Leave the placeholders of `text` to those who typed them."""
        self._numbers.reserve(text)

    def replacement(self, entity_type: str, value: str) -> str:
        """Return the placeholder of `value` and remember the value, in its fullest form."""
        plain = canonical(entity_type, value)
        mark = self._marks.get((entity_type, plain))
        names = _names(value) if entity_type == "PERSON" else []
        if mark is None and len(names) == 1:
            owners = self._names.get(names[0], set())
            mark = next(iter(owners)) if len(owners) == 1 else None
        if mark is None:
            mark = f"[{entity_type}_{self._numbers.next(entity_type)}]"
            self._values[mark] = _bare(value) if entity_type == "PERSON" else value
        self._marks[entity_type, plain] = mark
        for name in names:
            self._names.setdefault(name, set()).add(mark)
        return mark

    def knows(self, name: str, *, part: bool) -> bool:
        """Say whether a person's name was replaced before; with `part` a part of one counts."""
        plain = canonical("PERSON", name)
        return ("PERSON", plain) in self._marks or (part and plain in self._names)

    def restore(self, output: str) -> str:
        """Return `output` with our placeholders turned back into their values, each once."""
        return PLACEHOLDER.sub(lambda found: self._values.get(found.group(), found.group()), output)

    def forget(self) -> None:
        """Drop all values; what is restored after this stays a placeholder."""
        self._values.clear()
        self._marks.clear()
        self._names.clear()


def _names(value: str) -> list[str]:
    kinds = ("given", "middle", "family", "single")
    return [piece.text for piece in pieces(value) if piece.role in kinds and len(piece.text) > 1]


def _bare(value: str) -> str:
    """Take a possessive ending off: "Oona's" would come back as "Oona's's"."""
    return regex.sub(r"['’][sS]$", "", value)
