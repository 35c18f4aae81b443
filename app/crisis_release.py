"""The crisis gate's classifier: the active release of its task, or else the one that is shipped.

It is looked for once, at the start: a promotion or rollback takes a new start, so that the gate never waits
for a file. Whatever is wrong with a release, the gate works by its rules and the shipped weights, and says
so: it does not raise for a release. The reader of messages, which takes a second to come up and joins the
gate then, is a part like others, and may fail as one.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from app.encoders import active_encoder
from app.errors import ReleaseError
from app.releases import folder_of, read_active, verify
from app.settings import Settings
from safety.crisis import CrisisGate, load_gate
from weights.served import READER

if TYPE_CHECKING:
    from safety.reader import CrisisReader

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


def active_reader(gate: CrisisGate, settings: Settings) -> CrisisReader | None:
    """Return what reads messages beside the gate's rules; None where no release of it was promoted.

    Raises ReaderError, ReleaseError or WeightsError for one that is there and cannot be used.
    """
    from safety.reader import load_reader

    folder = active_encoder(
        settings.models_dir, READER, cache_dir=settings.cache_dir, offline=settings.offline
    )
    return load_reader(gate.ngrams, folder)


def reading_gate(settings: Settings) -> CrisisGate:
    """Return the gate with its reader, as it is once a service is up. Raises as `active_reader`."""
    gate = active_gate(settings.models_dir)
    reader = active_reader(gate, settings)
    return gate.with_reader(lambda: reader)
