"""What /healthz says of releases, over an application that was put together from settings."""

from __future__ import annotations

import json
from pathlib import Path
from types import MappingProxyType

import pytest

from app.live_guards import Breach
from app.metrics import Metrics
from app.prompting import prompt_hash
from app.release_watch import TakenBack
from app.releases import promote
from app.server import Running
from app.sessions import Sessions
from app.settings import load_settings
from app.turns import TurnDesk
from app.wiring import Application, build
from tests.app.sealed import sealed


def running(tmp_path: Path, **more: str) -> Running:
    folders = {f"CAREFOLD_{name}_DIR": str(tmp_path / name.lower()) for name in ("DATA", "MODELS", "CACHE")}
    application = build(load_settings(folders | {"CAREFOLD_MODEL": "echo", "CAREFOLD_OFFLINE": "1"} | more))
    service = application.service
    service.parts.model.get()
    assert service.lineup.wait_settled(5)
    desk = TurnDesk(service, at_once=1, waiting=1)
    metrics = Metrics(sessions=lambda: 0, under_way=desk.under_way, model=service.model_state)
    return Running(application, Sessions(idle_seconds=60), desk, metrics)


def closed(running: Running) -> None:
    running.desk.close(grace_seconds=0)
    running.application.close()


def of_counseling(running: Running) -> dict[str, object]:
    health = json.loads(json.dumps(running.health()))
    return dict(health["releases"]["counseling"])


@pytest.mark.slow
def test_served_release_is_named(tmp_path: Path) -> None:
    name = sealed(tmp_path / "run").name
    promote(tmp_path / "models", tmp_path / "run")
    server = running(tmp_path)
    assert of_counseling(server) == {
        "active": name, "candidate": "", "share": 0.0, "refused": [], "warnings": [], "taken_back": []
    }  # fmt: skip
    assert server.health()["support"] == "model"
    closed(server)


def test_refused_release_is_named_with_both_values_and_the_server_is_degraded(tmp_path: Path) -> None:
    name = sealed(tmp_path / "run", prompt_hash="f" * 64).name
    promote(tmp_path / "models", tmp_path / "run")
    server = running(tmp_path)
    assert of_counseling(server)["refused"] == [
        {"release": name, "what": "prompt_hash", "expected": prompt_hash(), "found": "f" * 64}
    ]
    assert (server.health()["status"], server.health()["support"]) == ("degraded", "brief")
    closed(server)


def test_other_policy_is_a_warning_that_refuses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = sealed(tmp_path / "run", policy_hash="old").name
    promote(tmp_path / "models", tmp_path / "run")
    server = running(tmp_path)
    assert of_counseling(server)["warnings"] == []  # no scrubber was built yet, and none is for this
    scrubber = server.application.service.parts.scrubber
    monkeypatch.setattr(scrubber, "_build", lambda: _Policy())
    scrubber.get()
    assert of_counseling(server)["warnings"] == [
        {"release": name, "what": "policy_hash", "expected": "new", "found": "old"}
    ]
    assert of_counseling(server)["active"] == name
    closed(server)


def test_the_policy_of_corpora_by_the_same_recognizers_is_no_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed(tmp_path / "run", policy_hash="new-wide")
    promote(tmp_path / "models", tmp_path / "run")
    server = running(tmp_path)
    scrubber = server.application.service.parts.scrubber
    monkeypatch.setattr(scrubber, "_build", lambda: _Policy())
    scrubber.get()
    assert of_counseling(server)["warnings"] == []
    closed(server)


class _Policy:
    policy_hash = "new"
    policy_hashes = MappingProxyType({"safe-harbor": "new", "wide": "new-wide"})


def test_candidate_that_was_taken_back_is_told_with_its_guard(tmp_path: Path) -> None:
    server = running(tmp_path)
    back = TakenBack("counseling", "counseling-0000000b", (Breach("dropped", 0.41237, 0.1, 0.2),))
    server.application.releases.taken_back.append(back)
    [told] = of_counseling(server)["taken_back"]  # type: ignore[misc]
    assert told | {"at": ""} == {
        "release": "counseling-0000000b", "guard": "dropped", "candidate": 0.4124, "other": 0.1, "at": ""
    }  # fmt: skip
    closed(server)


@pytest.mark.parametrize(
    ("beyond_loopback", "chosen", "support"),
    [(False, "", "model"), (True, "", "brief"), (False, "brief", "brief"), (True, "model", "model")],
)
def test_release_converses_at_home_and_beyond_only_when_chosen(
    tmp_path: Path, beyond_loopback: bool, chosen: str, support: str
) -> None:
    sealed(tmp_path / "run")
    promote(tmp_path / "models", tmp_path / "run")
    settings = {"CAREFOLD_DATA_DIR": str(tmp_path), "CAREFOLD_MODELS_DIR": str(tmp_path / "models"),
                "CAREFOLD_ALLOW_SAMPLE": "1", "CAREFOLD_SUPPORT": chosen}  # fmt: skip
    application: Application = build(load_settings(settings), beyond_loopback=beyond_loopback)
    assert application.service.writers.support == support
    application.close()
