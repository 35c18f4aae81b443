"""Look through a folder tree: which files are to be scrubbed, which are done, and what each will be called.

Every file gets a number, its place in the sorted walk, by which messages name it. Names in the output hold
no personal data; where two become alike a number is added. A finished file is known by its scrubbed path,
size and hash, so that a new file never renames an old one.

Must not: follow a link, or write anything.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from safety.bulk_formats import FORMATS
from safety.bulk_manifest import Record, hashed, is_whole
from safety.bulk_names import ENDINGS, numbered, safe_name, safe_path


@dataclass(frozen=True)
class Found:
    """A file of the tree; `reason` says why it is not scrubbed, if it is not."""

    number: int
    path: Path = field(repr=False)
    relative: PurePath = field(repr=False)
    size: int = 0
    reason: str = ""
    failed: bool = False

    @property
    def ending(self) -> str:
        """The ending of its name, in lower case and without the dot."""
        return self.relative.suffix.lower().removeprefix(".")

    @property
    def base(self) -> str:
        """Its scrubbed path, as messages show it."""
        return safe_path(self.relative)


@dataclass(frozen=True)
class Plan:
    """What a run has to do. `paths` gives the output path of each file to do, by number."""

    found: tuple[Found, ...]
    done: dict[int, Record]
    todo: tuple[Found, ...]
    paths: dict[int, str]
    stale: tuple[Record, ...]
    """Outputs of sources that are gone or have changed their name."""


def walk(folder: Path) -> Iterator[Found]:
    """Yield every file below `folder`, in sorted order, with its number."""
    for number, (path, reason, failed) in enumerate(every_file(folder), start=1):
        relative = path.relative_to(folder)
        size = 0
        if not reason:
            try:
                size = path.stat().st_size
            except OSError as error:
                reason, failed = f"cannot be read: {type(error).__name__}", True
        found = Found(number, path, relative, size, reason, failed)
        if not reason and found.ending not in FORMATS:
            known = found.ending in ENDINGS
            reason = f"no text format: .{found.ending}" if known else "no text format: ending not known"
            found = Found(number, path, relative, size, reason)
        yield found


def make_plan(
    found: Iterable[Found], records: Iterable[Record], out: Path, *, on_done: Callable[[int], object]
) -> Plan:
    """Set what is finished apart from what is to do. `on_done` is told the size of each finished file."""
    every = tuple(found)
    waiting: defaultdict[tuple[str, int], list[Record]] = defaultdict(list)
    old = list(records)
    for record in old:
        waiting[record.base, record.size].append(record)
    done: dict[int, Record] = {}
    todo: list[Found] = []
    for one in every:
        if one.reason:
            continue
        finished = _finished(one, waiting[one.base, one.size], out)
        if finished is None:
            todo.append(one)
        else:
            waiting[one.base, one.size].remove(finished)
            done[one.number] = finished
            on_done(one.size)
    paths = _paths(every, done, todo)
    taken = set(paths.values()) | {record.path for record in done.values()}
    return Plan(every, done, tuple(todo), paths, tuple(one for one in old if one.path not in taken))


def every_file(folder: Path) -> Iterator[tuple[Path, str, bool]]:
    """Yield (path, reason not to read it, whether that is a failure), folders in their sorted place."""
    waiting = [folder]
    while waiting:
        path = waiting.pop()
        if path.is_symlink() and path != folder:
            yield path, "a link", False
        elif path.is_dir():
            try:
                waiting += sorted(path.iterdir(), key=lambda one: one.name, reverse=True)
            except OSError as error:
                yield path, f"a folder that cannot be read: {type(error).__name__}", True
        elif path.is_file():
            yield path, "", False
        else:
            yield path, "no regular file", False


def _finished(one: Found, candidates: list[Record], out: Path) -> Record | None:
    """Return the record of this very content, if its output is still whole."""
    if not candidates:
        return None
    try:
        sha256 = hashed(one.path)
    except OSError:
        return None  # it is tried again, and then fails with its reason
    return next((record for record in candidates if record.sha256 == sha256 and is_whole(out, record)), None)


def _paths(every: Iterable[Found], done: dict[int, Record], todo: Iterable[Found]) -> dict[int, str]:
    """Name the outputs of what is to do, beside those of the same folder that are done."""
    folders: dict[tuple[str, ...], tuple[str, ...]] = {(): ()}
    taken: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    for one in every:
        if one.number in done:
            final = tuple(done[one.number].path.split("/"))
            for depth in range(1, len(final)):
                folders.setdefault(one.relative.parts[:depth], final[:depth])
            for depth in range(len(final)):
                taken[final[:depth]].add(final[depth].casefold())

    def free(parent: tuple[str, ...], name: str) -> str:
        base, number = safe_name(name), 1
        choice = base
        while choice.casefold() in taken[parent]:
            number += 1
            choice = numbered(base, number)
        taken[parent].add(choice.casefold())
        return choice

    paths: dict[int, str] = {}
    for one in todo:
        for depth in range(1, len(one.relative.parts)):
            raw = one.relative.parts[:depth]
            if raw not in folders:
                parent = folders[raw[:-1]]
                folders[raw] = (*parent, free(parent, raw[-1]))
        parent = folders[one.relative.parts[:-1]]
        paths[one.number] = "/".join((*parent, free(parent, one.relative.name)))
    return paths
