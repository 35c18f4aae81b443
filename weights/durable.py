"""Files that after a crash are the old ones or the new ones, whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


@contextmanager
def durable_text(file: Path, *, private: bool = False) -> Iterator[TextIO]:
    """Open a text to write beside `file`; at the end it is on the disk, and takes the name.

    When the writing fails, what stood there stays. A `private` file is one that its owner alone can read.
    """
    fresh = file.with_name(f".{file.name}.{os.getpid()}.new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600 if private else 0o666)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(file)
    finally:
        fresh.unlink(missing_ok=True)
    sync(file.parent)


def write_durably(file: Path, text: str) -> None:
    """Write a file beside itself, to the disk, then under its name."""
    with durable_text(file) as stream:
        stream.write(text)


def sync(path: Path) -> None:
    """Bring a file's content, or the names in a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
