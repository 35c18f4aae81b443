"""Sets that were frozen before anything was tuned: files with their SHA-256 beside them.

A folder's `eval.sha256` names its files. What does not have its hash is not measured: somebody may have
changed it to please a rule, or a rule to please it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

HASHES: Final = "eval.sha256"


class ChangedSet(ValueError):
    """A file of a frozen set is not the one that was frozen."""


def frozen_files(folder: Path, hashes: str = HASHES) -> Iterator[Path]:
    """Yield every file that the folder's hashes name. Raises ChangedSet for one that differs."""
    for name, stated in _stated(folder / hashes).items():
        yield _checked(folder / name, stated)


def frozen_file(folder: Path, name: str) -> Path:
    """Return one file of the folder. Raises ChangedSet when it differs or no hash is stated for it."""
    stated = _stated(folder / HASHES)
    if name not in stated:
        raise ChangedSet(f"{name} has no hash in {HASHES}: measure one of {', '.join(stated)}")
    return _checked(folder / name, stated[name])


def _stated(hashes: Path) -> dict[str, str]:
    pairs = (line.split() for line in hashes.read_text("utf-8").splitlines())
    return {name: stated for stated, name in pairs}


def _checked(file: Path, stated: str) -> Path:
    found = hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else "no file"
    if found != stated:
        raise ChangedSet(f"{file.name} has the hash {found[:12]}, frozen was {stated[:12]}: put it back")
    return file
