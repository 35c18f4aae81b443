"""Cut a stream of text into whole sentences as they become complete."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_ABBREVIATION = re.compile(
    r"(?:\b(?:dr|mr|mrs|ms|st|vs|approx|e\.g|i\.e|a\.m|p\.m|u\.s)|(?<!\w)[a-z0-9])\.$", re.IGNORECASE
)
_END = re.compile(r"[.!?][\"')\]”’]*(?=\s)|\n+")
# What a model puts before its words: the number of a passage, or that an answer follows.
_LEAD = re.compile(r"^(?:\[\d+\]|A:|Answer:|[-*•])\s*")
_FINISHED = re.compile(r"[.!?][\"')\]”’]*$")


def sentences(pieces: Iterable[str]) -> Iterator[str]:
    """Yield each sentence as soon as it is complete; a fragment at the end is dropped.

    A line break ends a sentence too. A list number ("2.") or an abbreviation ("Dr.") does not.
    List marks and passage numbers are left out.
    """
    held = ""
    for piece in pieces:
        held += piece
        start = 0
        for match in _END.finditer(held):
            candidate = _LEAD.sub("", held[start : match.end()].strip())
            if match.group().startswith(".") and _ABBREVIATION.search(candidate):
                continue
            start = match.end()
            if candidate:
                yield candidate
        held = held[start:]
    if _FINISHED.search(held.strip()):
        yield _LEAD.sub("", held.strip())
