"""A mistake stands in each content word of four letters or more, and each seed makes others."""

from __future__ import annotations

import random

import numpy as np

from benchmarks.fit_confidence import opened
from benchmarks.retrieval_sets import JudgedSet, Question
from benchmarks.typos import mistyped, recalls
from retrieval.embedder import HashEmbedder
from retrieval.faq import FaqEntry

ENTRIES = (
    FaqEntry("park", "where can i park", "Behind the house."),
    FaqEntry("bark", "where can i bark", "In the yard."),
    FaqEntry("hours", "when are you open", "From nine to five."),
)


def test_long_content_words_are_mistyped_and_no_others() -> None:
    text = "where could the two nurses give insulin"
    words = text.split()
    for seed in range(20):
        typed = mistyped(text, random.Random(seed)).split()
        assert len(typed) == len(words)
        # "could" is a stop word; "the" and "two" are short.
        assert {n for n, (was, now) in enumerate(zip(words, typed, strict=True)) if was != now} == {
            0,
            4,
            5,
            6,
        }
        assert all(was[0] == now[0] for was, now in zip(words, typed, strict=True))


def test_a_query_is_mistyped_once_for_each_seed() -> None:
    asked = (Question("park", frozenset({"park"})), Question("what is absent", frozenset()))
    judged = JudgedSet("tiny", ENTRIES, asked)
    retriever = opened(judged, HashEmbedder())
    clean, typed = recalls(retriever, judged, seeds=8)
    wanted = [
        retriever.search(mistyped("park", random.Random(f"{seed} 0")), top_k=1).hits[0].id == "park"
        for seed in range(8)
    ]
    assert clean.tolist() == [1.0]
    assert typed.tolist() == [np.mean(wanted)]
    assert 0 < typed[0] < 1
