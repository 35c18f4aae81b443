"""The small encoders that serve: the active release of a task, made ready to be served.

It is looked for once, when what uses it is built: a promotion or rollback takes a new start, because what was
scrubbed or read by one is not mixed with another. Must not: load it.
"""

from __future__ import annotations

from pathlib import Path

from app.releases import folder_of, read_active, verify
from weights.served import served_encoder


def active_encoder(models_dir: Path, task: str, *, cache_dir: Path | None, offline: bool) -> Path | None:
    """Return the folder that serves a task's active release, or None where none is active.

    It is built when the cache has none. Raises ReleaseError or WeightsError for a release that is there and
    cannot be used: nothing weaker takes its place unasked.
    """
    release = read_active(models_dir, task).active
    if not release:
        return None
    folder = folder_of(models_dir, task, release)
    verify(folder)
    return served_encoder(folder, task, cache_dir=cache_dir, offline=offline)
