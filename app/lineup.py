"""Who writes an answer now: for each task the loaded release, the candidate, or the base model.

The message path asks here for a writer and holds it while it writes; `release_watch` changes the
lines meanwhile. A release that somebody still holds stays loaded. Must not read files or load weights.
"""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, Literal

from app.errors import Mismatch
from app.live_guards import LiveGuards
from app.release_manifest import ReleaseManifest

Role = Literal["base", "active", "candidate"]
# The kinds of answer that a model writes, and the task whose release writes them.
TASKS: Final[Mapping[str, str]] = {"grounded": "faq_support", "support": "counseling"}


@dataclass(frozen=True)
class Refusal:
    """A release that is in place and is not served, with what was expected and what was found."""

    release: str
    faults: tuple[Mismatch, ...]


@dataclass(frozen=True)
class Line:
    """What one task has: manifests of loaded releases by name, and what was refused.

    `share` is the part of conversations that the candidate answers. `withheld`: a release is active in
    the folder and none fits, so nobody writes; the base was not what the operator chose.
    """

    active: str = ""
    candidate: str = ""
    share: float = 0.0
    manifests: Mapping[str, ReleaseManifest] = field(default_factory=dict)
    refused: tuple[Refusal, ...] = ()
    withheld: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The releases that may be asked."""
        return tuple(name for name in (self.active, self.candidate) if name)


@dataclass(frozen=True)
class Writer:
    """Who writes one answer. `adapter` None is the base model; without `writes` nobody does."""

    task: str = ""
    adapter: str | None = None
    role: Role = "base"
    writes: bool = True


NOBODY: Final = Writer(writes=False)


class Lineup:
    """The lines of all tasks; safe to use from several threads."""

    def __init__(
        self, lines: Mapping[str, Line] | None = None, *, expected: Collection[str] | None = None
    ) -> None:
        """Begin with the given lines, for a service that is put together by hand.

        `expected` names the tasks whose releases are in place and still to be loaded; from None on
        nothing is waited for.
        """
        self.guards = LiveGuards()
        self._lines = {task: (lines or {}).get(task, Line()) for task in TASKS.values()}
        self._expected = frozenset(expected or ())
        self._held: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._settled = threading.Event()
        if expected is None:
            self._settled.set()

    def line(self, task: str) -> Line:
        """Return a task's line as it is now."""
        return self._lines.get(task, Line())

    def lines(self) -> dict[str, Line]:
        """Return every task's line as it is now."""
        with self._lock:
            return dict(self._lines)

    def expects(self, task: str) -> bool:
        """Say whether a release writes for a task, or will once it is loaded."""
        return bool(self.line(task).names) or (task in self._expected and not self._settled.is_set())

    def change(self, task: str, line: Line) -> None:
        """Let the next answers be written by this line; those under way keep their writer."""
        with self._lock:
            self._lines[task] = line

    def settle(self) -> None:
        """Say that the releases in place were looked at."""
        self._settled.set()

    def wait_settled(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds until the releases in place were looked at; true when they were."""
        return self._settled.wait(timeout)

    @contextmanager
    def writer(self, task: str, conversation_id: str) -> Iterator[Writer]:
        """Hold the writer of one answer of a conversation; it stays loaded until the block ends."""
        with self._lock:
            chosen = _choose(task, self._lines[task], conversation_id)
            if chosen.adapter is not None:
                self._held[chosen.adapter] += 1
        try:
            yield chosen
        finally:
            if chosen.adapter is not None:
                with self._lock:
                    self._held[chosen.adapter] -= 1

    def needed(self) -> frozenset[str]:
        """Return the releases that a line names or an answer under way holds."""
        with self._lock:
            named = {name for line in self._lines.values() for name in line.names}
            return frozenset(named | {name for name, count in self._held.items() if count > 0})


def falls_to_candidate(conversation_id: str, candidate: str, share: float) -> bool:
    """Say whether a conversation is of the candidate's share: the same for all its turns.

    A larger share keeps those it had; another candidate gets others.
    """
    digest = hashlib.sha256(f"{candidate}\0{conversation_id}".encode()).digest()
    return int.from_bytes(digest[:8]) < share * 2**64


def _choose(task: str, line: Line, conversation_id: str) -> Writer:
    if line.candidate and falls_to_candidate(conversation_id, line.candidate, line.share):
        return Writer(task, line.candidate, "candidate")
    if line.active:
        return Writer(task, line.active, "active")
    return Writer(task, None, "base", writes=not line.withheld)
