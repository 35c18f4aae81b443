"""What is measured: a text with the places where personal data stands in it.

Values are written with marks: `[[12/05/]]1987` asks for `12/05/` and leaves the year to the policy. A value
without marks is asked for as a whole. Offsets are code points.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

OPEN, CLOSE = "[[", "]]"
SLOT = "{v}"


@dataclass(frozen=True, order=True)
class Span:
    """Personal data at start:end of a text, and what it is."""

    start: int
    end: int
    type: str


@dataclass(frozen=True)
class Case:
    """A text, what has to go (`spans`), and what may go or stay (`optional`).

    `group` names what the intervals draw: cases of one template or document are not independent. `slice`
    is the category that figures are reported by, `form` how the text was written or spoiled. `kinds`, where
    it is known, says of each of `spans` what it was made as: labels merge what only words around it tell.
    """

    text: str
    spans: tuple[Span, ...]
    group: str
    slice: str
    form: str = "clean"
    optional: tuple[Span, ...] = ()
    kinds: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for span in (*self.spans, *self.optional):
            if not 0 <= span.start < span.end <= len(self.text):
                raise ValueError(f"span {span.start}:{span.end} lies outside a text of {len(self.text)}")
        if self.kinds and len(self.kinds) != len(self.spans):
            raise ValueError(f"{len(self.spans)} spans and {len(self.kinds)} kinds")

    def __repr__(self) -> str:
        return f"Case({self.slice!r}, {self.form!r}, {len(self.text)} characters, {len(self.spans)} spans)"


@dataclass(frozen=True)
class Missing:
    """Why a part could not be measured."""

    reason: str


def put(carrier: str, value: str, *, type: str, group: str, slice: str) -> Case:
    """Put a marked value into the `{v}` of a carrier. Raises ValueError when it has not one slot."""
    if carrier.count(SLOT) != 1:
        raise ValueError(f"a carrier of {slice!r} has {carrier.count(SLOT)} slots; it must have one")
    before, after = carrier.split(SLOT)
    pieces, spans, optional = [before], list[Span](), list[Span]()
    at = len(before)
    for text, asked in parts(value):
        if any(map(str.isalnum, text)):
            (spans if asked else optional).append(Span(at, at + len(text), type))
        pieces.append(text)
        at += len(text)
    return Case("".join(pieces) + after, tuple(spans), group=group, slice=slice, optional=tuple(optional))


def parts(value: str) -> Iterator[tuple[str, bool]]:
    """Yield the pieces of a marked value and whether each is asked for."""
    if OPEN not in value:
        yield value, True
        return
    for piece in value.split(OPEN):
        asked, closed, free = piece.partition(CLOSE)
        if closed:
            yield asked, True
            yield free, False
        elif piece:
            yield piece, False


def unmark(value: str) -> str:
    """Return a value without its marks."""
    return value.replace(OPEN, "").replace(CLOSE, "")


def rotate(carriers: Sequence[str], number: int) -> str:
    """Return the carrier whose turn it is, so that all are used alike."""
    return carriers[number % len(carriers)]
