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
from app.models.transformers_local_row import Counters, Done, Failed, Row
from weights.sources import Fetched

if TYPE_CHECKING:
    from app.models.transformers_local_decode import Decoder

MOST_ROWS = 8
MOST_WAITING = 64
STEPS_BETWEEN_PROMPTS = 4
_POLL_S = 0.1


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
        if request.adapter is not None and request.adapter not in self._adapters:
            there = ", ".join(self._adapters) or "none"
            raise GenerationError(f"unknown adapter {request.adapter!r}: there are {there}")
        if not request.messages or request.max_new_tokens < 1:
            raise GenerationError("a request needs at least one message and max_new_tokens of 1 or more")
        row = Row(request=request, stop=stop, deadline=time.monotonic() + request.deadline_s)
        with self._lock:
            if self._state.status != "ready":
                raise ModelUnavailable(self._state.reason or self._state.status)
            if self._waiting.qsize() >= MOST_WAITING:
                raise GenerationError(f"{MOST_WAITING} requests are waiting already: try again later")
            self._waiting.put(row)
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

    def close(self) -> None:
        """End the owner thread and give the memory back."""
        with self._lock:
            self._leave("closed")
            owner = self._owner
        if owner is not None:
            owner.join(timeout=10)

    def _start(self) -> None:
        self._settled.clear()
        # Each owner has a queue and a leave flag of its own: a late one cannot touch its successor.
        self._waiting: queue.Queue[Row | None] = queue.Queue()
        self._leaving = threading.Event()
        self._owner = threading.Thread(
            target=self._own, args=(self._waiting, self._leaving, self._owner), daemon=True, name="model"
        )
        self._owner.start()

    def _leave(self, reason: str) -> None:
        self._leaving.set()
        self._waiting.put(None)
        self._state = ModelState("unavailable", reason)
        self._settled.set()

    # --- the owner thread ---------------------------------------------------------------

    def _own(
        self,
        waiting: queue.Queue[Row | None],
        leaving: threading.Event,
        predecessor: threading.Thread | None,
    ) -> None:
        decoder: Decoder | None = None
        reason = "closed"
        try:
            if predecessor is not None:
                predecessor.join()  # two models at once may not fit into memory
            decoder = self._load()
            with self._lock:
                if not leaving.is_set():
                    self._decoder = decoder
                    self._adapters = decoder.adapters
                    self._state = ModelState("ready", decoder.note)
                    self._settled.set()
            _serve(decoder, waiting, leaving, self._most_rows)
        except Exception as error:  # noqa: BLE001 - whatever it is, the application goes on without it
            reason = _reason(error, loading=decoder is None)
        finally:
            with self._lock:
                if not leaving.is_set():
                    self._state = ModelState("unavailable", reason)
                    leaving.set()
                    self._settled.set()
                if self._decoder is decoder:
                    self._decoder = None
            _turn_away(decoder, waiting, ModelUnavailable(reason))

    def _load(self) -> Decoder:
        # It warns at import about a package that we do not want: that one fetches code from a hub.
        logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
        # Imported here, so that importing torch is part of loading and nobody waits for it.
        from app.models.transformers_local_decode import Decoder
        from app.models.transformers_local_load import load

        fetched = self._locate()
        loaded = load(
            fetched,
            adapters=self._folders,
            precision=self._precision,
            cache_dir=self._cache_dir,
            threads=self._threads,
        )
        return Decoder(loaded, lookup=self._lookup)


def _close(model: weakref.ref[TransformersLocal]) -> None:
    left = model()
    if left is not None:
        left.close()


def _serve(
    decoder: Decoder, waiting: queue.Queue[Row | None], leaving: threading.Event, most_rows: int
) -> None:
    """Admit one waiting row, write a few steps for all, and again; rest when there is nothing."""
    while not leaving.is_set():
        if not decoder.rows or (len(decoder.rows) < most_rows and not waiting.empty()):
            row = waiting.get()
            if row is None:
                continue
            try:
                _guarded(decoder, lambda row=row: decoder.admit(row), [row])  # type: ignore[misc]
            except Exception as error:
                # It is in no queue and not yet among the decoder's rows: nobody else would tell it.
                row.fail(ModelUnavailable(_reason(error, loading=False)))
                raise
        for _ in range(STEPS_BETWEEN_PROMPTS):
            if decoder.rows and not leaving.is_set():
                _guarded(decoder, decoder.step, decoder.rows)


def _guarded(decoder: Decoder, work: Callable[[], None], rows: list[Row]) -> None:
    """Let one request's error end that request; what leaves no memory or model ends the owner."""
    rows = list(rows)
    try:
        work()
    except GenerationError as error:
        for row in rows:
            row.fail(error)
    except Exception as error:
        if _out_of_memory(error):
            for row in rows:
                row.fail(ModelUnavailable("out of memory"))
            raise
        # What the step had done to the shared cache is unknown: every row in it ends.
        failure = GenerationError(f"the model failed on this request: {type(error).__name__}")
        for row in rows:
            row.fail(failure)
        decoder.drop_all(failure)


def _turn_away(decoder: Decoder | None, waiting: queue.Queue[Row | None], error: ModelUnavailable) -> None:
    if decoder is not None:
        decoder.drop_all(error)
    while True:
        try:
            row = waiting.get_nowait()
        except queue.Empty:
            return
        if row is not None:
            row.fail(error)


def _out_of_memory(error: Exception) -> bool:
    # torch says so by type on a GPU, and only by its words on a CPU.
    return (
        isinstance(error, MemoryError) or "out of memory" in (text := str(error)) or "can't allocate" in text
    )


def _reason(error: Exception, *, loading: bool) -> str:
    """Name the error. Its text is kept only for loading, when no user has said anything yet."""
    if _out_of_memory(error):
        return "out of memory"
    return f"{type(error).__name__}: {error}" if loading else f"the model died: {type(error).__name__}"


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
