"""The folder of a Space holds what serves, starts by itself, and holds nothing private."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from app.settings import load_settings
from deploy import space, space_app

ROOT = Path(__file__).resolve().parents[2]
SDKS = ("docker", "gradio")
PRIVATE = (
    "data/carefold.sqlite3", "cache/weights/x", ".git/config", ".env", "tests/app/cases.yaml", "dist/x",
    "app/.env", "app/notes.log", "app/carefold.sqlite3-wal", "retrieval/__pycache__/faq.pyc", "safety/x.db",
)  # fmt: skip


@pytest.fixture(scope="module", params=SDKS)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("space") / request.param
    space.write(request.param, out)
    return out


def header_of(folder: Path) -> dict[str, object]:
    text = (folder / "README.md").read_text("utf-8")
    assert text.startswith("---\n")
    return dict(yaml.safe_load(text.split("---\n")[1]))


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip


def test_it_has_every_file_of_the_packages(folder: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", *space.PACKAGES, space.RELEASES],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split()
    assert listed or not (ROOT / ".git").exists()
    assert [name for name in listed if (ROOT / name).exists() and not (folder / name).exists()] == []


def test_it_has_the_gates_weights_and_nothing_that_they_were_taught_or_chosen_with(folder: Path) -> None:
    weights = folder / "safety" / "crisis_weights"
    assert sorted(file.name for file in weights.iterdir()) == ["crisis_ngrams.json", "model.safetensors"]
    taught = {file.name for file in (ROOT / "training" / "written").rglob("*.[cj]s*")}
    assert len(taught) > 2
    assert {file.name for file in folder.rglob("*")} & {*taught, "out_of_author.csv", "training"} == set()


@pytest.mark.slow
def test_the_commands_run_from_it(folder: Path) -> None:
    done = run(folder, "-m", "app", "serve", "--help")
    assert done.returncode == 0, done.stderr
    assert "--port" in done.stdout


def test_nothing_private_goes_into_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = tmp_path / "tree"
    names = (
        "requirements.txt",
        "requirements-serve.txt",
        "requirements-dev.txt",
        "requirements-cpu.lock",
        "requirements-gpu.lock",
        "Dockerfile",
        ".dockerignore",
    )
    for name in (*names, *space.COMMON, f"deploy/{space.ENTRY}"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes((ROOT / name).read_bytes())
    release = f"{space.RELEASES}/counseling/first/manifest.json"
    for name in (*PRIVATE, release, *(f"{package}/code.py" for package in space.PACKAGES)):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text("something", "utf-8")
    monkeypatch.setattr(space, "ROOT", tree)
    for sdk in SDKS:
        space.write(sdk, tmp_path / sdk)
        there = {file.relative_to(tmp_path / sdk).as_posix() for file in (tmp_path / sdk).rglob("*")}
        assert {"app/code.py", release} <= there
        assert not there & set(PRIVATE)


def test_writing_again_keeps_the_clone_and_forgets_what_is_gone(tmp_path: Path) -> None:
    space.write("docker", tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / "app" / "gone.py").touch()
    space.write("docker", tmp_path)
    assert (tmp_path / ".git").is_dir()
    assert not (tmp_path / "app" / "gone.py").exists()


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    done = run(ROOT, "deploy/space.py", "--sdk", "docker", "--out", str(tmp_path))
    assert done.returncode == 2
    assert (tmp_path / "thesis.txt").exists()


def test_the_header_tells_the_hub_what_to_run(folder: Path) -> None:
    said = header_of(folder)
    assert said["sdk"] == folder.name
    assert len(str(said["short_description"])) <= 60
    if folder.name == "docker":
        assert said["app_port"] == 7860
        assert (folder / "Dockerfile").is_file()
        return
    assert (folder / str(said["app_file"])).is_file()
    assert said["sdk_version"] == metadata.version("gradio")
    assert tuple(map(int, str(said["python_version"]).split(".")))[:2] >= (3, 11)


def test_the_readme_of_the_repository_has_the_header_of_a_docker_space() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert text.startswith(space.header("docker"))


def test_both_kinds_know_the_hubs_frame_and_proxy(tmp_path: Path) -> None:
    assert space_app.BEHIND_THE_HUB == space.BEHIND_THE_HUB
    load_settings(space.BEHIND_THE_HUB)
    space.write("docker", tmp_path)
    last = (tmp_path / "Dockerfile").read_text("utf-8").splitlines()[-1]
    assert dict(pair.split("=", 1) for pair in last.split()[1:]) == space.BEHIND_THE_HUB


def test_requirements_of_a_gradio_space_pin_all_that_is_installed_and_no_tools(tmp_path: Path) -> None:
    space.write("gradio", tmp_path, torch_index="https://example.org/cpu")
    first, *lines = (tmp_path / "requirements.txt").read_text("utf-8").splitlines()
    assert first == "--extra-index-url https://example.org/cpu"
    pinned = {space._name(line) for line in lines} | {"pydantic-core"}  # pydantic says which
    assert not pinned & {"pytest", "ruff", "mypy", "hypothesis"}
    direct = [Requirement(line).name for line in space._lines("requirements-serve.txt")]
    # torch's own are the build's: CUDA libraries in one, none in the other. pip's tools are the Space's.
    missing = closure(direct) - pinned - closure(["torch"]) - {"setuptools", "pip"}
    assert missing == set()


def closure(names: list[str]) -> set[str]:
    """Return everything that the installed packages `names` pull in, themselves included."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = space._name(waiting.pop())
        if name in found:
            continue
        found.add(name)
        for line in metadata.requires(name) or []:
            needed = Requirement(line)
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                waiting.append(needed.name)
    return found
