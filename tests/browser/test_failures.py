"""The model dies while it answers; the page goes on, says so, and gets it back on request."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import expect

from app.models.transformers_local import TransformersLocal
from app.server import create_app
from app.settings import load_settings
from app.wiring import Application, build
from tests.browser.conftest import OpenPage
from tests.browser.steps import ask, send
from tests.served import Served, free_port

FEELING = "my husband left me and i feel so sad and lonely"
PARKING = "Where can I park when I come to the clinic?"


@pytest.fixture(scope="module")
def here(
    tmp_path_factory: pytest.TempPathFactory, sample_index: Path
) -> Iterator[tuple[Served, Application]]:
    """Serve the default model in this process, so that it can be broken from inside."""
    folder = tmp_path_factory.mktemp("here")
    settings = {"CAREFOLD_DATA_DIR": str(folder / "data"), "CAREFOLD_SUPPORT": "model"}
    (folder / "data" / "indexes").mkdir(parents=True)
    (folder / "data" / "indexes" / "sample").symlink_to(sample_index)
    application = build(load_settings(settings))
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(create_app(application), port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    running = Served(f"http://127.0.0.1:{port}", folder, process=None)  # type: ignore[arg-type]
    while not server.started:
        time.sleep(0.05)
    running.wait("model", "ready")
    yield running, application
    server.should_exit = True
    thread.join(timeout=20)


def test_model_that_dies_while_it_answers_leaves_the_approved_answers(
    here: tuple[Served, Application], open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, application = here
    model: Any = application.service.parts.model.get()
    assert isinstance(model, TransformersLocal)
    page = open_page(server)

    def die() -> None:
        raise MemoryError

    steps = model._decoder.step
    taken = threading.Event()

    def step_then_die() -> None:
        if taken.is_set():
            die()
        taken.set()
        steps()

    monkeypatch.setattr(model._decoder, "step", step_then_die)
    ask(page, FEELING)
    assert taken.is_set(), "the model was never asked"
    expect(page.locator("#chat .bot-row").last).to_contain_text("information tool")
    assert server.health()["model"] == "unavailable"
    send(page, PARKING)
    expect(page.locator("#chat details.sources").last).to_be_visible()
    fresh = open_page(server)
    expect(fresh.locator("#banners")).to_contain_text("still get the approved answers")

    application.try_again()
    server.wait("model", "ready")
    later = open_page(server)
    expect(later.locator("#banners")).not_to_contain_text("still get the approved answers")


def test_crisis_is_answered_with_every_part_broken(
    here: tuple[Served, Application], open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, application = here
    page = open_page(server)

    def broken(self: object) -> object:
        raise RuntimeError("out of order")

    monkeypatch.setattr("app.parts.Part.get", broken)
    send(page, "I want to kill myself tonight")
    expect(page.locator("#chat .bot-row").last).to_contain_text("988")
    send(page, PARKING)
    expect(page.locator("#chat .bot-row").last).to_contain_text("988")
    expect(page.locator("#chat .bot-row")).to_have_count(2)
    assert application.service.parts.scrubber.is_ready()
