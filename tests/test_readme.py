"""Every command in the README works as it stands there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BLOCKS = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
COMMANDS = [line for block in BLOCKS for line in block.splitlines() if line.strip()]
MAKE = [command for command in COMMANDS if command.startswith("make ")]
PYTHON = [command for command in COMMANDS if command not in MAKE]
SILENT = (" build ", " scrub-folder ", "mkdir ")  # what they make is a folder


def test_readme_has_commands() -> None:
    assert len(MAKE) >= 5
    assert len(PYTHON) >= 5


@pytest.mark.parametrize("command", MAKE)
def test_make_target_exists_and_is_in_help(command: str) -> None:
    target = command.split()[1]
    assert subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, check=False).returncode == 0
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert f"make {target} " in listed


@pytest.mark.weights
@pytest.mark.timeout(900)
def test_python_commands_run_in_their_order(tmp_path: Path) -> None:
    environment = dict(os.environ) | {"CAREFOLD_DATA_DIR": str(tmp_path / "data")}
    script = "\n".join(PYTHON).replace(".venv/bin/python", sys.executable)
    script = script.replace("indexes/sample", str(tmp_path / "index"))
    for folder in ("letters", "scrubbed", "documents"):
        script = re.sub(rf"\b{folder}\b", str(tmp_path / folder), script)
    script = script.replace("--recipe toy", f"--recipe toy --runs {tmp_path / 'runs'}")
    for command in script.splitlines():
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", command],
            cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        assert done.stdout.strip() or any(word in command for word in SILENT)


def test_every_file_that_the_readme_names_is_there() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    named = re.findall(r"`((?:app|safety|retrieval|training|tests|docs|weights)/[\w./]*)`", text)
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []
