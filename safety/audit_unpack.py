"""Open what is packed, for the audit: gz, bz2, xz, zip, tar and mails, one member at a time.

Members are read as streams and never written to disk. Sizes and depth are bounded, so that a small file
that unpacks to a huge one is told of as unread instead of being followed.

Must not: put a member's name into an error.
"""

from __future__ import annotations

import bz2
import email
import email.policy
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO, Final

from safety.bulk_mail import mail_texts

MOST_UNPACKED: Final = 16 << 30
MOST_DEPTH: Final = 4
MOST_HELD: Final = 64 << 20
"""Bytes of a packed file inside another, or of a mail: these are held in memory."""
HEAD: Final = 512

CLOSED: Final[dict[bytes, str]] = {
    b"%PDF": "a PDF: its text is packed",
    b"\x28\xb5\x2f\xfd": "packed with zstd",
    b"7z\xbc\xaf": "packed with 7z",
    b"Rar!": "packed with rar",
    b"PAR1": "a Parquet file: its pages are packed",
    b"\xd0\xcf\x11\xe0": "an old Office file",
}
"""What holds text that is not looked for: such a file counts as unread."""


class Unread(Exception):
    """Something cannot be read to its end; the message is a reason without names."""


@dataclass(frozen=True)
class Member:
    """A part of a packed file: its name, for the search alone, and its content."""

    name: str = field(repr=False)
    stream: IO[bytes] = field(repr=False)


@dataclass
class Budget:
    """How much may still be unpacked of one file."""

    left: int = MOST_UNPACKED

    def take(self, count: int) -> None:
        """Count unpacked bytes. Raises Unread when they are too many."""
        self.left -= count
        if self.left < 0:
            raise Unread(f"unpacks to more than {MOST_UNPACKED} bytes")


Opener = Callable[[IO[bytes]], Iterator[Member]]


def opener(head: bytes, ending: str) -> Opener | None:
    """Say how a file is unpacked, by its first bytes; None for one that is not packed."""
    for magic, opened in _OPENERS.items():
        if head.startswith(magic):
            return opened
    if head[257:262] == b"ustar":
        return _tar
    return _mail if ending == "eml" else None


def closed(head: bytes) -> str:
    """Say why a file cannot be read at all, or ''."""
    return next((reason for magic, reason in CLOSED.items() if head.startswith(magic)), "")


def reason_of(error: Exception) -> str:
    """Say why unpacking failed, by kind alone."""
    match error:
        case Unread():
            return str(error)
        case RuntimeError() | NotImplementedError():
            return "a member is encrypted or packed in an unknown way"
        case _:
            return f"cannot be unpacked: {type(error).__name__}"


PACKING_ERRORS: Final = (
    Unread, OSError, EOFError, RuntimeError, ValueError, LookupError,
    zipfile.BadZipFile, lzma.LZMAError, tarfile.TarError, zlib.error,
)  # fmt: skip


def _gzip(stream: IO[bytes]) -> Iterator[Member]:
    yield Member("", gzip.GzipFile(fileobj=stream))  # type: ignore[arg-type]


def _bz2(stream: IO[bytes]) -> Iterator[Member]:
    yield Member("", bz2.BZ2File(stream))


def _xz(stream: IO[bytes]) -> Iterator[Member]:
    with lzma.LZMAFile(stream) as unpacked:
        yield Member("", unpacked)


def _zip(stream: IO[bytes]) -> Iterator[Member]:
    with zipfile.ZipFile(_seekable(stream)) as archive:
        for entry in archive.infolist():
            if not entry.is_dir():
                with archive.open(entry) as member:
                    yield Member(entry.filename, member)


def _tar(stream: IO[bytes]) -> Iterator[Member]:
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for entry in archive:
            member = archive.extractfile(entry) if entry.isreg() else None
            yield Member(entry.name, member or io.BytesIO())


def _mail(stream: IO[bytes]) -> Iterator[Member]:
    """Yield the head of a mail and its texts, decoded, then its attachments."""
    message = email.message_from_bytes(_held(stream), policy=email.policy.default)
    head = "\n".join(f"{name}: {value}" for name, value in message.items())
    yield Member("", io.BytesIO(head.encode("utf-8", "replace")))
    for text in mail_texts(message):
        if text:
            yield Member("", io.BytesIO(text.encode("utf-8", "replace")))
    for part in message.walk():
        if not part.is_multipart() and part.get_content_maintype() != "text":
            content = part.get_payload(decode=True)
            data = content if isinstance(content, bytes) else b""
            yield Member(part.get_filename() or "", io.BytesIO(data))


def _seekable(stream: IO[bytes]) -> IO[bytes]:
    return stream if stream.seekable() else io.BytesIO(_held(stream))


def _held(stream: IO[bytes]) -> bytes:
    data = stream.read(MOST_HELD + 1)
    if len(data) > MOST_HELD:
        raise Unread(f"over {MOST_HELD} bytes that have to be held at once")
    return data


_OPENERS: Final[dict[bytes, Opener]] = {
    b"\x1f\x8b": _gzip,
    b"BZh": _bz2,
    b"\xfd7zXZ\0": _xz,
    b"PK\x03\x04": _zip,
    b"PK\x05\x06": _zip,
}
