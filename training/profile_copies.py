"""Count copies in a corpus: equal rows, near copies, and answers that stand under several questions.

MinHash over word 3-grams (Broder 1997), 64 values of 4 bytes a row, compared within bands as one array:
a tenth of the memory of a hash table a band.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter

import numpy as np
from numpy.typing import NDArray

_VALUES, _BANDS = 64, 16
_WORD = re.compile(r"\w+")


class Copies:
    """Takes texts one by one, keeps their signatures only, and counts at the end."""

    def __init__(self) -> None:
        from datasketch import MinHash

        self._empty = MinHash(num_perm=_VALUES, scheme="affine32", hashfunc=zlib.crc32)
        self._signatures = bytearray()
        self._rows: list[int] = []

    def add(self, text: str) -> None:
        """Take one row's text."""
        words = _WORD.findall(text.casefold())
        grams = {" ".join(words[at : at + 3]).encode() for at in range(max(len(words) - 2, 1))}
        signature = self._empty.copy()
        signature.update_batch(list(grams))
        self._signatures += signature.hashvalues.astype(np.uint32).tobytes()
        self._rows.append(hash(" ".join(words)))

    def exact(self) -> int:
        """Count rows whose words have all stood in an earlier row."""
        return len(self._rows) - len(set(self._rows))

    def near(self, least: float) -> int:
        """Count rows, equal ones aside, that share about `least` (Jaccard) or more with an earlier row."""
        _, first = np.unique(np.asarray(self._rows, dtype=np.int64), return_index=True)
        signatures = np.frombuffer(self._signatures, dtype=np.uint32).reshape(-1, _VALUES)[np.sort(first)]
        is_near = np.zeros(len(signatures), dtype=bool)
        width = _VALUES // _BANDS
        for band in range(_BANDS):
            part = np.ascontiguousarray(signatures[:, band * width : (band + 1) * width])
            _, heads, member = np.unique(
                part.view(np.dtype((np.void, part.itemsize * width))).ravel(),
                return_index=True,
                return_inverse=True,
            )
            is_near |= _alike(signatures, heads[member], least)
        return int(is_near.sum())


def _alike(signatures: NDArray[np.uint32], heads: NDArray[np.intp], least: float) -> NDArray[np.bool_]:
    """Say for each row whether it is about as close as `least` to its head, an earlier row."""
    found = np.zeros(len(signatures), dtype=bool)
    later = np.flatnonzero(heads != np.arange(len(signatures)))
    for some in np.array_split(later, len(later) // 10_000 + 1):
        shared = (signatures[some] == signatures[heads[some]]).mean(axis=1)
        found[some] = shared >= least
    return found


def repeated(answers: Counter[int]) -> int:
    """Count rows whose answer has stood in an earlier row; `answers` counts rows by answer."""
    return sum(count - 1 for count in answers.values())
