"""Take the rest of a name where a part of it was found: "[Nguyen Thi] My Dung", "[Leroy] Means".

Names of some origins are made of short words that are English too ("My", "Long", "Do", "Than"), and family
names of every origin are words now and then. A tagger hesitates at these, where it is sure of the word
beside them. So a word beside a person that was found is part of the name when the tagger saw a trace of a
name in it, far less than it takes by itself, or when it is a known part of names and written as one.

Must not: find a name by itself, or take a word that names never are ("of", "for", "mother").
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Final

import regex

from safety.entities import Entity
from safety.function_words import is_function_word
from safety.normalise import folded
from safety.people import PARTICLES, TITLES
from safety.recognizers.clinical_terms import is_medical
from safety.recognizers.lexicon import Word, is_common, split_words, words

ENOUGH: Final = 0.05
"""The share of a name that is enough in a word beside one (0 to 1).

Of 5,200 words that stood beside invented names of ten origins and were no part of them one had it.
"""
ENOUGH_OF_A_PART: Final = 0.002
"""The same for a known part of names: of 208 that were none where they stood, none had it."""
_PARTS: Final = ("name_parts", "syllables", "given_names", "surnames", "surname_words")
# Who somebody is, a greeting, the end of a letter: beside a name and no part of it.
_WHO: Final = TITLES | frozenset((
    "attending", "caregiver", "caretaker", "carer", "client", "clinician", "counselor", "dear", "guardian",
    "hello", "hey", "hi", "patient", "pharmacist", "provider", "regards", "resident", "signed", "sincerely",
    "surgeon", "therapist", "thanks", "yours",
))  # fmt: skip
_MOST: Final = 4  # words on either side
_GAP: Final = regex.compile(r"[ ]{1,2}|-")


def joined(text: str, people: Sequence[Entity], traces: Sequence[Entity]) -> list[Entity]:
    """Return those of `people` that have more parts, widened over them.

    `traces` are words with the share of a name that a tagger saw in them as score. All of normalised `text`.
    """
    if not people:
        return []
    written = split_words(text)
    starts = [word.start for word in written]
    share = _shares(written, starts, traces)
    widened = []
    for one in people:
        first = bisect_left(starts, one.start)
        last = bisect_left(starts, one.end) - 1
        if not (first <= last and starts[first] < one.end):
            continue
        start = first - sum(1 for _ in _parts(text, written, share, first, -1))
        end = last + sum(1 for _ in _parts(text, written, share, last, +1))
        if (start, end) != (first, last):
            widened.append(
                Entity(min(one.start, starts[start]), max(one.end, written[end].end), one.type, one.score)
            )
    return widened


def _parts(text: str, written: Sequence[Word], share: Sequence[float], at: int, step: int) -> Iterator[Word]:
    """Yield the words on one side of word `at` that go on with its name."""
    for _ in range(_MOST):
        beside = at + step
        if not 0 <= beside < len(written):
            return
        before, after = sorted((at, beside))
        if not _GAP.fullmatch(text, written[before].end, written[after].start):
            return
        if not _is_part(written[beside], written[at], share[beside]):
            return
        yield written[beside]
        at = beside


def _is_part(word: Word, beside: Word, share: float) -> bool:
    """Tell whether `word` is a part of the name that the word beside it belongs to."""
    lower = folded(word.lower)
    if lower in _WHO or (word.capital != beside.capital and not (word.opens or lower in PARTICLES)):
        return False
    near = folded(beside.lower)
    if is_function_word(lower) or len(lower) == 1:
        # "My" and "Do" are names of one origin: of more than a trace, or beside another name of it.
        in_syllables = lower in words("syllables") and near in words("syllables") and not _is_plain(near)
        if not in_syllables and not (_is_known(lower) and share >= ENOUGH and not _is_plain(near)):
            return False
    known = _is_known(lower)
    if known and word.capital and not word.opens:
        return True
    if known:
        words_both = _is_plain(lower) and _is_plain(near) and near not in words("syllables")
        return share >= ENOUGH_OF_A_PART and not words_both
    return share >= ENOUGH and not _is_plain(lower) and (_is_known(near) or not _is_plain(near))


def _is_known(lower: str) -> bool:
    return any(lower in words(name) for name in _PARTS)


def _is_plain(lower: str) -> bool:
    return (
        is_common(lower)
        or is_function_word(lower)
        or lower in words("kin_words")
        or lower in words("everyday_words")
        or lower in words("conditions")
        or is_medical(lower)
    )


def _shares(written: Sequence[Word], starts: Sequence[int], traces: Sequence[Entity]) -> list[float]:
    """Return the greatest share of a name in each word; one with a hyphen is several to the tagger."""
    share = [0.0] * len(written)
    for one in traces:
        at = bisect_left(starts, one.end) - 1
        if at >= 0 and one.start < written[at].end:
            share[at] = max(share[at], one.score)
    return share
