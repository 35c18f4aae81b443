"""The index folder's manifest: what the index was built from and with, and each file's SHA-256.

It is sealed: with a byte that is not as it was written it is no manifest. `verify` must have passed before
any other file of an index is parsed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from retrieval.embedder import Embedder
from retrieval.errors import IndexCorrupt, IndexMismatch, IndexMissing
from retrieval.faq import FaqEntry, entry_to_json

FORMAT = 2
# Without a seal; read as before.
UNSEALED = 1
MANIFEST = "manifest.json"
ENTRIES = "entries.jsonl"
PASSAGES = "passages.jsonl"
LAYOUT = "layout.npy"
RETIRED = "retired.jsonl"
REBUILD = "Rebuild: python -m retrieval build --faq PATH --out DIR"


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class EmbedderIdentity(_Record):
    """Which embedder made the vectors."""

    name: str
    sha256: str
    dimension: int


class Counts(_Record):
    """How much there is in the index."""

    entries: int
    staff_entries: int
    alternates: int
    passages: int
    vectors: int


class Manifest(_Record):
    """All that is known of an index without opening its other files."""

    format: int
    created: datetime
    embedder: EmbedderIdentity
    index: str
    corpus_sha256: str
    sample: bool
    counts: Counts
    files: dict[str, str] = Field(repr=False)
    generation: int = 1
    change: str = Field(
        "build", description="what made this generation of the one before: words of ours, ids"
    )
    embedded: int = Field(0, description="texts whose vectors were computed, not taken over")
    seal: str = Field(default="", description="SHA-256 over all the rest, as it is written")

    def text(self) -> str:
        """Return what stands in the file, sealed."""
        rest = self.model_dump_json(indent=1, exclude={"seal"})
        seal = hashlib.sha256(rest.encode()).hexdigest()
        return self.model_copy(update={"seal": seal}).model_dump_json(indent=1) + "\n"


def corpus_hash(entries: Sequence[FaqEntry]) -> str:
    """Return one SHA-256 over all fields of all entries in order."""
    digest = hashlib.sha256()
    for entry in entries:
        digest.update(entry_to_json(entry).encode() + b"\n")
    return digest.hexdigest()


def hash_files(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file in and below `folder`, the manifest left out."""
    hashes: dict[str, str] = {}
    for file in sorted(folder.rglob("*")):
        if file.is_file() and file.name != MANIFEST:
            with file.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256")
            hashes[file.relative_to(folder).as_posix()] = digest.hexdigest()
    return hashes


def write_manifest(folder: Path, manifest: Manifest) -> Manifest:
    """Seal the manifest and write it into the folder; return it as it reads back."""
    (folder / MANIFEST).write_text(manifest.text(), encoding="utf-8", newline="\n")
    return read_manifest(folder)


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest alone. Raises IndexMissing, IndexMismatch (other format) or IndexCorrupt."""
    file = folder / MANIFEST
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise IndexMissing(f"no index at {folder} ({MANIFEST} cannot be read). {REBUILD}") from error
    version = _format_of(raw)
    if version not in (None, UNSEALED, FORMAT):
        raise _other_format(folder, version)
    try:
        manifest = Manifest.model_validate_json(raw)
    except ValidationError as error:
        raise IndexCorrupt(f"{file} is not a manifest of an index. {REBUILD}") from error
    sound = raw == manifest.text().encode() if manifest.format == FORMAT else not manifest.seal
    if not sound:
        raise IndexCorrupt(f"{file} is not as it was written. {REBUILD}")
    return manifest


def verify(folder: Path, manifest: Manifest) -> None:
    """Hash every file again. Raises IndexCorrupt for a difference."""
    try:
        found = hash_files(folder)
    except OSError as error:
        raise IndexCorrupt(f"{folder}: its files cannot be read. {REBUILD}") from error
    for name in sorted(manifest.files.keys() | found.keys()):
        if name not in found:
            raise IndexCorrupt(f"{folder / name} is missing. {REBUILD}")
        if manifest.files.get(name) != found[name]:
            raise IndexCorrupt(f"{folder / name} does not have the SHA-256 that {MANIFEST} states. {REBUILD}")
    for name in (ENTRIES, PASSAGES, LAYOUT):
        if name not in found:
            raise IndexCorrupt(f"{folder / name} is missing. {REBUILD}")


def check_embedder(manifest: Manifest, embedder: Embedder) -> None:
    """Raise IndexMismatch unless this embedder's weights made the index."""
    built = manifest.embedder
    if (built.sha256, built.dimension) == (embedder.sha256, embedder.dimension):
        return
    if built.name != embedder.name or built.dimension != embedder.dimension:
        raise IndexMismatch(
            f"index built with {built.name!r} (dimension {built.dimension}), settings ask for "
            f"{embedder.name!r} (dimension {embedder.dimension}). {REBUILD}"
        )
    raise IndexMismatch(
        f"index built with {built.name!r} of SHA-256 {built.sha256[:12]}, the weights now there have "
        f"{embedder.sha256[:12]}. {REBUILD}"
    )


def _other_format(folder: Path, version: int | None) -> IndexMismatch:
    return IndexMismatch(f"{folder} has format {version}, this version reads format {FORMAT}. {REBUILD}")


class _FormatOnly(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)

    format: int


def _format_of(raw: bytes) -> int | None:
    try:
        return _FormatOnly.model_validate_json(raw).format
    except ValidationError:
        return None
