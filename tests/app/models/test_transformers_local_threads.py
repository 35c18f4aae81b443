"""The choice between one thread and all: what is quicker wins, and is found again when it changes."""

from __future__ import annotations

import pytest
import torch

from app.models.transformers_local_threads import MANY_TOKENS, TRY_EVERY, Threads


def run(threads: Threads, passes: int, *, tokens: int, one: float, all_of_them: float) -> list[bool]:
    """Let `passes` passes take the given seconds; return which were shared by all threads."""
    chosen = []
    for _ in range(passes):
        shared = threads.choose(tokens)
        threads.learn(tokens, shared, all_of_them if shared else one)
        chosen.append(shared)
    return chosen


@pytest.mark.parametrize("tokens", [1, 5, MANY_TOKENS, 512])
@pytest.mark.parametrize("sharing_pays", [True, False])
def test_what_is_quicker_is_found_and_kept(tokens: int, sharing_pays: bool) -> None:
    threads = Threads(2)
    one, all_of_them = (2.0, 1.0) if sharing_pays else (1.0, 2.0)
    run(threads, 2 * TRY_EVERY, tokens=tokens, one=one, all_of_them=all_of_them)
    later = run(threads, 200, tokens=tokens, one=one, all_of_them=all_of_them)
    assert later.count(sharing_pays) >= 195


def test_a_way_that_was_far_worse_is_tried_rarely() -> None:
    threads = Threads(2)
    tried = run(threads, 1000, tokens=4, one=1.0, all_of_them=8.0).count(True)
    assert 1 <= tried <= 3


def test_it_changes_when_the_machine_does() -> None:
    threads = Threads(2)
    run(threads, 100, tokens=4, one=1.0, all_of_them=1.5)
    later = run(threads, 400, tokens=4, one=1.0, all_of_them=0.5)
    assert later[-50:].count(True) >= 48


def test_one_pause_is_no_trend() -> None:
    threads = Threads(2)
    run(threads, TRY_EVERY + 2, tokens=4, one=1.0, all_of_them=1.5)
    threads.learn(4, False, 500.0)
    assert run(threads, 8, tokens=4, one=1.0, all_of_them=1.5)[-1] is False


def test_sizes_are_judged_apart() -> None:
    threads = Threads(2)
    run(threads, 100, tokens=1, one=1.0, all_of_them=3.0)
    run(threads, 100, tokens=40, one=3.0, all_of_them=1.0)
    assert (threads.choose(1), threads.choose(40)) == (False, True)


def test_a_pass_gets_the_threads_that_were_chosen() -> None:
    before = torch.get_num_threads()
    try:
        threads = Threads(3)
        with threads.for_pass(1):
            assert torch.get_num_threads() == 1
        with threads.for_pass(MANY_TOKENS):
            assert torch.get_num_threads() == 3
        with Threads(1).for_pass(MANY_TOKENS):
            assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)
