"""Every default of Gradio's that leaks or opens something is off; each test fails where it is on."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.conftest import OpenPage
from tests.browser.steps import send
from tests.served import Served

QUESTION = "Where can I park when I come to the clinic?"


@pytest.fixture(scope="module")
def config(echo: Served) -> dict[str, object]:
    return dict(httpx.get(f"{echo.url}/config").json())


def chatbot(config: dict[str, object]) -> dict[str, object]:
    components = config["components"]
    assert isinstance(components, list)
    return dict(next(part["props"] for part in components if part["type"] == "chatbot"))


def test_run_history_and_the_like_are_off(config: dict[str, object]) -> None:
    assert config.get("run_history") is not True
    assert config.get("analytics_enabled") is False
    assert config.get("show_error") is False
    assert config.get("pwa") is not True
    assert config.get("mcp_server") is not True
    assert config.get("footer_links") == []
    assert config.get("max_file_size") == 1
    assert config.get("enable_queue") is True


def test_chat_shares_nothing_and_runs_no_markup(config: dict[str, object], echo: Served) -> None:
    props = chatbot(config)
    assert props["buttons"] == ["copy"]
    assert props["sanitize_html"] is True
    assert props["allow_tags"] is False
    assert props["latex_delimiters"] == []
    assert props.get("feedback_options") in (None, [], ())
    assert "988" in str(props["watermark"]) and "not a person" in str(props["watermark"])


def test_no_component_takes_files_and_only_one_event_has_a_name(
    config: dict[str, object], echo: Served
) -> None:
    components, events = config["components"], config["dependencies"]
    assert isinstance(components, list) and isinstance(events, list)
    kinds = {part["type"] for part in components}
    assert kinds.isdisjoint(
        {
            "file",
            "uploadbutton",
            "image",
            "audio",
            "video",
            "multimodaltextbox",
            "state",
            "deeplinkbutton",
            "loginbutton",
        }
    )
    public = [event["api_name"] for event in events if event.get("api_visibility") == "public"]
    assert public == ["ask"]
    named = httpx.get(f"{echo.url}/gradio_api/info").json()
    assert list(named["named_endpoints"]) == ["/ask"]
    assert named["unnamed_endpoints"] == {}


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/upload", "/gradio_api/upload_progress", "/gradio_api/file=/etc/passwd", "/gradio_api/runs",
        "/gradio_api/proxy=https://example.org/", "/gradio_api/deep_link", "/monitoring", "/monitoring/summary",
        "/gradio_api/run-history/records", "/gradio_api/component_server", "/gradio_api/mcp/", "/login", "/docs",
        "/openapi.json", "/gradio_api/openapi.json", "/gradio_api/vibe-code/", "/gradio_api/stream/a",
    ],
)  # fmt: skip
def test_what_the_page_does_not_use_is_not_there(echo: Served, path: str) -> None:
    for method in ("GET", "POST"):
        answer = httpx.request(method, echo.url + path)
        assert answer.status_code == 404
        assert "988" in answer.text


def test_browser_asks_nobody_else_and_stores_nothing(
    echo: Served, context: BrowserContext, open_page: OpenPage
) -> None:
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = open_page(echo)
    send(page, QUESTION)
    expect(page.locator("#chat details.sources")).to_be_visible()
    page.wait_for_timeout(1000)
    foreign = [url for url in asked if not url.startswith((echo.url, "data:", "blob:", "about:"))]
    assert foreign == []
    kept = page.evaluate("() => JSON.stringify({...localStorage}) + JSON.stringify({...sessionStorage})")
    for word in ("park", "Quarry", "clinic"):
        assert word not in kept
    assert context.cookies() == []
    assert page.evaluate("() => indexedDB.databases().then((all) => all.length)") == 0
    assert page.locator("#box textarea").get_attribute("autocomplete") == "off"
    assert page.locator("#box textarea").get_attribute("spellcheck") == "false"


def test_markup_in_a_message_is_shown_and_loads_nothing(
    echo: Served, context: BrowserContext, open_page: OpenPage
) -> None:
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = open_page(echo)
    hostile = 'park <img src="/leak-a"> ![x](/leak-b) <script>fetch("/leak-c")</script> $$x$$ # title'
    send(page, hostile)
    bubble = page.locator("#chat .user-row").last
    expect(bubble).to_contain_text("<img")
    expect(page.locator("#stop")).to_be_hidden()
    assert [url for url in asked if "leak" in url] == []
    assert bubble.locator("img, script, h1, .katex").count() == 0


def test_copied_text_carries_the_standing_line(
    echo: Served, context: BrowserContext, open_page: OpenPage
) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = open_page(echo)
    send(page, QUESTION)
    expect(page.locator("#chat details.sources")).to_be_visible()
    page.locator(
        "#chat .bot-row button[aria-label='Copy message'], #chat .message-buttons-left button"
    ).last.click()
    copied = page.evaluate("() => navigator.clipboard.readText()")
    assert "not for emergencies" in copied


def test_temporary_folder_is_ours_and_stays_empty(echo: Served) -> None:
    left = [file for file in (echo.folder / "tmp").rglob("*") if file.is_file()]
    left += [file for file in (echo.folder / "data" / "gradio").rglob("*") if file.is_file()]
    assert [file.name for file in left if Path(file).stat().st_size] == []
