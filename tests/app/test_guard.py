"""The guard: which addresses exist, how much, how often, and that every refusal helps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, Response, StreamingResponse

from app.guard import LARGEST_BODY, Guard, Refusals
from app.rate import RateLimit

WORDS = {
    "not_found": "Nothing <here>.",
    "too_large": "Too large.",
    "too_many": "Too many.",
    "unavailable": "Later.",
    "unexpected": "Wrong.",
}
LINE = "If you are in danger, call 988 & say so."
Header = tuple[bytes, bytes]
USED = (
    "/", "/healthz", "/readyz", "/metrics", "/config", "/theme.css", "/favicon.ico", "/robots.txt",
    "/manifest.json", "/assets/index-1a2b.js", "/static/fonts/a/b.woff2", "/gradio_api/info",
    "/gradio_api/config", "/gradio_api/app_id", "/gradio_api/startup-events", "/gradio_api/heartbeat/abc123",
    "/gradio_api/queue/join", "/gradio_api/queue/data", "/gradio_api/cancel", "/gradio_api/reset",
    "/gradio_api/call/ask", "/gradio_api/call/ask/0123abcd", "/gradio_api/run/ask",
)  # fmt: skip
UNUSED = (
    "/gradio_api/upload", "/gradio_api/upload_progress", "/upload", "/gradio_api/file=/etc/passwd",
    "/gradio_api/file/etc/passwd", "/file=/etc/passwd", "/gradio_api/proxy=https://example.org/",
    "/proxy=https://example.org/", "/gradio_api/runs", "/gradio_api/run-history", "/gradio_api/run-history/1",
    "/gradio_api/run-history/1/data", "/monitoring", "/monitoring/abc", "/gradio_api/monitoring",
    "/gradio_api/deep_link", "/gradio_api/stream/a/b/c/playlist.m3u8", "/gradio_api/component_server",
    "/gradio_api/custom_component/a/b/c/d", "/gradio_api/vibe-edit/", "/gradio_api/dev/reload",
    "/gradio_api/queue/status", "/gradio_api/openapi.json", "/login", "/login/", "/logout", "/login_check",
    "/token", "/user", "/docs", "/redoc", "/openapi.json", "/gradio_api/docs", "/pwa_icon", "/svelte/a.js",
    "/custom_component/a", "/mcp", "/gradio_api/mcp/sse", "/gradio_api/mcp/schema", "/.env", "/admin",
)  # fmt: skip
DISGUISED = (
    "//gradio_api/upload", "/gradio_api//upload", "/gradio_api//queue/join", "//healthz", "///",
    "/assets/../gradio_api/upload", "/assets/%2e%2e/gradio_api/upload", "/static/%2E%2E/%2E%2E/etc/passwd",
    "/static/..%2f..%2fetc%2fpasswd", "/assets/%252e%252e/gradio_api/upload", "/assets/..",
    "/assets/%5c..%5cetc", "/gradio_api/%75pload", "/gradio_api%2fupload", "/gradio_api/call/ask/x/y",
    "/gradio_api/queue/join/../../upload", "/GRADIO_API/upload", "/healthz%00", "/healthz%0a", "/healthz/x",
    "/healthz;x", "/%2fgradio_api/upload", "/gradio_api/queue/join%3f/upload", "/assets/a%20b", "/config.json",
)  # fmt: skip


class Seen:
    """A small application behind a guard, and what came through and what was counted."""

    def __init__(self, *, rate: str = "1000/minute", frame_ancestors: str = "") -> None:
        self.passed: list[str] = []
        self.refused: list[str] = []
        self.inner = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        self._serve()
        refusals = Refusals(WORDS, heading="Not shown", back="Back", crisis_line=lambda: LINE)
        self.app = Guard(
            self.inner,
            refusals=refusals,
            rate=RateLimit(rate),
            refused=self.refused.append,
            frame_ancestors=frame_ancestors,
        )

    def _serve(self) -> None:
        @self.inner.post("/gradio_api/run/parsed")
        async def parsed(body: dict[str, str]) -> Response:
            return PlainTextResponse(str(len(body)))

        @self.inner.api_route("/{path:path}", methods=["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
        async def anything(request: Request, path: str) -> Response:
            size = len(await request.body())
            self.passed.append(request.url.path + (f"?{request.url.query}" if request.url.query else ""))
            return PlainTextResponse(
                str(size), headers={"Cache-Control": "max-age=9", "Referrer-Policy": "x"}
            )

    async def request(self, method: str, path: str, **given: object) -> httpx.Response:
        transport = httpx.ASGITransport(self.app, client=("10.0.0.1", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://clinic.test") as client:
            return await client.request(method, path, **given)  # type: ignore[arg-type]

    def get(self, path: str, **given: object) -> httpx.Response:
        return asyncio.run(self.request("GET", path, **given))

    def post(self, path: str, **given: object) -> httpx.Response:
        return asyncio.run(self.request("POST", path, **given))


async def raw(
    app: Guard,
    path: str,
    *,
    headers: Sequence[Header] = (),
    method: str = "POST",
    kind: str = "http",
    body: Sequence[bytes] = (b"",),
    client: tuple[str, int] | None = ("10.0.0.1", 1),
) -> list[dict[str, object]]:
    """Speak to an application as a server does, with what a client library would not send."""
    scope = {
        "type": kind, "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": list(headers),
        "client": client, "server": ("clinic.test", 80), "subprotocols": [],
    }  # fmt: skip
    parts = [
        {"type": "http.request", "body": part, "more_body": place < len(body) - 1}
        for place, part in enumerate(body)
    ]
    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return parts.pop(0) if parts else {"type": "http.disconnect"}

    async def send(message: dict[str, object]) -> None:
        sent.append(dict(message))

    await app(scope, receive, send)  # type: ignore[arg-type]
    return sent


def starts(sent: list[dict[str, object]]) -> list[object]:
    return [message["status"] for message in sent if message["type"] == "http.response.start"]


def guarded(inner: object) -> tuple[Guard, list[str]]:
    refused: list[str] = []
    refusals = Refusals(WORDS, heading="", back="", crisis_line=lambda: LINE)
    guard = Guard(inner, refusals=refusals, rate=RateLimit("9/minute"), refused=refused.append)  # type: ignore[arg-type]
    return guard, refused


# --- addresses --------------------------------------------------------------------------------


@pytest.mark.parametrize("path", USED)
def test_what_the_page_uses_is_passed_on(path: str) -> None:
    seen = Seen()
    assert seen.get(path).status_code == 200
    assert seen.passed == [path]
    assert seen.refused == []


def test_the_one_page_is_given_no_query_and_other_addresses_keep_theirs() -> None:
    seen = Seen()
    for path in ("/?page=other", "/?deep_link=x", "/gradio_api/queue/data?session_hash=a"):
        assert seen.get(path).status_code == 200
    assert seen.passed == ["/", "/", "/gradio_api/queue/data?session_hash=a"]


@pytest.mark.parametrize("path", UNUSED + DISGUISED)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_the_page_does_not_use_does_not_exist(path: str, method: str) -> None:
    seen = Seen()
    # As it is, and decoded once as a server does; httpx would tidy some of these up.
    for given in {path, httpx.URL("http://clinic.test" + path.replace("..", "%2e%2e")).path}:
        sent = asyncio.run(raw(seen.app, given, method=method))
        assert starts(sent) == [404], given
    assert seen.passed == []
    assert set(seen.refused) == {"not_found"}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "PROPFIND"])
def test_other_methods_are_refused(method: str) -> None:
    seen = Seen()
    response = asyncio.run(seen.request(method, "/"))
    assert response.status_code == 404
    assert seen.passed == []


def test_head_is_passed_on() -> None:
    assert asyncio.run(Seen().request("HEAD", "/healthz")).status_code == 200


def test_a_websocket_is_not_passed_on() -> None:
    reached: list[str] = []

    async def inner(scope: dict[str, object], receive: object, send: object) -> None:
        reached.append(str(scope["type"]))

    guard, _ = guarded(inner)
    sent = asyncio.run(raw(guard, "/gradio_api/queue/join", kind="websocket"))
    assert reached == []
    assert sent == [{"type": "websocket.close", "code": 1008}]
    asyncio.run(raw(guard, "", kind="lifespan"))
    assert reached == ["lifespan"]


# --- how much ---------------------------------------------------------------------------------


def test_a_body_within_the_limit_is_passed_on_whole() -> None:
    assert Seen().post("/gradio_api/queue/join", content=b"x" * LARGEST_BODY).text == str(LARGEST_BODY)


def test_a_body_with_a_length_over_the_limit_is_not_read() -> None:
    seen = Seen()
    response = seen.post("/gradio_api/queue/join", content=b"x" * (LARGEST_BODY + 1))
    assert response.status_code == 413
    assert seen.passed == []
    assert seen.refused == ["too_large"]
    assert LINE in response.json()["detail"]


async def _pieces(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 1024):
        yield b'{"a": "b"}'.ljust(1024)


@pytest.mark.parametrize("path", ["/gradio_api/queue/join", "/gradio_api/run/parsed"])
def test_a_body_without_a_length_is_cut_off_at_the_limit(path: str) -> None:
    seen = Seen()
    response = seen.post(path, content=_pieces(LARGEST_BODY + 2048))
    assert response.status_code == 413
    assert seen.passed == []
    assert seen.refused == ["too_large"]
    assert LINE in response.json()["detail"]
    assert seen.post("/gradio_api/queue/join", content=_pieces(4096)).text == "4096"


def test_a_length_that_lies_does_not_help() -> None:
    seen = Seen()
    body = [b"x" * LARGEST_BODY, b"y"]
    sent = asyncio.run(
        raw(seen.app, "/gradio_api/queue/join", headers=[(b"content-length", b"3")], body=body)
    )
    assert starts(sent) == [413]


@pytest.mark.parametrize(
    "length", [b"x", b"-1", b"", b"+5", b"1e3", b" 5 5", b"\xb2", b"9" * 5000, b"0x10", b"1_0"]
)
def test_a_length_that_is_no_number_is_refused(length: bytes) -> None:
    seen = Seen()
    sent = asyncio.run(raw(seen.app, "/gradio_api/queue/join", headers=[(b"content-length", length)]))
    assert starts(sent) == [413]
    assert seen.passed == []


def test_a_body_that_grows_after_the_answer_began_starts_no_second_answer() -> None:
    async def inner(scope: object, receive: object, send: object) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})  # type: ignore[operator]
        while (await receive()).get("more_body"):  # type: ignore[operator]
            pass

    guard, _ = guarded(inner)
    sent = asyncio.run(raw(guard, "/gradio_api/queue/join", body=[b"x" * LARGEST_BODY] * 3))
    assert starts(sent) == [200]


# --- what the application itself refuses -------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "reason"), [(400, "unexpected"), (404, "not_found"), (422, "unexpected"), (503, "unavailable")]
)
def test_no_refusal_of_the_application_quotes_what_was_sent(status: int, reason: str) -> None:
    guard, refused = guarded(PlainTextResponse("you sent: my name is Jane Roe", status))
    start, *rest = asyncio.run(raw(guard, "/gradio_api/queue/join"))
    assert start["status"] == status
    said = b"".join(bytes(message.get("body", b"")) for message in rest)  # type: ignore[call-overload]
    assert b"Jane" not in said and LINE.encode() in said
    assert refused == [reason]


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_health_says_its_own_words_with_any_status(path: str) -> None:
    guard, refused = guarded(PlainTextResponse("not ready", 503))
    start, body = asyncio.run(raw(guard, path, method="GET"))
    assert (start["status"], body["body"]) == (503, b"not ready")
    assert refused == []


def test_an_application_that_breaks_is_answered_for_and_one_that_breaks_midway_is_not_hidden() -> None:
    async def breaks(scope: object, receive: object, send: object) -> None:
        raise ZeroDivisionError

    async def breaks_midway(scope: object, receive: object, send: object) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})  # type: ignore[operator]
        raise ZeroDivisionError

    sent = asyncio.run(raw(guarded(breaks)[0], "/"))
    assert starts(sent) == [500] and LINE.encode() in bytes(sent[1]["body"])  # type: ignore[call-overload]
    with pytest.raises(ZeroDivisionError):
        asyncio.run(raw(guarded(breaks_midway)[0], "/"))


# --- how often --------------------------------------------------------------------------------


def test_too_many_requests_say_when_to_come_back() -> None:
    seen = Seen(rate="2/minute")
    assert [seen.get("/config").status_code for _ in range(3)] == [200, 200, 429]
    response = seen.get("/config")
    assert response.headers["retry-after"] == "60"
    assert LINE in response.json()["detail"]
    assert seen.refused == ["too_many", "too_many"]


def test_each_address_has_a_rate_of_its_own_and_one_without_an_address_too() -> None:
    seen = Seen(rate="1/minute")
    for client in (("10.0.0.1", 1), ("10.0.0.2", 1), None):
        assert starts(asyncio.run(raw(seen.app, "/config", method="GET", client=client))) == [200]
        assert starts(asyncio.run(raw(seen.app, "/config", method="GET", client=client))) == [429]


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/assets/a.js", "/static/a.css"])
def test_health_and_the_pages_own_files_are_not_counted(path: str) -> None:
    seen = Seen(rate="1/minute")
    assert [seen.get(path).status_code for _ in range(3)] == [200, 200, 200]
    assert seen.get("/config").status_code == 200


# --- what every answer has --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rate", "path", "headers", "status"),
    [
        ("9/minute", "/monitoring", {}, 404),
        ("9/minute", "/config", {"content-length": "99999999"}, 413),
        ("0/minute", "/config", {}, 429),
    ],
)
def test_every_refusal_has_the_numbers_to_call_in_json_and_in_html(
    rate: str, path: str, headers: dict[str, str], status: int
) -> None:
    seen = Seen(rate=rate)
    plain = seen.get(path, headers=headers)
    assert plain.status_code == status
    assert plain.json()["error"] == seen.refused[0]
    assert plain.json()["detail"].endswith(LINE)
    page = seen.get(path, headers=headers | {"accept": "text/html,*/*"})
    assert page.status_code == status
    assert page.headers["content-type"].startswith("text/html")
    assert "<strong>If you are in danger, call 988 &amp; say so.</strong>" in page.text
    assert "<here>" not in page.text
    for response in (plain, page):
        assert response.headers["cache-control"] == "no-store"
        assert "frame-ancestors 'self'" in response.headers["content-security-policy"]


def test_answers_carry_the_headers_that_close_the_page() -> None:
    response = Seen().get("/")
    policy = dict(
        part.strip().split(" ", 1) for part in response.headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == policy["connect-src"] == policy["base-uri"] == "'self'"
    assert policy["form-action"] == policy["frame-ancestors"] == "'self'"
    assert policy["object-src"] == "'none'"
    assert not any("http" in sources or "*" in sources for sources in policy.values())
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers.get_list("referrer-policy") == ["no-referrer"]
    assert response.headers["cross-origin-opener-policy"] == "same-origin"
    assert "camera=()" in response.headers["permissions-policy"]


@pytest.mark.parametrize(
    ("path", "kept"), [("/", False), ("/config", False), ("/assets/a.js", True), ("/static/a.css", True)]
)
def test_only_files_without_anyones_words_may_be_kept_by_a_browser(path: str, kept: bool) -> None:
    assert Seen().get(path).headers.get_list("cache-control") == (["max-age=9"] if kept else ["no-store"])


def test_page_may_be_framed_by_whom_the_operator_names() -> None:
    policy = Seen(frame_ancestors="https://huggingface.co").get("/").headers["content-security-policy"]
    assert policy.endswith("frame-ancestors 'self' https://huggingface.co")


def test_streams_pass_piece_by_piece() -> None:
    inner = FastAPI()
    asked_on = asyncio.Event()

    @inner.get("/gradio_api/queue/data")
    async def data() -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"first"
            await asyncio.wait_for(asked_on.wait(), 5)
            yield b"second"

        return StreamingResponse(pieces())

    guard, _ = guarded(inner)
    got: list[bytes] = []

    async def send(message: dict[str, object]) -> None:
        if body := message.get("body"):
            got.append(bytes(body))  # type: ignore[call-overload]
            asked_on.set()  # the second piece is made only once the first has come through

    async def run() -> None:
        scope = {
            "type": "http", "method": "GET", "path": "/gradio_api/queue/data", "headers": [],
            "query_string": b"", "client": None, "root_path": "", "http_version": "1.1",
        }  # fmt: skip

        async def receive() -> dict[str, object]:
            await asyncio.sleep(5)
            return {"type": "http.disconnect"}

        await guard(scope, receive, send)  # type: ignore[arg-type]

    asyncio.run(run())
    assert got == [b"first", b"second"]
