"""What a scrubbed folder says of itself: under which policy it was made, and which files are whole.

`OUT/.scrub/` holds the manifest (JSON Lines: a header, then one record a finished file), the parts that
are being written, and the lock. A record is written after its file has its name, so what is recorded is
whole; a torn last line is the mark of a kill and is dropped. A file without a record is made again.

The folder is for going on where a run stopped: leave it behind when you pass the files on. Its hashes of
sources let someone who has a source see that it was among them.

Must not: hold the name of a source, or any text.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from safety.errors import SafetyError
from weights.durable import sync_folder, write_durably

FOLDER: Final = ".scrub"
VERSION: Final = 1


class ManifestMismatch(SafetyError):
    """A folder was not made by this command, or under another policy or options."""


class Frozen(BaseModel):
    """Base of what is written and read back."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Options(Frozen):
    """What decides the output: a folder holds the work of one set of options."""

    policy: str
    policy_hash: str
    surrogates: bool = False
    seed: int | None = None
    fields: tuple[str, ...] = ()
    encoding: str = "utf-8"


class Header(Frozen):
    """The manifest's first line."""

    version: int = VERSION
    options: str


class Fault(Frozen):
    """A row that was left out, by its line, and why."""

    line: int
    reason: str


class Record(Frozen):
    """A finished file: `path` in the output, `base` the path before names were made unique."""

    path: str
    base: str
    size: int
    sha256: str
    out_size: int
    out_sha256: str
    entities: dict[str, int]
    rows: int
    rows_failed: int = 0
    faults: tuple[Fault, ...] = ()
    long_numbers: int = 0
    parts_left_out: int = 0
    second_look: int = 0
    renumbered: int = 0


class Manifest:
    """The manifest of one output folder, open for adding records."""

    def __init__(self, out: Path, options: Options) -> None:
        """Open or begin it. Raises ManifestMismatch when `out` holds something else."""
        self.folder = out / FOLDER
        self.parts = self.folder / "parts"
        self._file = self.folder / "manifest.jsonl"
        self.records: list[Record] = []
        mine = hashlib.sha256(options.model_dump_json().encode()).hexdigest()
        if self._file.exists():
            self._read(mine)
        elif any(path.name != FOLDER for path in out.iterdir()):
            raise ManifestMismatch("the output folder holds files and no manifest: name an empty or new one")
        self.parts.mkdir(parents=True, exist_ok=True)
        for left in self.parts.iterdir():
            left.unlink()
        if not self._file.exists():
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write_durably(self._file, Header(options=mine).model_dump_json() + "\n")
        self._stream = self._file.open("a", encoding="utf-8")

    def place(self, part: Path, record: Record, out: Path) -> None:
        """Give a finished part its name, then record it. The part is on the disk already."""
        target = out / record.path
        target.parent.mkdir(parents=True, exist_ok=True)
        part.replace(target)
        sync_folder(target.parent)
        self._stream.write(record.model_dump_json(exclude_defaults=True) + "\n")
        self._stream.flush()

    def close(self) -> None:
        """Bring the records to the disk."""
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()

    def _read(self, mine: str) -> None:
        """Read what is whole, and cut off a line that a kill left torn."""
        raw = self._file.read_bytes()
        whole = raw[: raw.rfind(b"\n") + 1]
        lines = whole.splitlines()
        try:
            header = Header.model_validate_json(lines[0] if lines else b"")
            self.records = list(latest(Record.model_validate_json(line) for line in lines[1:]))
        except ValidationError:
            raise ManifestMismatch("OUT has a manifest that cannot be read: name a new folder") from None
        if header != Header(options=mine):
            raise ManifestMismatch(
                "the output folder was made under another policy, options or version: name a new one"
            )
        if len(whole) < len(raw):
            write_durably(self._file, whole.decode())


def latest(records: Iterator[Record]) -> Iterator[Record]:
    """Yield the last record of each path."""
    yield from {record.path: record for record in records}.values()


def hashed(file: Path) -> str:
    """Return a file's SHA-256. Raises OSError."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def is_whole(out: Path, record: Record) -> bool:
    """Say whether a recorded output still is as it was written."""
    target = out / record.path
    try:
        return (
            not target.is_symlink()
            and target.stat().st_size == record.out_size
            and hashed(target) == record.out_sha256
        )
    except OSError:
        return False
