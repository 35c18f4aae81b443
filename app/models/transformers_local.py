"""A local model in this process: NF4 on a CPU or GPU, several adapters over one base.

One owner thread loads the model and is the only one that touches torch. Alone, a request is
written with prompt lookup; requests that wait join the ones being written, so nobody waits for
a batch to fill or to end. What the thread fails at is a state, never a crash: the reason says
which kind of error it was, without any user's words. Nothing heavy is imported before that
thread runs.
"""

from __future__ import annotations

import atexit
import logging
import queue
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from app.errors import GenerationError, ModelUnavailable
from app.models.base import GenerationRequest, ModelState, Precision
from app.models.transformers_local_owner import Adoption, Inbox, reason_of, serve, turn_away
from app.models.transformers_local_row import Counters, Done, Failed, Row
from weights.sources import Fetched

if TYPE_CHECKING:
    from app.models.transformers_local_decode import Decoder

MOST_ROWS = 8
MOST_WAITING = 64
ADOPT_SECONDS = 120.0
_POLL_S = 0.1
_CLOSE_SECONDS = 30.0


class TransformersLocal:
    """The chat model of `app.models.base` over transformers, PEFT and bitsandbytes."""

    def __init__(
        self,
        locate: Callable[[], Fetched],
        *,
        name: str,
        adapters: Mapping[str, Path] | None = None,
        precision: Precision = "nf4",
        threads: int = 0,
        cache_dir: Path | None = None,
        most_rows: int = MOST_ROWS,
        lookup: bool = True,
    ) -> None:
        """Start loading in the background. `locate` finds the weights; it may take minutes.

        `threads` 0 is one for each physical core. `lookup` False decodes without guesses.
        """
        self.name = name
        self._locate, self._precision, self._cache_dir = locate, precision, cache_dir
        self._folders = dict(adapters or {})
        self._adapters = tuple(self._folders)
        self._threads = threads or psutil.cpu_count(logical=False) or 1
        self._most_rows, self._lookup = most_rows, lookup
        self._lock = threading.Lock()
        self._settled = threading.Event()
        self._state = ModelState("loading")
        self._decoder: Decoder | None = None
        self._owner: threading.Thread | None = None
        self._start()
        # A thread inside torch when the interpreter ends aborts the process: end it first.
        atexit.register(_close, weakref.ref(self))

    @property
    def adapters(self) -> tuple[str, ...]:
        """The adapters that loaded; while loading, those asked for."""
        return self._adapters

    @property
    def counters(self) -> Counters:
        """The work done since the last load."""
        return self._decoder.counters if self._decoder else Counters()

    def stream(self, request: GenerationRequest, stop: threading.Event) -> Iterator[str]:
        """Queue a request and return its text in whole sentences; see `ChatModel.stream`."""
        if not request.messages or request.max_new_tokens < 1:
            raise GenerationError("a request needs at least one message and max_new_tokens of 1 or more")
        row = Row(request=request, stop=stop, deadline=time.monotonic() + request.deadline_s)
        with self._lock:
            if request.adapter is not None and request.adapter not in self._adapters:
                there = ", ".join(self._adapters) or "none"
                raise GenerationError(f"unknown adapter {request.adapter!r}: there are {there}")
            if self._state.status != "ready":
                raise ModelUnavailable(self._state.reason or self._state.status)
            if self._inbox.rows.qsize() >= MOST_WAITING:
                raise GenerationError(f"{MOST_WAITING} requests are waiting already: try again later")
            self._inbox.rows.put(row)
        return _Reader(row)

    def state(self) -> ModelState:
        """Say whether a request would be answered now."""
        return self._state

    def wait_ready(self, timeout: float) -> bool:
        """Wait until loading has ended; true when the model is ready."""
        self._settled.wait(timeout)
        return self.state().status == "ready"

    def restart(self) -> None:
        """Load again in the background; requests that are being written end with an error."""
        with self._lock:
            if self._state.status == "loading":
                return
            self._leave("restarted")
            self._state = ModelState("loading")
            self._start()

    def adopt(self, name: str, folder: Path) -> None:
        """Load an adapter in the owner thread, between two steps; see `ChatModel.adopt`."""
        adoption = Adoption(name, folder)
        with self._lock:
            if self._state.status != "ready":
                raise ModelUnavailable(self._state.reason or self._state.status)
            self._inbox.retiring.discard(name)
            self._inbox.adopt(adoption)
        if not adoption.done.wait(ADOPT_SECONDS):
            raise ModelUnavailable(f"adapter {name!r} did not load within {ADOPT_SECONDS:.0f} s")
        if isinstance(adoption.error, GenerationError | ModelUnavailable):
            raise adoption.error
        if adoption.error is not None:
            raise GenerationError(f"adapter {name!r} did not load") from adoption.error
        with self._lock:
            self._folders[name] = folder
            self._adapters = (*(known for known in self._adapters if known != name), name)

    def retire(self, name: str) -> None:
        """Forget an adapter; the owner thread unloads it after the last row that uses it."""
        with self._lock:
            self._adapters = tuple(known for known in self._adapters if known != name)
            if self._folders.pop(name, None) is not None:
                self._inbox.retire(name)

    def close(self) -> None:
        """End the owner thread and give the memory back."""
        with self._lock:
            self._leave("closed")
            owner = self._owner
        if owner is not None:
            # The process may end now, and a thread inside torch then aborts it, exit code and all.
            owner.join(timeout=_CLOSE_SECONDS)

    def _start(self) -> None:
        self._settled.clear()
        # Each owner has an inbox and a leave flag of its own: a late one cannot touch its successor.
        self._inbox = Inbox()
        self._owner = threading.Thread(
            target=self._own, args=(self._inbox, self._owner), daemon=True, name="model"
        )
        self._owner.start()

    def _leave(self, reason: str) -> None:
        self._inbox.leave()
        self._state = ModelState("unavailable", reason)
        self._settled.set()

    # --- the owner thread ---------------------------------------------------------------

    def _own(self, inbox: Inbox, predecessor: threading.Thread | None) -> None:
        decoder: Decoder | None = None
        reason = "closed"
        try:
            if predecessor is not None:
                predecessor.join()  # two models at once may not fit into memory
            decoder = self._load()
            with self._lock:
                if not inbox.leaving.is_set():
                    self._decoder = decoder
                    # What was retired meanwhile is not offered again.
                    self._adapters = tuple(name for name in decoder.adapters if name in self._folders)
                    self._state = ModelState("ready", decoder.note)
                    self._settled.set()
            serve(decoder, inbox, self._most_rows)
        except Exception as error:  # noqa: BLE001 - whatever it is, the application goes on without it
            reason = reason_of(error, loading=decoder is None)
        finally:
            with self._lock:
                if not inbox.leaving.is_set():
                    self._state = ModelState("unavailable", reason)
                    inbox.leaving.set()
                    self._settled.set()
                if self._decoder is decoder:
                    self._decoder = None
            turn_away(decoder, inbox, ModelUnavailable(reason))

    def _load(self) -> Decoder:
        # It warns at import about a package that we do not want: that one fetches code from a hub.
        logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
        # Imported here, so that importing torch is part of loading and nobody waits for it.
        from app.models.transformers_local_decode import Decoder
        from app.models.transformers_local_load import load

        fetched = self._locate()
        loaded = load(
            fetched,
            adapters=dict(self._folders),
            precision=self._precision,
            cache_dir=self._cache_dir,
            threads=self._threads,
        )
        return Decoder(loaded, lookup=self._lookup)


def _close(model: weakref.ref[TransformersLocal]) -> None:
    left = model()
    if left is not None:
        left.close()


class _Reader(Iterator[str]):
    """The reader's end of a row; closing or dropping it stops the row."""

    def __init__(self, row: Row) -> None:
        self._row = row

    def __next__(self) -> str:
        row = self._row
        while not row.dropped.is_set():
            try:
                item = row.sink.get(timeout=_POLL_S)
            except queue.Empty:
                # The owner may be reading another prompt: do not wait for it to notice.
                if row.must_end():
                    break
                continue
            if isinstance(item, Failed):
                row.dropped.set()
                raise item.error
            if isinstance(item, Done) or row.stop.is_set():
                break
            return item
        row.dropped.set()
        raise StopIteration

    def close(self) -> None:
        """Stop the row."""
        self._row.dropped.set()

    def __del__(self) -> None:
        self._row.dropped.set()
