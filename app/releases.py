"""The releases that are in place: list them, promote one, go back. Training writes through this file.

    models/<task>/<release>/...        the releases, each as it was sealed
    models/<task>/active.json          which is served, which is tried by a share, which came before

`active.json` is replaced in one atomic step, as the last thing that promotion or rollback does: killed
at any point before, nothing has changed for a reader. Must not load weights or know what runs.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from filelock import FileLock, Timeout
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from app.errors import Mismatch, ReleaseError, ReleaseRefused
from app.release_manifest import (
    MANIFEST,
    WEIGHTS,
    Measured,
    ReleaseFacts,
    ReleaseManifest,
    check_servable,
    read_manifest,
    release_name,
    seal,
    verify,
    warnings_about,
)
from weights.durable import sync_folder, write_durably

__all__ = [
    "MANIFEST", "WEIGHTS", "Active", "Broken", "Measured", "Past", "Registered", "ReleaseFacts",
    "ReleaseManifest", "check_servable", "drop_candidate", "folder_of", "promote", "read_active",
    "read_manifest", "release_name", "releases", "rollback", "seal", "verify", "warnings_about",
]  # fmt: skip

ACTIVE: Final = "active.json"
LOCK_SECONDS: Final = 30.0
_INCOMING, _OUTGOING = ".incoming-", ".outgoing-"

Why = Literal["replaced", "rolled_back", "candidate_dropped", "candidate_failed"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Past(_Frozen):
    """A release that was served and is not any more. An empty name: nothing was served before."""

    release: str
    until: AwareDatetime
    why: Why


class Active(_Frozen):
    """What `active.json` says. Empty names are none; `share` is the candidate's part of conversations."""

    format: Literal[1] = 1
    active: str = ""
    candidate: str = ""
    share: float = Field(default=0.0, ge=0, le=1)
    history: tuple[Past, ...] = ()

    def earlier(self) -> tuple[str, ...]:
        """Return the releases that were replaced by a newer one, the newest first: the good ones."""
        names = [past.release for past in reversed(self.history) if past.why == "replaced" and past.release]
        return tuple(dict.fromkeys(name for name in names if name != self.active))


@dataclass(frozen=True)
class Registered:
    """A release that is in place, and what it is for now."""

    folder: Path
    manifest: ReleaseManifest
    state: Literal["active", "candidate", "in_place"]
    share: float


@dataclass(frozen=True)
class Broken:
    """A folder that should be a release and cannot be read as one, or an unreadable `active.json`."""

    folder: Path
    reason: str


def folder_of(models_dir: Path, task: str, release: str) -> Path:
    """Return where a release lies once it is in place."""
    return models_dir / task / release


def releases(models_dir: Path) -> tuple[Registered | Broken, ...]:
    """Return everything that is in place, by task and by date; their files are not hashed here."""
    found: list[Registered | Broken] = []
    for task in _folders(models_dir):
        try:
            now = read_active(models_dir, task.name)
        except ReleaseError as error:
            now = Active()
            found.append(Broken(task / ACTIVE, str(error)))
        whole: list[Registered] = []
        for folder in _folders(task):
            try:
                whole.append(_registered(folder, read_manifest(folder), now))
            except ReleaseError as error:
                found.append(Broken(folder, str(error)))
        whole.sort(key=lambda one: (one.manifest.created, one.manifest.name))
        found += whole
    return tuple(found)


def read_active(models_dir: Path, task: str) -> Active:
    """Read what is served for a task; nothing when nothing was ever promoted.

    Raises ReleaseError when the file is there and cannot be read.
    """
    file = models_dir / task / ACTIVE
    try:
        return Active.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        return Active()
    except (OSError, ValidationError) as error:
        raise ReleaseError(
            f"{task}/{ACTIVE} cannot be read ({type(error).__name__}): promote a release again, "
            "which writes it anew"
        ) from error


def promote(models_dir: Path, folder: Path, *, share: float = 1.0) -> Active:
    """Put a sealed release in place and let it be served: to all, or to a share of conversations.

    A share below 1 makes it the candidate beside what is served; a running application picks either
    up by itself. Raises ReleaseRefused when the folder is not as it was sealed, and ReleaseError when
    the share is not in (0, 1], the release is served already, or another process holds the lock.
    """
    if not 0 < share <= 1:
        raise ReleaseError(f"share must be above 0 and at most 1. Currently, it is {share:g}")
    manifest = verify(folder)
    check_servable(folder, manifest)
    task, name = manifest.task, manifest.name
    with _locked(models_dir, task):
        try:
            now = read_active(models_dir, task)
        except ReleaseError:
            now = Active()
        if share < 1 and now.active == name:
            raise ReleaseError(f"{name} is served to all already: there is nothing to try it against")
        _put_in_place(folder, folder_of(models_dir, task, name), manifest)
        history = list(now.history)
        if now.candidate and now.candidate != name:
            history.append(_past(now.candidate, "candidate_dropped"))
        if share < 1:
            after = now.model_copy(update={"candidate": name, "share": share, "history": tuple(history)})
        else:
            if now.active != name:
                history.append(_past(now.active, "replaced"))
            after = Active(active=name, history=tuple(history))
        _write(models_dir, task, after)
    return after


def rollback(models_dir: Path, task: str) -> Active:
    """Drop the candidate, or else serve the release before this one, or, before the first, none.

    Nothing is copied or deleted: it takes milliseconds, and a running application follows at its
    next look. A release that is not in place any more is passed over. Raises ReleaseError when
    nothing is served.
    """
    with _locked(models_dir, task):
        now = read_active(models_dir, task)
        if now.candidate:
            return _without_candidate(models_dir, task, now, "candidate_dropped")
        if not now.active:
            raise ReleaseError(f"no release is served for {task!r}: there is nothing to go back from")
        before = next((name for name in now.earlier() if _is_in_place(models_dir, task, name)), "")
        history = _until(now.history, before)
        after = Active(active=before, history=(*history, _past(now.active, "rolled_back")))
        _write(models_dir, task, after)
    return after


def drop_candidate(models_dir: Path, task: str, release: str) -> Active:
    """End the trial of `release` because it failed; a no-op when it is not the candidate any more."""
    with _locked(models_dir, task):
        now = read_active(models_dir, task)
        if now.candidate != release:
            return now
        return _without_candidate(models_dir, task, now, "candidate_failed")


def _is_in_place(models_dir: Path, task: str, release: str) -> bool:
    return (folder_of(models_dir, task, release) / MANIFEST).is_file()


def _until(history: tuple[Past, ...], release: str) -> tuple[Past, ...]:
    """Return the history without the replacements that going back to `release` undoes."""
    replaced = [n for n, past in enumerate(history) if past.why == "replaced" and past.release == release]
    back = replaced[-1] if replaced else 0
    return tuple(past for n, past in enumerate(history) if past.why != "replaced" or n < back)


def _without_candidate(models_dir: Path, task: str, now: Active, why: Why) -> Active:
    past = _past(now.candidate, why)
    after = now.model_copy(update={"candidate": "", "share": 0.0, "history": (*now.history, past)})
    _write(models_dir, task, after)
    return after


def _write(models_dir: Path, task: str, after: Active) -> None:
    write_durably(models_dir / task / ACTIVE, after.model_dump_json(indent=1) + "\n")


def _past(release: str, why: Why) -> Past:
    return Past(release=release, until=datetime.now(UTC).replace(microsecond=0), why=why)


def _registered(folder: Path, manifest: ReleaseManifest, now: Active) -> Registered:
    if manifest.name != folder.name or manifest.task != folder.parent.name:
        raise ReleaseRefused(
            manifest.name,
            [Mismatch("folder", f"{manifest.task}/{manifest.name}", f"{folder.parent.name}/{folder.name}")],
        )
    if manifest.name == now.active:
        return Registered(folder, manifest, "active", 1.0 - now.share)
    if manifest.name == now.candidate:
        return Registered(folder, manifest, "candidate", now.share)
    return Registered(folder, manifest, "in_place", 0.0)


def _put_in_place(source: Path, target: Path, manifest: ReleaseManifest) -> None:
    """Copy a release through a temporary neighbour; one that is there and whole is left alone."""
    if _same(target, manifest):
        return
    fresh, old = target.with_name(_INCOMING + target.name), target.with_name(_OUTGOING + target.name)
    for left in (fresh, old):
        shutil.rmtree(left, ignore_errors=True)
    shutil.copytree(source, fresh)
    if verify(fresh) != manifest:
        raise ReleaseError(f"{manifest.name} changed while it was copied: promote it again")
    for path in sorted(fresh.rglob("*"), reverse=True):
        _sync(path)
    sync_folder(fresh)
    if target.exists():
        target.rename(old)
    fresh.rename(target)
    sync_folder(target.parent)
    shutil.rmtree(old, ignore_errors=True)


def _same(target: Path, manifest: ReleaseManifest) -> bool:
    try:
        return target.is_dir() and verify(target) == manifest
    except ReleaseError:
        return False


def _sync(path: Path) -> None:
    if path.is_dir():
        sync_folder(path)
        return
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def _folders(parent: Path) -> list[Path]:
    """Return the folders in `parent`, without what a killed promotion may have left."""
    return sorted(one for one in parent.glob("*") if one.is_dir() and not one.name.startswith("."))


@contextmanager
def _locked(models_dir: Path, task: str) -> Iterator[None]:
    """Hold the task's lock, across processes. The system lets go of it when its holder dies."""
    try:
        (models_dir / task).mkdir(parents=True, exist_ok=True)
        with FileLock(str(models_dir / task / ".lock"), timeout=LOCK_SECONDS):
            yield
    except Timeout as error:
        raise ReleaseError(
            f"another process has been changing the releases of {task!r} for {LOCK_SECONDS:.0f} s"
        ) from error
    except OSError as error:
        raise ReleaseError(
            f"the releases of {task!r} cannot be changed: {error.strerror or type(error).__name__}. "
            "CAREFOLD_MODELS_DIR must be a folder that this user may write to"
        ) from error
