"""The generations of an index: what was in place before, and the way back to it.

    <index>                     what is served: always one whole generation
    <index>.generations/0007/   earlier ones, each a whole index under its number

A generation is kept before another takes its place, as hard links, which cost no space while both
names stand. So whatever moment a change is killed at, the index in place is whole, and no generation is
lost. Files of an index are never changed once written; that is what makes links safe.

    python -m retrieval generations --index DIR
    python -m retrieval rollback 7 --index DIR
"""

from __future__ import annotations

import math
import os
import shutil
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from filelock import FileLock

from retrieval.errors import IndexCorrupt, IndexMismatch, IndexMissing, NoSuchGeneration
from retrieval.manifest import Manifest, read_manifest, verify
from retrieval.publish import replace_folder

KEEP = 10


@dataclass(frozen=True)
class Generation:
    """One state of an index: its number, when and by what it was built, and whether it is served."""

    number: int
    created: datetime
    change: str
    entries: int
    in_place: bool


def generations(index: Path) -> tuple[Generation, ...]:
    """Return what can be served, newest first; not the one in place where it is damaged or gone.

    Raises IndexMissing or IndexCorrupt where there is neither one in place nor one that was kept.
    """
    kept = {number: _readable(folder) for number, folder in _kept(index).items()}
    known = {number: manifest for number, manifest in kept.items() if manifest is not None}
    current = _readable(index) if known else read_manifest(index)
    if current is not None:
        known[current.generation] = current
    return tuple(
        Generation(number, manifest.created, manifest.change, manifest.counts.entries, manifest is current)
        for number, manifest in sorted(known.items(), reverse=True)
    )


def roll_back(index: Path, number: int, *, keep: int = KEEP) -> Manifest:
    """Put an earlier generation in place, in one step; the one that stood there can be gone back to.

    Raises NoSuchGeneration with the numbers there are, also when it is in place already, or IndexCorrupt when
    its files have changed.
    """
    with locked(index):
        there = {generation.number for generation in generations(index)}
        current = _readable(index)
        if current is not None and current.generation == number and _is_whole(index, current):
            others = ", ".join(map(str, sorted(there - {number}))) or "none"
            raise NoSuchGeneration(
                f"generation {number} of {index} is in place already; kept besides: {others}"
            )
        folder = _kept(index).get(number)
        if folder is None or number not in there:
            numbers = ", ".join(map(str, sorted(there)))
            raise NoSuchGeneration(f"{index} has no generation {number} to go back to: it has {numbers}")
        manifest = read_manifest(folder)
        verify(folder, manifest)
        work = Path(tempfile.mkdtemp(prefix=work_prefix(index), dir=index.parent))
        try:
            work.rmdir()
            _link(folder, work)
            keep_current(index, keep=keep)
            replace_folder(work, index)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return manifest


def fallbacks(index: Path) -> tuple[Path, ...]:
    """Return the folders of what was kept, in the order in which to serve one when the index cannot be.

    The newest comes first. What somebody went back from comes last, as long as the manifest in place says so.
    """
    current = _readable(index)
    highest = current.generation if current is not None else math.inf
    kept = sorted(_kept(index).items(), key=lambda one: (one[0] > highest, -one[0]))
    return tuple(folder for _, folder in kept)


def keep_current(index: Path, *, keep: int) -> None:
    """Keep the generation in place beside the index, and of all that are kept the `keep` last in place."""
    manifest = _readable(index)
    if manifest is None or keep <= 0 or not _is_whole(index, manifest):
        return  # there is none yet, or a damaged one, which nobody should go back to
    folder = _folder(index)
    folder.mkdir(exist_ok=True)
    target = folder / f"{manifest.generation:04d}"
    if not target.exists():
        half = folder / f".{target.name}"
        shutil.rmtree(half, ignore_errors=True)
        _link(index, half)
        half.rename(target)
    # Until now it was in place: of two, the one that was gone back to is needed sooner than the newer one.
    os.utime(target)
    kept = sorted(_kept(index).items(), key=lambda one: (one[1].stat().st_mtime_ns, one[0]), reverse=True)
    for _, old in kept[keep:]:
        shutil.rmtree(old, ignore_errors=True)


def next_number(index: Path) -> int:
    """Return the number of the next generation: above every one that was ever kept."""
    current = _readable(index)
    return max([*_kept(index), current.generation if current else 0]) + 1


def locked(index: Path) -> FileLock:
    """Return the lock under which an index is read, changed and replaced; it is not re-entrant."""
    index.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(str(index.with_name(f".{index.name}.lock")))


def work_prefix(index: Path) -> str:
    """Return how the names of folders begin in which an index is being built."""
    return f".{index.name}.building-"


def _folder(index: Path) -> Path:
    return index.with_name(f"{index.name}.generations")


def _kept(index: Path) -> dict[int, Path]:
    folder = _folder(index)
    found = folder.iterdir() if folder.is_dir() else iter(())
    return {int(path.name): path for path in found if path.name.isdecimal() and path.is_dir()}


def _readable(folder: Path) -> Manifest | None:
    try:
        return read_manifest(folder)
    except (IndexMissing, IndexMismatch, IndexCorrupt):
        return None


def _is_whole(folder: Path, manifest: Manifest) -> bool:
    try:
        verify(folder, manifest)
    except IndexCorrupt:
        return False
    return True


def _link(source: Path, target: Path) -> None:
    """Copy a folder by hard links, and by content where the file system has none."""

    def one(path: str, name: str) -> str:
        try:
            os.link(path, name)
        except OSError:
            shutil.copy2(path, name)
        return name

    shutil.copytree(source, target, copy_function=one)
