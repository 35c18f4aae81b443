"""Follow the index that is served: open its next generation beside the old one, then serve that.

    watch = IndexWatch(folder, part, open_index);  watch.start();  watch.stop()

A question that is being answered keeps the index that it began with. A new generation is verified and asked
a few of its own questions before it is served; one that cannot be opened changes nothing but the health. At a
start nothing is served yet: then the newest of those that were kept beside the folder and are whole is.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from app.logs import get_logger
from app.parts import Part
from retrieval.errors import EmbedderError, IndexCorrupt, IndexMismatch, IndexMissing
from weights.errors import WeightsCorrupt, WeightsUnfit

if TYPE_CHECKING:
    from retrieval.manifest import Manifest
    from retrieval.retriever import Retriever

log = get_logger(__name__)

LOOK_SECONDS: Final = 2.0
MANIFEST: Final = "manifest.json"
# What is wrong with an index itself; weights that are not to be had are looked for again later.
UNSOUND: Final = (
    IndexMissing, IndexCorrupt, IndexMismatch, EmbedderError, WeightsCorrupt, WeightsUnfit, OSError,
    ValueError,
)  # fmt: skip

OpenIndex = Callable[[Path], "Retriever"]
RebuildDue = Callable[["Manifest"], str]


@dataclass(frozen=True)
class IndexState:
    """How the served index stands: its generation, and ids that did not find themselves.

    `not_served` says why the one in place is not it, `rebuild_due` why it should be built again although it
    serves, `without_ranker` why nothing reads its entries together with a question.
    """

    generation: int = 0
    asked: int = 0
    missed: tuple[str, ...] = ()
    not_served: str = ""
    rebuild_due: str = ""
    without_ranker: str = ""

    @property
    def whole(self) -> bool:
        """Say whether the index in place is served with all that it needs, and finds its own questions."""
        return not self.missed and not self.not_served and not self.without_ranker


class IndexWatch:
    """Opens the index for a part, tests it, and replaces it there when the folder changes."""

    def __init__(
        self,
        folder: Path,
        open_index: OpenIndex,
        *,
        rebuild_due: RebuildDue = lambda _: "",
        without_ranker: Callable[[], str] = lambda: "",
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._folder = folder
        self._open = open_index
        self._rebuild_due = rebuild_due
        self._without_ranker = without_ranker
        self._look_seconds = look_seconds
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._seen = _NEVER
        self.state = IndexState()

    def open(self) -> Retriever:
        """Open and test the index, or what was kept when that cannot be served; the part is built by it.

        Raises RetrievalError.
        """
        from retrieval.manifest import read_manifest

        self._seen = _stamp(self._folder)
        try:
            retriever = self._open(self._folder)
        except UNSOUND as error:
            retriever = self._kept(error)
            self.state = self._tested(retriever, not_served=error)
            return retriever
        now = _stamp(self._folder)
        if read_manifest(self._folder) == retriever.manifest:
            self._seen = now  # opening may have built it
        self.state = self._tested(retriever)
        return retriever

    def start(self, part: Part[Retriever]) -> None:
        """Follow the folder in a thread of its own until `stop`."""
        self._thread = threading.Thread(target=self._run, args=(part,), daemon=True, name="index")
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def look(self, part: Part[Retriever]) -> None:
        """Look once: serve the generation in place if it is another one."""
        seen = _stamp(self._folder)
        if not part.is_ready() or seen == self._seen:
            return
        self._seen = seen
        try:
            retriever = self._open(self._folder)
            state = self._tested(retriever)
        except Exception as error:  # noqa: BLE001 - the generation that is served goes on
            self.state = replace(self.state, not_served=_told(error, self.state.generation))
            return
        part.replace(retriever)
        self.state = state
        log.info("index_served", count=state.generation)

    def _kept(self, error: Exception) -> Retriever:
        """Open the newest generation that was kept and is whole. Raises `error` when there is none."""
        from retrieval.generations import fallbacks

        for folder in fallbacks(self._folder):
            try:
                return self._open(folder)
            except UNSOUND as other:
                log.error("kept_index_not_served", error=type(other).__name__, count=int(folder.name))
        raise error

    def _tested(self, retriever: Retriever, *, not_served: Exception | None = None) -> IndexState:
        from retrieval.selftest import self_test

        done = self_test(retriever)
        if done.missed:
            log.error("index_self_test_failed", count=len(done.missed))
        generation = retriever.manifest.generation
        due = self._rebuild_due(retriever.manifest)
        if due:
            log.warning("index_rebuild_due", count=generation)
        told = _told(not_served, generation) if not_served is not None else ""
        return IndexState(generation, done.asked, done.missed, told, due, self._without_ranker())

    def _run(self, part: Part[Retriever]) -> None:
        while not self._stop.wait(self._look_seconds):
            self.look(part)


def _told(error: Exception, generation: int) -> str:
    """Log that the index in place is not served, and return it in words: no path, nothing of an entry."""
    log.error("index_not_served", error=type(error).__name__, count=generation)
    return f"{type(error).__name__}: the index in place is not served, generation {generation} is"


_NEVER: Final = (-2, 0, 0, 0)


def _stamp(folder: Path) -> tuple[int, int, int, int]:
    """Return what tells one generation's folder from the next without reading its manifest.

    A generation that was gone back to may have the manifest of the damaged one in place as a hard link: that
    it lies in another folder tells them apart.
    """
    try:
        stat, place = (folder / MANIFEST).stat(), folder.stat()
    except OSError:
        return (-1, 0, 0, 0)
    return (stat.st_mtime_ns, stat.st_size, stat.st_ino, place.st_ino)
