"""Every address that server and Gradio know, every event of the page, and addresses that want files or hosts."""

from __future__ import annotations

import http.client
import json
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case

from app.server import create_app
from app.settings import load_settings
from app.wiring import build
from tests.served import Served, served

PARKING = "Where can I park when I come to the clinic?"
PLANTED = "zephyr-quince-4471"
CASES = 12
EVENTS = ("/gradio_api/run/", "/gradio_api/api/", "/gradio_api/call/", "/gradio_api/queue/join")
VALUES: tuple[Any, ...] = (
    None, True, -1, 10**400, 1e308, "", PLANTED, [], [PLANTED], {}, {"__type__": "update", "value": PLANTED},
    {"path": f"/etc/{PLANTED}", "meta": {"_type": "gradio.FileData"}}, [[[[[PLANTED]]]]], {"a": {"b": [PLANTED]}},
    "\x00" + PLANTED, "\u202e" + PLANTED, PLANTED * 500,
)  # fmt: skip


@pytest.fixture(scope="module")
def open_to_all(tmp_path_factory: pytest.TempPathFactory, sample_index: Path) -> Iterator[Served]:
    """Serve the stand-in with limits so high that every request is looked at."""
    with served(
        tmp_path_factory.mktemp("addresses"), sample_index=sample_index, model="echo",
        session_rate="6000/minute", address_rate="60000/minute", request_rate="600000/minute",
    ) as running:  # fmt: skip
        yield running


def known_addresses() -> list[tuple[str, Any]]:
    """Return every operation of the server and of Gradio, with its label."""
    with tempfile.TemporaryDirectory() as folder:
        application = build(load_settings({"CAREFOLD_DATA_DIR": folder, "CAREFOLD_MODEL": "none"}))
        app = create_app(application)
        mounted = next(route.app for route in app.routes if type(route).__name__ == "Mount")
        found = []
        for one in (app, mounted):
            for result in schemathesis.openapi.from_dict(one.openapi()).get_all_operations():
                operation = result.ok()
                found.append((operation.label, operation))
        application.close()
    return found


def answers(server: Served) -> bool:
    """Say whether a question still gets its answer."""
    with httpx.Client(base_url=server.url, timeout=30) as client:
        posted = client.post("/gradio_api/call/ask", json={"data": [PARKING], "session_hash": "still"})
        said = client.get(f"/gradio_api/call/ask/{posted.json()['event_id']}").text
    return '"kind": "faq"' in said or '"kind":"faq"' in said


def codes_of(server: Served, operation: Any, mode: schemathesis.GenerationMode) -> set[int]:
    """Ask an address for what its schema allows, or forbids; return the statuses that came back."""
    codes: set[int] = set()

    @settings(
        max_examples=CASES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(mode))
    def tried(case: Case) -> None:
        sent = case.as_transport_kwargs(base_url=server.url) | {"timeout": 10}
        try:
            # Some stay open until somebody leaves: of those only the beginning is looked at.
            with requests.request(**sent, stream=True, allow_redirects=False) as response:
                codes.add(response.status_code)
                told = response.text if response.status_code >= 400 else ""
                headers = response.headers
        except (requests.exceptions.InvalidHeader, UnicodeError, ValueError):
            return  # no client can send it
        # Gradio fails on the name of an event that is none; what comes back is the guard's refusal all the same.
        assert max(codes) < 500 or (operation.path.startswith(EVENTS) and max(codes) == 500), operation.label
        assert headers["x-content-type-options"] == "nosniff"
        assert "Traceback" not in told and "site-packages" not in told
        assert not told or "988" in told, operation.label

    tried()
    return codes


def test_whatever_a_schema_allows_or_not_no_address_fails_or_tells(open_to_all: Served) -> None:
    asked: dict[str, set[int]] = {}
    operations = known_addresses()
    for label, operation in operations:
        asked[label] = codes_of(open_to_all, operation, schemathesis.GenerationMode.POSITIVE)
        with suppress(Unsatisfiable):  # an address without parameters, or of any text, has nothing wrong
            asked[label] |= codes_of(open_to_all, operation, schemathesis.GenerationMode.NEGATIVE)
    assert len(operations) > 60
    assert [label for label, codes in asked.items() if not codes] == []
    assert sum(404 in codes for codes in asked.values()) > 30
    assert answers(open_to_all)


def test_every_event_takes_any_value_and_no_log_repeats_one(open_to_all: Served) -> None:
    with httpx.Client(base_url=open_to_all.url, timeout=30) as client:
        events = client.get("/config").json()["dependencies"]
        sent = 0
        for event in events:
            for number, value in enumerate(VALUES):
                for data in ([value], [value] * max(1, len(event["inputs"])), [value] * 40, value):
                    body = {"fn_index": event["id"], "data": data, "session_hash": f"any{number}"}
                    answer = client.post("/gradio_api/run/predict", json=body)
                    assert answer.status_code < 500 or "988" in answer.text, (event["id"], number)
                    assert "Traceback" not in answer.text and "site-packages" not in answer.text
                    sent += 1
    assert sent > 10 * len(VALUES) * 4
    assert PLANTED not in open_to_all.log.read_text("utf-8")
    assert answers(open_to_all)


class Trap:
    """A server on loopback that nobody has a reason to call."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.called = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.called += 1
            connection.close()


def wanted_files(file: Path) -> list[str]:
    """Return addresses that would be a file's, were a path taken at its word."""
    absolute = str(file)
    up = ("../" * 12, "..%2f" * 12, "%2e%2e/" * 12, "%2e%2e%2f" * 12, "....//" * 12, "..;/" * 12, "..%5c" * 12,
          "%252e%252e%252f" * 12, "%c0%ae%c0%ae/" * 12, "./../" * 12)  # fmt: skip
    names = [*(way + absolute.lstrip("/") for way in up), absolute, quote(absolute, safe=""),
             f"file://{absolute}", f"//{absolute}", "/proc/self/environ", f"{absolute}%00.png"]  # fmt: skip
    before = (
        "/gradio_api/file=", "/gradio_api/file/", "/file=", "/static/", "/assets/", "/svelte/",
        "/gradio_api/custom_component/a/client/component/", "/gradio_api/stream/", "/",
    )  # fmt: skip
    return [start + name for start, name in product(before, names)]


def wanted_hosts(port: int) -> list[str]:
    """Return the names that a server on loopback has, and others that are only known inside."""
    there = ("127.0.0.1", "localhost", "127.1", "0x7f000001", "2130706433", "0177.0.0.1", "[::ffff:127.0.0.1]",
             "0.0.0.0", "example.org@127.0.0.1", "127.0.0.1.nip.io")  # fmt: skip
    named = [f"http://{host}:{port}/" for host in there]
    other = [f"gopher://127.0.0.1:{port}/_a", f"dict://127.0.0.1:{port}/a", f"ftp://127.0.0.1:{port}/a",
             f"//127.0.0.1:{port}/", f"http:127.0.0.1:{port}", f"https://127.0.0.1:{port}/",
             "http://169.254.169.254/latest/meta-data/"]  # fmt: skip
    return named + other


def raw_get(server: Served, path: str) -> tuple[int, str]:
    """Ask for a path as it stands: no client has tidied it."""
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=10)
    with closing(connection):
        connection.putrequest("GET", path.replace(" ", "%20"))
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.read(100_000).decode("utf-8", "replace")


def test_no_address_gives_a_file_or_fetches_for_somebody(open_to_all: Served) -> None:
    file = open_to_all.folder / "tmp" / "kept.txt"
    file.write_text(PLANTED, "utf-8")
    trap = Trap()
    before = ("/gradio_api/proxy=", "/proxy=", "/gradio_api/file=", "/gradio_api/file/")
    paths = wanted_files(file) + [start + url for start, url in product(before, wanted_hosts(trap.port))]
    assert len(paths) > 200
    for path in paths:
        status, said = raw_get(open_to_all, path)
        assert status in (400, 403, 404) or (status == 200 and path.startswith("//")), (status, path)
        assert PLANTED not in said and "PATH=" not in said, path
    with httpx.Client(base_url=open_to_all.url, timeout=30) as client:
        events = [one["id"] for one in client.get("/config").json()["dependencies"]]
        for number, url in product(events, (*wanted_hosts(trap.port), str(file))):
            for value in ({"path": url, "meta": {"_type": "gradio.FileData"}}, {"url": url, "path": url}):
                body = {"fn_index": number, "data": [value] * 3, "session_hash": "files"}
                assert PLANTED not in client.post("/gradio_api/run/predict", json=body).text
    assert trap.called == 0
    # The trap does notice who calls.
    with socket.create_connection(("127.0.0.1", trap.port)) as call:
        call.recv(1)
    assert trap.called == 1
    assert json.loads(raw_get(open_to_all, "/readyz")[1]) == {"ready": True}
