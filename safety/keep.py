"""The clinic's own names, numbers and addresses: found in a text so that they can be left alone.

A person is kept by full name, or by surname after a title ("Dr. Okafor"), not by given name alone:
patients share those. An address is kept whole or by its lines, a number by its digits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import regex

from safety.deadline import seconds_left
from safety.normalise import normalise

_TITLE = r"(?:dr|doctor|mr|mrs|ms|miss|mx|nurse|prof|professor)\b\.?\s+"
_STARTS_WITH_TITLE = regex.compile(_TITLE, regex.IGNORECASE)


class Keep:
    """Spans of a text that hold something of the clinic's own."""

    def __init__(self, values: Collection[str]) -> None:
        plain = {part for value in values for part in _without_brackets(normalise(value).text.strip())}
        patterns = sorted({pattern for value in plain for pattern in _patterns(value)})
        patterns.sort(key=len, reverse=True)
        self._pattern = regex.compile("|".join(patterns), regex.IGNORECASE) if patterns else None

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield the spans of normalised `text` that are to be left alone."""
        if self._pattern is not None:
            for match in self._pattern.finditer(text, timeout=seconds_left(1.0)):
                yield match.span()


def _without_brackets(value: str) -> Iterator[str]:
    """Yield a value and, for "Bright Start (postpartum group)", the name in front of the bracket."""
    yield value
    name = value.partition("(")[0].strip()
    if name and name != value:
        yield name


def _patterns(value: str) -> Iterator[str]:
    """Yield the patterns of one value of the clinic's."""
    if not value:
        return
    digits = regex.sub(r"\D", "", value)
    if len(digits) >= 7 and not regex.search(r"\p{L}", value):
        national = digits[-10:]
        groups = [national[:-7], national[-7:-4], national[-4:]]
        area, exchange, line = (regex.escape(group) for group in groups)
        prefix = rf"(?:(?:\+?1[-. ]?)?\(?{area}\)?[-. /]{{0,3}})?" if area else ""
        yield rf"(?<!\d)(?<!\d[-. )]){prefix}{exchange}[-. ]{{0,2}}{line}(?!\d)"
        return
    if "@" in value or "://" in value:
        yield rf"(?<![\w.]){_loose(value)}(?!\w)"
        yield rf"(?<![\w.]){_loose(value.split('://')[-1])}(?!\w)"
        return
    if any(character.isdigit() for character in value):
        yield _whole(value)
        for part in value.split(","):
            if len(part.strip()) > 4:
                yield _whole(part.strip())
            street = regex.sub(r"^\d+\w?\s+", "", part.strip())
            if street != part.strip() and " " in street:
                yield _whole(street)
        return
    bare = _STARTS_WITH_TITLE.sub("", value)
    yield rf"(?:{_TITLE})?{_whole(bare)}"
    names = bare.split()
    if len(names) > 1 and (bare != value or len(names) == 2):
        yield rf"\b{_TITLE}{_whole(names[-1])}"


def _whole(value: str) -> str:
    return rf"(?<!\w){_loose(value)}(?!\w)"


def _loose(value: str) -> str:
    """Match the words of `value` with any spacing, and with or without the commas and full stops."""
    return r"[\s,.]+".join(regex.escape(word.strip(",.")) for word in value.split())
