"""What must not change: a text's result in any thread, and the memory however many messages come."""

from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor

import psutil
from tqdm import tqdm

from benchmarks.pii.estimates import exact, share
from benchmarks.pii.options import Options, Outcome
from benchmarks.pii.result import Line
from benchmarks.pii.speed import ORDINARY, texts
from benchmarks.pii.systems import SAFE_HARBOR, find_one, systems

THREADS = 16
MESSAGE = 120  # characters: a chat's messages are short, and what grows grows with their number
_POINTS = 21  # how often memory is read
_MIB = 2**20


def measure_threads(options: Options) -> Outcome:
    """Compare what sixteen threads find at once with what one finds alone."""
    (system,) = systems([SAFE_HARBOR])
    some = texts(ORDINARY, max(20, options.documents), seed=options.seed + 2)
    alone = [find_one(system, text) for text in some]
    with ThreadPoolExecutor(THREADS) as pool:
        # Each text is read by every thread's neighbours at once: all of them, as often as there are threads.
        together = list(pool.map(lambda text: find_one(system, text), some * THREADS))
    same = sum(one == two for one, two in zip(alone * THREADS, together, strict=True))
    values = {SAFE_HARBOR: share(same, len(together))}
    return [Line("threads", f"{THREADS} threads", "same as one thread", values)]


def measure_memory(options: Options) -> Outcome:
    """Read one process's memory at even steps; the first tenth, in which caches fill, is not counted.

    Every message is different, since repeated ones would hide a cache or a vocabulary that grows.
    """
    (system,) = systems([SAFE_HARBOR])
    process, read = psutil.Process(), []
    block = max(1, options.messages // (_POINTS - 1))
    with tqdm(total=options.messages, desc="memory", unit=" messages", disable=None) as bar:
        for step in range(_POINTS):
            gc.collect()
            read.append(process.memory_info().rss / _MIB)
            if step == _POINTS - 1:
                break
            for text in texts(MESSAGE, block, seed=1_000 + step):
                find_one(system, text)
            bar.update(block)
    counted = read[max(1, _POINTS // 10) :]
    messages = block * (len(counted) - 1)
    growth = (counted[-1] - counted[0]) / messages * 10_000
    seen = block * (_POINTS - 1)
    return [
        Line(
            "memory", "resident", "growth per 10,000 messages", {SAFE_HARBOR: exact(growth, seen)}, unit="MiB"
        ),
        Line("memory", "resident", "most", {SAFE_HARBOR: exact(max(read), seen)}, unit="MiB"),
    ]
