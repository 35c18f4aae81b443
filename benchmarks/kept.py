"""What a stopped run has measured so far, so that the next one goes on there.

    Kept(folder, seconds=480)

A measurement of hours can be made in parts of minutes: results of texts are kept by chunk, under a hash of
the texts and of what read them, and lines of whole sections under a hash of their sizes and systems. What
has changed since is measured anew. Must not keep a word of the texts: hashes, offsets, types and numbers.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any


class OutOfTime(Exception):
    """The run's time is over; the message says how far a part has come."""


class Kept:
    """Results in a folder, and the time by which the run has to stop. Without a folder nothing is kept."""

    def __init__(self, folder: Path | None = None, *, seconds: float | None = None) -> None:
        self._folder = folder
        self._until = None if seconds is None else time.monotonic() + seconds
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    @property
    def keeps(self) -> bool:
        """Say whether anything is kept: without a folder no key is needed."""
        return self._folder is not None

    def chunks(
        self, key: Sequence[str], number: int, run: Callable[[Sequence[int]], Iterator[Any]], *, title: str
    ) -> Iterator[Any]:
        """Yield the result of each of `number` chunks, in order: those that are kept, then those of `run`.

        `run` takes the numbers of the chunks that are missing and yields a JSON value for each. Raises
        OutOfTime between two of them when the time is over.
        """
        file = self._file(key)
        done = _read(file)[:number]
        yield from done
        missing = range(len(done), number)
        if not missing:
            return
        results = run(missing)
        try:
            for at in missing:
                if self._until is not None and time.monotonic() > self._until:
                    raise OutOfTime(f"{title}: {at} of {number} parts")
                result = next(results)
                if file is not None:
                    with file.open("a", encoding="utf-8") as stream:
                        stream.write(json.dumps(result, separators=(",", ":")) + "\n")
                yield result
        finally:
            if hasattr(results, "close"):
                results.close()

    def once(self, key: Sequence[str], run: Callable[[], Any], *, title: str) -> Any:
        """Return what is kept under `key`, or what `run` returns, which is kept from now on."""

        def runs(_missing: Sequence[int]) -> Iterator[Any]:
            yield run()

        (result,) = self.chunks(key, 1, runs, title=title)
        return result

    def _file(self, key: Sequence[str]) -> Path | None:
        if self._folder is None:
            return None
        digest = hashlib.sha256()
        for word in key:
            digest.update(word.encode("utf-8", "surrogatepass") + b"\0")
        return self._folder / f"{digest.hexdigest()[:24]}.jsonl"


def _read(file: Path | None) -> list[Any]:
    """Read the chunks of a file; a line that was cut off with its run is dropped, there and here."""
    if file is None or not file.is_file():
        return []
    found, whole = [], 0
    with file.open("rb") as stream:
        for line in stream:
            if not line.endswith(b"\n"):
                break
            found.append(json.loads(line))
            whole += len(line)
    if whole != file.stat().st_size:
        with file.open("r+b") as stream:
            stream.truncate(whole)
    return found
