"""Measure how far a sentence is from the passages that should bear it out, as a few numbers.

`features()` picks the sentences of the passages that say most of it, aligns the words that they lack, and
reads the signs of safety/support_agreement.py and safety/support_signs.py. With an encoder it adds nearness
of meaning. It must not decide: safety/support.py weighs the numbers, by coefficients fitted elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from safety.contacts import without_contacts
from safety.evidence import Embed, Reading, content_words, read, sentences, tokens
from safety.support_agreement import in_order, names_stand, numbers_stand, opposite, polarity_agrees
from safety.support_signs import (
    cause_invented,
    denials_added,
    denials_lost,
    number_too_often,
    other_unit,
    qualifier_stems,
    qualifiers_added,
    qualifiers_lost,
    said_too_often,
    turned_around,
)

_CLOCK: Final = re.compile(r"(?<=\d)\s?([ap])\.?\s?m\b\.?(?!\w)", re.IGNORECASE)
_LONG: Final = 7  # letters: a new word that long is more likely a term than a synonym
_NEW: Final = 4  # new words that are aligned
_GONE: Final = 8  # words of the source that they are aligned with
_JOINS: Final = 0.3  # share of the words that a second sentence must add to be a source
_RUN: Final = 3  # words in a row
_LIMITS: Final = frozenset({"onli", "unless", "except"})  # stems


@dataclass(frozen=True, slots=True)
class Contradictions:
    """What a source denies outright; one is enough to drop a sentence, whatever the score."""

    number: bool
    unit: bool
    denial: bool
    cause: bool
    opposite: bool
    limit: bool

    def any(self) -> bool:
        """Say whether there is one."""
        return any(getattr(self, field.name) for field in fields(self))


@dataclass(frozen=True, slots=True)
class Features:
    """What the coefficients weigh; counts are capped at 3, shares are 0 to 1.

    Those of meaning are 0 without an encoder.
    """

    uncovered: float  # share of the content words that neither source has
    new_words: float  # how many those are
    new_long_words: float  # of them, how many are long
    elsewhere: float  # of them, how many stand elsewhere in the passages
    disorder: float  # share of neighbouring content words that are not near each other in the sources
    edited: float  # share of all words, those without meaning too, in no run of three that a source has
    repeated: float  # content words said more often than in the sources
    second: float  # share of the content words that the second source alone has
    names_missing: float
    denials_differ: float
    qualifiers_added: float
    qualifiers_lost: float
    cause_invented: float
    far: float  # 1 - cosine to the nearer of the best source and both sources together
    strangest: float  # 1 - cosine of the strangest new word to the word of the source nearest to it
    strangeness: float  # the sum of that over the new words

    @staticmethod
    def names() -> tuple[str, ...]:
        """Return the names in order."""
        return tuple(field.name for field in fields(Features))

    def values(self) -> tuple[float, ...]:
        """Return the numbers in order."""
        return tuple(getattr(self, name) for name in self.names())


MEANING: Final = ("far", "strangest", "strangeness")
"""The features that are known only with an encoder."""


@dataclass(frozen=True, slots=True)
class Sources:
    """A claim and the one or two sentences of the passages that say most of it, read.

    `places` are those of the passages that the two stand in.
    """

    claim: str
    best: str
    second: str
    claimed: Reading
    of_best: Reading
    of_second: Reading
    elsewhere: frozenset[str]
    places: tuple[int, int]

    @property
    def texts(self) -> tuple[str, str]:
        """Return both sentences."""
        return self.best, self.second

    @property
    def different(self) -> tuple[str, ...]:
        """Return the sentences, each once."""
        return tuple(dict.fromkeys(self.texts))


def sources_of(sentence: str, passages: Sequence[str]) -> Sources | None:
    """Return the sentences of the passages that say most of `sentence`; None without anything to compare."""
    claim = _cleaned(sentence)
    claimed = read(claim)
    parts = [(place, part) for place, passage in enumerate(passages) for part in sentences(_cleaned(passage))]
    if not claimed.stems or not parts:
        return None
    places, texts = zip(*parts, strict=True)
    readings = [read(text) for text in texts]

    def shared(place: int) -> tuple[int, int, int]:
        said = len(claimed.words & readings[place].words)
        return len(claimed.stems & readings[place].stems), said, -len(readings[place].stems)

    best = max(range(len(texts)), key=shared)
    second = max(
        range(len(texts)),
        key=lambda n: (len(claimed.stems & (readings[best].stems | readings[n].stems)), n == best),
    )
    if len((claimed.stems & readings[second].stems) - readings[best].stems) < _JOINS * len(claimed.stems):
        # A word or two from another sentence are no source: it may be about something else.
        second = best
    elsewhere = frozenset().union(*(reading.stems for reading in readings))
    return Sources(
        claim,
        texts[best],
        texts[second],
        claimed,
        readings[best],
        readings[second],
        elsewhere,
        places=(places[best], places[second]),
    )


def contradictions(found: Sources) -> Contradictions:
    """Return what the sources deny of the claim."""
    return Contradictions(
        number=number_too_often(found.claim, found.different)
        or not numbers_stand(found.claim, found.claimed, found.texts),
        unit=other_unit(found.claim, found.texts),
        denial=_denials_differ(found) > 0,
        cause=turned_around(found.claim, found.texts),
        opposite=opposite(found.claimed, found.of_best, found.of_second),
        # "Only with consent" left out turns a rule into its opposite.
        limit=bool((found.of_best.words & _LIMITS) - found.claimed.words),
    )


def features(found: Sources, embed: Embed | None) -> Features:
    """Return the numbers of a claim beside its sources."""
    known = found.of_best.stems | found.of_second.stems
    stems = found.claimed.stems - qualifier_stems()
    new = _words_with(found.claim, stems - known)
    gone = _words_with(found.best, found.of_best.stems - stems)
    edited = _edited(found.claim, found.texts)
    # What is only shortened is as far from its source as what is left out is long: that says nothing.
    far, strange = _meaning(found, new, gone, embed) if new or edited else (0.0, [])
    from_second = (stems & found.of_second.stems) - found.of_best.stems
    return Features(
        uncovered=len(stems - known) / max(1, len(stems)),
        new_words=_count(len(new)),
        new_long_words=_count(sum(len(word) >= _LONG for word in new)),
        elsewhere=_count(len((stems - known) & found.elsewhere)),
        disorder=1.0 - in_order(found.claim, found.texts),
        edited=edited,
        repeated=_count(said_too_often(found.claim, found.different)),
        second=len(from_second) / max(1, len(stems)),
        names_missing=float(not names_stand(found.claimed, found.of_best, found.of_second)),
        denials_differ=_count(_denials_differ(found)),
        qualifiers_added=_count(qualifiers_added(found.claim, found.texts)),
        qualifiers_lost=_count(qualifiers_lost(found.claim, found.best)),
        cause_invented=float(cause_invented(found.claim, found.texts)),
        far=far,
        strangest=max(strange, default=0.0),
        strangeness=_count(sum(strange)),
    )


def _denials_differ(found: Sources) -> int:
    differ = denials_added(found.claim, found.texts) + denials_lost(found.claim, found.best)
    if differ:
        return differ
    claim, best, second = found.claimed, found.of_best, found.of_second
    if found.second != found.best:
        both = best.denies != second.denies
        return int(claim.denies not in (both, second.denies))
    return int(not polarity_agrees(claim, found.best, best))


def _meaning(
    found: Sources, new: Sequence[str], gone: Sequence[str], embed: Embed | None
) -> tuple[float, list[float]]:
    """Return how far the claim is from its sources, and how strange each new word is to them."""
    if embed is None:
        return 0.0, []
    new, gone = new[:_NEW], gone[:_GONE]
    adds = (found.of_second.stems - found.of_best.stems) & found.claimed.stems
    texts = [found.claim, found.best, *([f"{found.best} {found.second}"] if adds else [])]
    vectors = np.asarray(embed(texts), dtype=np.float32)
    far = 1.0 - float((vectors[1:] @ vectors[0]).max())
    if not new:
        return far, []
    # Apart from the sentences: short texts in a batch with long ones cost as much as long ones.
    words = np.asarray(embed([*new, *gone]), dtype=np.float32)
    mine, theirs = words[: len(new)], words[len(new) :]
    if not len(theirs):
        return far, [1.0] * len(mine)
    return far, [float(value) for value in 1.0 - (mine @ theirs.T).max(axis=1)]


def _edited(claim: str, sources: Sequence[str]) -> float:
    """Return the share of the claim's words in no run of three that a source has: clauses may move."""
    said = tokens(claim)
    runs = {
        tuple(words[n : n + _RUN]) for words in map(tokens, sources) for n in range(len(words) - _RUN + 1)
    }
    there: set[int] = set()
    for n in range(len(said) - _RUN + 1):
        if tuple(said[n : n + _RUN]) in runs:
            there.update(range(n, n + _RUN))
    return 1.0 - len(there) / max(1, len(said))


def _words_with(text: str, stems: frozenset[str]) -> list[str]:
    """Return the words of `text` that have one of `stems`, each once."""
    return [
        word
        for word in dict.fromkeys(tokens(text))
        if word.isalpha() and not stems.isdisjoint(content_words(word))
    ]


def _cleaned(text: str) -> str:
    return without_contacts(_CLOCK.sub(r" \1m", text))


def _count(number: float) -> float:
    return float(min(number, 3))
