"""Change the FAQ that an index holds: add, edit, retire, bring back.

    change_index(folder, lambda book: retire(book, ["parking"], on=today), embedder=...)

The index in place is the truth: it holds every field of every entry. A change reads it, makes the next
generation beside it, and swaps the two in one step while an application goes on serving.
Pure apart from `read_book` and `change_index`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from retrieval.build import build_index
from retrieval.embedder import Embedder
from retrieval.errors import ChangeRefused, UnknownEntry
from retrieval.faq import FaqEntry, load_faq
from retrieval.generations import KEEP, locked
from retrieval.manifest import ENTRIES, RETIRED, Manifest, read_manifest, verify
from retrieval.retired import Retired, read_retired


@dataclass(frozen=True)
class Book:
    """All entries of an index: those that are served, in order, and those that were retired."""

    entries: tuple[FaqEntry, ...] = ()
    retired: tuple[Retired, ...] = ()

    def entry(self, entry_id: str) -> FaqEntry:
        """Return the served entry with this id. Raises UnknownEntry, naming the ids that are near."""
        for entry in self.entries:
            if entry.id == entry_id:
                return entry
        raise _unknown(entry_id, [entry.id for entry in self.entries])


def read_book(index: Path) -> Book:
    """Verify an index and read its entries. Raises IndexMissing, IndexCorrupt or IndexMismatch."""
    verify(index, read_manifest(index))
    return Book(load_faq([index / ENTRIES]).entries, read_retired(index / RETIRED))


def change_index(
    index: Path, change: Callable[[Book], Book], *, embedder: Embedder, what: str, keep: int = KEEP
) -> Manifest:
    """Make the next generation of `index` by `change`, and put it in place. `what` says it in ids.

    Only texts that are new are embedded. One change is made at a time; a second one waits for the first.
    Without an index in place the change begins with an empty book. Raises what the change raises.
    """
    with locked(index):
        there = index.exists() and any(index.iterdir())
        kind = read_manifest(index).index if there else "flat"
        book = change(read_book(index) if there else Book())
        return build_index(
            book.entries,
            out=index,
            embedder=embedder,
            index=kind,
            retired=book.retired,
            change=what,
            keep=keep,
            reuse=True,
        )


def put(book: Book, entries: Iterable[FaqEntry]) -> Book:
    """Return the book with these entries: in the place of those with their ids, the new ones at the end."""
    fresh = {entry.id: entry for entry in entries}
    kept = [fresh.pop(entry.id, entry) for entry in book.entries]
    return Book((*kept, *fresh.values()), book.retired)


def retire(book: Book, ids: Iterable[str], *, on: date) -> Book:
    """Return the book without these entries, which are kept as retired.

    Raises UnknownEntry or ChangeRefused.
    """
    chosen = [book.entry(entry_id) for entry_id in dict.fromkeys(ids)]
    left = tuple(entry for entry in book.entries if entry not in chosen)
    if not left:
        raise ChangeRefused("this would retire every entry, and an index needs one. Add the new ones first")
    return Book(left, (*book.retired, *(Retired(entry, on) for entry in chosen)))


def bring_back(book: Book, entry_id: str) -> Book:
    """Return the book with an entry served again, as it last was. Raises UnknownEntry or ChangeRefused."""
    found = [one for one in book.retired if one.entry.id == entry_id]
    if not found:
        raise _unknown(entry_id, [one.entry.id for one in book.retired], "retired ")
    if any(entry.id == entry_id for entry in book.entries):
        raise ChangeRefused(f"the id {entry_id!r} is used by an entry that is served. Retire that one first")
    rest = tuple(one for one in book.retired if one is not found[-1])
    return Book((*book.entries, found[-1].entry), rest)


def _unknown(entry_id: str, ids: list[str], which: str = "") -> UnknownEntry:
    near = difflib.get_close_matches(entry_id, ids, n=3, cutoff=0.5)
    hint = f": did you mean {' or '.join(map(repr, near))}?" if near else ""
    return UnknownEntry(f"no {which}entry has the id {entry_id!r}{hint}")
