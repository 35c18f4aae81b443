"""The index is swapped while it is served; one that is not whole changes nothing but the health."""

from __future__ import annotations

import dataclasses
import json
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from app.errors import PartUnavailable
from app.faq_index import IndexOpener
from app.index_watch import IndexState, IndexWatch
from app.metrics import Metrics
from app.parts import Part
from app.server import Running
from app.sessions import Sessions
from app.settings import load_settings
from app.turns import TurnDesk
from app.wiring import Application, build
from retrieval.build import build_index
from retrieval.changes import change_index, put
from retrieval.embedder import HashEmbedder, Vectors
from retrieval.faq import FaqEntry
from retrieval.generations import roll_back
from retrieval.manifest import read_manifest, write_manifest
from retrieval.retriever import Retriever

ONE = FaqEntry("parking", "Where can I park?", "In the garage.")
TWO = FaqEntry("hours", "When are you open?", "From eight.")


def watched(folder: Path) -> tuple[IndexWatch, Part[Retriever]]:
    build_index([ONE], out=folder, embedder=HashEmbedder())
    watch = IndexWatch(folder, lambda at: Retriever.open(at, HashEmbedder()), look_seconds=0.02)
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
    assert watch.state.not_served == "IndexCorrupt: the index in place is not served, generation 1 is"
    assert (watch.state.whole, watch.state.generation) == (False, 1)
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
    watch = IndexWatch(tmp_path / "index", lambda at: Retriever.open(at, Other()))
    watch.open()
    assert not watch.state.whole


def wired(tmp_path: Path, **more: str) -> Application:
    folders = {
        f"CAREFOLD_{name}_DIR": str(tmp_path / name.lower()) for name in ("DATA", "MODELS", "CACHE", "INDEX")
    }
    return build(load_settings(folders | {"CAREFOLD_EMBEDDER": "hash", "CAREFOLD_MODEL": "echo"} | more))


def health(application: Application) -> dict[str, Any]:
    desk = TurnDesk(application.service, at_once=1, waiting=1)
    metrics = Metrics(sessions=lambda: 0, under_way=desk.under_way, model=application.service.model_state)
    said = Running(application, Sessions(idle_seconds=60), desk, metrics).health()
    desk.close(grace_seconds=0)
    return dict(json.loads(json.dumps(said)))


def three_generations(index: Path) -> None:
    build_index([ONE], out=index, embedder=HashEmbedder())
    for entry in (TWO, dataclasses.replace(TWO, id="new")):
        change_index(index, lambda book, entry=entry: put(book, [entry]), embedder=HashEmbedder(), what="add")


def served(application: Application) -> list[str]:
    return list(application.service.parts.retriever.get().entries)


@pytest.mark.slow
def test_health_says_degraded_when_the_next_generation_cannot_be_served(tmp_path: Path) -> None:
    build_index([ONE], out=tmp_path / "index", embedder=HashEmbedder())
    application = wired(tmp_path)
    application.service.parts.retriever.get()
    assert health(application)["index"] == {
        "generation": 1, "self_test": {"asked": 1, "missed": []}, "not_served": "", "rebuild_due": "",
        "without_ranker": "",
    }  # fmt: skip
    (tmp_path / "index" / "manifest.json").write_text("{}")
    application.index.look(application.service.parts.retriever)
    said = health(application)
    assert said["index"]["not_served"].startswith("IndexCorrupt: ")
    assert said["status"] == "degraded"
    application.close()


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        ("manifest damaged", "IndexCorrupt"),
        ("manifest lost", "IndexMissing"),
        ("vectors damaged", "IndexCorrupt"),
        ("folder lost", "IndexMissing"),
        ("embedder lost", "EmbedderError"),
        ("embedder's release damaged", "WeightsUnfit"),
    ],
)
def test_start_with_a_harmed_index_serves_the_newest_generation_kept_that_is_whole(
    tmp_path: Path, harm: str, why: str
) -> None:
    index = tmp_path / "index"
    three_generations(index)
    if harm == "manifest damaged":
        (index / "manifest.json").write_text("{}")
    elif harm == "manifest lost":
        (index / "manifest.json").unlink()
    elif harm == "vectors damaged":
        (index / "vectors.faiss").unlink()
        (index / "vectors.faiss").write_bytes(b"x")
    elif harm == "folder lost":
        shutil.rmtree(index)
    else:
        manifest = read_manifest(index)
        lost = manifest.embedder.model_copy(update={"name": "hash+faq_embedder-0123abcd"})
        write_manifest(index, manifest.model_copy(update={"embedder": lost}))
    if harm == "embedder's release damaged":
        (tmp_path / "models" / "faq_embedder" / "faq_embedder-0123abcd").mkdir(parents=True)
        (tmp_path / "models" / "faq_embedder" / "faq_embedder-0123abcd" / "manifest.json").write_text("{}")
    application = wired(tmp_path)
    assert served(application) == ["parking", "hours"]
    said = health(application)
    assert said["index"]["not_served"] == f"{why}: the index in place is not served, generation 2 is"
    assert (said["status"], said["index"]["generation"]) == ("degraded", 2)
    roll_back(index, 1)
    application.index.look(application.service.parts.retriever)
    assert served(application) == ["parking"]
    assert health(application)["index"]["not_served"] == ""
    application.close()


def test_generation_in_place_is_served_again_once_it_is_gone_back_to_though_its_manifest_is_the_same_file(
    tmp_path: Path,
) -> None:
    index = tmp_path / "index"
    three_generations(index)
    roll_back(index, 2)  # by hard links: what is in place and what is kept have one manifest
    (index / "vectors.faiss").unlink()
    (index / "vectors.faiss").write_bytes(b"x")
    application = wired(tmp_path)
    assert served(application) == ["parking", "hours"]
    assert not application.index.state.whole
    roll_back(index, 2)
    application.index.look(application.service.parts.retriever)
    assert (application.index.state.not_served, application.index.state.whole) == ("", True)
    application.close()


def test_start_passes_over_kept_generations_that_are_damaged_and_one_that_was_gone_back_from(
    tmp_path: Path,
) -> None:
    index = tmp_path / "index"
    three_generations(index)
    roll_back(index, 2)
    (index / "vectors.faiss").write_bytes(b"x")  # a hard link: generation 2 as it was kept has it, too
    application = wired(tmp_path)
    assert served(application) == ["parking"]
    application.close()


def test_start_with_nothing_whole_says_why_and_serves_once_the_index_is_back(tmp_path: Path) -> None:
    build_index([ONE], out=tmp_path / "index", embedder=HashEmbedder())
    (tmp_path / "index" / "manifest.json").write_text("{}")
    application = wired(tmp_path)
    part = application.service.parts.retriever
    with pytest.raises(PartUnavailable, match="not a manifest"):
        part.get()
    build_index([TWO], out=tmp_path / "index", embedder=HashEmbedder())
    part.retry()
    assert list(part.get().entries) == ["hours"]
    application.close()


def test_embedder_that_built_the_index_searches_it_and_a_rebuild_is_due_when_another_is_asked_for(
    tmp_path: Path,
) -> None:
    build_index([ONE, TWO], out=tmp_path / "index", embedder=HashEmbedder())
    active = tmp_path / "models" / "faq_embedder"
    (active / "faq_embedder-0123abcd").mkdir(parents=True)
    (active / "active.json").write_text('{"active": "faq_embedder-0123abcd"}')
    release = {
        "kind": "lora",
        "task": "faq_embedder",
        "base": "hash",
        "base_sha256": "",
        "adapter_sha256": "",
    }
    (active / "faq_embedder-0123abcd" / "manifest.json").write_text(json.dumps(release | {"files": {}}))
    for embedder, wanted in (("hash", "hash+faq_embedder-0123abcd"), ("path:/nowhere", "path:/nowhere")):
        application = wired(tmp_path, CAREFOLD_EMBEDDER=embedder)
        found = application.service.parts.retriever.get().search("where can I park")
        assert found.hits[0].id == "parking"
        said = health(application)
        assert said["index"]["rebuild_due"] == f"built with hash, the settings ask for {wanted}"
        assert (said["index"]["not_served"], said["index"]["generation"]) == ("", 1)
        application.close()


def test_active_ranker_that_is_damaged_leaves_the_index_served_and_the_health_degraded(
    tmp_path: Path,
) -> None:
    embedder = HashEmbedder()
    embedder.name = "named"
    build_index([ONE, TWO], out=tmp_path / "index", embedder=embedder)
    active = tmp_path / "models" / "faq_ranker"
    (active / "faq_ranker-0123abcd").mkdir(parents=True)
    (active / "active.json").write_text('{"active": "faq_ranker-0123abcd"}')
    (active / "faq_ranker-0123abcd" / "manifest.json").write_text("{}")
    settings = load_settings({"CAREFOLD_EMBEDDER": "named", "CAREFOLD_MODELS_DIR": str(tmp_path / "models")})
    opener = IndexOpener(settings, Part("embedder", lambda: embedder))
    watch = IndexWatch(tmp_path / "index", opener.open, without_ranker=lambda: opener.without_ranker)
    assert list(watch.open().entries) == ["parking", "hours"]
    assert watch.state.without_ranker == "WeightsUnfit: the active ranker is not served"
    assert (watch.state.not_served, watch.state.whole) == ("", False)
    shutil.rmtree(active)
    part = Part("retriever", watch.open)
    part.get()
    assert watch.state.whole


def test_application_serves_a_changed_index_without_a_new_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.index_watch.LOOK_SECONDS", 0.02)
    build_index([ONE], out=tmp_path / "index", embedder=HashEmbedder())
    application = wired(tmp_path)
    part = application.service.parts.retriever
    assert list(part.get().entries) == ["parking"]
    build_index([TWO], out=tmp_path / "index", embedder=HashEmbedder())
    application.index.look(part)
    assert list(part.get().entries) == ["hours"]
    application.close()
