"""Find planted values in bytes, in every form in which software writes text.

A form is an encoding (UTF-8, UTF-16 in both orders), an escape (JSON, percent, HTML) or base64 at each
of its three alignments, of the value as it is, in lower case and in upper case. The search is exact: a
table over the first four bytes of all patterns picks the places to look at.

Must not: return a value; canaries go by their number.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote, quote_plus

import numpy as np
from numpy.typing import NDArray

from safety.errors import SafetyError

LEAST_BYTES: Final = 6
_TABLE_BITS: Final = 24
_MIX: Final = np.uint32(2654435761)


class CanaryFault(SafetyError):
    """A list of canaries cannot be searched for."""


@dataclass(frozen=True, order=True)
class CanaryHit:
    """A canary's bytes: its number in the list, from 1, and the form in which it stands there."""

    offset: int
    end: int
    number: int
    form: str


class Matcher:
    """All forms of all canaries. Safe to use from several threads."""

    def __init__(self, values: Sequence[str]) -> None:
        """Take the canaries. Raises CanaryFault for one so short that chance would find it."""
        self._patterns: dict[bytes, tuple[int, str]] = {}
        for number, value in enumerate(values, start=1):
            if len(value.encode("utf-8", "surrogatepass")) < LEAST_BYTES:
                raise CanaryFault(f"canary {number} is shorter than {LEAST_BYTES} bytes")
            for form, pattern in forms(value):
                self._patterns.setdefault(pattern, (number, form))
        self.longest = max(map(len, self._patterns), default=0)
        lengths: dict[bytes, set[int]] = {}
        for pattern in self._patterns:
            lengths.setdefault(pattern[:4], set()).add(len(pattern))
        self._lengths = {head: tuple(sorted(found)) for head, found in lengths.items()}
        self._table = np.zeros(1 << _TABLE_BITS, dtype=bool)
        if lengths:
            self._table[_places(np.frombuffer(b"".join(lengths), dtype=np.uint8).reshape(-1, 4).T)] = True

    def __repr__(self) -> str:
        return f"Matcher({len(self._patterns)} patterns)"

    def find(self, data: bytes) -> Iterator[CanaryHit]:
        """Yield every canary in `data`, in order of its place."""
        if not self._patterns or len(data) < 4:
            return
        view = np.frombuffer(data, dtype=np.uint8)
        here = self._table[_places((view[:-3], view[1:-2], view[2:-1], view[3:]))]
        for at in np.flatnonzero(here).tolist():
            for length in self._lengths.get(data[at : at + 4], ()):
                if at + length > len(data):
                    break
                found = self._patterns.get(data[at : at + length])
                if found is not None:
                    yield CanaryHit(at, at + length, *found)


class StreamMatcher:
    """A matcher over data that comes in chunks: a hit across a border is found, and found once."""

    def __init__(self, matcher: Matcher) -> None:
        self._matcher = matcher
        self._tail = b""
        self._read = 0

    def feed(self, chunk: bytes) -> Iterator[CanaryHit]:
        """Yield what ends in this chunk; offsets count from the first chunk's first byte."""
        data = self._tail + chunk
        known, base = len(self._tail), self._read - len(self._tail)
        for hit in self._matcher.find(data):
            if hit.end > known:
                yield CanaryHit(base + hit.offset, base + hit.end, hit.number, hit.form)
        self._read += len(chunk)
        keep = max(self._matcher.longest - 1, 0)
        self._tail = data[-keep:] if keep else b""


def forms(value: str) -> Iterator[tuple[str, bytes]]:
    """Yield (name of the form, bytes) for each form of a value; some are alike."""
    for text in dict.fromkeys((value, value.lower(), value.upper())):
        plain = text.encode("utf-8", "surrogatepass")
        yield "utf-8", plain
        yield "utf-16-le", text.encode("utf-16-le", "surrogatepass")
        yield "utf-16-be", text.encode("utf-16-be", "surrogatepass")
        for ascii_only in (True, False):
            yield "json", json.dumps(text, ensure_ascii=ascii_only)[1:-1].encode("utf-8", "surrogatepass")
        yield "html", html.escape(text).encode("utf-8", "surrogatepass")
        for quoted in (quote(plain, safe=""), quote(plain), quote_plus(plain)):
            yield "percent", quoted.encode()
            yield "percent", _lower_escapes(quoted).encode()
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            for lead in range(3):
                # The characters that the value alone decides: the first and last mix with its neighbours.
                first, last = -(-8 * lead // 6), 8 * (lead + len(plain)) // 6
                yield "base64", encode(bytes(lead) + plain + bytes(2))[first:last]


def read_canaries(file: Path) -> tuple[str, ...]:
    """Read one canary a line, in UTF-8. Raises CanaryFault, without its name, when that cannot be done."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CanaryFault(f"the list of canaries cannot be read: {type(error).__name__}") from None
    values = tuple(line.strip() for line in lines if line.strip())
    if not values:
        raise CanaryFault("the list of canaries is empty")
    return values


def _lower_escapes(quoted: str) -> str:
    return re.sub("%[0-9A-F]{2}", lambda escape: escape.group().lower(), quoted)


def _places(heads: Sequence[NDArray[np.uint8]] | NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Return where in the table each run of four bytes stands."""
    first, second, third, fourth = (heads[place].astype(np.uint32) for place in range(4))
    whole = first | (second << np.uint32(8)) | (third << np.uint32(16)) | (fourth << np.uint32(24))
    places: NDArray[np.uint32] = (whole * _MIX) >> np.uint32(32 - _TABLE_BITS)
    return places
