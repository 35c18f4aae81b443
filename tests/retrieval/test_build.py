"""Building: what the folder holds, and that it appears whole or not at all."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from retrieval import build as build_module
from retrieval import publish
from retrieval.build import SAMPLE_FAQ, build_index, ensure_index
from retrieval.embedder import HashEmbedder, Vectors
from retrieval.errors import EmbedderError, EmptyFaq, FaqFileError, IndexMismatch
from retrieval.faq import FaqEntry, entry_to_json, load_faq
from retrieval.manifest import FORMAT, read_manifest
from retrieval.retriever import Retriever


def test_the_manifest_says_what_was_built_and_with_what(
    entries: tuple[FaqEntry, ...], index_folder: Path
) -> None:
    manifest = read_manifest(index_folder)
    assert manifest.counts.model_dump() == {
        "entries": 5,
        "staff_entries": 2,
        "alternates": 4,
        "passages": 5,
        "vectors": 14,
    }
    assert manifest.embedder.model_dump() == {
        "name": "hash",
        "sha256": HashEmbedder().sha256,
        "dimension": 512,
    }
    assert (manifest.format, manifest.index, manifest.sample) == (FORMAT, "flat", False)
    assert {"entries.jsonl", "vectors.faiss", "layout.npy", "passages.jsonl"} < set(manifest.files)


def test_entries_survive_the_index_unchanged(entries: tuple[FaqEntry, ...], retriever: Retriever) -> None:
    assert tuple(retriever.entries.values()) == entries


def test_the_same_entries_have_the_same_hash_and_a_change_another(
    entries: tuple[FaqEntry, ...], tmp_path: Path
) -> None:
    changed = (*entries[:-1], dataclasses.replace(entries[-1], audience="both"))
    hashes = [
        build_index(some, out=tmp_path / "index", embedder=HashEmbedder()).corpus_sha256
        for some in (entries, entries, changed)
    ]
    assert hashes[0] == hashes[1] != hashes[2]


def test_a_rebuild_replaces_the_index_and_leaves_nothing_beside_it(
    entries: tuple[FaqEntry, ...], tmp_path: Path
) -> None:
    build_index(entries, out=tmp_path / "index", embedder=HashEmbedder())
    build_index(entries[:2], out=tmp_path / "index", embedder=HashEmbedder(), index="exact")
    assert list(Retriever.open(tmp_path / "index", HashEmbedder()).entries) == ["hours", "parking"]
    assert [path.name for path in tmp_path.iterdir()] == ["index"]


def test_a_rebuild_works_where_names_cannot_be_exchanged(
    entries: tuple[FaqEntry, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publish, "_exchange", lambda first, second: False)
    for count in (5, 2):
        build_index(entries[:count], out=tmp_path / "index", embedder=HashEmbedder())
    assert len(Retriever.open(tmp_path / "index", HashEmbedder()).entries) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["index"]


class BrokenEmbedder(HashEmbedder):
    """Fails, or gives vectors that cannot be used."""

    def __init__(self, vectors: Vectors | None) -> None:
        super().__init__()
        self._vectors = vectors

    def embed(self, texts: Sequence[str]) -> Vectors:
        if self._vectors is None:
            raise EmbedderError("no")
        return self._vectors


@pytest.mark.parametrize(
    "vectors", [None, np.zeros((1, 3), np.float32), np.full((14, 512), np.nan, np.float32)]
)
def test_a_failed_build_leaves_the_old_index_and_nothing_else(
    entries: tuple[FaqEntry, ...], tmp_path: Path, vectors: Vectors | None
) -> None:
    build_index(entries, out=tmp_path / "index", embedder=HashEmbedder())
    with pytest.raises(EmbedderError):
        build_index(entries, out=tmp_path / "index", embedder=BrokenEmbedder(vectors))
    assert len(Retriever.open(tmp_path / "index", HashEmbedder()).entries) == 5
    assert [path.name for path in tmp_path.iterdir()] == ["index"]


KILLED_BUILD = """
import os, signal, sys
from pathlib import Path
from retrieval import build
from retrieval.embedder import HashEmbedder
from retrieval.faq import FaqEntry
build.hash_files = lambda folder: os.kill(os.getpid(), signal.SIGKILL)
build.build_index([FaqEntry("new", "New?", "Yes.")], out=Path(sys.argv[1]), embedder=HashEmbedder())
"""


@pytest.mark.slow
def test_a_killed_build_leaves_the_old_index_working(
    entries: tuple[FaqEntry, ...], repository: Path, tmp_path: Path
) -> None:
    build_index(entries, out=tmp_path / "index", embedder=HashEmbedder())
    done = subprocess.run(
        [sys.executable, "-c", KILLED_BUILD, str(tmp_path / "index")], cwd=repository, check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert len(Retriever.open(tmp_path / "index", HashEmbedder()).entries) == 5


def test_what_killed_builds_left_is_removed_after_a_day(
    entries: tuple[FaqEntry, ...], tmp_path: Path
) -> None:
    old, new = tmp_path / ".index.building-old", tmp_path / ".index.building-new"
    for folder in (old, new):
        folder.mkdir()
    os.utime(old, (0, 0))
    build_index(entries, out=tmp_path / "index", embedder=HashEmbedder())
    assert (old.exists(), new.exists()) == (False, True)


def test_a_folder_that_is_no_index_is_never_replaced(entries: tuple[FaqEntry, ...], tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(FaqFileError, match="is no index"):
        build_index(entries, out=tmp_path / "mine", embedder=HashEmbedder())
    assert (tmp_path / "mine" / "letter.txt").read_text() == "dear"


@pytest.mark.parametrize(
    ("entries", "index", "error"),
    [
        ([], "flat", EmptyFaq),
        ([FaqEntry("a", "Q?", "A."), FaqEntry("a", "R?", "B.")], "flat", FaqFileError),
        ([FaqEntry("a", "Q?", "A.")], "tree", IndexMismatch),
    ],
)
def test_what_cannot_be_built_is_refused_before_anything_is_written(
    entries: list[FaqEntry], index: str, error: type[Exception], tmp_path: Path
) -> None:
    with pytest.raises(error):
        build_index(entries, out=tmp_path / "index", embedder=HashEmbedder(), index=index)
    assert list(tmp_path.iterdir()) == []


def test_one_entry_of_the_sample_clinic_marks_the_index_as_sample(
    entries: tuple[FaqEntry, ...], tmp_path: Path
) -> None:
    sample = load_faq([SAMPLE_FAQ]).entries
    build_index([*entries, sample[0]], out=tmp_path / "index", embedder=HashEmbedder())
    assert Retriever.open(tmp_path / "index", HashEmbedder()).sample


def test_ensure_index_builds_once_and_again_when_the_faq_or_a_file_changes(
    entries: tuple[FaqEntry, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faq, out = tmp_path / "faq.jsonl", tmp_path / "deep" / "index"
    faq.write_text("\n".join(map(entry_to_json, entries)))
    built: list[int] = []

    def counting(some: Sequence[FaqEntry], **options: object) -> object:
        built.append(len(some))
        return build_index(some, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(build_module, "build_index", counting)
    for _ in range(2):
        assert ensure_index(faq, out=out, embedder=HashEmbedder()) == out
    assert built == [5]
    faq.write_text("\n".join(map(entry_to_json, entries[:3])))
    ensure_index(faq, out=out, embedder=HashEmbedder())
    (out / "entries.jsonl").write_text("")
    ensure_index(faq, out=out, embedder=HashEmbedder())
    ensure_index(faq, out=out, embedder=HashEmbedder(64))
    assert built == [5, 3, 3, 3]
