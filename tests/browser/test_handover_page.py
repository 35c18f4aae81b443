"""Handing a chat over from the page: shown first, sent only when ticked, scrubbed, and under a code."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import expect

from app.settings import SAMPLES
from tests.browser.conftest import OpenPage
from tests.browser.steps import send
from tests.served import served

NAME = "Wilhelmina Abernethy"


@pytest.fixture
def webhook() -> Iterator[tuple[str, list[dict[str, object]]]]:
    got: list[dict[str, object]] = []

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Taker)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/chats", got
    server.shutdown()
    thread.join()


def test_chat_is_handed_over_when_it_is_ticked_and_only_then(
    tmp_path: Path, sample_index: Path, open_page: OpenPage, webhook: tuple[str, list[dict[str, object]]]
) -> None:
    url, got = webhook
    profile = tmp_path / "clinic.yaml"
    text = (SAMPLES / "clinic.yaml").read_text("utf-8")
    profile.write_text(text.replace("  email: hello@lindenmoor.example.org", f"  webhook: {url}"), "utf-8")
    with served(tmp_path, sample_index=sample_index, model="none", clinic=str(profile)) as server:
        page = open_page(server)
        send(page, f"I am {NAME}. Where can I park when I come to the clinic?")
        expect(page.locator("#chat details.sources")).to_be_visible()
        page.locator("#person button.label-wrap").first.click()
        page.locator("#hand-over button.label-wrap").click()
        expect(page.locator("#transcript")).to_contain_text("[PERSON_1]")
        expect(page.locator("#transcript")).not_to_contain_text("Abernethy")
        page.locator("#hand-over-send").click()
        expect(page.locator("#hand-over-said")).to_contain_text("Nothing was sent")
        assert got == []
        page.locator("#hand-over-consent input").check()
        page.locator("#hand-over-send").click()
        expect(page.locator("#hand-over-said")).to_contain_text("Your code is")
        code = str(got[0]["code"])
        expect(page.locator("#hand-over-said")).to_contain_text(code)
        assert "Abernethy" not in json.dumps(got[0]) and "Quarry Road" in json.dumps(got[0])
        expect(page.locator("#hand-over-consent input")).not_to_be_checked()
