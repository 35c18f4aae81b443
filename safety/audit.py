"""Search a file or a folder for personal data and planted canaries, whatever form it has.

Text as text, databases by row and by byte, packed files member by member, all else in bytes and in runs
of readable characters, names of files as well. What cannot be read is told of: an audit that says
"nothing found" has looked at everything, save for pixels, sound and the numbers of tensors.

Must not: write anything, or return a word of what it reads: files go by their number in the sorted walk
and a scrubbed name, findings by type and offset.
Run: `python -m safety audit PATH`.
"""

from __future__ import annotations

import io
import sqlite3
import struct
from collections.abc import Callable, Iterator
from pathlib import Path, PurePath
from typing import IO, TYPE_CHECKING, Final

from safety.audit_canaries import StreamMatcher
from safety.audit_database import MAGIC, UnreadTable, read_rows
from safety.audit_findings import Finding, Gathered, Search
from safety.audit_text import Batch, Find, TextHit, binary_hits, readable, text_hits
from safety.audit_unpack import HEAD, MOST_DEPTH, PACKING_ERRORS, Budget, Opener, Unread, closed, opener
from safety.audit_unpack import reason_of as packing_reason
from safety.bulk_names import safe_path
from safety.bulk_plan import every_file
from safety.errors import ScrubError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CHUNK: Final = 1 << 20
_SNIFF: Final = 8_192
_UTF16: Final = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


def audit(path: Path, search: Search) -> Iterator[Finding]:
    """Yield a finding for every file at or below `path`, then for those of its parts where there is one.

    Raises FileNotFoundError when there is nothing at `path`.
    """
    if not path.exists():
        raise FileNotFoundError("there is nothing at PATH")
    for number, (file, reason, _failed) in enumerate(files_of(path), start=1):
        relative = file.relative_to(path) if path.is_dir() else PurePath(file.name)
        one = _File(number, file, relative, search)
        yield from one.unread(reason) if reason else one.findings()
        yield from one.name_findings()


def files_of(path: Path) -> Iterator[tuple[Path, str, bool]]:
    """Yield (file, reason not to read it, whether that is a failure); of a database its log as well."""
    if path.is_dir():
        for file, reason, failed in every_file(path):
            # A link into the folder is read where it points to.
            inside = file.is_symlink() and file.resolve().is_relative_to(path.resolve())
            if not (inside and file.exists()):
                yield file, reason, failed
        return
    yield path, "", False
    for ending in ("-wal", "-journal"):
        beside = path.with_name(path.name + ending)
        if beside.is_file():
            yield beside, "", False


class _File:
    """One file on its way through the search."""

    def __init__(self, number: int, path: Path, relative: PurePath, search: Search) -> None:
        self._number, self._path, self._relative, self._search = number, path, relative, search
        self._name = safe_path(relative)
        self._budget = Budget()

    def unread(self, reason: str) -> Iterator[Finding]:
        """Tell of a file that is not read."""
        yield self._finding(Gathered(unread=reason), part="", kind="none")

    def name_findings(self) -> Iterator[Finding]:
        """Search the file's own path."""
        found = self._named(self._relative.as_posix())
        if found.types or found.unread:
            yield self._finding(found, part="name", kind="name")

    def findings(self) -> Iterator[Finding]:
        """Search the file's bytes, then what is in them."""
        try:
            yield from self._all()
        except Exception as error:  # noqa: BLE001 - whatever a file does to a parser, it is unread and the next is searched
            yield from self.unread(f"unexpected {type(error).__name__}")

    def _all(self) -> Iterator[Finding]:
        try:
            with self._path.open("rb") as stream:
                head = stream.peek(_SNIFF)[:_SNIFF]
                opened = opener(head[:HEAD], self._ending)
                found = self._content(stream, head, packed=opened is not None)
        except OSError as error:
            yield from self.unread(f"cannot be read: {type(error).__name__} {error.errno}")
            return
        yield found
        if head.startswith(MAGIC):
            yield from self._tables()
        elif opened is not None:
            with self._path.open("rb") as stream:
                yield from self._members(stream, opened, part="", depth=1)

    @property
    def _ending(self) -> str:
        return self._relative.suffix.lower().removeprefix(".")

    def _content(self, stream: IO[bytes], head: bytes, *, packed: bool, part: str = "") -> Finding:
        """Search a stream to its end: canaries in its bytes, personal data in its text."""
        found = Gathered(unread=closed(head))
        canaries = StreamMatcher(self._search.matcher)

        def chunks() -> Iterator[bytes]:
            while chunk := stream.read(CHUNK):
                if part:
                    self._budget.take(len(chunk))
                else:
                    self._search.on_bytes(len(chunk))
                found.size += len(chunk)
                for hit in canaries.feed(chunk):
                    found.canary(hit.number, hit.offset)
                yield chunk

        coming = chunks()
        find = self._search.find
        kind = "packed" if packed else "bytes"
        hits: Iterator[TextHit] = iter(())
        if find is not None and not packed and not found.unread:
            kind, hits = _hits(coming, head, find, tensors=self._ending == "safetensors" and not part)
        try:
            _gather(found, hits)
            for _chunk in coming:
                pass  # what is left is searched for canaries alone
        except PACKING_ERRORS as error:
            found.unread = packing_reason(error) if part else f"cannot be read: {type(error).__name__}"
        return self._finding(found, part=part, kind=kind)

    def _members(self, stream: IO[bytes], opened: Opener, *, part: str, depth: int) -> Iterator[Finding]:
        """Search the members of a packed file, and theirs."""
        try:
            for number, member in enumerate(opened(stream), start=1):
                here = f"{part}/member {number}".removeprefix("/")
                named = self._named(member.name)
                if named.types or named.unread:
                    yield self._finding(named, part=f"name of {here}", kind="name")
                inner = _buffered(member.stream)
                head = inner.peek(_SNIFF)[:_SNIFF]
                within = opener(head[:HEAD], PurePath(member.name).suffix.lower().removeprefix("."))
                if within is None:
                    finding = self._content(inner, head, packed=False, part=here)
                    if not finding.clean:
                        yield finding
                    continue
                if depth == MOST_DEPTH:
                    raise Unread(f"packed more than {MOST_DEPTH} times over")
                yield from self._members(inner, within, part=here, depth=depth + 1)
        except PACKING_ERRORS as error:
            yield self._finding(Gathered(unread=packing_reason(error)), part=part or "members", kind="packed")

    def _tables(self) -> Iterator[Finding]:
        """Search the rows of a database."""
        tables: dict[int, Gathered] = {}
        batches: dict[int, Batch] = {}
        find = self._search.find
        hits: Iterator[TextHit]
        try:
            for row in read_rows(self._path):
                found = tables.setdefault(row.table, Gathered())
                if isinstance(row, UnreadTable):
                    found.unread = row.reason
                    continue
                for cell in row.cells:
                    raw = cell.value if isinstance(cell.value, bytes) else _encoded(cell.value)
                    found.size += len(raw)
                    for hit in self._search.matcher.find(raw):
                        found.canary(hit.number, row.row)
                    if find is None:
                        continue
                    if isinstance(cell.value, bytes):
                        hits = (TextHit(row.row, one.type) for one in binary_hits([cell.value], find))
                    else:
                        # The column says what a short value is, as a cue would in a sentence.
                        cue = f"{cell.column}: ".replace("_", " ")
                        batch = batches.setdefault(row.table, Batch(find))
                        hits = batch.add(cue + cell.value, _at(row.row, len(cue)))
                    _gather(found, hits)
            for table, batch in batches.items():
                _gather(tables[table], batch.flush())
        except sqlite3.Error as error:
            tables.setdefault(0, Gathered()).unread = f"no database: {type(error).__name__}"
        for table, found in sorted(tables.items()):
            if found.types or found.unread:
                yield self._finding(found, part=f"rows of table {table}", kind="rows")

    def _named(self, name: str) -> Gathered:
        """Search a name; its underscores and dots read as spaces."""
        found = Gathered(size=len(name))
        for hit in self._search.matcher.find(_encoded(name)):
            found.canary(hit.number, hit.offset)
        if self._search.find is not None:
            try:
                for entity in self._search.find(readable(name.replace("_", " ").replace("/", "\n"))):
                    found.add(entity.type, entity.start)
            except ScrubError as error:
                found.unread = f"not searched in full for personal data: {type(error).__name__}"
        return found

    def _finding(self, found: Gathered, *, part: str, kind: str) -> Finding:
        return Finding(
            file=self._number,
            name=self._name,
            part=part,
            kind=kind,
            bytes=found.size,
            found=dict(sorted(found.types.items())),
            offsets={kind: tuple(places) for kind, places in sorted(found.places.items())},
            canaries=tuple(sorted(found.numbers)),
            unread=found.unread,
        )


def _gather(found: Gathered, hits: Iterator[TextHit]) -> None:
    """Count hits; what could not be searched in full is told of, and the search for canaries goes on."""
    try:
        found.add_all(hits)
    except ScrubError as error:
        found.unread = f"not searched in full for personal data: {type(error).__name__}"
    except TimeoutError:
        found.unread = "not searched in full for personal data: out of time"


class _Raw(io.RawIOBase):
    """A member's stream, of whatever kind, as a raw one that can be buffered."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__()
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)
        data = self._stream.read(len(view))
        view[: len(data)] = data
        return len(data)


def _buffered(stream: IO[bytes]) -> io.BufferedReader:
    raw: io.RawIOBase = _Raw(stream)
    return io.BufferedReader(raw, CHUNK)


def _hits(
    chunks: Iterator[bytes], head: bytes, find: Find, *, tensors: bool
) -> tuple[str, Iterator[TextHit]]:
    """Say what kind of content this is, and search its text."""
    if tensors and len(head) > 8:
        return "tensors", text_hits(
            _first(chunks, 8 + struct.unpack("<Q", head[:8])[0]), find, encoding="utf-8"
        )
    if head[:2] in _UTF16:
        return "text", text_hits(chunks, find, encoding=_UTF16[head[:2]])
    if b"\0" in head:
        return "binary", binary_hits(chunks, find)
    return "text", text_hits(chunks, find, encoding="utf-8")


def _first(chunks: Iterator[bytes], size: int) -> Iterator[bytes]:
    """Yield the first `size` bytes alone: after its header a file of tensors holds numbers."""
    for chunk in chunks:
        yield chunk[:size]
        size -= len(chunk)
        if size <= 0:
            return


def _at(row: int, cue: int) -> Callable[[int], int]:
    """Give a row's number as the place of every character of its cell, and -1 for the cue's own."""
    return lambda at: row if at >= cue else -1


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
