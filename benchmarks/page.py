"""From a fresh clone to the page: `make run` from nothing, and again from the second start.

Clones the last commit into a temporary folder with an empty cache of weights and times the two commands
that a new user gives. What pip has cached of the packages is used. Standard library only: there is no
virtual environment yet. Run: python benchmarks/page.py [--out FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STARTS = 3


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def there(url: str) -> bool:
    """Say whether an address answers with 200."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def start(clone: Path, environment: dict[str, str]) -> dict[str, float]:
    """Run `make run` until it answers questions; return the seconds to each state."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    began = time.monotonic()
    seconds: dict[str, float] = {}
    process = subprocess.Popen(
        ["make", "run"],
        cwd=clone,
        env=environment | {"GRADIO_SERVER_PORT": str(port)},
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for name, path in (("page", "/"), ("approved_answers", "/readyz")):
            while not there(url + path):
                if process.poll() is not None:
                    raise RuntimeError("make run ended by itself")
                time.sleep(0.05)
            seconds[name] = round(time.monotonic() - began, 1)
        while b'"model":"ready"' not in urllib.request.urlopen(url + "/healthz", timeout=5).read():
            time.sleep(0.1)
        seconds["model"] = round(time.monotonic() - began, 1)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=60)
    return seconds


def main() -> None:
    """Time the first start and three more."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--out", type=Path)
    out = arguments.parse_args().out
    with tempfile.TemporaryDirectory() as scratch:
        clone = Path(scratch) / "carefold"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CAREFOLD_")}
        environment["CAREFOLD_CACHE_DIR"] = str(Path(scratch) / "cache")
        first = start(clone, environment)
        later = [start(clone, environment) for _ in range(STARTS)]
    result = {
        "benchmark": "page",
        "date": datetime.now(UTC).date().isoformat(),
        "machine": {
            "cores": os.cpu_count(),
            "architecture": platform.machine(),
            "python": platform.python_version(),
        },
        "figures": {
            "from_nothing_s": first,
            "later_starts": STARTS,
            "later_s": {name: statistics.median(one[name] for one in later) for name in first},
            "later_slowest_page_s": max(one["page"] for one in later),
        },
    }
    print(json.dumps(result, indent=1))
    if out is not None:
        out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
