"""How people misspell: how likely one word was written for another, by the kinds of slips between them.

Knows no words of its own; `training/spelling.py` decides what to do with the figure.
"""

from __future__ import annotations

import math

_VOWELS = frozenset("aeiouy")
_CONFUSED = frozenset(["cs", "ck", "sz", "gj", "cq", "kq", "mn", "ei", "fv", "cx", "sx", "dt"])
_ENDINGS_KEPT = ("ed", "ing", "ly", "us", "um", "ion", "is", "stomy", "ectomy", "itis")


def same_ending(word: str, other: str) -> bool:
    """Say whether the ending that bends a word is the same: "abondons" is not "abandon"."""
    if any(word.endswith(end) != other.endswith(end) for end in _ENDINGS_KEPT):
        return False
    return (word[-1] == "s" != word[-2]) == (other[-1] == "s" != other[-2:-1])


def likelihood(word: str, other: str, count: int) -> float:
    """Return how likely it is, in nats, that `word` was written for `other`, up to a constant.

    How often `other` is written, times how people miss it: a noisy channel (Kernighan, Church and
    Gale 1990). The costs are of kinds of slips, chosen by hand.
    """
    rows = [[0.0] * (len(other) + 1) for _ in range(len(word) + 1)]
    for i in range(len(word) + 1):
        for j in range(len(other) + 1):
            ways = [0.0] if i == j == 0 else []
            if i:
                ways.append(rows[i - 1][j] + _extra(word, i - 1))
            if j:
                ways.append(rows[i][j - 1] + _missing(other, j - 1))
            if i and j:
                edge = i in (1, len(word)) and j in (1, len(other))
                ways.append(rows[i - 1][j - 1] + _instead(word[i - 1], other[j - 1], edge=edge))
            if i > 1 and j > 1 and word[i - 2 : i] == other[j - 2 : j][::-1] and word[i - 1] != word[i - 2]:
                ways.append(rows[i - 2][j - 2] + _SWAPPED)
            rows[i][j] = min(ways)
    return math.log(max(count, 1)) - _WEIGHT * rows[-1][-1]


_WEIGHT = 1.5
_SWAPPED = 1.5


def _extra(word: str, at: int) -> float:
    letter = word[at]
    if letter in (word[at - 1 : at], word[at + 1 : at + 2]):
        return 1.0
    if at == 0 or at == len(word) - 1:
        return 5.0
    return 2.5 if letter in _VOWELS else 4.0


def _missing(other: str, at: int) -> float:
    letter = other[at]
    if letter in (other[at - 1 : at], other[at + 1 : at + 2]):
        return 1.0
    if at == 0:
        return 6.0
    return 2.5 if letter in _VOWELS or letter == "h" else 3.5


def _instead(letter: str, other: str, *, edge: bool) -> float:
    if letter == other:
        return 0.0
    if edge:
        return 6.0
    if letter in _VOWELS and other in _VOWELS:
        return 2.0
    return 2.5 if "".join(sorted(letter + other)) in _CONFUSED else 6.0
