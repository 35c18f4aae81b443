"""What the owner thread of a local model does: rows in, steps, adapters in and out, errors told.

Nothing heavy is imported here. An error never carries a user's words.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from app.errors import GenerationError, ModelUnavailable
from app.models.transformers_local_row import Row

if TYPE_CHECKING:
    from app.models.transformers_local_decode import Decoder

STEPS_BETWEEN_PROMPTS = 4


@dataclass(eq=False)
class Adoption:
    """An adapter that is to be loaded; whoever asked waits for `done` and then looks at `error`."""

    name: str
    folder: Path
    done: threading.Event = field(default_factory=threading.Event)
    error: Exception | None = None


class Inbox:
    """What waits for an owner: rows in order, adapters to load, and adapters to unload when unused.

    `rows` also takes None, which wakes the owner and means nothing else.
    """

    def __init__(self) -> None:
        self.rows: queue.Queue[Row | None] = queue.Queue()
        self.adoptions: queue.SimpleQueue[Adoption] = queue.SimpleQueue()
        self.retiring: set[str] = set()
        self.leaving = threading.Event()

    def adopt(self, adoption: Adoption) -> None:
        """Let the owner load an adapter between two steps."""
        self.adoptions.put(adoption)
        self.rows.put(None)

    def retire(self, name: str) -> None:
        """Let the owner unload an adapter once no row uses it."""
        self.retiring.add(name)
        self.rows.put(None)

    def leave(self) -> None:
        """End the owner's work."""
        self.leaving.set()
        self.rows.put(None)

    def waiting_for(self, name: str) -> bool:
        """Say whether a waiting row names an adapter."""
        with self.rows.mutex:
            return any(row is not None and row.request.adapter == name for row in self.rows.queue)


def serve(decoder: Decoder, inbox: Inbox, most_rows: int) -> None:
    """Admit one waiting row, write a few steps for all, and again; rest when there is nothing."""
    while not inbox.leaving.is_set():
        _change_adapters(decoder, inbox)
        if not decoder.rows or (len(decoder.rows) < most_rows and not inbox.rows.empty()):
            row = inbox.rows.get()
            if row is None:
                continue
            try:
                guarded(decoder, lambda row=row: decoder.admit(row), [row])  # type: ignore[misc]
            except Exception as error:
                # It is in no queue and not yet among the decoder's rows: nobody else would tell it.
                row.fail(ModelUnavailable(reason_of(error, loading=False)))
                raise
        for _ in range(STEPS_BETWEEN_PROMPTS):
            if decoder.rows and not inbox.leaving.is_set():
                guarded(decoder, decoder.step, decoder.rows)


def _change_adapters(decoder: Decoder, inbox: Inbox) -> None:
    """Load what was asked for; unload what no row needs. Rows under way keep what they began with."""
    while not inbox.adoptions.empty():
        adoption = inbox.adoptions.get()
        try:
            decoder.adopt(adoption.name, adoption.folder)
        except Exception as error:  # noqa: BLE001 - the base and the other adapters go on
            adoption.error = error
        adoption.done.set()
    for name in tuple(inbox.retiring):
        if not inbox.waiting_for(name) and all(row.request.adapter != name for row in decoder.rows):
            inbox.retiring.discard(name)
            decoder.retire(name)


def guarded(decoder: Decoder, work: Callable[[], None], rows: list[Row]) -> None:
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


def turn_away(decoder: Decoder | None, inbox: Inbox, error: ModelUnavailable) -> None:
    """End every row, and tell whoever waits for an adapter, with this error."""
    if decoder is not None:
        decoder.drop_all(error)
    while not inbox.adoptions.empty():
        adoption = inbox.adoptions.get()
        adoption.error = error
        adoption.done.set()
    while True:
        try:
            row = inbox.rows.get_nowait()
        except queue.Empty:
            return
        if row is not None:
            row.fail(error)


def _out_of_memory(error: Exception) -> bool:
    # torch says so by type on a GPU, and only by its words on a CPU.
    return (
        isinstance(error, MemoryError) or "out of memory" in (text := str(error)) or "can't allocate" in text
    )


def reason_of(error: Exception, *, loading: bool) -> str:
    """Name the error. Its text is kept only for loading, when no user has said anything yet."""
    if _out_of_memory(error):
        return "out of memory"
    return f"{type(error).__name__}: {error}" if loading else f"the model died: {type(error).__name__}"
