"""A part is built once, may fail alone, and is tried again."""

from __future__ import annotations

import threading

import pytest

from app.errors import PartUnavailable
from app.parts import RETRY_SECONDS, Part


def test_part_is_built_once_by_many_threads() -> None:
    built = []
    part = Part("index", lambda: built.append(1) or object())
    threads = [threading.Thread(target=part.get) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert built == [1]
    assert part.state().status == "ready"


def test_failure_is_remembered_then_tried_again() -> None:
    now = [0.0]
    tries = []

    def build() -> str:
        tries.append(1)
        if len(tries) == 1:
            raise OSError("no such folder")
        return "built"

    part = Part("index", build, clock=lambda: now[0])
    with pytest.raises(PartUnavailable, match="index: OSError: no such folder"):
        part.get()
    with pytest.raises(PartUnavailable):
        part.get()
    assert len(tries) == 1
    assert part.state().status == "unavailable"
    now[0] = RETRY_SECONDS
    assert part.get() == "built"


def test_retry_on_request_does_not_wait() -> None:
    tries: list[int] = []

    def build() -> int:
        tries.append(1)
        if len(tries) == 1:
            raise OSError
        return len(tries)

    part = Part("model", build)
    with pytest.raises(PartUnavailable):
        part.get()
    part.retry()
    assert part.get() == 2
