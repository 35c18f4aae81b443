"""Move a release: to and from a folder, or a private repository of the hub.

    push(release, "path:/srv/releases/counseling-1a2b3c4d")
    push(release, "hub:clinic/counseling", token=token)     -> hub:clinic/counseling@REVISION
    pull("hub:clinic/counseling@REVISION", out)

A release is verified where it stands and again where it has arrived; it appears whole or not at all.
Only what its manifest lists is moved. Must not promote anything: what was pulled waits for `promote`.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.errors import ReleaseError as NotARelease
from app.release_manifest import MANIFEST, WEIGHTS, ReleaseManifest, read_manifest, verify
from training.errors import ReleaseError, RemoteError
from weights import hub
from weights.durable import sync_folder
from weights.errors import WeightsError

_PLACE = re.compile(r"path:(?P<path>.+)|hub:(?P<repo>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w./-]+))?", re.DOTALL)


@dataclass(frozen=True)
class Moved:
    """A release that has arrived: `source` is what `pull` takes to get exactly this one again."""

    source: str
    name: str
    files: int
    size: int


def push(release: Path, to: str, *, token: str = "", public: bool = False, endpoint: str = "") -> Moved:
    """Copy a verified release to `path:DIR` or `hub:org/name`, verify it there, and say where it is.

    DIR must not be there yet, or hold this very release. A repository is created private; a public one
    is refused unless `public`. `token` is for the hub and in no message. Raises ReleaseError for a
    release that is not as it was sealed, or a taken place, and RemoteError when the hub does not do it.
    """
    place = _place(to)
    manifest = _verified(release, "")
    if place["path"]:
        return _copied(release, Path(place["path"]).expanduser(), manifest)
    if place["revision"]:
        raise ReleaseError(
            f"cannot push to the revision in {to!r}: a push makes one. Write hub:{place['repo']}"
        )
    repo, names = place["repo"], _names(manifest)
    with _remote():
        revision = hub.upload(
            release, repo, files=names, message=manifest.name, token=token, public=public,
            endpoint=endpoint,
        )  # fmt: skip
    source = f"hub:{repo}@{revision}"
    with tempfile.TemporaryDirectory(prefix="pushed-") as work:
        arrived = _fetched(repo, revision, Path(work), token=token, endpoint=endpoint)
        if arrived != manifest:
            raise ReleaseError(f"{source} is not the release that was pushed: push it again")
        return _moved(source, manifest, Path(work))


def pull(source: str, out: Path, *, token: str = "", endpoint: str = "") -> Moved:
    """Bring a release from `path:DIR` or `hub:org/name@revision` into the new folder `out`.

    Without a revision the newest one is taken, and named in what comes back. Raises ReleaseError when
    what came is not as it was sealed or `out` is taken, and RemoteError when the hub does not answer.
    """
    place = _place(source)
    if place["path"]:
        folder = Path(place["path"]).expanduser()
        return _copied(folder, out, _verified(folder, ""))
    repo = place["repo"]
    with _remote():
        revision = hub.revision_of(repo, place["revision"] or "main", token=token, endpoint=endpoint)
    source = f"hub:{repo}@{revision}"
    with _arriving(out) as fresh:
        manifest = _fetched(repo, revision, fresh, token=token, endpoint=endpoint)
        if _is_there(out, manifest):
            return _moved(source, manifest, out)
        _into_place(fresh, out)
    return _moved(source, manifest, out)


def _place(text: str) -> dict[str, str]:
    match = _PLACE.fullmatch(text.strip())
    if match is None:
        raise ReleaseError(f"cannot read {text!r}: write path:DIR or hub:org/name")
    return {name: value or "" for name, value in match.groupdict().items()}


def _copied(folder: Path, out: Path, manifest: ReleaseManifest) -> Moved:
    source = f"path:{out}"
    if _is_there(out, manifest):
        return _moved(source, manifest, out)
    with _arriving(out) as fresh:
        for name in _names(manifest):
            (fresh / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / name, fresh / name)
        if _verified(fresh, f"{manifest.name} changed while it was copied: ") != manifest:
            raise ReleaseError(f"{manifest.name} changed while it was copied: copy it again")
        _into_place(fresh, out)
    return _moved(source, manifest, out)


def _fetched(repo: str, revision: str, out: Path, *, token: str, endpoint: str) -> ReleaseManifest:
    """Fetch the manifest, then what it lists, into the empty folder `out`, and verify all of it."""
    with _remote():
        hub.download(repo, revision, files=(MANIFEST,), out=out, token=token, endpoint=endpoint)
    try:
        stated = read_manifest(out)
    except NotARelease as error:
        raise ReleaseError(f"hub:{repo}@{revision} holds no release: {error}") from error
    rest = [name for name in _names(stated) if name != MANIFEST]
    with _remote():
        hub.download(repo, revision, files=rest, out=out, token=token, endpoint=endpoint)
    return _verified(out, f"hub:{repo}@{revision}: ")


def _verified(folder: Path, what: str) -> ReleaseManifest:
    if not folder.is_dir():
        raise ReleaseError(f"no release at {str(folder)!r}: there is no such folder")
    try:
        return verify(folder)
    except NotARelease as error:
        raise ReleaseError(f"{what}{error}") from error


def _names(manifest: ReleaseManifest) -> list[str]:
    return [WEIGHTS[manifest.kind], *sorted(manifest.files), MANIFEST]


def _is_there(out: Path, manifest: ReleaseManifest) -> bool:
    """Say whether this very release is there already. Raises ReleaseError when anything else is."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return False
    try:
        same = out.is_dir() and verify(out) == manifest
    except NotARelease:
        same = False
    if not same:
        raise ReleaseError(f"{str(out)!r} is taken by something else: name a folder that is not there yet")
    return True


@contextmanager
def _arriving(out: Path) -> Iterator[Path]:
    """Give a temporary neighbour of `out`, and leave nothing of it behind."""
    out.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        fresh = work / "fresh"
        fresh.mkdir()
        yield fresh
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _into_place(fresh: Path, out: Path) -> None:
    for path in sorted(fresh.rglob("*"), reverse=True):
        if path.is_dir():
            sync_folder(path)
        else:
            with path.open("rb") as stream:
                os.fsync(stream.fileno())
    sync_folder(fresh)
    fresh.rename(out)
    sync_folder(out.parent)


def _moved(source: str, manifest: ReleaseManifest, folder: Path) -> Moved:
    names = _names(manifest)
    return Moved(source, manifest.name, len(names), sum((folder / name).stat().st_size for name in names))


@contextmanager
def _remote() -> Iterator[None]:
    try:
        yield
    except WeightsError as error:
        raise RemoteError(str(error)) from error
