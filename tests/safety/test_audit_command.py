"""`python -m safety audit` as people and programs call it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import typer
from typer.testing import CliRunner

from safety.audit_command import audit

APP = typer.Typer()
APP.command()(audit)


def run(*arguments: object) -> tuple[int, list[dict[str, object]], str]:
    result = CliRunner().invoke(APP, [*map(str, arguments), "--name-model", "none"])
    return result.exit_code, [json.loads(line) for line in result.stdout.splitlines()], result.stderr


def test_exit_codes_say_nothing_found_something_found_or_wrong_arguments(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("we talked about work")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "c.txt").write_text("my name is jorah tindle")
    assert run(tmp_path / "a.txt")[0] == 0
    code, rows, errors = run(tmp_path)
    assert code == 1 and [row["found"] for row in rows] == [{}, {"PERSON": 1}]
    assert "2 files; found: PERSON 1; unread: 0" in errors and "jorah" not in errors
    assert run(tmp_path / "missing")[0] == 2
    assert run(tmp_path, "--canaries", tmp_path / "missing")[0] == 2
    assert run(tmp_path, "--canaries-only")[0] == 2
    assert run(tmp_path, "--policy", "none-such")[0] == 2


def test_canaries_are_told_by_number_alone(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("first planted\nsecond planted\n")
    (tmp_path / "a.txt").write_text("x SECOND PLANTED x")
    code, rows, errors = run(tmp_path / "a.txt", "--canaries", tmp_path / "list", "--canaries-only")
    assert code == 1 and rows[0]["canaries"] == [2] and rows[0]["offsets"] == {"CANARY": [2]}
    assert "planted" not in str(rows).lower() + errors.lower()


def test_what_is_unread_ends_with_1(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7")
    assert run(tmp_path / "a.pdf")[0] == 1


def test_help_loads_no_heavy_library(repository: Path) -> None:
    code = (
        "import sys; import safety.audit_command, safety.bulk_command; "
        "heavy = ('spacy', 'presidio_analyzer', 'torch', 'numpy', 'regex', 'jinja2'); "
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=repository, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
