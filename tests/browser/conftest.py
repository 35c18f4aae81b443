"""Real Chromium against the real application; two servers for the whole run: the default model, and echo."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from app.settings import Settings
from app.wiring import build
from tests.served import Served, served

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
WAIT_MS = 30_000

OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def sample_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the sample index once."""
    folder = tmp_path_factory.mktemp("sample")
    application = build(Settings(data_dir=folder, model="none"))
    application.service.parts.retriever.get()
    application.close()
    return folder / "indexes" / "sample"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.fail(f"no browser at {CHROMIUM}. On Debian: apt-get install chromium. Or set CHROMIUM")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory, sample_index: Path) -> Iterator[Served]:
    """Serve the default model."""
    with served(tmp_path_factory.mktemp("real"), sample_index=sample_index) as running:
        running.wait("model", "ready")
        yield running


@pytest.fixture(scope="session")
def echo(tmp_path_factory: pytest.TempPathFactory, sample_index: Path) -> Iterator[Served]:
    """Serve a model that writes slowly and knows nothing, so that a stream can be watched."""
    folder = tmp_path_factory.mktemp("echo")
    with served(
        folder, sample_index=sample_index, model="echo", echo_rate="8", support="model", session_rate="600/minute",
        address_rate="6000/minute", answers_at_once="2", answers_waiting="1",
    ) as running:  # fmt: skip
        yield running


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(viewport={"width": 1000, "height": 900})
    opened.set_default_timeout(WAIT_MS)
    yield opened
    opened.close()


@pytest.fixture
def open_page(context: BrowserContext) -> OpenPage:
    """Return a function that opens the page of a server in a new tab."""

    def opening(server: Served, *, query: str = "") -> Page:
        page = context.new_page()
        page.goto(f"{server.url}/{query}")
        page.wait_for_selector("#box textarea")
        page.wait_for_selector("#chips button:visible")
        return page

    return opening


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs the weights: the server embeds, scrubs and retrieves for real."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.weights)
