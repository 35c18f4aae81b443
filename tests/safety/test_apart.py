"""Calls on daemon threads: results, errors, how many at once, and a process that ends although one hangs."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import wait
from pathlib import Path

import pytest

from safety.apart import DaemonPool

HANGS = """
import threading
from safety.apart import DaemonPool
pool = DaemonPool(1, "x")
hung = pool.submit(threading.Event().wait)
try:
    hung.result(timeout=0.2)
except TimeoutError:
    print("late")
"""


def test_results_and_errors_come_back() -> None:
    pool = DaemonPool(2, "x")
    assert [pool.submit(lambda n=n: n * n).result(timeout=5) for n in range(20)] == [n * n for n in range(20)]
    with pytest.raises(ZeroDivisionError):
        pool.submit(lambda: 1 / 0).result(timeout=5)
    assert pool.submit(lambda: "after").result(timeout=5) == "after"


def test_no_more_than_so_many_at_once_and_a_cancelled_one_never_begins() -> None:
    pool, go, begun = DaemonPool(2, "x"), threading.Event(), threading.Semaphore(0)

    def call() -> None:
        begun.release()
        go.wait(5)

    running = [pool.submit(call) for _ in range(2)]
    assert begun.acquire(timeout=5) and begun.acquire(timeout=5)
    never = pool.submit(call)
    assert not begun.acquire(timeout=0.2)
    assert never.cancel()
    go.set()
    assert not wait(running, timeout=5).not_done
    assert pool.submit(lambda: 1).result(timeout=5) == 1
    assert not begun.acquire(timeout=0.1)


def test_a_call_that_hangs_does_not_keep_the_process() -> None:
    done = subprocess.run(
        [sys.executable, "-c", HANGS], capture_output=True, text=True, timeout=60, check=True,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.stdout.strip() == "late"
