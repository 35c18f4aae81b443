"""Run the jobs of a bulk scrub: in this process, or in worker processes that each build a scrubber.

A worker that is killed costs one file: those it may have taken along are tried again one at a time.
Workers end with this process, however it ends, and only this process gives a part its name.
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
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Event
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
    context = multiprocessing.get_context("spawn")
    read, stop = context.Value("Q", 0), context.Event()
    told = 0

    def tell() -> None:
        nonlocal told
        now = read.value
        on_bytes(now - told)
        told = now

    def pool(size: int) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            size, mp_context=context, initializer=_start, initargs=(options, choice, read, stop)
        )

    coming = iter(jobs)
    try:
        while True:
            lost = yield from _together(pool(workers), coming, 2 * workers, tell)
            if not lost:
                return
            for job in lost:
                # Alone in a worker: if that one ends too, it is this file that ends it.
                alone = yield from _together(pool(1), iter([job]), 1, tell)
                if alone:
                    yield job, Done(job.number, reason=KILLED)
    finally:
        stop.set()


def _together(
    pool: ProcessPoolExecutor, coming: Iterator[Job], most: int, tell: Callable[[], None]
) -> Generator[tuple[Job, Done], None, list[Job]]:
    """Yield what becomes of the jobs; return those that were lost when a worker ended."""
    running: dict[Future[Done], Job] = {}
    lost: deque[Job] = deque()
    whole = False
    try:
        while not lost:
            while len(running) < most and (job := next(coming, None)) is not None:
                try:
                    running[pool.submit(_run, job)] = job
                except BrokenProcessPool:
                    lost.append(job)
                    break
            if not running:
                break
            ended, _ = wait(running, timeout=_TICK_S, return_when=FIRST_COMPLETED)
            tell()
            for future in ended:
                job = running.pop(future)
                try:
                    done = future.result()
                except BrokenProcessPool:
                    lost.append(job)
                else:
                    yield job, done
        for future, job in running.items():
            # A broken pool ends all its futures; one that had its result before still counts.
            if future.exception() is None:
                yield job, future.result()
            else:
                lost.append(job)
        whole = not lost
        return list(lost)
    finally:
        # Interrupted, nobody waits here: the workers are told to stop by who made them.
        pool.shutdown(wait=whole, cancel_futures=True)


_worker: FileWorker


def _start(options: Options, choice: ScrubberChoice, read: Synchronized[int], stop: Event) -> None:
    """Make a worker process ready."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()

    def progress(count: int) -> None:
        if stop.is_set():
            raise InterruptedError
        with read.get_lock():
            read.value += count

    global _worker
    _worker = FileWorker(build_scrubber(choice), options, progress)


def _run(job: Job) -> Done:
    return _worker.run(job)


def _end_with_parent() -> None:
    parent = multiprocessing.process.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
