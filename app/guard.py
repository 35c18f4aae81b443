"""What stands between the network and the application: which addresses exist, how much, how often.

Gradio serves more than this page uses (uploads, files, proxies, run history, monitoring): only what is
listed here is passed on. Every refusal carries the line with the numbers to call. Plain ASGI, so that
streams stay streams.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.logs import get_logger
from app.rate import RateLimit

log = get_logger(__name__)

LARGEST_BODY = 64 * 1024
_OPEN = re.compile(
    r"/(?:healthz|readyz|metrics|config|theme\.css|robots\.txt|manifest\.json|favicon\.ico"
    r"|(?:assets|static)/[\w./-]+"
    r"|gradio_api/(?:info|config|app_id|startup-events|heartbeat/\w+|queue/(?:join|data)|cancel|reset"
    r"|run/\w+|call/\w+(?:/\w+)?|api/\w+))?/?"
)
# A stranger's picture, script or frame is never loaded, and nothing is sent to one.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
# These say how the application stands, with statuses of their own.
_OURS = ("/healthz", "/readyz", "/metrics")
_REASONS = {404: "not_found", 413: "too_large", 429: "too_many", 503: "unavailable"}
_LASTING = ("/assets/", "/static/")


class Refusals:
    """Builds refusals: a page for a browser that navigates, JSON for everything else."""

    def __init__(
        self, words: dict[str, str], *, heading: str, back: str, crisis_line: Callable[[], str]
    ) -> None:
        """Take a sentence for each of: not_found, too_large, too_many, unavailable, unexpected."""
        self._words, self._heading, self._back, self._crisis_line = words, heading, back, crisis_line

    def response(self, scope: Scope, status: int, reason: str) -> Response:
        """Return the refusal; the numbers to call stand in all of them."""
        text, line = self._words[reason], self._crisis_line()
        headers = {"Cache-Control": "no-store"} | ({"Retry-After": "60"} if status in (429, 503) else {})
        if "text/html" in Headers(scope=scope).get("accept", ""):
            heading, said, call, back = map(html.escape, (self._heading, text, line, self._back))
            page = (
                f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{heading}</title>'
                '<meta name="viewport" content="width=device-width"><body style="font:1.1rem system-ui;'
                f'max-width:40rem;margin:3rem auto;padding:0 1rem"><main><h1>{heading}</h1>'
                f'<p>{said}</p><p><strong>{call}</strong></p><p><a href="/">{back}</a></p></main>'
            )
            return HTMLResponse(page, status, headers=headers)
        return JSONResponse({"error": reason, "detail": f"{text} {line}"}, status, headers=headers)


class Guard:
    """ASGI middleware: addresses, body size, request rate, headers."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        refusals: Refusals,
        rate: RateLimit,
        refused: Callable[[str], None],
        frame_ancestors: str = "",
    ) -> None:
        self._app, self._refusals, self._rate, self._refused = app, refusals, rate, refused
        policy = _POLICY + (f" {frame_ancestors}" if frame_ancestors else "")
        self._headers = _HEADERS | {"Content-Security-Policy": policy}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            else:
                # The page uses no websocket: this is answered with 403 before it opens.
                await send({"type": "websocket.close", "code": 1008})
            return
        send = self._with_headers(scope, send)
        problem = self._problem(scope)
        if problem is None:
            if scope["path"] == "/":
                # There is one page: Gradio looks for others by name, and fails where it finds none.
                scope = {**scope, "query_string": b""}
            bounded = _Bounded(receive, send, ours=scope["path"] in _OURS)
            try:
                await self._app(scope, bounded.receive, bounded.send)
            except Exception as error:
                if bounded.answering and not bounded.refused_with:
                    raise
                if not bounded.refused_with:
                    log.error("request_failed", error=type(error).__name__)
            if bounded.answering:
                return
            status = bounded.refused_with or 500
            problem = (status, _REASONS.get(status, "unexpected"))
        self._refused(problem[1])
        await self._refusals.response(scope, *problem)(scope, receive, send)

    def _problem(self, scope: Scope) -> tuple[int, str] | None:
        path = scope["path"]
        if not _OPEN.fullmatch(path) or ".." in path:
            return 404, "not_found"
        if scope["method"] not in ("GET", "HEAD", "POST"):
            return 404, "not_found"
        length = Headers(scope=scope).get("content-length", "0")
        if not re.fullmatch(r"[0-9]{1,9}", length) or int(length) > LARGEST_BODY:
            return 413, "too_large"
        client = scope.get("client")
        counted = not path.startswith((*_LASTING, "/healthz", "/readyz"))
        if counted and not self._rate.allows(client[0] if client else "unknown"):
            return 429, "too_many"
        return None

    def _with_headers(self, scope: Scope, send: Send) -> Send:
        lasting = scope["path"].startswith(_LASTING)

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
                if not lasting:
                    headers["Cache-Control"] = "no-store"
            await send(message)

        return sending


class _TooLarge(Exception):
    """A body without a length went on for too long."""


class _Bounded:
    """Stops a body that is too large, and keeps back the application's own words for a refusal.

    Gradio and FastAPI quote in an error what they were given, and know no numbers to call: of an
    answer of 400 or more only the status counts.
    """

    def __init__(self, receive: Receive, send: Send, *, ours: bool) -> None:
        self._receive, self._send, self._ours = receive, send, ours
        self._taken = 0
        self.refused_with = 0
        self.answering = False

    async def receive(self) -> Message:
        message = await self._receive()
        self._taken += len(message.get("body", b""))
        if self._taken > LARGEST_BODY:
            self.refused_with = 413
            raise _TooLarge
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] >= 400 and not self._ours:
            self.refused_with = self.refused_with or message["status"]
        if self.refused_with and not self.answering:
            return
        self.answering = True
        await self._send(message)
