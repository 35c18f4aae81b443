"""Turn texts into hashed word and character n-grams: what the crisis classifier reads, here and in training.

Texts are made plain as the rules do (`folding.plain`), cut into windows of whole sentences, and each n-gram
becomes a column by a hash that is the same on every machine (CRC-32 of words, then FNV-1a over 64 bits: no
seed, no vocabulary file). Counts are scaled as 1 + ln(count), rows to a length below 1 (after Salton and
Buckley 1988): what says little is short and moves the odds little, so that of two words no single one
decides.
Hashing: Weinberger et al. 2009.

Must not: need anything but numpy, or take more than linear time (a sort aside).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

import numpy as np
from numpy.typing import NDArray

from safety.folding import plain

BITS: Final = 18
"""Columns are 2 ** BITS: the lower half holds word n-grams, the upper half character n-grams."""
WORD_SIZES: Final = (1, 2, 3)
CHARACTER_SIZES: Final = (3, 4, 5)

_CHARACTER_SHARE: Final = 0.6  # what a character n-gram weighs against a word n-gram
FEW: Final = 75.0  # the squared length of the n-grams of about eight words: a text of so many has length 0.7
_LONG: Final = 40  # words: a longer sentence is read in windows as well
_STEP: Final = 20
_SHORT: Final = 3  # words: a shorter sentence says nothing without the others
_TOKEN: Final = re.compile(r"[a-z0-9']+|[^\sa-z0-9']")
_STRETCHED: Final = re.compile(r"(.)\1{2,}")
_DIGIT: Final = re.compile(r"\d")
_SENTENCE_END: Final = re.compile(r"[.!?;\n]+")
_EDGE: Final = 1  # stands before the first and after the last word of a row
_BASIS: Final = np.uint64(14695981039346656037)
_PRIME: Final = np.uint64(1099511628211)
_MIX: Final = np.uint64(0xFF51AFD7ED558CCD)

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hashed:
    """Non-zero values of a sparse matrix, ordered by row and column: int64, int64, float32."""

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    values: NDArray[np.float32]

    def folded(self, bits: int) -> Hashed:
        """Return the same in 2 ** `bits` columns, several of which may fall into one."""
        return Hashed(self.rows, self.columns & ((1 << bits) - 1), self.values)


def windows(text: str) -> list[Words]:
    """Return the words of the whole text, then of each of its sentences; a long sentence in windows too.

    A text without a word has no window.
    """
    folded = _DIGIT.sub("0", _STRETCHED.sub(r"\1\1", plain(text)))
    sentences = [tuple(_TOKEN.findall(piece)) for piece in _SENTENCE_END.split(folded)]
    whole = tuple(_TOKEN.findall(folded))
    if not whole:
        return []
    parts = [piece for sentence in sentences for piece in _pieces(sentence) if len(piece) >= _SHORT]
    return [whole, *(part for part in parts if len(part) < len(whole))]


def hashed(texts: Sequence[Words]) -> Hashed:
    """Return the scaled n-grams of texts (from `windows`), a row a text, of length 0 to 1 by its words."""
    rows, columns = _word_grams(texts)
    more_rows, more_columns = _character_grams(texts)
    keys, counts = np.unique(
        np.concatenate((rows, more_rows)) << BITS | np.concatenate((columns, more_columns)),
        return_counts=True,
    )
    rows, columns = keys >> BITS, keys & ((1 << BITS) - 1)
    values = (1 + np.log(counts)) * np.where(columns >= 1 << (BITS - 1), _CHARACTER_SHARE, 1.0)
    lengths = np.sqrt(np.bincount(rows, values**2, minlength=len(texts)) + FEW)
    return Hashed(rows, columns, (values / lengths[rows]).astype(np.float32))


def _pieces(sentence: Words) -> Iterable[Words]:
    yield sentence
    if len(sentence) > _LONG:
        for start in range(0, len(sentence) - _STEP, _STEP):
            yield sentence[start : start + _LONG]


def _word_grams(texts: Sequence[Words]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    coded = [
        (_EDGE, *(zlib.crc32(word.encode(errors="replace")) for word in words), _EDGE) for words in texts
    ]
    units = np.fromiter(chain.from_iterable(coded), dtype=np.uint64)
    of = np.repeat(np.arange(len(coded)), [len(one) for one in coded])
    inner = units != _EDGE
    grams = [_grams(units, of, tuple(range(size)), kind=size) for size in WORD_SIZES[1:]]
    grams.append(_grams(units[inner], of[inner], (0,), kind=1))
    grams.append(_grams(units[inner], of[inner], (0, 2), kind=10))  # two words around any third
    return _joined(grams, offset=0)


def _character_grams(texts: Sequence[Words]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    lines = [f" {' '.join(words)} " for words in texts]
    units = np.frombuffer("".join(lines).encode("utf-32-le", "replace"), dtype=np.uint32).astype(np.uint64)
    of = np.repeat(np.arange(len(lines)), [len(line) for line in lines])
    grams = [_grams(units, of, tuple(range(size)), kind=20 + size) for size in CHARACTER_SIZES]
    return _joined(grams, offset=1 << (BITS - 1))


def _grams(
    units: NDArray[np.uint64], of: NDArray[np.int64], places: tuple[int, ...], *, kind: int
) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Hash the units at `places` from each start on, where all of them stand in one row."""
    count = len(units) - places[-1]
    if count <= 0:
        return np.empty(0, np.int64), np.empty(0, np.uint64)
    code = np.full(count, _BASIS ^ np.uint64(kind))
    for place in places:
        code = (code ^ units[place : place + count]) * _PRIME
    within = of[:count] == of[places[-1] : places[-1] + count]
    return of[:count][within], code[within]


def _joined(
    grams: Sequence[tuple[NDArray[np.int64], NDArray[np.uint64]]], *, offset: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    codes = np.concatenate([code for _, code in grams])
    codes = (codes ^ codes >> np.uint64(33)) * _MIX
    columns = (codes >> np.uint64(33)).astype(np.int64) & ((1 << (BITS - 1)) - 1)
    return np.concatenate([of for of, _ in grams]), columns + offset
