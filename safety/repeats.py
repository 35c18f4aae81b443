"""Find what was found once a second time in the same text, where nothing gives it away.

"Oona Tindle" in the greeting makes "tindle" further down personal too. Words are compared, so that case,
accents, spacing and signs between them do not matter ("44-7712-x", "44 7712 x"). A name that is a word as
well counts where `safety/namesakes.py` says so.

Must not: outlive the text, since it holds what was found there, or show any of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final

import regex

from safety.namesakes import stands_for_someone
from safety.normalise import folded, normalise
from safety.recognizers.lexicon import is_common, split_words

_TOKEN: Final = regex.compile(r"[\p{L}\p{M}\p{N}_]+")
# Signs and spaces between two words of one value, unless it had more of them where it was found.
_LONGEST_GAP: Final = 3
_FEWEST: Final = 3  # letters and digits
_FEWEST_DIGITS: Final = 5
_FEWEST_OF_A_PART: Final = 3
_IN_PARTS: Final = frozenset({"PARTIAL_NUMBER", "US_SSN", "CREDIT_CARD"})  # "the last four are ..."
# What was counted or measured is no number of anyone's, though it has the same digits.
_COUNTED: Final = regex.compile(
    r"\s?-?(?:[ckm]?cal(?:orie)?s?|dollars?|bucks|euros?|feet|ft|hours?|hrs?|iu|kg|lbs?|pounds?|m?c?g|mgs?|miles?|"
    r"milli\p{L}+|micro\p{L}+|grams?|minutes?|mins?|ml|people|pills?|steps?|tablets?|times|units?|days?|%)\b|%",
    regex.IGNORECASE,
)
# A year or an age by itself is nobody's: rules decide what they mean where they stand.
_LEFT_TO_RULES: Final = frozenset({"AGE", "AGE_OVER_89", "YEAR"})


class Repeats:
    """What was found in a text so far, to be looked for in the rest of it."""

    def __init__(self, values: Iterable[tuple[str, str]]) -> None:
        """Take (entity type, value) pairs. Short values and common words are not looked for by themselves."""
        self._known: dict[str, dict[tuple[str, ...], tuple[str, int]]] = {}
        self._ordinary: set[str] = set()
        for kind, value in values:
            if kind in _LEFT_TO_RULES:
                continue
            plain = normalise(value).text
            parts = [word.text for word in split_words(plain)] if kind == "PERSON" else []
            for one in (plain, *parts):
                found = [(folded(match.group()), *match.span()) for match in _TOKEN.finditer(one)]
                tokens = tuple(token for token, _, _ in found)
                if kind == "PERSON" and len(tokens) == 1 and is_common(tokens[0]):
                    self._ordinary.add(tokens[0])
                elif _tells(tokens, kind):
                    gap = max(_LONGEST_GAP, _longest_gap(found))
                    known = self._known.setdefault(tokens[0], {})
                    kind_before, before = known.get(tokens, (kind, gap))
                    known[tokens] = kind_before, max(before, gap)

    def __repr__(self) -> str:
        return f"Repeats({sum(map(len, self._known.values()))} values)"

    def spans(self, text: str) -> Iterator[tuple[str, int, int]]:
        """Yield (entity type, start, end) in normalised `text`: the longest value at each place, then names
        that are words as well.
        """
        found = [(folded(match.group()), *match.span()) for match in _TOKEN.finditer(text)]
        covered = 0
        for at, (first, start, _) in enumerate(found):
            if start < covered:
                continue
            for tokens in sorted(self._known.get(first, ()), key=len, reverse=True):
                here = found[at : at + len(tokens)]
                kind, gap = self._known[first][tokens]
                counted = kind == "PARTIAL_NUMBER" and _COUNTED.match(text, here[-1][2])
                same = tuple(token for token, _, _ in here) == tokens
                if same and _longest_gap(here) <= gap and not counted:
                    covered = here[-1][2]
                    yield kind, start, covered
                    break
        if self._ordinary:
            written = split_words(text)
            for at, word in enumerate(written):
                if word.lower in self._ordinary and stands_for_someone(written, at):
                    yield "PERSON", word.start, word.end


def _tells(tokens: tuple[str, ...], kind: str) -> bool:
    """Say whether a value by itself gives somebody away."""
    together = "".join(tokens)
    if together.isdigit():
        return len(together) >= (_FEWEST_OF_A_PART if kind in _IN_PARTS else _FEWEST_DIGITS)
    if kind == "DATE_TIME":  # "monday" and "christmas" are anyone's
        return any(map(str.isdigit, together))
    return len(together) >= _FEWEST and (len(tokens) > 1 or not is_common(together))


def _longest_gap(here: list[tuple[str, int, int]]) -> int:
    return max((after[1] - before[2] for before, after in pairwise(here)), default=0)
