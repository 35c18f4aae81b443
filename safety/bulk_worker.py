"""Scrub one file to one part: what a worker process does.

Whatever goes wrong inside a file is a reason, and its part is removed: other files go on. A part is on
the disk before its result is returned; giving it its name is the caller's.

Must not: log or return any text, or the name of a source.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from safety.bulk_formats import FORMATS, FileFault, Rows
from safety.bulk_manifest import Options
from safety.bulk_pieces import TextScrubber
from safety.errors import ScrubError
from safety.placeholders import Placeholders, Replacer

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

    from safety.scrubber import Scrubber

_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_SNIFF: Final = 8_192


@dataclass(frozen=True)
class Job:
    """A file to scrub: its number, ending and place in the tree, and where its part goes."""

    number: int
    source: Path = field(repr=False)
    place: str = field(repr=False)
    ending: str
    part: Path


@dataclass(frozen=True)
class Done:
    """What became of a file; `reason` is empty when its part is whole."""

    number: int
    reason: str = ""
    size: int = 0
    sha256: str = ""
    out_size: int = 0
    out_sha256: str = ""
    entities: dict[str, int] = field(default_factory=dict)
    rows: Rows = field(default_factory=Rows)
    second_look: int = 0
    renumbered: int = 0


def new_replacer(options: Options, place: str) -> Replacer:
    """Build the replacer of one file: another one for each file, so that none can be joined by it."""
    if not options.surrogates:
        return Placeholders()
    from safety.surrogates import Surrogates

    # Without a seed the salt is drawn anew for each file and kept nowhere.
    salt = secrets.token_bytes(32) if options.seed is None else f"{options.seed}\0{place}".encode()
    return Surrogates(salt)


class FileWorker:
    """Scrubs files one after the other with one scrubber."""

    def __init__(self, scrubber: Scrubber, options: Options, progress: Callable[[int], object]) -> None:
        self._scrubber, self._options, self._progress = scrubber, options, progress

    def run(self, job: Job) -> Done:
        """Scrub one file. Never raises for what the file holds: the result says why it failed."""
        try:
            return self._run(job)
        except Exception as error:  # noqa: BLE001 - whatever a file does to us, the others go on and it is not written
            job.part.unlink(missing_ok=True)
            return Done(job.number, reason=reason_of(error))

    def _run(self, job: Job) -> Done:
        text = TextScrubber(self._scrubber, lambda: new_replacer(self._options, job.place))
        rows = Rows()
        written = hashlib.sha256()
        out_size = 0
        with job.source.open("rb", buffering=0) as raw, job.part.open("wb") as part:
            counted = _Counted(raw, self._progress)
            source = _decoded(io.BufferedReader(counted, 1 << 16), self._options.encoding, job.ending)
            for piece in FORMATS[job.ending](source, text, frozenset(self._options.fields), rows):
                encoded = piece.encode("utf-8")
                part.write(encoded)
                written.update(encoded)
                out_size += len(encoded)
            if source.read(1):
                raise FileFault("not read to its end")
            part.flush()
            os.fsync(part.fileno())
        if not rows.scrubbed and not rows.failed and job.ending not in ("csv", "tsv", "jsonl", "ndjson"):
            rows.scrubbed = 1
        return Done(
            number=job.number,
            size=counted.size,
            sha256=counted.hash.hexdigest(),
            out_size=out_size,
            out_sha256=written.hexdigest(),
            entities=dict(sorted(text.counts.entities.items())),
            rows=rows,
            second_look=text.counts.second_look,
            renumbered=text.counts.renumbered,
        )


def reason_of(error: BaseException) -> str:
    """Say why a file failed, by kind alone: messages of other libraries may hold names or text."""
    match error:
        case FileFault():
            return str(error)
        case ScrubError():
            return f"scrub failed: {type(error).__name__}"
        case UnicodeDecodeError():
            return "not in its encoding (UTF-8, unless --encoding names another)"
        case csv.Error():
            return "not CSV"
        case TimeoutError():
            return "scrub failed: out of time"
        case OSError():
            return f"cannot be read or written: {type(error).__name__} {error.errno}"
        case _:
            return f"unexpected {type(error).__name__}"


class _Counted(io.RawIOBase):
    """Hashes and counts what is read."""

    def __init__(self, raw: io.FileIO, progress: Callable[[int], object]) -> None:
        super().__init__()
        self._raw, self._progress = raw, progress
        self.hash = hashlib.sha256()
        self.size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        count = self._raw.readinto(buffer) or 0
        self.hash.update(memoryview(buffer)[:count])
        self.size += count
        self._progress(count)
        return count


def _decoded(stream: io.BufferedReader, encoding: str, ending: str) -> io.TextIOWrapper:
    """Open as text: UTF-16 by its mark, else the encoding asked for. Raises FileFault for binary content."""
    head = stream.peek(_SNIFF)[:_SNIFF]
    if ending == "eml":
        return io.TextIOWrapper(stream, encoding="latin-1", newline="")
    if head.startswith(_UTF16):
        encoding = "utf-16"
    elif b"\0" in head and encoding.lower().startswith("utf-8"):
        raise FileFault("binary content")
    elif encoding.lower() in ("utf-8", "utf8"):
        encoding = "utf-8-sig"
    return io.TextIOWrapper(stream, encoding=encoding, newline="")
