"""A run folder belongs to one recipe and knows its finished stages."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.errors import RunError
from training.recipe import load_recipe
from training.rows import StageCounts
from training.run_folder import RunFolder


def test_the_same_values_have_the_same_folder_and_others_another(tmp_path: Path) -> None:
    one = RunFolder.of(load_recipe("toy"), tmp_path)
    assert RunFolder.of(load_recipe("toy"), tmp_path).path == one.path
    assert RunFolder.of(load_recipe("toy", ["seed=1"]), tmp_path).path != one.path


def test_the_recipe_is_kept_with_every_default(tmp_path: Path) -> None:
    recipe = load_recipe("toy")
    assert RunFolder.open(RunFolder.of(recipe, tmp_path).path).recipe() == recipe


def test_finished_stages_are_kept_and_forgotten(tmp_path: Path) -> None:
    folder = RunFolder.of(load_recipe("toy"), tmp_path)
    folder.finish("load", 1.0, [StageCounts(stage="load", taken=2, kept=2)])
    folder.finish("clean", 1.0)
    assert [one.stage for one in folder.finished()] == ["load", "clean"]
    folder.forget(["clean"])
    assert [one.stage for one in RunFolder.open(folder.path).finished()] == ["load"]


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no run"):
        RunFolder.open(tmp_path)


def test_answers_are_dropped_of_the_arms_that_are_asked_again(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    names = ("base", "base-safety", "prompt", "tuned", "tuned-fairness")
    for name in names:
        file = folder.predictions(name)
        file.parent.mkdir(exist_ok=True)
        file.write_text("{}\n", encoding="utf-8")
    folder.forget_answers(("tuned",))
    assert [folder.predictions(name).exists() for name in names] == [True, True, True, False, False]
    folder.forget_answers()
    assert not list(tmp_path.glob("predictions/*"))
