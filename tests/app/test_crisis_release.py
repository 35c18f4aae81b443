"""app/crisis_release.py: a promoted classifier reads the messages, and one that cannot leaves the shipped one."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.crisis_release import TASK, active_gate
from app.metrics import Metrics
from app.releases import rollback
from app.server import Running
from app.sessions import Sessions
from app.settings import load_settings
from app.turns import TurnDesk
from app.wiring import build
from retrieval.build import build_index
from retrieval.embedder import HashEmbedder
from retrieval.faq import FaqEntry
from safety.crisis_ngrams import CONFIG, WEIGHTS
from safety.verdict import ALLOW
from tests.safety.tiny_ngrams import HIDDEN, write_weights
from tests.safety.tiny_tagger import lookup_release, promoted
from training.tasks import TASKS

ENTRY = FaqEntry(id="hours", question="When are you open?", answer="We are open on weekdays from eight.")


@pytest.fixture
def models(tmp_path: Path) -> Path:
    promoted(write_weights(tmp_path / "made"), tmp_path / "models", task=TASK)
    return tmp_path / "models"


def release_in(models: Path) -> Path:
    (folder,) = (one for one in (models / TASK).iterdir() if one.is_dir())
    return folder


def test_the_task_is_the_one_that_training_promotes() -> None:
    assert TASK in TASKS


def test_the_active_release_reads_messages_and_one_that_was_taken_back_does_not(models: Path) -> None:
    gate = active_gate(models)
    assert gate.missing == ""
    assert gate.assess(HIDDEN).action == "crisis"
    rollback(models, TASK)
    assert active_gate(models).missing == ""
    assert active_gate(models).assess(HIDDEN) == ALLOW


def test_without_a_release_the_shipped_weights_read_messages(tmp_path: Path) -> None:
    gate = active_gate(tmp_path)
    assert gate.missing == ""
    assert "crisis-ngrams" in gate.detectors


@pytest.mark.slow
@pytest.mark.parametrize("name", [WEIGHTS, CONFIG, "active.json", "folder"])
def test_a_release_that_cannot_be_used_leaves_the_rules_and_the_shipped_weights_and_a_reason(
    models: Path, name: str
) -> None:
    folder = release_in(models)
    if name == "folder":
        folder.rename(folder.with_name("elsewhere"))
    else:
        (models / TASK / name if name == "active.json" else folder / name).write_bytes(b"{")
    gate = active_gate(models)
    assert "not served" in gate.missing
    assert gate.detectors == ("crisis-rules", "crisis-ngrams")
    assert gate.assess("I want to kill myself").action == "crisis"
    assert gate.assess(HIDDEN) == ALLOW


def test_a_sealed_release_of_weights_that_do_not_open_is_passed_over_too(tmp_path: Path) -> None:
    made = write_weights(tmp_path / "made", bits=12)
    promoted(made, tmp_path / "models", task=TASK)
    gate = active_gate(tmp_path / "models")
    assert "12 bits" in gate.missing
    assert gate.detectors == ("crisis-rules", "crisis-ngrams")


@pytest.mark.slow
def test_health_is_ok_with_a_sound_release_and_degraded_with_a_damaged_one(
    models: Path, tmp_path: Path
) -> None:
    promoted(lookup_release(tmp_path / "tagger", {"zerbat": "PERSON"}), models)
    build_index([ENTRY], out=tmp_path / "index", embedder=HashEmbedder())
    assert health_of(tmp_path)["status"] == "ok"
    (release_in(models) / WEIGHTS).write_bytes(b"other")
    health = health_of(tmp_path)
    assert health["status"] == "degraded"
    assert "adapter_sha256" in str(health["gate"])


def health_of(tmp_path: Path) -> dict[str, object]:
    """Return what /healthz says once every part is built."""
    folders = {
        f"CAREFOLD_{name}_DIR": str(tmp_path / name.lower()) for name in ("DATA", "MODELS", "CACHE", "INDEX")
    }
    more = {"CAREFOLD_EMBEDDER": "hash", "CAREFOLD_MODEL": "echo", "CAREFOLD_OFFLINE": "1"}
    application = build(load_settings(folders | more))
    service = application.service
    for part in (service.parts.scrubber, service.parts.retriever, service.parts.model):
        part.get()
    assert service.lineup.wait_settled(5)
    desk = TurnDesk(service, at_once=1, waiting=1)
    metrics = Metrics(sessions=lambda: 0, under_way=desk.under_way, model=service.model_state)
    health = Running(application, Sessions(idle_seconds=60), desk, metrics).health()
    desk.close(grace_seconds=0)
    application.close()
    return health
