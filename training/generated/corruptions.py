"""What happens to text on its way: cases, typos, broken lines, odd characters; labelled spans stay exact.

A corruption is a list of edits, and `edited` moves the spans with them; so no corruption can lose one. Each
is tested alone; `corrupted` gives a text one or two of them.

Must not: change what a span is, or where it begins and ends but by its edits.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from html.entities import codepoint2name
from random import Random
from typing import Final

from training.generated.dates import in_words
from training.generated.labels import NUMBERS
from training.rows import Span

Edit = tuple[int, int, str]
"""Start and end in the text, and what comes there. An edit lies inside one span or outside of all."""


@dataclass(frozen=True)
class Marked:
    """A text and its labelled spans, in order and without overlaps."""

    text: str = field(repr=False)
    spans: tuple[Span, ...] = ()


def corrupted(marked: Marked, rng: Random, *, one: float = 0.3, two: float = 0.12) -> Marked:
    """Give a text one corruption by the share `one`, two by the share `two`, else none."""
    drawn = rng.random()
    for name in rng.sample(sorted(CORRUPTIONS), 2 if drawn < two else 1 if drawn < one + two else 0):
        marked = CORRUPTIONS[name](marked, rng)
    return marked


def edited(marked: Marked, edits: Sequence[Edit]) -> Marked:
    """Apply edits and move the spans. What is inserted where a span begins or ends stays outside of it.

    Raises ValueError where two edits overlap, one crosses an end of a span, or a span would be empty.
    """
    ordered = sorted(edits)
    pieces: list[str] = []
    at = 0
    for start, end, text in ordered:
        if start < at or end < start:
            raise ValueError(f"the edit {start}:{end} overlaps another")
        pieces += [marked.text[at:start], text]
        at = end
    pieces.append(marked.text[at:])
    spans = tuple(_moved(span, ordered) for span in marked.spans)
    return Marked("".join(pieces), spans)


def _moved(span: Span, edits: Sequence[Edit]) -> Span:
    first, last = span.start, span.end
    for start, end, text in edits:
        grown = len(text) - (end - start)
        if end <= span.start:
            first, last = first + grown, last + grown
        elif span.start <= start and end <= span.end and start < span.end:
            last += grown
        elif start < span.end:
            raise ValueError(f"the edit {start}:{end} crosses an end of the span {span.start}:{span.end}")
    if last <= first:
        raise ValueError(f"nothing is left of the span {span.start}:{span.end}")
    return Span(start=first, end=last, label=span.label)


def lower_case(marked: Marked, _rng: Random) -> Marked:
    """Write everything in lower case."""
    return _each_sign(marked, str.lower)


def upper_case(marked: Marked, _rng: Random) -> Marked:
    """WRITE EVERYTHING IN CAPITALS."""
    return _each_sign(marked, str.upper)


_KEYS: Final = {
    key: row[max(at - 1, 0)] + row[min(at + 1, len(row) - 1)]
    for row in ("qwertyuiop", "asdfghjkl", "zxcvbnm")
    for at, key in enumerate(row)
}
_LONG_WORD: Final = re.compile(r"[A-Za-z]{4,}")


def typos(marked: Marked, rng: Random) -> Marked:
    """Swap, drop, double or miss letters in one to three words; none loses its first letter."""
    words = [
        found.span() for found in _LONG_WORD.finditer(marked.text) if _inside_or_out(marked, *found.span())
    ]
    edits: list[Edit] = []
    for start, end in rng.sample(words, min(len(words), rng.randint(1, 3))):
        at = rng.randrange(start + 1, end - 1)
        one, two = marked.text[at], marked.text[at + 1]
        swapped = (at, at + 2, two + one)
        near = _KEYS.get(one.lower(), one)
        edits.append(
            rng.choice(
                (swapped, swapped, (at, at + 1, ""), (at, at + 1, one * 2), (at, at + 1, rng.choice(near)))
            )
        )
    return edited(marked, edits)


_LOOSE_POINT: Final = re.compile(r"[.,;:!?](?=\s|$)|(?<=\w)['’](?=\w)|(?<![\w])[\"“”]|[\"“”](?!\w)")


def no_punctuation(marked: Marked, _rng: Random) -> Marked:
    """Leave out points, commas, quotes and apostrophes; those within numbers and addresses stay."""
    edits = [(found.start(), found.end(), "") for found in _LOOSE_POINT.finditer(marked.text)]
    return edited(marked, [edit for edit in edits if _leaves_something(marked, edit)])


def line_break(marked: Marked, rng: Random) -> Marked:
    """Break the line inside a value; where no value can be broken, inside the text."""
    places = [(span, at) for span in marked.spans for at in range(span.start + 1, span.end - 1)]
    spaces = [at for _span, at in places if marked.text[at] == " "]
    hyphens = [at for _span, at in places if marked.text[at] == "-"]
    anywhere = [at for at, sign in enumerate(marked.text) if sign == " " and not _holds(marked, at)]
    if spaces:
        at = rng.choice(spaces)
        return edited(marked, [(at, at + 1, rng.choice(("\n", "\r\n", "\n  ", " \n")))])
    if hyphens:
        at = rng.choice(hyphens)
        return edited(marked, [(at, at + 1, "-\n")])
    return edited(marked, [(at, at + 1, "\n") for at in rng.sample(anywhere, min(1, len(anywhere)))])


def unicode_dashes(marked: Marked, rng: Random) -> Marked:
    """Write hyphens as one of Unicode's other dashes."""
    dash = rng.choice("‐‑‒–—−﹣－")
    return edited(marked, [(at, at + 1, dash) for at, sign in enumerate(marked.text) if sign == "-"])


def odd_spaces(marked: Marked, rng: Random) -> Marked:
    """Write the spaces inside values as one of Unicode's others, and some of those outside."""
    space = rng.choice("\u00a0\u202f\u2009\u2002\u3000")
    places = [at for at, sign in enumerate(marked.text) if sign == " "]
    return edited(marked, [(at, at + 1, space) for at in places if _holds(marked, at) or rng.random() < 0.2])


def zero_width(marked: Marked, rng: Random) -> Marked:
    """Put characters without width inside values; where there is none, inside words."""
    inner = [at for span in marked.spans for at in range(span.start + 1, span.end)]
    inner = inner or [found.start() + 1 for found in _LONG_WORD.finditer(marked.text)]
    chosen = rng.sample(inner, min(len(inner), rng.randint(1, 3)))
    return edited(marked, [(at, at, rng.choice("\u200b\u200c\u200d\u2060\ufeff\u00ad")) for at in chosen])


_WORDED: Final = re.compile(r"[0-9]{1,3}")


def spelled_digits(marked: Marked, rng: Random) -> Marked:
    """Write numbers as they are read out: "five five five, double one", an age as "forty two"."""
    edits: list[Edit] = []
    for span in marked.spans:
        value = marked.text[span.start : span.end]
        after = marked.text[span.end : span.end + 1]
        if span.label in ("AGE", "AGE_OVER_89") and _WORDED.fullmatch(value) and not after.isalpha():
            spoken = in_words(int(value)).replace("-", rng.choice("- "))
        elif (
            span.label in NUMBERS
            and value.isascii()
            and sum(map(str.isdigit, value)) >= 3
            and len(value) <= 20
        ):
            spoken = " ".join(_spoken(value, rng))
        else:
            continue
        before = marked.text[span.start - 1 : span.start]
        if not before.isalpha() and not after.isalpha():
            edits.append((span.start, span.end, spoken))
    return edited(marked, edits)


def doubled_spaces(marked: Marked, rng: Random) -> Marked:
    """Write some spaces twice."""
    places = [at for at, sign in enumerate(marked.text) if sign == " " and rng.random() < 0.3]
    return edited(marked, [(at, at + 1, "  ") for at in places])


def missing_spaces(marked: Marked, rng: Random) -> Marked:
    """Leave out some spaces after a point, comma or colon."""
    places = [found.end() - 1 for found in re.finditer(r"[.,;:!?] (?=\S)", marked.text)]
    return edited(marked, [(at, at + 1, "") for at in places if rng.random() < 0.6])


def html_entities(marked: Marked, rng: Random) -> Marked:
    """Write special signs as HTML does, and some spaces as &nbsp;."""
    numeric = rng.random() < 0.5
    edits: list[Edit] = []
    for at, sign in enumerate(marked.text):
        if sign == " " and rng.random() < 0.08:
            edits.append((at, at + 1, "&nbsp;"))
        elif (written := html.escape(sign)) != sign:
            edits.append((at, at + 1, written))
        elif 0xBF < ord(sign) < 0x250:
            name = codepoint2name.get(ord(sign))
            edits.append((at, at + 1, f"&#{ord(sign)};" if numeric or not name else f"&{name};"))
    return edited(marked, edits)


Corruption = Callable[[Marked, Random], Marked]
CORRUPTIONS: Final[dict[str, Corruption]] = {
    "lower_case": lower_case,
    "upper_case": upper_case,
    "typos": typos,
    "no_punctuation": no_punctuation,
    "line_break": line_break,
    "unicode_dashes": unicode_dashes,
    "odd_spaces": odd_spaces,
    "zero_width": zero_width,
    "spelled_digits": spelled_digits,
    "doubled_spaces": doubled_spaces,
    "missing_spaces": missing_spaces,
    "html_entities": html_entities,
}


def _each_sign(marked: Marked, change: Callable[[str], str]) -> Marked:
    return edited(
        marked, [(at, at + 1, new) for at, sign in enumerate(marked.text) if (new := change(sign)) != sign]
    )


def _holds(marked: Marked, at: int) -> bool:
    """Say whether a span holds the sign at `at`."""
    return any(span.start <= at < span.end for span in marked.spans)


def _inside_or_out(marked: Marked, start: int, end: int) -> bool:
    """Say whether a stretch lies inside one span or outside of all."""
    return all(
        end <= span.start or start >= span.end or (span.start <= start and end <= span.end)
        for span in marked.spans
    )


_WRITTEN_SO: Final = ("PERSON", "LOCATION", "STREET_ADDRESS", "ORGANIZATION", "STATE", "COUNTRY")


def _leaves_something(marked: Marked, edit: Edit) -> bool:
    """Say whether a sign may go: outside of values, or inside one that is written with or without it."""
    inside = [span for span in marked.spans if span.start <= edit[0] < span.end]
    return all(
        span.label in _WRITTEN_SO and any(map(str.isalnum, marked.text[span.start : span.end]))
        for span in inside
    )


_DIGITS: Final = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def _spoken(value: str, rng: Random) -> Iterator[str]:
    """Yield the words of a number that is read out."""
    nought = rng.choice(("zero", "oh", "o"))
    doubles = rng.random() < 0.3
    signs = [sign for sign in value if sign.isalnum()]
    at = 0
    while at < len(signs):
        sign = signs[at]
        if sign.isdigit():
            word = nought if sign == "0" else _DIGITS[int(sign)]
            if doubles and signs[at : at + 2] == [sign, sign]:
                word, at = f"double {word}", at + 1
            yield word
        else:
            yield sign
        at += 1
