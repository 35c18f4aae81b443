"""Signs that a sentence says something else than its source: units, denials, cause and effect, qualifiers.

Each function reads a claim beside one or two sentences of a passage and returns a count or a yes; none of
them decides. They go by words and places alone: no model, linear time. Lists stand in support_words.yaml.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import Stemmer
from pydantic import BaseModel, ConfigDict

from safety.evidence import content_words, number_of, tokens
from safety.shipped_yaml import shipped_yaml

_FILE: Final = Path(__file__).parent / "support_words.yaml"
_CLAUSE: Final = re.compile(
    r"[,;:()]|\s[-–—]\s|\b(?:but|although|though|while|whereas|however|unless|except)\b", re.I
)
SCOPE: Final = 2  # content words that a denial must reach to count as said of them
WIDE: Final = 6  # content words that it may reach
_DOUBLE: Final = 1  # words between two denials that cancel each other
_SIDE: Final = 8  # content words on either side of a word of cause


class _Lists(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    units: str
    same_unit: Mapping[str, str]
    denials: str
    qualifiers: tuple[str, ...]
    effect_first: tuple[str, ...]
    cause_first: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Words:
    units: frozenset[str]
    same_unit: Mapping[str, str]
    denials: frozenset[str]
    qualifier: Mapping[str, int]
    qualifier_stems: frozenset[str]
    cue: re.Pattern[str]
    effect_first: frozenset[str]


@cache
def _words() -> _Words:
    lists = _Lists.model_validate(shipped_yaml(_FILE))
    cues = sorted((*lists.effect_first, *lists.cause_first), key=len, reverse=True)
    return _Words(
        units=frozenset(lists.units.split()),
        same_unit=lists.same_unit,
        denials=frozenset(lists.denials.split()),
        qualifier={word: line for line, words in enumerate(lists.qualifiers) for word in words.split()},
        qualifier_stems=frozenset(Stemmer.Stemmer("english").stemWords(" ".join(lists.qualifiers).split())),
        cue=re.compile(rf"\b(?:{'|'.join(cues)})\b"),
        effect_first=frozenset(lists.effect_first),
    )


def number_too_often(claim: str, sources: Sequence[str]) -> bool:
    """Say whether the claim has a number more often than the sources: "between 5 and 5"."""
    there = Counter(number for source in sources for word in tokens(source) if (number := number_of(word)))
    said = Counter(number for word in tokens(claim) if (number := number_of(word)))
    return any(count > there[number] for number, count in said.items())


def said_too_often(claim: str, sources: Sequence[str]) -> int:
    """Count content words that the sources have, but not as often as the claim: "benign or benign"."""
    there = Counter(word for source in sources for word in content_words(source))
    return sum(1 for word, count in Counter(content_words(claim)).items() if 0 < there[word] < count)


def other_unit(claim: str, sources: Sequence[str]) -> bool:
    """Say whether a number of the claim has another unit in the sources, and never the claim's."""
    there: dict[str, set[str]] = {}
    for source in sources:
        for number, unit in _measures(source):
            there.setdefault(number, set()).add(unit)
    return any(number in there and unit not in there[number] for number, unit in _measures(claim))


def denials_added(claim: str, sources: Sequence[str]) -> int:
    """Count denials in the claim of something that the sources state without one."""
    said = frozenset(word for source in sources for word in content_words(source))
    denied = frozenset(word for source in sources for scope in _scopes(source, WIDE) for word in scope)
    return sum(1 for scope in _scopes(claim, SCOPE) if set(scope) & said and not set(scope) & denied)


def denials_lost(claim: str, source: str) -> int:
    """Count denials in the source of something that the claim states without one."""
    said = frozenset(content_words(claim))
    denied = frozenset(word for scope in _scopes(claim, WIDE) for word in scope)
    lost = 0
    for scope in _scopes(source, SCOPE):
        about = set(scope) & said
        lost += len(about) == len(set(scope)) > 0 and not about & denied
    return lost


def turned_around(claim: str, sources: Sequence[str]) -> bool:
    """Say whether what the sources call the cause is the effect in the claim."""
    for cause, effect in _causes(claim):
        kept = turned = 0
        for source in sources:
            for theirs, others in _causes(source):
                same = len(cause & theirs) + len(effect & others)
                cross = len(cause & others) + len(effect & theirs)
                if same + cross > kept + turned:
                    kept, turned = same, cross
        if turned > kept:
            return True
    return False


def qualifier_stems() -> frozenset[str]:
    """Return the stems of all qualifiers: they are compared by what they say, not as words."""
    return _words().qualifier_stems


def cause_invented(claim: str, sources: Sequence[str]) -> bool:
    """Say whether the claim speaks of a cause and no source does."""
    return bool(_causes(claim)) and not any(_causes(source) for source in sources)


def qualifiers_added(claim: str, sources: Sequence[str]) -> int:
    """Count qualifiers of the claim that the sources have none like."""
    return len(_qualifiers(claim) - frozenset().union(*map(_qualifiers, sources)))


def qualifiers_lost(claim: str, source: str) -> int:
    """Count qualifiers of the source that stand before a word of the claim, and are gone from it."""
    said, kept = frozenset(content_words(claim)), _qualifiers(claim)
    words = tokens(source)
    lost = set()
    for place, word in enumerate(words):
        kind = _words().qualifier.get(word)
        if kind is None or kind in kept:
            continue
        behind = content_words(" ".join(words[place + 1 : place + 4]))[:1]
        if behind and behind[0] in said:
            lost.add(kind)
    return len(lost)


def _measures(text: str) -> list[tuple[str, str]]:
    """Return numbers with the unit right behind them; "6 to 12 weeks" gives both numbers the unit."""
    found = _words()
    words = tokens(text)
    measures = []
    for place, word in enumerate(words):
        number = number_of(word)
        if not number:
            continue
        if word.endswith("%"):
            measures.append((number, "percent"))
            continue
        for other in words[place + 1 : place + 4]:
            if other in found.units:
                plain = other.removesuffix("s") or other
                measures.append((number, found.same_unit.get(plain, plain)))
                break
            if not (number_of(other) or other in ("to", "or", "and")):
                break
    return measures


def _scopes(text: str, reach: int) -> list[tuple[str, ...]]:
    """Return for each denial the content words, at most `reach`, that it stands before in its clause."""
    found = []
    denials = _words().denials
    for clause in _CLAUSE.split(text):
        words = tokens(clause)
        places = [place for place, word in enumerate(words) if word in denials]
        for place in places:
            # "Not without", "should not avoid": two denials side by side affirm.
            if any(0 < abs(other - place) <= _DOUBLE for other in places):
                continue
            scope = content_words(" ".join(words[place + 1 :]))[:reach]
            if scope:
                found.append(tuple(scope))
    return found


def _causes(text: str) -> list[tuple[frozenset[str], frozenset[str]]]:
    """Return the content words of each cause and its effect."""
    lists = _words()
    lowered = " ".join(text.lower().split())
    found = []
    for match in lists.cue.finditer(lowered):
        before, behind = lowered[: match.start()], lowered[match.end() :]
        if not before.strip() and match.group().startswith("because"):
            # "Because A, B."
            behind, _, before = behind.partition(",")
        left = frozenset(content_words(before)[-_SIDE:])
        right = frozenset(content_words(behind)[:_SIDE])
        if left or right:
            found.append((right, left) if match.group() in lists.effect_first else (left, right))
    return found


def _qualifiers(text: str) -> frozenset[int]:
    table = _words().qualifier
    return frozenset(table[word] for word in tokens(text) if word in table)
