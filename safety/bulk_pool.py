"""Run the jobs of a bulk scrub: in this process, or in worker processes that each build a scrubber.

A worker that is killed costs one file: those it may have taken along are tried again one at a time.
Workers end with this process, however it ends, and only this process gives a part its name. What both sides
read and write has no lock, which a killed worker could take along, and at the end nobody waits for a worker
that is still loading its scrubber.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.process
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from ctypes import Array, c_bool, c_ulonglong
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from safety.bulk_manifest import Options
from safety.bulk_scrubber import ScrubberChoice, build_scrubber
from safety.bulk_worker import Done, FileWorker, Job

if TYPE_CHECKING:
    from safety.scrubber import Scrubber

KILLED: Final = "its worker was ended (killed, or out of memory)"
_TICK_S: Final = 0.5


def run_jobs(
    jobs: Iterable[Job],
    options: Options,
    *,
    choice: ScrubberChoice,
    scrubber: Scrubber,
    workers: int,
    on_bytes: Callable[[int], object],
) -> Iterator[tuple[Job, Done]]:
    """Yield each job with what became of it, in the order in which they end.

    One worker is this process, with `scrubber`; more are processes that build their own. `on_bytes` is
    told how many further bytes of the sources were read.
    """
    if workers == 1:
        worker = FileWorker(scrubber, options, on_bytes)
        yield from ((job, worker.run(job)) for job in jobs)
        return
    told = 0

    def tell(now: int) -> None:
        nonlocal told
        on_bytes(now - told)
        told = now

    coming = iter(jobs)
    while True:
        lost = yield from _together(_Pool(workers, options, choice, told), coming, tell)
        if not lost:
            return
        for job in lost:
            # Alone in a worker: if that one ends too, it is this file that ends it.
            alone = yield from _together(_Pool(1, options, choice, told), iter([job]), tell)
            if alone:
                yield job, Done(job.number, reason=KILLED)


@dataclass(frozen=True)
class _Shared:
    """What a pool and its workers write for each other."""

    read: Array[c_ulonglong]
    """Bytes read by the job in each place of the line; one job is in a place at a time."""
    stop: Array[c_bool]


class _Pool:
    """Worker processes, and places in line for twice as many jobs."""

    def __init__(self, workers: int, options: Options, choice: ScrubberChoice, before: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.places = 2 * workers
        self._before = before
        self._shared = _Shared(context.RawArray(c_ulonglong, self.places), context.RawArray(c_bool, 1))
        self._processes = ProcessPoolExecutor(
            workers, mp_context=context, initializer=_start, initargs=(options, choice, self._shared)
        )

    def submit(self, job: Job, place: int) -> Future[Done]:
        """Take a job for a place whose last job has ended. Raises BrokenProcessPool."""
        return self._processes.submit(_run, job, place)

    def bytes_read(self) -> int:
        """Return how many bytes were read, those of earlier pools included."""
        return self._before + sum(self._shared.read)

    def end(self, *, wait: bool) -> None:
        """End the workers: those at work with their file, those that are still loading at once."""
        self._shared.stop[0] = True
        self._processes.shutdown(wait=wait, cancel_futures=True)


def _together(
    pool: _Pool, coming: Iterator[Job], tell: Callable[[int], None]
) -> Generator[tuple[Job, Done], None, list[Job]]:
    """Yield what becomes of the jobs; return those that were lost when a worker ended."""
    running: dict[Future[Done], tuple[Job, int]] = {}
    places = list(range(pool.places))
    lost: deque[Job] = deque()
    whole = False
    try:
        while not lost:
            while places and (job := next(coming, None)) is not None:
                try:
                    place = places.pop()
                    running[pool.submit(job, place)] = job, place
                except BrokenProcessPool:
                    lost.append(job)
                    break
            if not running:
                break
            ended, _ = wait(running, timeout=_TICK_S, return_when=FIRST_COMPLETED)
            tell(pool.bytes_read())
            for future in ended:
                job, place = running.pop(future)
                places.append(place)
                try:
                    done = future.result()
                except BrokenProcessPool:
                    lost.append(job)
                else:
                    yield job, done
        for future, (job, _place) in running.items():
            # A broken pool ends all its futures; one that had its result before still counts.
            if future.exception() is None:
                yield job, future.result()
            else:
                lost.append(job)
        whole = not lost
        return list(lost)
    finally:
        # Interrupted, nobody waits here.
        pool.end(wait=whole)


_worker: FileWorker
_place = 0


def _start(options: Options, choice: ScrubberChoice, shared: _Shared) -> None:
    """Make a worker process ready."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ready = threading.Event()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    threading.Thread(target=_end_when_late, args=(shared.stop, ready), daemon=True).start()

    def progress(count: int) -> None:
        if shared.stop[0]:
            raise InterruptedError
        shared.read[_place] += count

    global _worker
    _worker = FileWorker(build_scrubber(choice), options, progress)
    ready.set()


def _run(job: Job, place: int) -> Done:
    global _place
    _place = place
    return _worker.run(job)


def _end_with_parent() -> None:
    parent = multiprocessing.process.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _end_when_late(stop: Array[c_bool], ready: threading.Event) -> None:
    """End a worker that is not ready when all work is done: on a busy machine loading takes minutes."""
    while not ready.wait(_TICK_S):
        if stop[0]:
            os._exit(0)
