"""Sets that are measured on and never tuned on: their hashes were written down before anything was measured.

    for file in frozen_files(folder, "frozen.sha256"): ...

Must not be asked to make hashes: who changes a frozen set makes another set.
"""

from __future__ import annotations

import hashlib
from pathlib import Path


class ChangedSet(ValueError):
    """A file of a frozen set is not the one that was frozen."""


def frozen_files(folder: Path, hashes: str) -> list[Path]:
    """Return the files that `hashes` names, each behind its SHA-256. Raises ChangedSet where one differs."""
    files: list[Path] = []
    for line in (folder / hashes).read_text("utf-8").splitlines():
        stated, name = line.split()
        file = folder / name
        found = hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else "no file"
        if found != stated:
            raise ChangedSet(f"{name} has the hash {found[:12]}, frozen was {stated[:12]}: put it back")
        files.append(file)
    return files
