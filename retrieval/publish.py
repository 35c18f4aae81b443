"""Put a finished folder in the place of another in one step."""

from __future__ import annotations

import ctypes
import os
import shutil
from pathlib import Path

from weights.durable import sync

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def replace_folder(fresh: Path, target: Path) -> None:
    """Move `fresh` to `target`; what stood there is removed afterwards.

    Where the system can exchange two names in one step, a reader finds the old folder or the new
    one at any moment. Elsewhere there is a moment between two renames with neither; a failure of
    the second puts the old one back.
    """
    _flush(fresh)
    if not target.exists():
        fresh.rename(target)
    elif _exchange(fresh, target):
        shutil.rmtree(fresh, ignore_errors=True)
    else:
        old = fresh.with_name(fresh.name + ".old")
        target.rename(old)
        try:
            fresh.rename(target)
        except OSError:
            old.rename(target)
            raise
        shutil.rmtree(old, ignore_errors=True)


def _exchange(first: Path, second: Path) -> bool:
    """Exchange two names in one step; False where the system or its file system cannot."""
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):
        return False
    return not renameat2(
        _AT_FDCWD, os.fsencode(first), _AT_FDCWD, os.fsencode(second), ctypes.c_uint(_RENAME_EXCHANGE)
    )


def _flush(folder: Path) -> None:
    """Make sure that the files' content is on the disk before their folder gets its name."""
    for file in folder.rglob("*"):
        if file.is_file():
            sync(file)
