"""Keep the line-up as the folder of releases says: look every few seconds, load, serve, unload.

    watch = ReleaseWatch(models_dir, lineup, fits=Fits(...));  watch.start(model);  watch.stop()

A release is verified before it is loaded; one that does not fit is named in the log with both values,
and the newest earlier one that fits is served, or nobody writes. Nothing here waits for an answer that
is being written, and none waits for this.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from app.errors import GenerationError, Mismatch, ModelUnavailable, ReleaseError, ReleaseRefused
from app.lineup import TASKS, Line, Lineup, Refusal
from app.live_guards import Breach
from app.logs import get_logger
from app.models.base import ChatModel
from app.releases import (
    ACTIVE,
    Active,
    ReleaseManifest,
    check_servable,
    drop_candidate,
    folder_of,
    read_active,
    verify,
)

log = get_logger(__name__)

LOOK_SECONDS: Final = 2.0
WAIT_SECONDS: Final = 0.25  # for a model that loads, between two looks at whether to end
REST_SECONDS: Final = 30.0
MOST_TOLD: Final = 20
_NEVER: Final = (-2, 0, 0)


@dataclass(frozen=True)
class Fits:
    """What a release must have been made for. `base_sha256` may take long the first time."""

    base_source: str
    base_sha256: Callable[[], str]
    prompt_hash: str


@dataclass(frozen=True)
class TakenBack:
    """A candidate that was rolled back by itself, and why."""

    task: str
    release: str
    breaches: tuple[Breach, ...]
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


def expected(models_dir: Path) -> frozenset[str]:
    """Return the tasks of the chat that have a release in place, without verifying any."""
    found = set()
    for task in TASKS.values():
        try:
            now = read_active(models_dir, task)
        except ReleaseError:
            continue
        if now.active or now.candidate:
            found.add(task)
    return frozenset(found)


class ReleaseWatch:
    """Follows `models_dir` in a thread of its own, from when the model is there."""

    def __init__(
        self, models_dir: Path, lineup: Lineup, *, fits: Fits, look_seconds: float = LOOK_SECONDS
    ) -> None:
        self._models_dir, self._lineup, self._fits = models_dir, lineup, fits
        self._look_seconds = look_seconds
        self._seen: dict[str, tuple[int, int, int]] = dict.fromkeys(TASKS.values(), _NEVER)
        # Candidates that failed: where the folder cannot be written to, this alone holds them off.
        self._failed: dict[str, str] = {}
        self._adopted: set[str] = set()
        self._base_sha256 = ""
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.taken_back: deque[TakenBack] = deque(maxlen=MOST_TOLD)

    def start(self, model: ChatModel) -> None:
        """Follow the folder for this model until `stop`."""
        self._thread = threading.Thread(target=self._run, args=(model,), daemon=True, name="releases")
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def again(self) -> None:
        """Verify and load anew at the next look, also what was refused."""
        self._seen = dict.fromkeys(self._seen, _NEVER)

    def look(self, model: ChatModel) -> None:
        """Look once: end trials that failed, follow what changed, unload what nobody needs."""
        state = model.state().status
        if state == "loading":
            return
        if state == "ready":
            for task in self._seen:
                self._end_failed_trial(task)
                self._follow(task, model)
            self._unload(model)
        self._lineup.settle()

    def _run(self, model: ChatModel) -> None:
        model.wait_ready(WAIT_SECONDS)
        while not self._stop.is_set():
            try:
                self.look(model)
            except Exception as error:  # noqa: BLE001 - answers go on with what is loaded
                log.error("releases_not_followed", error=type(error).__name__)
                self._lineup.settle()
                self._stop.wait(REST_SECONDS)
            if model.state().status == "loading":
                model.wait_ready(WAIT_SECONDS)
            else:
                self._stop.wait(self._look_seconds)

    # --- one task -----------------------------------------------------------------------

    def _end_failed_trial(self, task: str) -> None:
        breaches = self._lineup.guards.look(task)
        if not breaches:
            return
        line = self._lineup.line(task)
        self._failed[task] = line.candidate
        self.taken_back.append(TakenBack(task, line.candidate, breaches))
        for breach in breaches:
            log.error("release_taken_back", release=line.candidate, reason=breach.guard)
        self._serve(task, replace(line, candidate="", share=0.0))
        try:
            drop_candidate(self._models_dir, task, line.candidate)
        except ReleaseError as error:
            log.error("rollback_not_written", release=line.candidate, error=type(error).__name__)

    def _follow(self, task: str, model: ChatModel) -> None:
        """Serve what `active.json` says, if it changed or what it says is not loaded any more."""
        seen = _stamp(self._models_dir / task / ACTIVE)
        if seen == self._seen[task] and set(self._lineup.line(task).names) <= set(model.adapters):
            return
        if seen != self._seen[task]:
            self._failed.pop(task, None)  # somebody has decided anew
        try:
            wanted = read_active(self._models_dir, task)
        except ReleaseError:
            # What is served goes on; the file is looked at again when it changes.
            log.error("releases_not_readable", error="ReleaseError")
            self._seen[task] = seen
            return
        try:
            line = self._line(task, wanted, model)
        except ModelUnavailable:
            return
        self._serve(task, line)
        self._seen[task] = seen

    def _line(self, task: str, wanted: Active, model: ChatModel) -> Line:
        refused: list[Refusal] = []
        manifests: dict[str, ReleaseManifest] = {}

        def usable(release: str) -> bool:
            try:
                manifests[release] = self._loaded(task, release, model)
            except ReleaseRefused as error:
                refused.append(Refusal(release, error.faults))
                for fault in error.faults:
                    log.error("release_refused", release=release, what=fault.what,
                              expected=fault.expected, found=fault.found)  # fmt: skip
                return False
            return True

        good = (wanted.active, *wanted.earlier()) if wanted.active else ()
        served = next((name for name in good if usable(name)), "")
        tried = "" if wanted.candidate == self._failed.get(task) else wanted.candidate
        candidate = tried if tried and usable(tried) else ""
        share = wanted.share if candidate else 0.0
        withheld = bool(wanted.active) and not served
        return Line(served, candidate, share, manifests, tuple(refused), withheld)

    def _loaded(self, task: str, release: str, model: ChatModel) -> ReleaseManifest:
        """Verify a release and load it beside what is served. Raises ReleaseRefused or ModelUnavailable."""
        self._base_sha256 = self._base_sha256 or self._fits.base_sha256()
        folder = folder_of(self._models_dir, task, release)
        manifest = verify(
            folder,
            base_source=self._fits.base_source,
            base_sha256=self._base_sha256,
            prompt_hash=self._fits.prompt_hash,
        )
        if (manifest.task, manifest.name, manifest.kind) != (task, release, "lora"):
            found = f"{manifest.kind}:{manifest.task}/{manifest.name}"
            raise ReleaseRefused(release, [Mismatch("release", f"lora:{task}/{release}", found)])
        check_servable(folder, manifest)
        if release not in model.adapters:
            try:
                model.adopt(release, folder)
            except GenerationError as error:
                fault = Mismatch("adapter", "loadable", type(error.__cause__ or error).__name__)
                raise ReleaseRefused(release, [fault]) from error
        self._adopted.add(release)
        return manifest

    def _serve(self, task: str, line: Line) -> None:
        before = self._lineup.line(task)
        if line.candidate:
            self._lineup.guards.begin(task, line.candidate, line.active)
        else:
            self._lineup.guards.end(task)
        self._lineup.change(task, line)
        if before.names != line.names or before.share != line.share:
            log.info("release_served", task=task, release=line.active, candidate=line.candidate,
                     share=line.share)  # fmt: skip

    def _unload(self, model: ChatModel) -> None:
        for release in self._adopted - self._lineup.needed():
            model.retire(release)
            self._adopted.discard(release)


def _stamp(file: Path) -> tuple[int, int, int]:
    """Return what tells one `active.json` from the next without reading it."""
    try:
        stat = file.stat()
    except OSError:
        return (-1, 0, 0)
    return (stat.st_mtime_ns, stat.st_size, stat.st_ino)
