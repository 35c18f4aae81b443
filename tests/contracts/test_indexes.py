"""Every index of the table gives the same hits as a plain sort of all inner products."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.indexes import INDEXES

pytestmark = pytest.mark.parametrize("name", sorted(INDEXES))


def unit_vectors(count: int, dimension: int = 16, *, seed: int = 0) -> np.ndarray:
    raw = np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)
    return raw / np.linalg.norm(raw, axis=1, keepdims=True)


@given(count=st.integers(1, 60), k=st.integers(1, 80), seed=st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_search_gives_the_best_by_inner_product_best_first(name: str, count: int, k: int, seed: int) -> None:
    vectors = unit_vectors(count, seed=seed)
    query = unit_vectors(1, seed=seed + 1)[0]
    scores, numbers = INDEXES[name].build(vectors).search(query, k)
    expected = np.argsort(-(vectors @ query), kind="stable")[:k]
    assert numbers.tolist() == expected.tolist()
    assert np.allclose(scores, (vectors @ query)[expected], atol=1e-5)


def test_more_than_there_are_gives_all_once(name: str) -> None:
    _, numbers = INDEXES[name].build(unit_vectors(5)).search(unit_vectors(1)[0], 50)
    assert sorted(numbers.tolist()) == [0, 1, 2, 3, 4]


def test_vectors_come_back_by_number(name: str) -> None:
    vectors = unit_vectors(9)
    found = INDEXES[name].build(vectors).vectors(np.array([7, 0, 7]))
    assert np.allclose(found, vectors[[7, 0, 7]])


def test_a_saved_index_answers_like_the_one_that_was_saved(name: str, tmp_path: Path) -> None:
    kind = INDEXES[name]
    index = kind.build(unit_vectors(30))
    index.save(tmp_path / kind.filename)
    again = kind.load(tmp_path / kind.filename)
    query = unit_vectors(1, seed=3)[0]
    assert (again.size, again.dimension) == (30, 16)
    assert again.search(query, 7)[1].tolist() == index.search(query, 7)[1].tolist()


def test_building_keeps_no_hold_on_the_callers_array(name: str) -> None:
    vectors = unit_vectors(4)
    index = INDEXES[name].build(vectors)
    before = vectors.copy()
    vectors[:] = 0
    assert np.allclose(index.vectors(np.arange(4)), before)


def test_many_threads_read_the_same_answers(name: str) -> None:
    index = INDEXES[name].build(unit_vectors(200))
    queries = unit_vectors(40, seed=9)
    alone = [index.search(query, 5)[1].tolist() for query in queries]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda query: index.search(query, 5)[1].tolist(), queries))
    assert together == alone
