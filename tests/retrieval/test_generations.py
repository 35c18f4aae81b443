"""Every change is a new generation: swapped in one step, cheap, and with a way back."""

from __future__ import annotations

import dataclasses
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from retrieval import retriever
from retrieval.build import build_index
from retrieval.changes import Book, bring_back, change_index, put, read_book, retire
from retrieval.embedder import HashEmbedder, Vectors
from retrieval.errors import ChangeRefused, IndexCorrupt, NoSuchGeneration, UnknownEntry
from retrieval.faq import FaqEntry
from retrieval.generations import generations, roll_back
from retrieval.manifest import Manifest, read_manifest
from retrieval.retriever import Retriever

NEW = FaqEntry("bus", "Which bus stops here?", "Lines 4 and 7 stop at the door.")
TODAY = date(2026, 5, 4)


class CountingEmbedder(HashEmbedder):
    """Remembers every text that it was asked to embed."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.texts += texts
        return super().embed(texts)


@pytest.fixture
def index(entries: tuple[FaqEntry, ...], tmp_path: Path) -> Path:
    build_index(entries, out=tmp_path / "index", embedder=HashEmbedder())
    return tmp_path / "index"


def add(index: Path, *entries: FaqEntry, keep: int = 10) -> None:
    change_index(index, lambda book: put(book, entries), embedder=HashEmbedder(), what="add", keep=keep)


def served(index: Path) -> list[str]:
    return list(Retriever.open(index, HashEmbedder()).entries)


def test_only_texts_that_changed_are_embedded_again(index: Path) -> None:
    embedder = CountingEmbedder()
    manifest = change_index(index, lambda book: put(book, [NEW]), embedder=embedder, what="add bus")
    assert embedder.texts == [NEW.question, f"{NEW.question}\n{NEW.answer}"]
    assert (manifest.embedded, manifest.counts.vectors) == (2, 16)
    embedder.texts.clear()
    longer = dataclasses.replace(NEW, alternates=("bus lines",))
    change_index(index, lambda book: put(book, [longer]), embedder=embedder, what="edit bus")
    assert embedder.texts == ["bus lines"]
    embedder.texts.clear()
    change_index(index, lambda book: retire(book, ["bus"], on=TODAY), embedder=embedder, what="retire bus")
    assert embedder.texts == []


def test_taken_over_vectors_search_like_those_of_a_new_build(index: Path, tmp_path: Path) -> None:
    add(index, NEW)
    build_index(read_book(index).entries, out=tmp_path / "fresh", embedder=HashEmbedder())
    for text in ("which bus", "parking garage", "when do you close"):
        one, other = (
            Retriever.open(folder, HashEmbedder()).search(text) for folder in (index, tmp_path / "fresh")
        )
        assert [(hit.id, hit.score) for hit in one.hits] == [(hit.id, hit.score) for hit in other.hits]


def test_vectors_of_other_weights_or_damaged_files_are_not_taken_over(index: Path) -> None:
    (index / "vectors.faiss").write_bytes(b"damaged")
    embedder = CountingEmbedder()
    build_index([NEW], out=index, embedder=embedder, reuse=True)
    assert len(embedder.texts) == 2
    build_index([NEW], out=index, embedder=HashEmbedder(64), reuse=True)
    assert read_manifest(index).embedded == 2


def test_each_change_can_be_rolled_back_to_in_any_order(index: Path) -> None:
    first = served(index)
    add(index, NEW)
    change_index(
        index, lambda book: retire(book, ["fire"], on=TODAY), embedder=HashEmbedder(), what="retire fire"
    )
    assert [(one.number, one.change, one.entries, one.in_place) for one in generations(index)] == [
        (3, "retire fire", 5, True), (2, "add", 6, False), (1, "build", 5, False)
    ]  # fmt: skip
    assert roll_back(index, 1).generation == 1
    assert served(index) == first
    roll_back(index, 3)
    assert served(index) == [*(name for name in first if name != "fire"), "bus"]
    roll_back(index, 2)
    assert served(index) == [*first, "bus"]
    add(index, dataclasses.replace(NEW, id="tram"))
    assert read_manifest(index).generation == 4


def test_generation_that_is_not_there_is_refused_with_the_numbers_there_are(index: Path) -> None:
    add(index, NEW)
    with pytest.raises(NoSuchGeneration, match=r"no generation 9 to go back to: it has 1, 2"):
        roll_back(index, 9)


def test_the_generation_in_place_is_not_gone_back_to(index: Path) -> None:
    with pytest.raises(NoSuchGeneration, match=r"1 of .* is in place already; kept besides: none"):
        roll_back(index, 1)
    add(index, NEW)
    with pytest.raises(NoSuchGeneration, match=r"2 of .* is in place already; kept besides: 1"):
        roll_back(index, 2)


def test_a_damaged_generation_takes_no_place_among_those_that_are_kept(index: Path) -> None:
    add(index, NEW)
    file = index / "layout.npy"
    file.unlink()
    file.write_bytes(b"x")
    build_index([NEW], out=index, embedder=HashEmbedder())
    assert [one.number for one in generations(index)] == [3, 1]
    assert served(index) == ["bus"]


@pytest.mark.parametrize("harm", ["damaged", "lost", "folder lost"])
def test_what_was_kept_is_gone_back_to_when_the_one_in_place_is_damaged_or_gone(
    index: Path, harm: str
) -> None:
    add(index, NEW)
    if harm == "damaged":
        (index / "manifest.json").write_text("{}")
    elif harm == "lost":
        (index / "manifest.json").unlink()
    else:
        shutil.rmtree(index)
    there = generations(index)
    assert [one.number for one in there] == [1] and not there[0].in_place
    roll_back(index, 1)
    assert NEW.id not in served(index)
    assert [one.in_place for one in generations(index)] == [True]


def test_damaged_generation_is_not_gone_back_to(index: Path) -> None:
    add(index, NEW)
    file = index.with_name("index.generations") / "0001" / "layout.npy"
    file.unlink()
    file.write_bytes(b"x")
    with pytest.raises(IndexCorrupt):
        roll_back(index, 1)
    assert "bus" in served(index)


def test_only_as_many_generations_are_kept_as_asked(index: Path) -> None:
    for number in range(4):
        add(index, dataclasses.replace(NEW, id=f"bus{number}"), keep=2)
    assert [one.number for one in generations(index)] == [5, 4, 3]


def test_generation_that_was_gone_back_to_outlives_newer_ones_that_were_in_place_before(index: Path) -> None:
    for number in range(3):
        add(index, dataclasses.replace(NEW, id=f"bus{number}"), keep=3)
    roll_back(index, 1, keep=3)
    assert [one.number for one in generations(index)] == [4, 3, 2, 1]
    add(index, NEW, keep=3)
    assert [one.number for one in generations(index)] == [5, 4, 3, 1]
    add(index, dataclasses.replace(NEW, id="tram"), keep=3)
    assert [one.number for one in generations(index)] == [6, 5, 4, 1]


KILLED = """
import os, signal, sys
from pathlib import Path
from retrieval import build, generations, publish
from retrieval.changes import change_index, put
from retrieval.embedder import HashEmbedder
from retrieval.faq import FaqEntry
module, name = sys.argv[2].split(".")
setattr({"build": build, "publish": publish}[module], name, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
change_index(Path(sys.argv[1]), lambda book: put(book, [FaqEntry("new", "New?", "Yes.")]),
             embedder=HashEmbedder(), what="add new")
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "at",
    ["build.embed_new", "build.hash_files", "build.keep_current", "build.replace_folder", "publish._flush"],
)
def test_change_killed_at_any_step_leaves_what_was_served_and_the_next_one_works(
    index: Path, repository: Path, at: str
) -> None:
    before = served(index)
    done = subprocess.run([sys.executable, "-c", KILLED, str(index), at], cwd=repository, check=False)
    assert done.returncode == -signal.SIGKILL
    assert served(index) == before
    add(index, NEW)
    assert served(index) == [*before, "bus"]
    roll_back(index, 1)
    assert served(index) == before


def test_reader_finds_a_whole_index_at_any_moment_of_many_changes(index: Path) -> None:
    stop = threading.Event()
    faults: list[Exception] = []

    def read() -> None:
        while not stop.is_set():
            try:
                Retriever.open(index, HashEmbedder())
            except Exception as error:
                faults.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(5):
        add(index, dataclasses.replace(NEW, id=f"bus{number}"))
    stop.set()
    reader.join()
    assert faults == []


@pytest.mark.parametrize("moment", ["verify", "read_contents"])
def test_what_is_read_across_a_change_is_never_of_two_generations(
    index: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    entry = Retriever.open(index, HashEmbedder()).entries["parking"]
    changed = dataclasses.replace(entry, answer="The garage is closed until June.")
    real = getattr(retriever, moment)
    calls: list[Path] = []

    def change_before(folder: Path, manifest: Manifest) -> object:
        if folder == index and not calls:  # as many entries as before: no count tells them apart
            calls.append(folder)
            add(index, changed)
        return real(folder, manifest)

    monkeypatch.setattr(retriever, moment, change_before)
    opened = Retriever.open(index, HashEmbedder())
    assert calls == [index]
    assert opened.entries["parking"] == changed
    assert opened.manifest == read_manifest(index)


def test_retired_entry_is_not_found_and_comes_back_as_it_was(index: Path) -> None:
    change_index(
        index, lambda book: retire(book, ["parking"], on=TODAY), embedder=HashEmbedder(), what="retire"
    )
    book = read_book(index)
    assert "parking" not in served(index)
    assert [(one.entry.id, one.on) for one in book.retired] == [("parking", TODAY)]
    add(index, NEW)  # a later change keeps what was retired
    change_index(index, lambda book: bring_back(book, "parking"), embedder=HashEmbedder(), what="restore")
    assert read_book(index).entry("parking").alternates == ("is there a garage",)
    assert read_book(index).retired == ()


def test_changes_that_cannot_be_are_refused_with_what_is_near(entries: tuple[FaqEntry, ...]) -> None:
    book = Book(entries)
    with pytest.raises(UnknownEntry, match="did you mean 'parking'"):
        retire(book, ["parkin"], on=TODAY)
    with pytest.raises(ChangeRefused, match="retire every entry"):
        retire(book, [entry.id for entry in entries], on=TODAY)
    with pytest.raises(UnknownEntry, match="no retired entry"):
        bring_back(book, "parking")
    again = put(retire(book, ["parking"], on=TODAY), [dataclasses.replace(NEW, id="parking")])
    with pytest.raises(ChangeRefused, match="'parking' is used"):
        bring_back(again, "parking")


def test_first_change_makes_the_index(tmp_path: Path) -> None:
    add(tmp_path / "new", NEW)
    assert served(tmp_path / "new") == ["bus"]
    shutil.rmtree(tmp_path / "new")
