"""The thread that purges the store by itself: at the start, then once a day."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from app.errors import StoreError
from app.logs import get_logger
from app.store.records import Retention, utc_now
from app.store.store import Store

log = get_logger(__name__)


class PurgeTimer:
    """Purge at the start and every `every`; after a failure, try again after `retry`."""

    def __init__(
        self,
        store: Store,
        retention: Retention,
        *,
        every: timedelta = timedelta(days=1),
        retry: timedelta = timedelta(hours=1),
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._store = store
        self._retention = retention
        self._every = every
        self._retry = retry
        self._clock = clock
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="purge", daemon=True)

    def start(self) -> None:
        """Start the thread; the first purge runs at once."""
        self._thread.start()

    def stop(self) -> None:
        """Stop, and wait for a purge that is under way."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(timeout=30.0)

    def _run(self) -> None:
        while not self._stopped.is_set():
            pause = self._every if self._purge() else self._retry
            self._stopped.wait(pause.total_seconds())

    def _purge(self) -> bool:
        try:
            counts = self._store.purge(self._clock(), self._retention)
        except StoreError as error:
            log.error("purge_failed", code=error.code)
            return False
        log.info("purge_done", **counts.model_dump())
        return True
