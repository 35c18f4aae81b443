"""Scrub one file's texts, of any length, with one replacer: the same value reads the same all through it.

A long text goes through in pieces. A piece is cut where nothing was found, at a blank line, a line or
a space, with RIGHT characters still to come and the last LEFT characters seen once more, so that what
stands across a border is found whole. What was replaced is looked at again: what shows only then is
replaced as well, and a text that never comes to rest is an error.

Must not: hold more than one piece, or write what was not searched in full.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

import regex

from safety.bulk_markup import FILLER, inside_tag, markup_view, tags_of
from safety.entities import Entity, Scrubbed
from safety.errors import ScrubError
from safety.placeholders import Replacer, Reserves

PIECE = 7_200  # characters: with LEFT and RIGHT two windows of the scrubber
MOST = 900_000
RIGHT, LEFT = 300, 200
_NEAR = 2_000
_LOOKS = 3
_HIGHEST = 9_000  # a placeholder carries at most 9,999, and somebody may have typed some of them
_MOST_VALUES = 50_000  # that a replacer is let remember
_NUMBER = regex.compile(r"_(\d+)\]$")
_BORDERS = tuple(map(regex.compile, (r"\n[ \t\r]*+\n", r"\n", r"[.!?]\s", r"\s")))
_SHORT = 80


class Scrubs(Protocol):
    """What is asked of `safety.scrubber.Scrubber`."""

    def scrub(self, text: str, placeholders: Replacer | None = None) -> Scrubbed:
        """Replace all personal data. Raises ScrubError."""
        ...

    def find(self, text: str) -> tuple[Entity, ...]:
        """Return all personal data. Raises ScrubError."""
        ...


class Unbroken(ScrubError):
    """A run of characters is so long, without a place to cut it, that it cannot be searched."""


@dataclass
class Counts:
    """What was replaced, by type; how often a second look found more, or numbering began anew."""

    entities: Counter[str] = field(default_factory=Counter)
    second_look: int = 0
    renumbered: int = 0


@dataclass(frozen=True)
class _Part:
    """A stretch of output: the source's own, or made up."""

    text: str = field(repr=False)
    made: bool


@dataclass(frozen=True)
class _Replaced:
    """Where something was found in a piece, its type, and what takes its place."""

    start: int
    end: int
    type: str
    made: str = field(repr=False)


class TextScrubber:
    """Scrubs the texts of one file. Not for several threads."""

    def __init__(self, scrubber: Scrubs, new_replacer: Callable[[], Replacer]) -> None:
        self.counts = Counts()
        self._scrubber = scrubber
        self._new_replacer = new_replacer
        self._replacer = new_replacer()
        self._made: set[int] = set()

    def whole(self, text: str, *, cue: str = "") -> str:
        """Scrub a value. `cue` is the name of its field: "dob" says what a short value is."""
        if len(text) > PIECE:
            return "".join(self.stream([text]))
        before = f"{cue}: " if cue and len(text) <= _SHORT else ""
        return self._written(text, self._found(text, text, before), before=before, markup=False)

    def stream(self, blocks: Iterable[str], *, markup: bool = False) -> Iterator[str]:
        """Yield a long text scrubbed. Raises ScrubError; with `markup` TimeoutError as well."""
        pending, before, want = "", "", PIECE
        for block in blocks:
            pending += block
            while len(pending) > want + RIGHT:
                window = pending[: want + RIGHT]
                view = markup_view(window) if markup else window
                found = self._found(window, view, before)
                cut = _cut(window, found, markup=markup)
                if not cut:
                    want *= 2
                    if want > MOST:
                        raise Unbroken(f"over {want // 2} characters without a place to cut the text")
                    continue
                yield self._written(
                    window[:cut], [one for one in found if one.end <= cut], before=before, markup=markup
                )
                before = _tail(view[:cut])
                pending, want = pending[cut:], PIECE
        if pending:
            view = markup_view(pending) if markup else pending
            yield self._written(pending, self._found(pending, view, before), before=before, markup=markup)

    def holds_personal_data(self, text: str) -> bool:
        """Say whether anything is found in `text`."""
        return bool(self._scrubber.find(text))

    def replacement(self, entity_type: str, value: str) -> str:
        """Return what takes the place of a value in this file."""
        made = self._replacer.replacement(entity_type, value.replace(FILLER, ""))
        self._made.add(hash(made))
        number = _NUMBER.search(made)
        if len(self._made) >= _MOST_VALUES or (number and int(number[1]) >= _HIGHEST):
            self._replacer = self._new_replacer()
            self._made.clear()
            self.counts.renumbered += 1
        return made

    def knows(self, name: str, *, part: bool) -> bool:
        """Say whether a person's name was replaced before in this file."""
        return self._replacer.knows(name, part=part)

    def reserve(self, text: str) -> None:
        """Leave the placeholders that stand in `text` to those who typed them."""
        if isinstance(self._replacer, Reserves):
            self._replacer.reserve(text)

    def _found(self, text: str, view: str, before: str) -> list[_Replaced]:
        """Search one piece; `before` is read for what it tells and not replaced again."""
        noted = _Noted(self)
        scrubbed = self._scrubber.scrub(before + view, noted)
        found: list[_Replaced] = []
        last = 0
        for entity, made in zip(scrubbed.entities, noted.written, strict=True):
            start, end = max(entity.start - len(before), last), entity.end - len(before)
            while text is not view and end < len(view) and view[end] == FILLER:
                end += 1  # the rest of a reference, or of a tag
            if start < end:
                found.append(_Replaced(start, end, entity.type, made))
                last = end
        return found

    def _written(self, text: str, found: list[_Replaced], *, before: str, markup: bool) -> str:
        """Put in what takes the place of what was found, and look again."""
        if not found:
            return text
        self.counts.entities.update(one.type for one in found)
        parts = _replace(text, [(one.start, one.end, one.made) for one in found], markup=markup)
        for _look in range(_LOOKS):
            parts, more = self._again(parts, before, markup=markup)
            if not more:
                return "".join(part.text for part in parts)
            self.counts.second_look += more
        raise ScrubError(f"still finding personal data after {_LOOKS} further looks")

    def _again(self, parts: list[_Part], before: str, *, markup: bool) -> tuple[list[_Part], int]:
        """Look at what was written; replace what is found beside the made-up values."""
        joined = "".join(part.text for part in parts)
        view = markup_view(joined) if markup else joined
        # By now the replacer knows the names of this piece, and finds them where nothing gave them away.
        entities = [
            (entity.start - len(before), entity.end - len(before), entity.type)
            for entity in self._scrubber.scrub(before + view, _Looking(self)).entities
            if entity.end > len(before)
        ]
        fresh: list[_Part] = []
        at = more = 0
        for part in parts:
            spans: list[tuple[int, int, str]] = []
            for start, end, kind in [] if part.made else entities:
                first, last = max(start - at, 0), min(end - at, len(part.text))
                value = view[at + first : at + last]
                if first < last and any(character.isalnum() for character in value):
                    while markup and last < len(part.text) and view[at + last] == FILLER:
                        last += 1
                    spans.append((first, last, self.replacement(kind, value)))
                    self.counts.entities[kind] += 1
            fresh += _replace(part.text, spans, markup=markup) if spans else [part]
            at += len(part.text)
            more += len(spans)
        return fresh, more


class _Noted:
    """Passes on to the file's replacer, and notes what it wrote."""

    def __init__(self, file: TextScrubber) -> None:
        self._file = file
        self.written: list[str] = []

    def __repr__(self) -> str:
        return f"_Noted({len(self.written)} values)"

    def replacement(self, entity_type: str, value: str) -> str:
        self.written.append(self._file.replacement(entity_type, value))
        return self.written[-1]

    def knows(self, name: str, *, part: bool) -> bool:
        return self._file.knows(name, part=part)

    def reserve(self, text: str) -> None:
        self._file.reserve(text)


class _Looking:
    """Knows the file's names, and replaces nothing."""

    def __init__(self, file: TextScrubber) -> None:
        self._file = file

    def replacement(self, entity_type: str, value: str) -> str:  # noqa: ARG002
        return ""

    def knows(self, name: str, *, part: bool) -> bool:
        return self._file.knows(name, part=part)


def _replace(text: str, spans: Iterable[tuple[int, int, str]], *, markup: bool) -> list[_Part]:
    parts: list[_Part] = []
    last = 0
    for start, end, made in spans:
        parts.append(_Part(text[last:start], made=False))
        parts.append(_Part(html.escape(made) if markup else made, made=True))
        if markup:
            parts.append(_Part(tags_of(text[start:end]), made=False))
        last = end
    return [*parts, _Part(text[last:], made=False)]


def _cut(text: str, found: list[_Replaced], *, markup: bool) -> int:
    """Return the best place to cut, at least RIGHT before the end and in the later half; 0: there is none."""
    stop = len(text) - RIGHT
    for begin in (max(stop - _NEAR, len(text) // 2), len(text) // 2):
        for border in _BORDERS:
            places = [match.end() for match in border.finditer(text, begin, stop)]
            for place in reversed(places[-50:]):
                inside = any(one.start < place < one.end for one in found)
                if not inside and not (markup and inside_tag(text, place)):
                    return place
    return 0


def _tail(text: str) -> str:
    """Return the last characters, from the start of a word on."""
    tail = text[-LEFT:]
    if len(text) <= LEFT:
        return tail
    space = regex.search(r"\s", tail)
    return tail[space.end() :] if space else ""
