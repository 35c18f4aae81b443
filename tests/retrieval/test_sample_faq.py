"""The sample FAQ is what a careful clinic would publish: counts, wording, numbers, dates, no twins."""

from __future__ import annotations

import re
from datetime import date
from itertools import combinations

import numpy as np
import pytest
import Stemmer

from retrieval.build import SAMPLE_FAQ
from retrieval.embedder import load_embedder
from retrieval.faq import FaqEntry, load_faq
from safety.contacts import contacts
from weights.defaults import EMBEDDER

ENTRIES = load_faq([SAMPLE_FAQ]).entries
STEMMER = Stemmer.Stemmer("english")
STOP = frozenset(
    [
        "a",
        "about",
        "after",
        "all",
        "also",
        "am",
        "an",
        "and",
        "any",
        "are",
        "as",
        "at",
        "be",
        "been",
        "before",
        "but",
        "by",
        "can",
        "could",
        "did",
        "do",
        "does",
        "for",
        "from",
        "get",
        "had",
        "has",
        "have",
        "how",
        "i",
        "if",
        "in",
        "is",
        "it",
        "its",
        "may",
        "me",
        "my",
        "no",
        "not",
        "of",
        "off",
        "on",
        "or",
        "our",
        "out",
        "should",
        "so",
        "some",
        "that",
        "the",
        "their",
        "them",
        "there",
        "they",
        "this",
        "to",
        "up",
        "us",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "who",
        "why",
        "will",
        "with",
        "would",
        "you",
        "your",
    ]
)
PHONE = re.compile(r"\(?\b\d{3}\)?[ -]\d{3}-\d{4}\b")
DOSE = re.compile(r"\b\d+(?:\.\d+)?\s?(?:mg|mcg|ml|milligrams?|units?|tablets?|pills?)\b", re.IGNORECASE)


def stems(text: str) -> set[str]:
    words = [word for word in re.findall(r"[a-z']+", text.lower()) if word not in STOP]
    return set(STEMMER.stemWords(words))


def test_no_row_is_rejected_and_there_are_enough_for_patients_and_staff() -> None:
    loaded = load_faq([SAMPLE_FAQ])
    assert loaded.rejects == ()
    assert loaded.warnings == ()
    staff = [entry for entry in loaded.entries if entry.audience == "staff"]
    assert len(loaded.entries) - len(staff) >= 220
    assert len(staff) >= 30


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_entry_is_complete_and_careful(entry: FaqEntry) -> None:
    assert 2 <= len(entry.alternates) <= 5
    assert all((entry.topic, entry.owner, entry.source))
    assert entry.reviewed is not None
    assert date(2026, 1, 1) < entry.reviewed < date(2026, 12, 31)
    assert 40 <= len(entry.answer.split()) <= 135
    for number in PHONE.findall(entry.answer):
        assert re.fullmatch(r"\(802\) 555-01\d\d", number)
    for contact in contacts(entry.answer):
        assert "@" not in contact or contact.endswith("example.org")
    assert not DOSE.search(entry.answer)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_alternates_are_in_other_words(entry: FaqEntry) -> None:
    main = stems(entry.question)
    for alternate in entry.alternates:
        assert len(main & stems(alternate)) <= len(main) / 2, alternate


@pytest.mark.weights
def test_no_two_answers_are_alike() -> None:
    vectors = load_embedder(EMBEDDER).embed([entry.answer for entry in ENTRIES])
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, 0)
    twins = [
        (ENTRIES[a].id, ENTRIES[b].id)
        for a, b in combinations(range(len(ENTRIES)), 2)
        if cosines[a, b] > 0.85
    ]
    assert twins == []
