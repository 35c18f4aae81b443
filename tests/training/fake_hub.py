"""A hub in one process: the few addresses that pushing and pulling ask for, on a loopback port.

The real client talks to it, so that what is tested is what is sent.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit


class FakeHub:
    """Repositories as dictionaries of commits; `tokens` are those that came with a request."""

    def __init__(self) -> None:
        self.private: dict[str, bool] = {}
        self.commits: dict[str, dict[str, dict[str, bytes]]] = {}
        self.newest: dict[str, str] = {}
        self.tokens: set[str] = set()
        self.refuse_token = ""
        self.tear = ""  # a file that arrives altered
        self.address = ""

    def create(self, repo: str, *, private: bool) -> None:
        self.private.setdefault(repo, private)
        if repo not in self.commits:
            self.commits[repo] = {}
            self.commit(repo, {".gitattributes": b"*.safetensors filter=lfs\n"}, [])

    def commit(self, repo: str, add: dict[str, bytes], remove: list[str]) -> str:
        files = {**self.files(repo), **add}
        for name in remove:
            del files[name]
        number = hashlib.sha1(f"{repo}{len(self.commits[repo])}".encode()).hexdigest()
        self.commits[repo][number] = files
        self.newest[repo] = number
        return number

    def files(self, repo: str, revision: str = "main") -> dict[str, bytes]:
        newest = self.newest.get(repo, "")
        return self.commits[repo].get(newest if revision == "main" else revision, {})


class _Handler(BaseHTTPRequestHandler):
    hub: FakeHub

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        if not self._allowed():
            return
        parts = unquote(urlsplit(self.path).path).strip("/").split("/")
        api = parts[:2] == ["api", "models"]
        repo = "/".join(parts[2:4] if api else parts[:2])
        if repo not in self.hub.commits:
            self._send(404, b"{}", {"X-Error-Code": "RepoNotFound"})
        elif api and parts[4:5] == ["tree"]:
            listing = [
                {"type": "file", "path": name, "size": len(data), "oid": hashlib.sha1(data).hexdigest()}
                for name, data in self.hub.files(repo, parts[5]).items()
            ]
            self._send(200, json.dumps(listing).encode())
        elif api:
            revision = parts[5] if parts[4:5] == ["revision"] else "main"
            if revision != "main" and revision not in self.hub.commits[repo]:
                self._send(404, b"{}", {"X-Error-Code": "RevisionNotFound"})
                return
            sha = self.hub.newest[repo] if revision == "main" else revision
            about = {"id": repo, "sha": sha, "private": self.hub.private[repo], "siblings": [], "tags": []}
            self._send(200, json.dumps(about).encode())
        else:
            revision, name = parts[3], "/".join(parts[4:])
            files = self.hub.files(repo, revision)
            if name not in files:
                self._send(404, b"", {"X-Error-Code": "EntryNotFound"})
                return
            data = files[name]
            if name == self.hub.tear:
                data = data[:-1] + bytes([data[-1] ^ 1])
            self._send(200, data, {"X-Repo-Commit": revision, "ETag": f'"{hashlib.sha1(data).hexdigest()}"'})

    def do_POST(self) -> None:
        if not self._allowed():
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or self._chunks()
        parts = urlsplit(self.path).path.strip("/").split("/")
        if parts == ["api", "repos", "create"]:
            asked = json.loads(body)
            name = f"{asked['organization']}/{asked['name']}" if asked.get("organization") else asked["name"]
            there = name in self.hub.commits
            self.hub.create(name, private=bool(asked.get("private")) or asked.get("visibility") == "private")
            self._send(409 if there else 200, json.dumps({"url": f"{self.hub.address}/{name}"}).encode())
            return
        repo = "/".join(parts[2:4])
        if parts[4] == "preupload":
            files = [
                {"path": one["path"], "uploadMode": "regular", "shouldIgnore": False}
                for one in json.loads(body)["files"]
            ]
            self._send(200, json.dumps({"files": files}).encode())
            return
        add: dict[str, bytes] = {}
        remove: list[str] = []
        for line in body.splitlines():
            entry = json.loads(line)
            if entry["key"] == "file":
                add[entry["value"]["path"]] = base64.b64decode(entry["value"]["content"])
            elif entry["key"] == "deletedFile":
                remove.append(entry["value"]["path"])
        number = self.hub.commit(repo, add, remove)
        url = f"{self.hub.address}/{repo}/commit/{number}"
        self._send(200, json.dumps({"commitUrl": url, "commitOid": number}).encode())

    def _allowed(self) -> bool:
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        self.hub.tokens.add(token)
        if self.hub.refuse_token and token == self.hub.refuse_token:
            self._send(401, b'{"error": "Invalid credentials"}')
            return False
        return True

    def _chunks(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return b""
        data = b""
        while size := int(self.rfile.readline(), 16):
            data += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return data

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


@contextmanager
def serving() -> Iterator[FakeHub]:
    """Run a hub on a free port until the end of the block."""
    hub = FakeHub()
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    hub.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
