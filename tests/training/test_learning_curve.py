"""The learning curve: whole groups, an honest refusal, and shares that are trained on once."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.errors import RunError
from training.learning_curve import CurveFit, learning_curve, share_of
from training.recipe import load_recipe
from training.rows import Example, write_rows, write_value
from training.run import Run, Surroundings
from training.run_folder import RunFolder
from training.trainers.base import Fit

ROWS = [
    Example(id=f"{group}{n}", inputs={"question": "q"}, target="t", group=group)
    for group in "abcdef"
    for n in range(3)
]
FIT = Fit(
    steps=4, best_step=4, best_loss=2.0, stopped_early=False, resumed_from=0, seconds=1.0, tokens=100,
    trained_tokens=50, peak_memory=0, trainable_parameters=1, parameters=2, hardware="", precision="float32",
    points=(),
)  # fmt: skip


def a_run(root: Path) -> Run:
    recipe = load_recipe("toy")
    run = Run(recipe, RunFolder.of(recipe, root), Surroundings())
    write_rows(run.folder.split("train"), ROWS)
    write_rows(run.folder.split("validation"), ROWS[:1])
    return run


@pytest.mark.parametrize(("share", "groups"), [(0.1, "a"), (0.34, "abc"), (0.5, "abc"), (0.99, "abcdef")])
def test_a_share_is_whole_groups_and_smaller_shares_lie_in_larger_ones(share: float, groups: str) -> None:
    chosen = share_of(ROWS, share)
    assert [row.group for row in chosen] == [group for group in groups for _ in range(3)]
    assert share_of(list(reversed(ROWS)), share) != []
    assert {row.group for row in share_of(list(reversed(ROWS)), share)} == set(groups)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.5, 25.0, float("nan")])
def test_what_is_no_share_is_named(tmp_path: Path, share: float) -> None:
    with pytest.raises(RunError, match="between 0 and 1"):
        learning_curve(a_run(tmp_path), [share])


def test_a_run_that_has_not_trained_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="run it until train"):
        learning_curve(a_run(tmp_path), [0.5])


def test_what_was_trained_on_before_is_not_trained_on_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = a_run(tmp_path)
    write_value(run.folder.measured("fit"), FIT)
    write_rows(run.folder.measured("curve"), [CurveFit(share=0.5, rows=9, loss=2.5, tokens=80)])
    trained: list[int] = []

    def fit(_run: Run, rows: list[Example], *, place: Path) -> Fit:
        trained.append(len(rows))
        assert place.parent.name == "curve"
        return FIT.model_copy(update={"best_loss": 3.0, "tokens": 40})

    monkeypatch.setattr("training.learning_curve.fit_rows", fit)
    found = learning_curve(run, [0.5, 0.25])
    assert trained == [6]
    assert [(one.share, one.loss) for one in found] == [(0.25, 3.0), (0.5, 2.5)]
    assert run.all_of("curve", CurveFit) == found
