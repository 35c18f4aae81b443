"""Find personal data in bytes of any length: text as text, other files in their runs of readable characters.

Escapes read as what they stand for (JSON, percent, HTML), padded with zero-width spaces, so that a place
in what is searched is a place in the file. Offsets are bytes. A long text goes through in windows that
overlap by RIGHT characters ahead and LEFT behind; what stands across a border is found once.

Must not: keep or return any of the text.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote_to_bytes

import regex

from safety.bulk_markup import FILLER, markup_view
from safety.bulk_pieces import LEFT, PIECE, RIGHT
from safety.entities import Entity

Find = Callable[[str], tuple[Entity, ...]]
"""`Scrubber.find`: all personal data in a text. Raises ScrubError."""

_LONE: Final = regex.compile("[\ud800-\udfff]")
_JSON_ESCAPE: Final = regex.compile(r'\\(?:u(?P<code>[0-9a-fA-F]{4})|(?P<sign>[nrtbf"/\\]))')
_PERCENT: Final = regex.compile(r"(?:%[0-9a-fA-F]{2})++")
_SIGNS: Final = {"n": "\n", "r": "\n", "t": " ", "b": " ", "f": " "}
_MARKUP: Final = regex.compile(r"<(?:!doctype|html|body|div|p|br|span|b|\?xml)\b", regex.IGNORECASE)

LEAST_RUN: Final = 16
"""Characters of the shortest run of any kind: numbers hold one by chance about once in 300 MB."""
_MOST_RUN: Final = 1 << 16
_ONE: Final = (
    rb"(?:[A-Za-z0-9 .,:;@/'\"_+()#&!?=\[\]{}%\\<>\t\r\n-]|[\xc3-\xdf][\x80-\xbf]|[\xe1-\xef][\x80-\xbf]{2}|"
    rb"\xf0[\x90-\xbf][\x80-\xbf]{2})"
)
_WIDE: Final = rb"(?:[\x20-\x7e\t\r\n]\x00)"
# Shorter ones count where they are of one kind: a number, an address in lower case, a name.
_SHORT: Final = rb"[0-9 ()./+-]{9,}+|[a-z0-9.@_-]{10,}+|[A-Za-z' ]{10,}+"
_RUN: Final = regex.compile(_ONE + b"{%d,}+|" % LEAST_RUN + _SHORT)
_WIDE_RUN: Final = regex.compile(_WIDE + b"{9,}+")
_RUN_PART, _WIDE_PART = regex.compile(_ONE + b"++"), regex.compile(_WIDE + b"++")


@dataclass(frozen=True, order=True)
class TextHit:
    """Personal data that begins at a byte (or in a row of a table), by its type."""

    offset: int
    type: str


@dataclass
class Batch:
    """Short texts that are searched together, each with the place it came from."""

    find: Find = field(repr=False)
    _texts: list[str] = field(default_factory=list, repr=False)
    _places: list[tuple[int, Callable[[int], int]]] = field(default_factory=list, repr=False)
    _size: int = 0

    def add(self, text: str, place: Callable[[int], int]) -> Iterator[TextHit]:
        """Take a text; `place` turns a character of it into an offset. Yields what is found by now."""
        if len(text) > PIECE:
            yield from (TextHit(place(start), kind) for start, kind in search(text, self.find))
            return
        if self._size + len(text) > PIECE:
            yield from self.flush()
        self._places.append((self._size, place))
        self._texts.append(text)
        self._size += len(text) + 2

    def flush(self) -> Iterator[TextHit]:
        """Search what waits."""
        joined = "\n\n".join(self._texts)
        places, self._texts, self._places, self._size = self._places, [], [], 0
        if not joined.strip():
            return
        for entity in self.find(readable(joined)):
            begin, place = max((one for one in places if one[0] <= entity.start), key=lambda one: one[0])
            yield TextHit(place(entity.start - begin), entity.type)


def readable(text: str, *, markup: bool = False) -> str:
    """Return `text` with its escapes read, at the same length."""
    view = _LONE.sub("\ufffd", text)
    if "\\" in view:
        view = _JSON_ESCAPE.sub(_json, view)
    if "%" in view:
        view = _PERCENT.sub(_percent, view)
    if markup or "&" in view or _MARKUP.search(view):
        view = markup_view(view)
    return view


def search(text: str, find: Find) -> Iterator[tuple[int, str]]:
    """Yield (character, type) of all personal data in a text of any length."""
    begin = behind = 0
    while begin < len(text):
        stop = begin + PIECE + RIGHT
        cut = len(text) if stop >= len(text) else _space(text, stop - RIGHT)
        for entity in find(readable(text[behind:stop])):
            if begin <= behind + entity.start < cut:
                yield behind + entity.start, entity.type
        begin, behind = cut, max(0, cut - LEFT)


def text_hits(chunks: Iterable[bytes], find: Find, *, encoding: str) -> Iterator[TextHit]:
    """Yield what is found in a text file that comes in chunks; bytes that do not decode are read around."""
    errors = "surrogateescape" if encoding == "utf-8" else "replace"
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    pending, behind, offset = "", "", 0  # `offset` is that of the first pending character

    def place(text: str) -> int:
        return len(text.encode(encoding, errors))

    def window(length: int, ahead: int) -> Iterator[TextHit]:
        view = readable(behind + pending[: length + ahead])
        for entity in find(view):
            start = entity.start - len(behind)
            if 0 <= start < length:
                yield TextHit(offset + place(pending[:start]), entity.type)

    for chunk in chunks:
        pending += decoder.decode(chunk)
        while len(pending) > PIECE + RIGHT:
            cut = _space(pending, PIECE)
            yield from window(cut, RIGHT)
            offset += place(pending[:cut])
            behind, pending = pending[max(0, cut - LEFT) : cut], pending[cut:]
    pending += decoder.decode(b"", final=True)
    yield from window(len(pending), 0)


def binary_hits(chunks: Iterable[bytes], find: Find) -> Iterator[TextHit]:
    """Yield what is found in the readable runs of a file that is no text, in UTF-8 and UTF-16."""
    batch = Batch(find)
    rest, base, low = b"", 0, 0
    for chunk in _ended(chunks):
        data = rest + chunk
        # A run that may go on in the next chunk waits for it; a very long one is cut, with an overlap.
        keep = _open_end(data) if chunk else len(data)
        high = base + keep
        if chunk and len(data) - keep >= _MOST_RUN - 3:
            keep, high = len(data) - LEFT - RIGHT, base + len(data) - RIGHT
        until = keep if high == base + keep else len(data)
        for pattern, width, encoding in ((_RUN, 1, "utf-8"), (_WIDE_RUN, 2, "utf-16-le")):
            for run in pattern.finditer(data, 0, until):
                place = _placer(base + run.start(), run.group(), width=width, low=low, high=high)
                for hit in batch.add(run.group().decode(encoding, "replace"), place):
                    if hit.offset >= 0:
                        yield hit
        base, rest, low = base + keep, data[keep:], max(low, high)
    yield from (hit for hit in batch.flush() if hit.offset >= 0)


def _placer(start: int, run: bytes, *, width: int, low: int, high: int) -> Callable[[int], int]:
    """Turn a character of a run into its byte; -1 for one that another window tells of."""
    text = "" if width == 2 or run.isascii() else run.decode("utf-8", "replace")

    def place(at: int) -> int:
        offset = start + (len(text[:at].encode()) if text else width * at)
        return offset if low <= offset < high else -1

    return place


def _ended(chunks: Iterable[bytes]) -> Iterator[bytes]:
    yield from (chunk for chunk in chunks if chunk)
    yield b""


def _open_end(data: bytes) -> int:
    """Return where a run begins that reaches the end of `data`; the end where there is none.

    It looks back over _MOST_RUN bytes: a run that fills them is a very long one.
    """
    least = max(0, len(data) - _MOST_RUN)
    tail = data[least:]
    first = len(tail)
    for pattern, slack in ((_RUN_PART, 3), (_WIDE_PART, 1)):
        last = None
        for last in pattern.finditer(tail):  # noqa: B007 - the last one counts
            pass
        if last is not None and last.end() >= len(tail) - slack:
            first = min(first, last.start())
    return least + first


def _space(text: str, at: int) -> int:
    """Return the place behind the last space before `at`, not too far back; else `at`."""
    for place in range(at, at - RIGHT, -1):
        if text[place - 1].isspace():
            return place
    return at


def _json(escape: regex.Match[str]) -> str:
    whole = escape.group()
    read = chr(int(escape["code"], 16)) if escape["code"] else _SIGNS.get(escape["sign"], escape["sign"])
    if "\ud800" <= read <= "\udfff":
        return whole
    return read + FILLER * (len(whole) - 1)


def _percent(escape: regex.Match[str]) -> str:
    whole = escape.group()
    try:
        read = unquote_to_bytes(whole).decode("utf-8")
    except UnicodeDecodeError:
        return whole
    return read + FILLER * (len(whole) - len(read))
