"""Keep a medicine, a condition, a scale or an eponym where it was taken for a person or a place.

Only findings of `SPARED` give way: an address, a number or a street that holds such a word is taken whole.

A word before a condition may be whose it is ("Wojciechowska fibromyalgia meds"): where the tagger is sure of
a person or a place, it spares nothing.

Must not: let any part of a name stand because the rest of it is a clinical word ("Will Parkinson").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import regex

from safety.entities import Entity
from safety.recognizers.lexicon import is_ordinary

SPARED: Final = frozenset(
    {"PERSON", "LOCATION", "ORGANIZATION", "STATE", "COUNTRY", "NATIONALITY", "DATE_TIME", "LICENSE_PLATE"}
)
"""Entity types that a clinical term is mistaken for."""

SURE: Final = 0.7
"""From which score on a person or a place is surely one (0 to 1).

Of 2,324 surnames before a condition, in a clinician's words, a quarter was found without it; of conditions
that stand in no list one in twenty more is touched (both on invented sentences).
"""

Span = tuple[int, int]
_BEFORE_A_TERM: Final = frozenset(
    ["a", "an", "the", "her", "his", "my", "your", "our", "their", "this", "is"]
)
_WORD: Final = regex.compile(r"[^\W_]+(?:'[^\W_]+)*+")
_POSSESSIVE: Final = regex.compile(r"[\W_]*+'?s?[\W_]*+", regex.IGNORECASE)


def left_to_scrub(
    text: str, found: Span, *, kind: str, kept: Sequence[Span], clinical: Sequence[Span]
) -> list[Span]:
    """Return the parts of `found`, of entity type `kind`, that stay a finding.

    `kept` are spans that nothing may take. Outside `clinical` spans a possessive ending is nothing. A
    person stays found whole unless all that is left over are plain words: names that are terms as well
    do not come apart. What is left of other types stays found. An article or pronoun before a term, found by
    itself as a person, is nothing.
    """
    whole = list(outside(*found, sorted(kept)))
    start, end = found
    if kind not in SPARED:
        return whole
    if all(last <= start or first >= end for first, last in clinical):
        before = text[start:end].lower() in _BEFORE_A_TERM and any(
            0 <= first - end <= 1 for first, _ in clinical
        )
        return [] if before else whole
    parts = [
        (first, last)
        for first, last in outside(start, end, sorted([*kept, *clinical]))
        if not _POSSESSIVE.fullmatch(text, first, last)
    ]
    if kind != "PERSON":
        return parts
    return [] if all(is_ordinary(word) for part in parts for word in _words(text, part)) else whole


def terms_that_spare(
    found: Entity, clinical: Sequence[Span], called: Sequence[Span], *, known: bool = False
) -> list[Span]:
    """Return what of the `clinical` terms may spare `found`: of a sure one no word that may be a name.

    `called` are such words, by `clinical_terms.perhaps_people`; `known`: it was found elsewhere in the text.
    """
    if found.type not in ("PERSON", "LOCATION") or not (known or found.score >= SURE):
        return [*clinical]
    return [part for term in clinical for part in outside(*term, called)]


def outside(start: int, end: int, spans: Sequence[Span]) -> Iterator[Span]:
    """Yield the parts of start:end that no span covers; `spans` in order."""
    for first, last in spans:
        if last <= start or first >= end:
            continue
        if first > start:
            yield start, first
        start = max(start, last)
    if start < end:
        yield start, end


def _words(text: str, part: Span) -> Iterator[str]:
    for match in _WORD.finditer(text, *part):
        yield match.group().lower()
