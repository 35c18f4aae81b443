"""A whole service of real parts that need no weights, and ways to break each of them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from shutil import copyfile

import pytest

from app.chat import ChatService, Parts, Rules
from app.clinic import Clinic, load_clinic
from app.lineup import Lineup
from app.models.base import ChatModel
from app.models.echo import EchoModel
from app.parts import Part
from app.settings import SAMPLES
from app.store import Store
from retrieval.build import build_index
from retrieval.embedder import HashEmbedder
from retrieval.faq import load_faq
from retrieval.retriever import Retriever
from safety.crisis import CrisisGate, load_gate
from safety.output_check import OutputCheck
from safety.replies import Replies
from safety.scrubber import Scrubber
from tests.postgres_server import binaries, running

ENTRIES = [
    {
        "id": "refill",
        "question": "How do I ask for a refill?",
        "answer": "Ask your pharmacy, or call the refill line, five working days before you run out. "
        "We answer within two working days. Controlled medicines need a visit every three months.",
        "alternates": ["i need more of my pills", "running out of my medicine"],
    },
    {
        "id": "parking",
        "question": "Where can I park?",
        "answer": "Parking at Quarry Road is free. At Mill Street there is parking on the street only.",
        "alternates": ["is there a place to leave my car"],
    },
    {
        "id": "hours",
        "question": "When are you open?",
        "answer": "We are open on weekdays from eight in the morning. On Saturdays we close at one.",
    },
    {
        "id": "no-show",
        "question": "What is the no-show procedure?",
        "answer": "Staff call the patient twice and then write a note in the chart.",
        "audience": "staff",
    },
]

MakeService = Callable[..., ChatService]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Path]:
    """The socket of a real PostgreSQL server, started for the tests."""
    if binaries() is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    with tempfile.TemporaryDirectory(prefix="pg") as folder, running(Path(folder)) as socket:
        yield socket


@pytest.fixture(scope="session")
def clinic() -> Clinic:
    return load_clinic(SAMPLES / "clinic.yaml")


@pytest.fixture(scope="session")
def small_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("faq")
    faq = folder / "faq.jsonl"
    faq.write_text("".join(json.dumps(entry) + "\n" for entry in ENTRIES), encoding="utf-8")
    build_index(load_faq([faq]).entries, out=folder / "index", embedder=HashEmbedder())
    return folder / "index"


@pytest.fixture(scope="session")
def scrubber(clinic: Clinic) -> Scrubber:
    return Scrubber(name_model=None, keep=clinic.public_words)


@pytest.fixture(scope="session")
def gate() -> CrisisGate:
    return load_gate()


@pytest.fixture(scope="session")
def replies() -> Replies:
    return Replies.load()


@pytest.fixture(scope="session")
def output_check(clinic: Clinic, scrubber: Scrubber) -> OutputCheck:
    return OutputCheck(
        allowed_contacts=clinic.contacts, find_personal_data=lambda sentence: bool(scrubber.find(sentence))
    )


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with its tables: to copy one takes a tenth of the time that making them takes."""
    file = tmp_path_factory.mktemp("store") / "carefold.sqlite3"
    Store.open(f"sqlite:///{file}").close()
    return file


@pytest.fixture
def store(tmp_path: Path, empty_store: Path) -> Iterator[Store]:
    opened = Store.open(f"sqlite:///{copyfile(empty_store, tmp_path / 'carefold.sqlite3')}")
    yield opened
    opened.close()


@pytest.fixture
def make_service(
    clinic: Clinic,
    small_index: Path,
    scrubber: Scrubber,
    output_check: OutputCheck,
    gate: CrisisGate,
    replies: Replies,
    store: Store,
) -> MakeService:
    """Return a function that makes a service; name a part to replace it, a rule to change it.

    What is only read is made once: it takes longer than most tests.
    """

    def make(
        *,
        model: ChatModel | None = None,
        parts: dict[str, object] | None = None,
        lineup: Lineup | None = None,
        **rules: object,
    ) -> ChatService:
        whole = Parts(
            scrubber=Part("scrubber", lambda: scrubber),
            reader=Part("reader", lambda: None),
            retriever=Part("retriever", lambda: Retriever.open(small_index, HashEmbedder())),
            output_check=Part("output check", lambda: output_check),
            tuned_check=Part("tuned check", lambda: output_check),
            store=Part("store", lambda: store),
            model=Part("model", lambda: model or EchoModel()),
        )
        return ChatService(
            gate=gate,
            replies=replies,
            clinic=clinic,
            parts=replace(whole, **(parts or {})),  # type: ignore[arg-type]
            rules=replace(Rules(base="echo", support="brief"), **rules),  # type: ignore[arg-type]
            lineup=lineup,
        )

    return make


def broken(name: str) -> Part[object]:
    """Return a part that can't be built."""

    def fail() -> object:
        raise RuntimeError("out of order")

    return Part(name, fail)
