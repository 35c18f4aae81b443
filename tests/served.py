"""The real application, served by the real command in a process of its own, on a free port of loopback."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Served:
    """A running server: where it is, what it wrote, and its folder."""

    url: str
    folder: Path
    process: subprocess.Popen[bytes]
    started_in_s: float = 0.0
    log: Path = field(default=Path())

    def health(self) -> dict[str, object]:
        """Return /healthz."""
        return dict(httpx.get(f"{self.url}/healthz", timeout=10).json())

    def wait(self, key: str, value: object, *, seconds: float = 120) -> None:
        """Wait until a field of /healthz has a value."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.health()[key] == value:
                return
            time.sleep(0.2)
        raise AssertionError(f"{key} is {self.health()[key]!r}, not {value!r}, after {seconds} s")

    def stop(self) -> int:
        """End it with SIGTERM; return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(
    folder: Path, *, ready: bool = True, sample_index: Path | None = None, **settings: str
) -> Iterator[Served]:
    """Run `python -m app serve` with CAREFOLD_<NAME>=value for each setting, until the block ends."""
    port = free_port()
    data = folder / "data"
    if sample_index is not None:
        # The index is built once for all servers of a run: building it is tested elsewhere.
        shutil.copytree(sample_index, data / "indexes" / "sample", dirs_exist_ok=True)
    (folder / "tmp").mkdir(parents=True, exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CAREFOLD_")}
    cache = os.environ.get("CAREFOLD_CACHE_DIR")
    environment |= {"CAREFOLD_CACHE_DIR": cache} if cache else {}
    environment |= {"CAREFOLD_DATA_DIR": str(data), "TMPDIR": str(folder / "tmp"), "HF_HUB_OFFLINE": "1"}
    environment |= {f"CAREFOLD_{name.upper()}": value for name, value in settings.items()}
    log = folder / "server.log"
    began = time.monotonic()
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "app", "serve", "--port", str(port)],
            cwd=ROOT, env=environment, stdout=sink, stderr=sink,
        )  # fmt: skip
        running = Served(f"http://127.0.0.1:{port}", folder, process, log=log)
        try:
            _wait_until_up(running)
            running.started_in_s = time.monotonic() - began
            if ready:
                running.wait("ready", True)
            yield running
        finally:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(timeout=20)
                except subprocess.TimeoutExpired:
                    process.kill()


def _wait_until_up(running: Served) -> None:
    until = time.monotonic() + 90
    while time.monotonic() < until:
        if running.process.poll() is not None:
            raise AssertionError(f"the server ended: {running.log.read_text(errors='replace')[-2000:]}")
        try:
            httpx.get(f"{running.url}/healthz", timeout=5)
            return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("the server did not come up")
