"""The training command: wrong arguments end with 2 and say what to do, before anything is loaded."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from training.__main__ import app


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_help_lists_every_command_that_others_rely_on() -> None:
    text = run("--help").stdout
    for command in (
        "run",
        "compare",
        "predict",
        "evaluate",
        "promote",
        "rollback",
        "list",
        "panel",
        "feedback",
    ):
        assert command in text


@pytest.mark.parametrize("command", ["predict", "evaluate"])
def test_a_release_or_the_base_must_be_named_and_not_both(command: str, tmp_path: Path) -> None:
    for more in ((), ("--base", "--release", str(tmp_path))):
        done = run(command, "--task", "counseling", *more)
        assert done.exit_code == 2
        assert "--release DIR or --base" in done.stderr


def test_an_unknown_task_names_those_there_are() -> None:
    done = run("evaluate", "--task", "poetry", "--base")
    assert (done.exit_code, "counseling" in done.stderr) == (2, True)


def test_a_missing_file_is_named() -> None:
    done = run("predict", "--task", "counseling", "--base", "nowhere.jsonl")
    assert (done.exit_code, "nowhere.jsonl" in done.stderr) == (2, True)


def test_a_faulty_recipe_ends_with_two_and_its_faults(tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text("name: x\ntask: counseling\ncorpora: []\ntrain: {rank: 0}\n", encoding="utf-8")
    done = run("run", "--recipe", str(file))
    assert done.exit_code == 2
    assert "train.rank" in done.stderr


def test_a_folder_that_is_no_release_is_refused(tmp_path: Path) -> None:
    done = run("promote", str(tmp_path), "--models", str(tmp_path / "models"))
    assert done.exit_code == 2
    assert "manifest.json" in done.stderr


def test_with_nothing_in_place_the_list_is_empty_and_a_rollback_says_so(tmp_path: Path) -> None:
    assert run("list", "--models", str(tmp_path)).stdout == ""
    assert run("rollback", "counseling", "--models", str(tmp_path)).exit_code == 2


def test_a_folder_that_is_no_run_cannot_be_compared(tmp_path: Path) -> None:
    done = run("compare", str(tmp_path))
    assert (done.exit_code, "no run" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--recipe", "toy", "--set", "train.batch=3", "--processes", "2"), "--set train.batch=4"),
        (("--recipe", "pii_tagger", "--processes", "2"), "is trained by one"),
        (("--recipe", "toy", "--meeting-place", "127.0.0.1"), "accelerate launch --multi_gpu"),
    ],
)
def test_processes_that_cannot_share_a_step_are_refused_before_anything_starts(
    arguments: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    done = run("run", *arguments, "--runs", str(tmp_path))
    assert done.exit_code == 2
    assert said in done.stderr
    assert not list(tmp_path.iterdir())
