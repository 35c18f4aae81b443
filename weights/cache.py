"""Folders that appear whole or not at all, and that are checked each time they are used.

A published folder holds its files and, written last, `CAREFOLD.json` with the SHA-256 of each.
`publish` fills a temporary neighbour and renames it into place; `verified` hashes every file
again, so that a half-written or altered folder is found before anything is parsed.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from weights.durable import write_durably
from weights.errors import WeightsCorrupt

MANIFEST = "CAREFOLD.json"


class FolderManifest(BaseModel):
    """What a published folder holds: where it came from and the SHA-256 of every file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    files: dict[str, str]

    @property
    def sha256(self) -> str:
        """One SHA-256 over names and contents: the identity of the weights."""
        digest = hashlib.sha256()
        for name in sorted(self.files):
            digest.update(f"{name}\0{self.files[name]}\n".encode())
        return digest.hexdigest()


def hash_file(file: Path) -> str:
    """Return the SHA-256 of a file's content as 64 hex digits."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def hash_folder(folder: Path, source: str) -> FolderManifest:
    """Hash every file below `folder` (its own manifest left out)."""
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file.name != MANIFEST)
    return FolderManifest(
        source=source, files={file.relative_to(folder).as_posix(): hash_file(file) for file in files}
    )


def publish(target: Path, source: str, fill: Callable[[Path], None]) -> FolderManifest:
    """Let `fill` write into an empty temporary folder, then move it to `target` in one step.

    A folder that stands at `target` is replaced. When `fill` raises, `target` stays as it was.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        fresh = work / "fresh"
        fresh.mkdir()
        fill(fresh)
        manifest = hash_folder(fresh, source)
        write_durably(fresh / MANIFEST, manifest.model_dump_json(indent=1))
        if target.exists():
            target.rename(work / "old")
        fresh.rename(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return manifest


def verified(folder: Path) -> FolderManifest:
    """Return the folder's manifest after hashing every file again.

    Raises WeightsCorrupt when the manifest is missing or unreadable, or a file is missing,
    added or altered.
    """
    try:
        stated = FolderManifest.model_validate_json((folder / MANIFEST).read_bytes())
    except (OSError, ValidationError) as error:
        raise WeightsCorrupt(f"{folder.name}: no readable {MANIFEST}: it was never finished") from error
    found = hash_folder(folder, stated.source).files
    for name in sorted(stated.files.keys() | found.keys()):
        if stated.files.get(name) != found.get(name):
            raise WeightsCorrupt(f"{folder.name}/{name}: content differs from the SHA-256 in {MANIFEST}")
    return stated
