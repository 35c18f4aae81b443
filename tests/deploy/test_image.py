"""The Dockerfile names real settings and real commands, and lets in what serves and nothing else."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest
import typer

from app.__main__ import app
from app.settings import load_settings
from deploy import image_build, space

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
STEPS = [line.split(maxsplit=1) for line in DOCKERFILE.splitlines() if line and not line.startswith("#")]
IGNORED = [
    line for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line[:1] not in ("", "#")
]


def steps(name: str) -> list[str]:
    return [rest for step, rest in STEPS if step == name]


def test_every_carefold_name_that_the_image_sets_is_a_setting() -> None:
    pairs = dict(pair.split("=", 1) for line in steps("ENV") for pair in line.split())
    ours = {name: value for name, value in pairs.items() if name.startswith("CAREFOLD_")}
    settings = load_settings(ours)
    assert {str(settings.data_dir), str(settings.cache_dir)} == set(json.loads(steps("VOLUME")[0]))
    assert pairs["GRADIO_SERVER_NAME"] == "0.0.0.0"


def test_what_the_image_starts_is_a_command_with_those_options() -> None:
    assert json.loads(steps("ENTRYPOINT")[0]) == ["python", "-m", "app"]
    name, *options = json.loads(steps("CMD")[0])
    command = typer.main.get_command(app).commands[name]  # type: ignore[attr-defined]
    known = {option for parameter in command.params for option in parameter.opts}
    assert {option for option in options if option.startswith("--")} <= known
    assert options[options.index("--port") + 1] == steps("EXPOSE")[0]


def test_the_image_runs_as_user_1000_from_its_first_own_command_on() -> None:
    assert steps("USER") == ["1000"]
    order = [name for name, _ in STEPS]
    assert order.index("USER") < order.index("VOLUME") < order.index("HEALTHCHECK") < order.index("CMD")
    assert "--uid 1000" in steps("RUN")[0]
    assert "/healthz" in steps("HEALTHCHECK")[0]


def test_the_build_context_holds_what_serves_and_nothing_else() -> None:
    assert IGNORED[0] == "*"
    let_in = {line[1:] for line in IGNORED if line.startswith("!")}
    files = {*space.COMMON, *(name for name in space.DOCKER if name.endswith(".lock"))}
    assert let_in == {*space.PACKAGES, space.RELEASES, *files}
    # A pattern that follows takes out again what may lie inside these folders.
    for pattern in ("**/__pycache__", "**/*.sqlite3*", "**/*.log", "**/.*"):
        assert IGNORED.index(pattern) > IGNORED.index("!app")


def test_the_build_context_holds_the_crisis_gates_weights() -> None:
    taken_out = [line for line in IGNORED[1:] if not line.startswith("!")]
    for name in ("model.safetensors", "crisis_ngrams.json"):
        assert (ROOT / "safety" / "crisis_weights" / name).is_file()
        assert not any(fnmatch(name, pattern.removeprefix("**/")) for pattern in taken_out)


@pytest.mark.slow
@pytest.mark.parametrize("package", space.PACKAGES)
def test_no_package_imports_one_that_is_left_out(package: str) -> None:
    ours = {folder.name for folder in ROOT.iterdir() if folder.is_dir() and any(folder.glob("*.py"))}
    for file in (ROOT / package).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            tops = {name.split(".")[0] for name in names} & ours
            assert tops <= set(space.PACKAGES), f"{file.relative_to(ROOT)} imports {tops}"


def test_pip_settings_and_the_folders_that_they_name_are_lent_to_the_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mirror" / "simple").mkdir(parents=True)
    (tmp_path / "pip.ini").write_text(
        f"[global]\nextra-index-url = file://{tmp_path}/mirror/simple\ntimeout = 7\n", "utf-8"
    )
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.ini"))
    monkeypatch.setenv("PIP_TIMEOUT", "8")
    mounts = image_build.pip_mounts(tmp_path)
    assert mounts[tmp_path / "mirror"] == tmp_path / "mirror"
    conf = next(outside for outside, inside in mounts.items() if inside == Path("/etc/pip.conf"))
    lines = conf.read_text("utf-8").splitlines()
    assert "timeout = 8" in lines  # the environment counts, as it does for pip
    assert f"extra-index-url = file://{tmp_path}/mirror/simple" in lines


def test_a_missing_tool_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_build.os, "geteuid", lambda: 0)
    monkeypatch.setattr(image_build.sys, "platform", "linux")
    monkeypatch.setattr(image_build.shutil, "which", lambda tool: None if tool == "bwrap" else tool)
    with pytest.raises(image_build.ImageTestFailed, match=r"apt-get install bubblewrap$"):
        image_build.require_tools()


def test_the_image_test_says_how_it_is_used() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "deploy" / "image_test.py", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert re.search(r"--torch-index", done.stdout)
