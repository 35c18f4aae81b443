"""An index that was damaged in any way is refused before any of its files is parsed: 1,200 times."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from retrieval import retriever as opening
from retrieval.build import build_index
from retrieval.embedder import HashEmbedder
from retrieval.errors import IndexCorrupt, IndexMismatch, IndexMissing
from retrieval.faq import FaqEntry
from retrieval.manifest import MANIFEST
from retrieval.retriever import Retriever

TIMES = 1200


def flip(chance: random.Random, content: bytes, _other: bytes) -> bytes:
    place = chance.randrange(len(content))
    return content[:place] + bytes([content[place] ^ (1 << chance.randrange(8))]) + content[place + 1 :]


def cut(chance: random.Random, content: bytes, _other: bytes) -> bytes:
    return content[: chance.randrange(len(content))]


def lengthen(chance: random.Random, content: bytes, _other: bytes) -> bytes:
    return content + chance.randbytes(chance.randint(1, 64))


def blank(chance: random.Random, content: bytes, _other: bytes) -> bytes:
    start = chance.randrange(len(content))
    end = min(len(content), start + 512)
    zeros = bytes(end - start)
    return content[:start] + (zeros if content[start:end] != zeros else b"\x01" * len(zeros)) + content[end:]


def exchange(_chance: random.Random, _content: bytes, other: bytes) -> bytes:
    return other


def lose(_chance: random.Random, _content: bytes, _other: bytes) -> None:
    return None


Harm = Callable[[random.Random, bytes, bytes], bytes | None]
HARMS: tuple[tuple[Harm, int], ...] = (
    (flip, 12),
    (cut, 3),
    (lengthen, 2),
    (blank, 2),
    (exchange, 1),
    (lose, 1),
)


@pytest.fixture
def folders(entries: tuple[FaqEntry, ...], index_folder: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Return an index to damage, and one of other entries."""
    other = (FaqEntry("bus", "Which bus stops here?", "Lines 4 and 7."), *entries)
    build_index(other, out=tmp_path / "other", embedder=HashEmbedder())
    return shutil.copytree(index_folder, tmp_path / "index"), tmp_path / "other"


def test_every_damage_is_found_before_anything_is_parsed(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, other = folders
    files = sorted(file.relative_to(folder) for file in folder.rglob("*") if file.is_file())
    assert len(files) > 5
    parsed: list[Path] = []
    read = opening.read_contents
    monkeypatch.setattr(
        opening, "read_contents", lambda place, manifest: parsed.append(place) or read(place, manifest)
    )
    chance = random.Random(0)
    harms, weights = zip(*HARMS, strict=True)
    done = 0
    while done < TIMES:
        file = folder / chance.choice(files)
        (harm,) = chance.choices(harms, weights)
        whole = file.read_bytes()
        elsewhere = other / file.relative_to(folder)
        harmed = harm(chance, whole, elsewhere.read_bytes())
        if harmed == whole:
            continue  # a part that both indexes have in common
        done += 1
        if harmed is None:
            file.unlink()
        else:
            file.write_bytes(harmed)
        # What has another index's manifest is one of other files; what has another's format is not of this version.
        with pytest.raises((IndexCorrupt, IndexMissing, IndexMismatch)):
            Retriever.open(folder, HashEmbedder())
        file.write_bytes(whole)
    assert parsed == []
    assert Retriever.open(folder, HashEmbedder()).entries
    assert parsed == [folder]


@pytest.mark.parametrize("dimension", [64, 511])
def test_another_embedder_is_found_before_anything_is_parsed(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, dimension: int
) -> None:
    monkeypatch.setattr(opening, "read_contents", lambda *_: pytest.fail("parsed"))
    with pytest.raises(IndexMismatch):
        Retriever.open(folders[0], HashEmbedder(dimension))


def test_an_index_from_before_there_were_seals_opens_and_a_seal_cannot_be_argued_away(
    folders: tuple[Path, Path],
) -> None:
    folder, _ = folders
    file = folder / MANIFEST
    values = json.loads(file.read_text("utf-8"))
    file.write_text(json.dumps(values | {"format": 1}), "utf-8")
    with pytest.raises(IndexCorrupt, match="not as it was written"):
        Retriever.open(folder, HashEmbedder())
    del values["seal"]
    file.write_text(json.dumps(values | {"format": 1}), "utf-8")
    assert Retriever.open(folder, HashEmbedder()).entries
