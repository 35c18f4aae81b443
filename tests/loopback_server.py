"""A small OpenAI-compatible server on loopback for tests: it says what it is told, and how badly."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class LoopbackServer:
    """What to answer, and what was asked."""

    url: str = ""
    reply: str = "We open at eight. We close at five. "
    statuses: list[int] = field(default_factory=list)  # answered first, one for each request
    seconds_per_word: float = 0.0
    stall_after_words: int = -1
    asked: list[dict[str, object]] = field(default_factory=list)
    models: list[str] = field(default_factory=list)  # what it says that it serves
    words_sent: int = 0
    hung_up: threading.Event = field(default_factory=threading.Event)


@contextmanager
def loopback_server() -> Iterator[LoopbackServer]:
    """Serve on a free port until the block ends."""
    state = LoopbackServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status = state.statuses.pop(0) if state.statuses else 200
            listed = [
                {"id": name, "object": "model", "created": 0, "owned_by": "us"} for name in state.models
            ]
            body = json.dumps({"object": "list", "data": listed}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            state.asked.append(body)
            if state.statuses:
                self.send_response(state.statuses.pop(0))
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            try:
                self._stream(int(body.get("max_tokens", 1000)))
            except OSError:
                state.hung_up.set()

        def _stream(self, most: int) -> None:
            for number, word in enumerate(state.reply.split(" ")[:most]):
                if number == state.stall_after_words:
                    time.sleep(3)
                self._event({"choices": [{"index": 0, "delta": {"content": word + " "}}]})
                state.words_sent += 1
                time.sleep(state.seconds_per_word)
            self.wfile.write(b"data: [DONE]\n\n")

        def _event(self, choice: dict[str, object]) -> None:
            chunk = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "m", **choice}
            self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
            self.wfile.flush()

        def log_message(self, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
