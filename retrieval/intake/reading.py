"""Read documents in a process of its own, so that a crafted or broken one costs itself alone.

    for rows in read_apart(files, limits=Limits(seconds=60)): ...

A document that takes too long, takes too much memory or brings its reader down is set aside with that reason,
and the next one gets a fresh process. What a library prints there is thrown away: it may hold a file's words.
Must not outlive its parent by more than one document's time.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from retrieval.errors import FaqFileError
from retrieval.intake.documents import read_document
from retrieval.intake.found import Found, unreadable

SECONDS: Final = 60.0
MEMORY: Final = 2 * 1024**3
_GRACE: Final = 5.0  # seconds after which a process ends by itself whose parent has not ended it

Read = Callable[[Path], tuple[Found, ...]]


@dataclass(frozen=True)
class Limits:
    """What one document may take: seconds by the clock, and bytes of memory for all that is read of it."""

    seconds: float = SECONDS
    memory: int = MEMORY


def read_apart(
    files: Iterable[Path], *, limits: Limits | None = None, read: Read = read_document
) -> Iterator[tuple[Found, ...]]:
    """Yield what each file holds, in order; for one that breaks a limit, a row that says which.

    `read` must be importable by name. The seconds include loading a library with the first file of its kind.
    Memory is bounded where the system can (Linux). Raises FaqFileError when no process can be started.
    """
    limits = limits or Limits()
    reader: _Reader | None = None
    try:
        for file in files:
            reader = reader or _Reader(limits, read)
            try:
                rows = reader.read(file)
            except _Broken as broken:
                reader.end()
                reader = None
                rows = (unreadable(file, str(broken)),)
            yield rows
    finally:
        if reader is not None:
            reader.end()


class _Broken(Exception):
    """The process did not give its answer; the message is the reason for whoever imports."""


class _Reader:
    """A process that reads one document after another."""

    def __init__(self, limits: Limits, read: Read) -> None:
        # A fork would copy the locks of the threads that an embedder has started, held as they are.
        context = multiprocessing.get_context("spawn")
        self._seconds = limits.seconds
        self._here, there = context.Pipe()
        self._process = context.Process(target=_serve, args=(there, limits, read), daemon=True, name="reader")
        self._process.start()
        there.close()
        try:
            self._here.recv()  # it is there; starting it is not part of a document's time
        except (EOFError, OSError) as error:
            self.end()
            raise FaqFileError(
                "no document can be read: the process that reads them does not start. Run the import as "
                "`python -m retrieval import`, or under `if __name__ == '__main__':`"
            ) from error

    def read(self, file: Path) -> tuple[Found, ...]:
        """Return what the file holds. Raises _Broken."""
        try:
            self._here.send(file)
            if not self._here.poll(self._seconds):
                raise _Broken(
                    f"reading it takes longer than {self._seconds:g} seconds. Split it, or give it more time "
                    "with --seconds-per-file"
                )
            rows: tuple[Found, ...] = self._here.recv()
        except (EOFError, OSError) as error:
            raise _Broken("reading it brought the reader down. Save it anew, or in another format") from error
        return rows

    def end(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._process.join()
        self._here.close()


def _serve(there: Connection, limits: Limits, read: Read) -> None:
    """Answer each path with its rows until the other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends this process
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    _bound_memory(limits.memory)
    there.send(())
    while True:
        try:
            file: Path = there.recv()
        except (EOFError, OSError):
            return
        _end_after(limits.seconds + _GRACE)
        there.send(read(file))
        _end_after(0)


def _bound_memory(size: int) -> None:
    if sys.platform == "win32":
        return
    import resource

    with contextlib.suppress(ValueError, OSError):  # an administrator's bound is lower, or there is none
        resource.setrlimit(resource.RLIMIT_DATA, (size, size))


def _end_after(seconds: float) -> None:
    """Let the system end this process after so many seconds; 0: not any more.

    Not a thread: one cannot run while a regular expression does.
    """
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_REAL, seconds)
