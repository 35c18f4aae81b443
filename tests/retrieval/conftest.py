"""A small FAQ of this test suite's own, and its index by the embedder without weights."""

from __future__ import annotations

from pathlib import Path

import pytest

from retrieval.build import build_index
from retrieval.embedder import HashEmbedder
from retrieval.faq import FaqEntry
from retrieval.retriever import Retriever

ENTRIES = (
    FaqEntry(
        "hours",
        "When is the office open?",
        "We are open on weekdays from eight to five. On Saturday we close at noon.",
        alternates=("what time do you close", "opening times"),
    ),
    FaqEntry(
        "parking",
        "Where can I park my car?",
        "The garage behind the building is free for patients. Street parking takes coins.",
        alternates=("is there a garage",),
        audience="patient",
    ),
    FaqEntry(
        "refill",
        "How do I ask for a refill?",
        "Ask your pharmacy five days before you run out. They send the request to us.",
        alternates=("need more pills",),
    ),
    FaqEntry(
        "downtime",
        "What do we do when the record system is down?",
        "Use the paper charts in the red cabinet. Enter them when the system is back.",
        audience="staff",
    ),
    FaqEntry(
        "fire",
        "What is the fire drill for the office?",
        "Leave by the nearest door. Meet at the oak tree.",
        audience="staff",
    ),
)


@pytest.fixture(scope="session")
def entries() -> tuple[FaqEntry, ...]:
    """Return five entries: two for all, one for patients, two for staff."""
    return ENTRIES


@pytest.fixture(scope="session")
def index_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the index of the five entries; tests must not change it."""
    folder = tmp_path_factory.mktemp("retrieval") / "index"
    build_index(ENTRIES, out=folder, embedder=HashEmbedder())
    return folder


@pytest.fixture(scope="session")
def retriever(index_folder: Path) -> Retriever:
    """Return the open index of the five entries."""
    return Retriever.open(index_folder, HashEmbedder())
