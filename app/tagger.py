"""The tagger that finds personal data: the active release of its task, made ready to be served.

It is looked for once, when a scrubber is built: a promotion or rollback of a tagger takes a new start,
because what was scrubbed under one policy is not mixed with another. Must not: load it.
"""

from __future__ import annotations

from pathlib import Path

from app.releases import folder_of, read_active, verify
from weights.served import TAGGER, served_encoder


def active_tagger(models_dir: Path, *, cache_dir: Path | None, offline: bool) -> Path | None:
    """Return the folder for `Scrubber(tagger=...)`, built when the cache has none; None: none is active.

    Raises ReleaseError or WeightsError for a release that is there and cannot be used: no weaker scrubber
    takes its place unasked.
    """
    release = read_active(models_dir, TAGGER).active
    if not release:
        return None
    folder = folder_of(models_dir, TAGGER, release)
    verify(folder)
    return served_encoder(folder, TAGGER, cache_dir=cache_dir, offline=offline)
