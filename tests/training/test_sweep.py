"""A sweep: points on the same rows, ranked on validation; the test rows stay closed."""

from __future__ import annotations

import shutil
from itertools import count
from pathlib import Path

import pytest

from tests.training.toy_runs import changes
from training.errors import RecipeError
from training.rows import read_rows, read_value
from training.run import Surroundings
from training.run_folder import RunFolder
from training.stages_model import VALIDATED
from training.sweep import MOST_POINTS, Sweep, read_grid, sweep_points
from training.trainers.base import Point as Logged


def grid_file(folder: Path, text: str) -> Path:
    file = folder / "grid.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_grid_is_a_list_of_points_each_a_list_of_changes(tmp_path: Path) -> None:
    assert read_grid(grid_file(tmp_path, "- []\n- [train.rank=8, train.alpha=16]\n")) == [
        (),
        ("train.rank=8", "train.alpha=16"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rank: 8\n", "must be a list of points"),
        ("- rank\n", "must be a list of points"),
        ("- [1]\n", "must be a list of points"),
        ("[]\n", "has 0 points"),
        ("- []\n" * (MOST_POINTS + 1), "has 21 points"),
        ("- [\n", "cannot read the grid"),
    ],
)
def test_a_grid_that_is_none_says_what_is_wanted(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        read_grid(grid_file(tmp_path, text))


def test_a_fault_in_a_late_point_is_found_before_the_first_is_trained(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="rank"):
        sweep_points("toy", [[], ["train.rank=-1"]], root=tmp_path / "runs", around=Surroundings())
    assert not (tmp_path / "runs").exists()


@pytest.mark.weights
@pytest.mark.slow
def test_points_are_ranked_on_the_same_rows_and_a_second_call_trains_nothing(
    tiny_base: Path, tmp_path: Path
) -> None:
    rates = ("train.learning_rate=1e-6", "train.learning_rate=0.02")
    grid = [changes(tiny_base, "train.max_steps=4", rate) for rate in rates]
    told = sweep_points("toy", grid, root=tmp_path, around=Surroundings())
    found = read_value(tmp_path / "toy-sweep.json", Sweep)
    assert [one.changes[-1] for one in found.points] == list(reversed(rates))
    assert found.points[0].perplexity < found.points[1].perplexity
    assert [rate for line in told.splitlines() for rate in rates if line.endswith(rate)] == list(
        reversed(rates)
    )
    folders = [RunFolder.open(tmp_path / one.run) for one in found.points]
    for split in ("train", "validation", "test"):
        assert len({folder.split(split).read_bytes() for folder in folders}) == 1
    for folder in folders:
        assert {one.stage for one in folder.finished()} >= {"load", "preflight", "train"}
        assert not list(folder.path.glob("predictions/*")), "a test row was asked"
    trained = [folder.measured("fit").stat().st_mtime_ns for folder in folders]
    assert sweep_points("toy", grid, root=tmp_path, around=Surroundings()) == told
    assert [folder.measured("fit").stat().st_mtime_ns for folder in folders] == trained
    assert "Validation perplexity" in (tmp_path / "toy-sweep.html").read_text(encoding="utf-8")


@pytest.mark.weights
@pytest.mark.slow
def test_a_point_beyond_its_minutes_is_stopped_and_ranked_by_what_it_came_to(
    tiny_base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from training.trainers.causal_lm import _Record

    def start_clock() -> None:
        ticks = count(10, 10)
        monkeypatch.setattr(_Record, "seconds", property(lambda _self: float(next(ticks))))

    def validated(folder: RunFolder) -> list[int]:
        return [one.step for one in read_rows(folder.measured(VALIDATED), Logged)]

    start_clock()
    # A validation and a checkpoint at every step: each takes half a minute by this clock.
    grid = [changes(tiny_base, "train.max_steps=8", "train.evaluations=9", "train.saves=9")]
    told = sweep_points("toy", grid, root=tmp_path, around=Surroundings(minutes=1))
    (point,) = read_value(tmp_path / "toy-sweep.json", Sweep).points
    assert point.out_of_time and point.steps < 8 and point.perplexity > 1
    assert "out of time" in told and "minutes are over at step" in capsys.readouterr().err
    folder = RunFolder.open(tmp_path / point.run)
    assert "train" not in {one.stage for one in folder.finished()}
    # Nothing to go on from: what counts is this start, and each step once.
    shutil.rmtree(folder.checkpoints)
    steps = validated(folder)
    start_clock()
    sweep_points("toy", grid, root=tmp_path, around=Surroundings(minutes=1))
    assert steps and validated(folder) == steps
    # With time it goes on from where it was.
    sweep_points("toy", grid, root=tmp_path, around=Surroundings(minutes=60))
    (point,) = read_value(tmp_path / "toy-sweep.json", Sweep).points
    assert (point.out_of_time, point.steps) == (False, 8)
