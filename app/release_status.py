"""How releases stand, for /healthz: who is served, what was refused or taken back, what to evaluate again.

Names, hashes and numbers only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from app.chat import Parts
from app.errors import Mismatch
from app.lineup import Line
from app.release_manifest import ReleaseManifest, warnings_about
from app.release_watch import TakenBack

if TYPE_CHECKING:
    from safety.scrubber import Scrubber


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Fault(_Frozen):
    """One thing that differs, with both values."""

    release: str
    what: str
    expected: str
    found: str


class Failed(_Frozen):
    """A candidate that was taken back by itself: the guard, and its mean for both."""

    release: str
    guard: str
    candidate: float
    other: float
    at: str


class TaskStatus(_Frozen):
    """How the releases of one task stand. `warnings` are cleared by evaluating the release again."""

    active: str
    candidate: str
    share: float
    refused: tuple[Fault, ...]
    warnings: tuple[Fault, ...]
    taken_back: tuple[Failed, ...]


def status_of(
    task: str, line: Line, taken_back: Sequence[TakenBack], *, parts: Parts, precision: str
) -> TaskStatus:
    """Return how a task's releases stand, by what the parts that are built say; none is built for this."""
    scrubber = parts.scrubber.get() if parts.scrubber.is_ready() else None
    index = parts.retriever.get().manifest.corpus_sha256 if parts.retriever.is_ready() else ""
    warned = (
        _fault(name, fault)
        for name in line.names
        for fault in warnings_about(
            line.manifests[name],
            policy_hash=_policy(line.manifests[name], scrubber),
            index_hash=index,
            precision=precision,
        )
    )
    return TaskStatus(
        active=line.active,
        candidate=line.candidate,
        share=line.share,
        refused=tuple(_fault(one.release, fault) for one in line.refused for fault in one.faults),
        warnings=tuple(warned),
        taken_back=tuple(
            Failed(
                release=one.release,
                guard=breach.guard,
                candidate=round(breach.candidate, 4),
                other=round(breach.other, 4),
                at=one.at.isoformat(timespec="seconds"),
            )
            for one in taken_back
            if one.task == task
            for breach in one.breaches
        ),
    )


def _policy(manifest: ReleaseManifest, scrubber: Scrubber | None) -> str:
    """Return the policy version to compare with the release's; '' while no scrubber is built.

    Its corpus was scrubbed under another policy than live text: what must agree is that policy's version.
    """
    if scrubber is None:
        return ""
    fits = manifest.policy_hash in scrubber.policy_hashes.values()
    return manifest.policy_hash if fits else scrubber.policy_hash


def _fault(release: str, fault: Mismatch) -> Fault:
    return Fault(release=release, what=fault.what, expected=fault.expected, found=fault.found)
