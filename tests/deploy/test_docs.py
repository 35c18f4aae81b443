"""docs/deploy.md, the proxy and the unit name settings, commands, arguments and files that exist."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest
import typer

from app.__main__ import app
from app.guard import LARGEST_BODY
from app.metrics import Metrics
from app.models.base import ModelState
from app.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "deploy.md").read_text("utf-8")
UNIT = (ROOT / "deploy" / "carefold.service").read_text("utf-8")
PROXY = (ROOT / "deploy" / "nginx.conf").read_text("utf-8")
COMMANDS = [
    line.strip()
    for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    for line in block.replace("\\\n", " ").splitlines()
]
OURS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


@pytest.mark.parametrize("text", [PAGE, UNIT, PROXY], ids=["page", "unit", "proxy"])
def test_every_setting_that_is_named_exists(text: str) -> None:
    known = {f"CAREFOLD_{field.upper()}" for field in Settings.model_fields} | {"CAREFOLD_NAME"}
    assert set(re.findall(r"CAREFOLD_[A-Z_]*[A-Z]", text)) <= known


def test_the_example_of_an_environment_file_is_accepted() -> None:
    (block,) = re.findall(r"```\n(CAREFOLD_.*?)```", PAGE, re.DOTALL)
    values = dict(line.split("=", 1) for line in block.splitlines())
    assert load_settings(values).database.startswith("postgresql+psycopg://")


def test_every_build_argument_is_explained_with_its_default() -> None:
    found = re.findall(r"^ARG (\w+)(?:=(\S+))?$", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| (.*?) \|", PAGE, re.MULTILINE))
    assert set(rows) == {name for name, _ in found}
    for name, default in found:
        if name in ("BASE", "BAKE_WEIGHTS"):
            assert rows[name] == f"`{default}`"
    used = set(re.findall(r"--build-arg (\w+)=", PAGE))
    assert used <= set(rows)


@pytest.mark.parametrize("command", [line for line in COMMANDS if line.startswith("make ")])
def test_a_make_target_is_listed_by_help(command: str) -> None:
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert f"make {command.split()[1]} " in listed
    assert subprocess.run(["make", "-n", *command.split()[1:]], cwd=ROOT, capture_output=True).returncode == 0


def test_every_command_of_ours_exists_with_its_options() -> None:
    started = [line.partition(" -m app ")[2] for line in (*COMMANDS, UNIT) if " -m app " in line]
    started += [line.partition(" carefold ")[2] for line in COMMANDS if " carefold ask " in line]
    assert len(started) >= 3
    for line in started:
        name, *rest = shlex.split(line.splitlines()[0])
        known = {option for parameter in OURS[name].params for option in parameter.opts}
        assert {word for word in rest if word.startswith("--")} <= known, line


def test_every_file_that_is_named_is_there() -> None:
    named = re.findall(r"`((?:app|safety|deploy|docs)/[\w./-]+\w)`", PAGE)
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_proxy_takes_no_more_than_the_application_and_holds_nothing_back() -> None:
    stated = dict(re.findall(r"^\s*(\w+) ([^;{]+);$", PROXY, re.MULTILINE))
    assert stated["client_max_body_size"] == stated["client_body_buffer_size"] == f"{LARGEST_BODY // 1024}k"
    assert stated["proxy_buffering"] == "off"
    assert stated["proxy_max_temp_file_size"] == "0"
    (logged,) = re.findall(r"log_format carefold '(.*)';", PROXY)
    assert not set(re.findall(r"\$\w+", logged)) & {
        "$request", "$request_uri", "$args", "$request_body", "$http_referer", "$query_string"
    }  # fmt: skip


def test_the_unit_does_not_start_again_after_a_wrong_setting() -> None:
    assert "RestartPreventExitStatus=2\n" in UNIT
    assert float(re.findall(r"TimeoutStopSec=(\d+)", UNIT)[0]) > 10


@pytest.mark.parametrize("name", ["threat-model.md", "safety.md", "attacks.md"])
def test_every_file_that_a_document_names_is_there(name: str) -> None:
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:tests|safety|training|benchmarks|docs)/[\w./-]+)`", text))
    alone = set(re.findall(r"`(test_\w+\.py)`", text))
    assert len(named) > 3
    assert [one for one in sorted(named) if not (ROOT / one).exists()] == []
    assert [one for one in sorted(alone) if not list((ROOT / "tests").rglob(one))] == []


def test_the_protocol_names_counters_that_are_there() -> None:
    text = (ROOT / "docs" / "safety.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(carefold_\w+?)_total", text))
    metrics = Metrics(sessions=lambda: 0, under_way=lambda: 0, model=lambda: ModelState("loading"))
    assert named and named <= {family.name for family in metrics.registry.collect()}
