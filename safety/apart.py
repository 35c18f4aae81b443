"""Work on threads that nobody has to wait for: a call that hangs keeps neither its caller nor the process.

    pool = DaemonPool(4, "reading");  pool.submit(lambda: reader.assess(text)).result(timeout=0.06)

`concurrent.futures.ThreadPoolExecutor` joins its threads when the process ends, so that one that hangs never
lets it end.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

Found = TypeVar("Found")


class DaemonPool:
    """At most `most` daemon threads, begun when they are needed; calls beyond them wait in a queue."""

    def __init__(self, most: int, name: str) -> None:
        self._most, self._name = most, name
        self._calls: SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        self._idle = 0

    def submit(self, call: Callable[[], Found]) -> Future[Found]:
        """Return what `call` will give; a cancelled one that has not begun never begins."""
        future: Future[Found] = Future()
        self._calls.put((future, call))
        with self._lock:
            if self._idle < self._calls.qsize() and self._threads < self._most:
                self._threads += 1
                threading.Thread(target=self._work, name=f"{self._name}-{self._threads}", daemon=True).start()
        return future

    def _work(self) -> None:
        while True:
            with self._lock:
                self._idle += 1
            future, call = self._calls.get()
            with self._lock:
                self._idle -= 1
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(call())
            except BaseException as error:  # noqa: BLE001 - it is raised again where the result is asked for
                future.set_exception(error)
