"""Five ways in which writing spoils an identifier, with the offsets kept exact.

Each is a rewriting of single characters: what a character becomes is known, so where a span begins and ends
afterwards is known too. Only the inside of spans changes, but for the two that change the case of the text.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace

from benchmarks.pii.cases import Case, Span

DASHES = "\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d"
ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff"
SOFT_HYPHEN = "\u00ad"
BREAKS = ("\n", "\r\n", "  ")
_SEPARATORS = " -./@:"
_BREAKABLE = 6  # characters

Edit = Callable[[Case, random.Random], Mapping[int, str]]


def corrupt(case: Case, form: str, *, random: random.Random) -> Case:
    """Return the case in one of FORMS. Raises KeyError for a form that is not there."""
    edits = FORMS[form](case, random)
    starts: list[int] = []  # where each character of the old text begins in the new one
    pieces: list[str] = []
    length = 0
    for at, character in enumerate(case.text):
        starts.append(length)
        pieces.append(edits.get(at, character))
        length += len(pieces[-1])
    starts.append(length)

    def moved(spans: tuple[Span, ...]) -> tuple[Span, ...]:
        return tuple(Span(starts[one.start], starts[one.end], one.type) for one in spans)

    return replace(
        case, text="".join(pieces), spans=moved(case.spans), optional=moved(case.optional), form=form
    )


def in_cases(case: Case, names: tuple[str, str, str]) -> tuple[Case, Case, Case]:
    """Return a case as it is written, in lower case and in capitals, with these names for the three forms."""
    nothing = random.Random(0)
    forms = (case, corrupt(case, "lower", random=nothing), corrupt(case, "caps", random=nothing))
    as_is, lower, caps = (replace(one, form=name) for one, name in zip(forms, names, strict=True))
    return as_is, lower, caps


def _lower(case: Case, _random: random.Random) -> dict[int, str]:
    return {at: character.lower() for at, character in enumerate(case.text)}


def _caps(case: Case, _random: random.Random) -> dict[int, str]:
    return {at: character.upper() for at, character in enumerate(case.text)}


def _dashes(case: Case, random: random.Random) -> dict[int, str]:
    """Every dash becomes another; a value without one gets a soft hyphen, as a justified page leaves it."""
    edits = {}
    for start, end in _values(case):
        found = [at for at in range(start, end) if case.text[at] == "-"]
        edits.update({at: random.choice(DASHES) for at in found})
        if not found:
            at = _inside(case.text, start, end, random)
            edits[at] = case.text[at] + SOFT_HYPHEN
    return edits


def _zero_width(case: Case, random: random.Random) -> dict[int, str]:
    """One or two characters that nobody sees stand inside each value."""
    edits = {}
    for start, end in _values(case):
        for _ in range(random.randint(1, 2)):
            at = _inside(case.text, start, end, random)
            edits[at] = case.text[at] + random.choice(ZERO_WIDTH)
    return edits


def _broken(case: Case, random: random.Random) -> dict[int, str]:
    """A line break or a doubled space stands at a separator of the value, else in its middle.

    A space becomes the break; after any other separator it is put in. A short value without a separator is
    left: no line ends inside of it.
    """
    edits = {}
    for start, end in _values(case):
        separators = [at for at in range(start + 1, end - 1) if case.text[at] in _SEPARATORS]
        if not separators and end - start < _BREAKABLE:
            continue
        at = random.choice(separators) if separators else _inside(case.text, start, end, random)
        character = case.text[at]
        edits[at] = random.choice(BREAKS) if character == " " else character + random.choice(BREAKS)
    return edits


def _values(case: Case) -> list[tuple[int, int]]:
    """Return the whole value of a case: its asked and optional pieces that touch, joined."""
    joined: list[tuple[int, int]] = []
    for span in sorted((*case.spans, *case.optional)):
        if joined and span.start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], span.end)
        else:
            joined.append((span.start, span.end))
    return joined


def _inside(text: str, start: int, end: int, random: random.Random) -> int:
    """Return a character of start:end that another character of it follows: for one alone, itself."""
    inner = [at for at in range(start, end - 1) if text[at].isalnum()]
    return random.choice(inner) if inner else start


FORMS: dict[str, Edit] = {
    "lower": _lower,
    "caps": _caps,
    "dashes": _dashes,
    "zero-width": _zero_width,
    "broken": _broken,
}
