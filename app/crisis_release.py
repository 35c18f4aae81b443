"""The crisis gate's classifier: the active release of its task, or else the one that is shipped.

It is looked for once, at the start: a promotion or rollback takes a new start, so that the gate never waits
for a file. Whatever is wrong with a release, the gate works by its rules and the shipped weights, and says
so. Must not: raise for a release.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from app.errors import ReleaseError
from app.releases import folder_of, read_active, verify
from safety.crisis import CrisisGate, load_gate

TASK: Final = "crisis_classifier"


def active_gate(models_dir: Path) -> CrisisGate:
    """Return the gate with the active release's classifier; `CrisisGate.missing` says why it is another's."""
    try:
        release = read_active(models_dir, TASK).active
        if not release:
            return load_gate()
        folder = folder_of(models_dir, TASK, release)
        verify(folder)
    except (ReleaseError, OSError) as error:
        return load_gate(passed_over=f"the release of {TASK} is not served, the shipped weights are: {error}")
    gate = load_gate(folder)
    return load_gate(passed_over=f"{release} is not served: {gate.missing}") if gate.missing else gate
