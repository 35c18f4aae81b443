"""The index is swapped while it is served; one that is not whole changes nothing but the health."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from app.index_watch import IndexState, IndexWatch
from app.metrics import Metrics
from app.parts import Part
from app.server import Running
from app.sessions import Sessions
from app.settings import load_settings
from app.turns import TurnDesk
from app.wiring import build
from retrieval.build import build_index
from retrieval.embedder import HashEmbedder, Vectors
from retrieval.faq import FaqEntry
from retrieval.retriever import Retriever

ONE = FaqEntry("parking", "Where can I park?", "In the garage.")
TWO = FaqEntry("hours", "When are you open?", "From eight.")


def watched(folder: Path) -> tuple[IndexWatch, Part[Retriever]]:
    build_index([ONE], out=folder, embedder=HashEmbedder())
    watch = IndexWatch(folder, lambda: Retriever.open(folder, HashEmbedder()), look_seconds=0.02)
    part = Part("retriever", watch.open)
    part.get()
    return watch, part


def test_next_generation_is_served_and_a_question_under_way_keeps_its_own(tmp_path: Path) -> None:
    watch, part = watched(tmp_path / "index")
    before = part.get()
    watch.look(part)
    assert part.get() is before
    build_index([ONE, TWO], out=tmp_path / "index", embedder=HashEmbedder())
    watch.look(part)
    assert list(part.get().entries) == ["parking", "hours"]
    assert before.search("where to park").hits[0].id == "parking"
    assert watch.state == IndexState(generation=2, asked=2)


def test_damaged_generation_is_told_and_the_one_before_goes_on(tmp_path: Path) -> None:
    watch, part = watched(tmp_path / "index")
    before = part.get()
    build_index([TWO], out=tmp_path / "index", embedder=HashEmbedder())
    (tmp_path / "index" / "vectors.faiss").write_bytes(b"x")
    watch.look(part)
    assert part.get() is before
    assert (watch.state.not_served, watch.state.whole, watch.state.generation) == ("IndexCorrupt", False, 1)
    build_index([dataclasses.replace(TWO, id="new")], out=tmp_path / "index", embedder=HashEmbedder())
    watch.look(part)
    assert (list(part.get().entries), watch.state.whole) == (["new"], True)


def test_thread_follows_the_folder_until_it_is_stopped(tmp_path: Path) -> None:
    watch, part = watched(tmp_path / "index")
    watch.start(part)
    build_index([TWO], out=tmp_path / "index", embedder=HashEmbedder())
    until = time.monotonic() + 20
    while list(part.get().entries) != ["hours"] and time.monotonic() < until:
        time.sleep(0.02)
    watch.stop()
    assert list(part.get().entries) == ["hours"]


def test_index_that_does_not_find_its_own_questions_is_not_whole(tmp_path: Path) -> None:
    class Other(HashEmbedder):
        def embed(self, texts: Sequence[str]) -> Vectors:
            return super().embed(["something else"] * len(texts))

    build_index([ONE, TWO], out=tmp_path / "index", embedder=HashEmbedder())
    watch = IndexWatch(tmp_path / "index", lambda: Retriever.open(tmp_path / "index", Other()))
    watch.open()
    assert not watch.state.whole


@pytest.mark.slow
def test_health_says_degraded_when_the_next_generation_cannot_be_served(tmp_path: Path) -> None:
    build_index([ONE], out=tmp_path / "index", embedder=HashEmbedder())
    folders = {
        f"CAREFOLD_{name}_DIR": str(tmp_path / name.lower()) for name in ("DATA", "MODELS", "CACHE", "INDEX")
    }
    application = build(load_settings(folders | {"CAREFOLD_EMBEDDER": "hash", "CAREFOLD_MODEL": "echo"}))
    desk = TurnDesk(application.service, at_once=1, waiting=1)
    metrics = Metrics(sessions=lambda: 0, under_way=desk.under_way, model=application.service.model_state)
    server = Running(application, Sessions(idle_seconds=60), desk, metrics)
    application.service.parts.retriever.get()
    assert server.health()["index"] == {
        "generation": 1, "self_test": {"asked": 1, "missed": []}, "not_served": ""
    }  # fmt: skip
    (tmp_path / "index" / "manifest.json").write_text("{}")
    application.index.look(application.service.parts.retriever)
    health = json.loads(json.dumps(server.health()))
    assert (health["index"]["not_served"], health["status"]) == ("IndexCorrupt", "degraded")
    desk.close(grace_seconds=0)
    application.close()


def test_application_serves_a_changed_index_without_a_new_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.index_watch.LOOK_SECONDS", 0.02)
    build_index([ONE], out=tmp_path / "index", embedder=HashEmbedder())
    folders = {
        f"CAREFOLD_{name}_DIR": str(tmp_path / name.lower()) for name in ("DATA", "MODELS", "CACHE", "INDEX")
    }
    application = build(load_settings(folders | {"CAREFOLD_EMBEDDER": "hash", "CAREFOLD_MODEL": "echo"}))
    part = application.service.parts.retriever
    assert list(part.get().entries) == ["parking"]
    build_index([TWO], out=tmp_path / "index", embedder=HashEmbedder())
    application.index.look(part)
    assert list(part.get().entries) == ["hours"]
    application.close()
