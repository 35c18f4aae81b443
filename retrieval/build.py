"""Build an index folder from FAQ entries and publish it in one step.

    manifest.json   what was built, from what, with which embedder, and each file's SHA-256
    entries.jsonl   the entries as they were read
    passages.jsonl  for each entry its passages; [] when the answer is one passage
    layout.npy      for each vector its entry, kind and part
    vectors.*       the vector index
    bm25/           the lexical index
    retired.jsonl   entries that are no longer served, each with the date; only where there are any

Everything is written into a neighbour of the target first. A build that is killed leaves the
target as it was; earlier generations are kept where that is asked for (retrieval/generations.py).
Run: python -m retrieval build --faq PATH --out DIR
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from tqdm import tqdm

from retrieval import lexical
from retrieval.embedder import Embedder, Vectors
from retrieval.errors import EmptyFaq, FaqFileError, IndexCorrupt, IndexMismatch, IndexMissing
from retrieval.faq import FaqEntry, entry_to_json, load_faq
from retrieval.generations import keep_current, locked, next_number, work_prefix
from retrieval.indexes import INDEXES
from retrieval.lexical import LexicalIndex
from retrieval.manifest import (
    ENTRIES,
    FORMAT,
    LAYOUT,
    MANIFEST,
    PASSAGES,
    RETIRED,
    Counts,
    EmbedderIdentity,
    Manifest,
    check_embedder,
    corpus_hash,
    hash_files,
    read_manifest,
    verify,
    write_manifest,
)
from retrieval.passages import split_passages
from retrieval.publish import replace_folder
from retrieval.retired import Retired, retired_to_json
from retrieval.reuse import embed_new, indexed_texts, known_vectors

SAMPLE_FAQ = Path(__file__).parent / "samples" / "faq"
_ABANDONED_S = 24 * 3600


def build_index(
    entries: Sequence[FaqEntry],
    *,
    out: Path,
    embedder: Embedder,
    index: str = "flat",
    retired: Sequence[Retired] = (),
    change: str = "build",
    keep: int = 0,
    reuse: bool = False,
) -> Manifest:
    """Build the index of `entries` and put it at `out`, replacing the index that stands there.

    `keep` is how many earlier generations stay beside it. With `reuse`, texts that the index in place
    has are not embedded again. `change` says in ids what is new; never in a user's words.
    Raises EmptyFaq without entries, FaqFileError for a repeated id or a folder at `out` that is
    no index, EmbedderError for vectors of a wrong shape.
    """
    _check_inputs(entries, out, index)
    out.parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(out)
    work = Path(tempfile.mkdtemp(prefix=work_prefix(out), dir=out.parent))
    # Readable like any folder that is made by hand, not by its owner alone.
    work.chmod(0o755)
    try:
        if retired:
            _write_lines(work / RETIRED, [retired_to_json(one) for one in retired])
        origin = _Origin(next_number(out), change, known_vectors(out, embedder) if reuse else {})
        manifest = _fill(work, entries, embedder=embedder, index=index, origin=origin)
        keep_current(out, keep=keep)
        replace_folder(work, out)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return manifest


def ensure_index(faq: Path, *, out: Path, embedder: Embedder) -> Path:
    """Return `out` with an index of `faq` in it, building it unless one stands there and fits."""
    entries = load_faq([faq]).entries
    with locked(out):
        try:
            manifest = read_manifest(out)
            verify(out, manifest)
            check_embedder(manifest, embedder)
            current = manifest.corpus_sha256 == corpus_hash(entries)
        except (IndexMissing, IndexCorrupt, IndexMismatch):
            current = False
        if not current:
            build_index(entries, out=out, embedder=embedder, reuse=True)
    return out


def _check_inputs(entries: Sequence[FaqEntry], out: Path, index: str) -> None:
    if not entries:
        raise EmptyFaq("there is no entry to index: each needs an id, a question and an answer")
    if len({entry.id for entry in entries}) != len(entries):
        raise FaqFileError("an id is used by more than one entry: ids must be unique")
    if index not in INDEXES:
        raise IndexMismatch(f"unknown kind of index {index!r}: choose one of {', '.join(INDEXES)}")
    if out.exists() and not (out / MANIFEST).is_file() and (not out.is_dir() or any(out.iterdir())):
        raise FaqFileError(f"{out} is there and is no index: choose a new or empty folder")


@dataclass(frozen=True)
class _Origin:
    """Where a generation comes from: its number, what it changes, the vectors that it can take over."""

    number: int
    change: str
    known: Mapping[str, Vectors]


def _fill(
    folder: Path, entries: Sequence[FaqEntry], *, embedder: Embedder, index: str, origin: _Origin
) -> Manifest:
    """Write all files of the index into `folder`, the manifest last."""
    passages = [
        split_passages(entry.answer) for entry in _progress(entries, "splitting answers into passages")
    ]
    texts: list[str] = []
    table: list[tuple[int, int, int]] = []
    for place, (entry, parts) in enumerate(zip(entries, passages, strict=True)):
        counters: dict[int, int] = {}
        for kind, text in indexed_texts(entry, parts):
            table.append((place, kind, counters.get(kind, 0)))
            counters[kind] = counters.get(kind, 0) + 1
            texts.append(text)
    vectors, embedded = embed_new(texts, embedder, origin.known)
    kind_of_index = INDEXES[index]
    kind_of_index.build(vectors).save(folder / kind_of_index.filename)
    with (folder / LAYOUT).open("wb") as stream:
        np.save(stream, np.array(table, dtype=np.int32), allow_pickle=False)
    LexicalIndex.build(entries).save(folder / lexical.FOLDER)
    _write_lines(folder / ENTRIES, [entry_to_json(entry) for entry in entries])
    _write_lines(
        folder / PASSAGES,
        [json.dumps(parts if len(parts) > 1 else [], ensure_ascii=False) for parts in passages],
    )
    manifest = Manifest(
        format=FORMAT,
        created=datetime.now(UTC).replace(microsecond=0),
        embedder=EmbedderIdentity(name=embedder.name, sha256=embedder.sha256, dimension=embedder.dimension),
        index=index,
        corpus_sha256=corpus_hash(entries),
        sample=_holds_sample(entries),
        counts=Counts(
            entries=len(entries),
            staff_entries=sum(entry.audience == "staff" for entry in entries),
            alternates=sum(len(entry.alternates) for entry in entries),
            passages=sum(len(parts) for parts in passages),
            vectors=len(texts),
        ),
        files=hash_files(folder),
        generation=origin.number,
        change=origin.change,
        embedded=embedded,
    )
    return write_manifest(folder, manifest)


def _holds_sample(entries: Sequence[FaqEntry]) -> bool:
    """Tell whether an entry has the words of one in the packaged sample."""
    if not SAMPLE_FAQ.is_dir() or not any(SAMPLE_FAQ.iterdir()):
        return False
    sample = {(entry.question, entry.answer) for entry in load_faq([SAMPLE_FAQ]).entries}
    return any((entry.question, entry.answer) in sample for entry in entries)


def _write_lines(file: Path, lines: Sequence[str]) -> None:
    with file.open("w", encoding="utf-8", newline="\n") as stream:
        stream.writelines(line + "\n" for line in lines)


def _remove_abandoned(out: Path) -> None:
    """Remove what builds that were killed long ago have left beside `out`."""
    for folder in out.parent.glob(f"{work_prefix(out)}*"):
        if time.time() - folder.stat().st_mtime > _ABANDONED_S:
            shutil.rmtree(folder, ignore_errors=True)


def _progress(entries: Sequence[FaqEntry], title: str) -> tqdm[FaqEntry]:
    quiet = len(entries) < 500 or not sys.stderr.isatty()
    return tqdm(entries, desc=title, unit="entry", disable=quiet)
