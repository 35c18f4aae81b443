"""Threads of the real embedder: few for a question, and nobody else's setting is changed."""

from __future__ import annotations

import threading

import pytest

from retrieval.embedder import SentenceTransformerEmbedder, load_embedder
from weights.defaults import EMBEDDER

pytestmark = pytest.mark.weights


def test_threads_that_embed_have_one_thread_and_all_others_keep_theirs() -> None:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(3)
    seen: list[int] = []
    try:
        embedder = load_embedder(EMBEDDER)
        assert isinstance(embedder, SentenceTransformerEmbedder)
        inner = embedder._encode

        def watched(texts: list[str]) -> object:
            seen.append(torch.get_num_threads())
            return inner(texts)

        embedder._encode = watched  # type: ignore[method-assign, assignment]
        embedder.embed(["one question"])
        embedder.embed([f"text number {number}" for number in range(100)])
        later: list[int] = []
        thread = threading.Thread(target=lambda: later.append(torch.get_num_threads()))
        thread.start()
        thread.join()
        assert set(seen) == {1}
        assert len(seen) == 5
        assert (torch.get_num_threads(), later) == (3, [3])
    finally:
        torch.set_num_threads(before)
