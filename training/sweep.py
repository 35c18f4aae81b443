"""Train several points of a recipe on the same rows and rank them on validation.

The data stages run once; every point gets its own run folder, so that a sweep which was killed goes on
with the point it was at. The test rows stay closed. A point that takes too long is ranked by the best
validation that it came to. Chat templates are no values of a grid: a job is trained on the application's own
prompt, whose hash a release is bound to.
"""

from __future__ import annotations

import math
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

from training.errors import OutOfTime, RecipeError
from training.page_parts import picture, render, table
from training.pipeline import run
from training.plots import lines
from training.recipe import Recipe, load_recipe
from training.rows import Frozen, read_rows, read_value, write_value
from training.run import Surroundings
from training.run_folder import RunFolder
from training.stages_model import VALIDATED
from training.trainers.base import Fit
from training.trainers.base import Point as Logged

MOST_POINTS = 20
DATA_STAGES = ("load", "clean", "deduplicate", "split", "preflight")


class Point(Frozen):
    """One trained point. `perplexity` is exp of the best validation loss (nats an answer token)."""

    run: str
    changes: tuple[str, ...]
    perplexity: float
    best_step: int
    steps: int
    seconds: float
    tokens: int
    curve: tuple[tuple[float, float], ...]
    out_of_time: bool = False


class Sweep(Frozen):
    """All points, the best first."""

    recipe: str
    points: tuple[Point, ...]


def read_grid(file: Path) -> list[tuple[str, ...]]:
    """Read a YAML list of points, each a list of `a.b=c` changes. Raises RecipeError."""
    try:
        points = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise RecipeError(f"cannot read the grid {file.name}: {type(error).__name__}") from error
    if not isinstance(points, list) or not all(
        isinstance(one, list) and all(isinstance(change, str) for change in one) for one in points
    ):
        raise RecipeError(f"{file.name} must be a list of points, each a list such as [train.rank=32]")
    if not 0 < len(points) <= MOST_POINTS:
        raise RecipeError(f"{file.name} has {len(points)} points; a sweep takes 1 to {MOST_POINTS}")
    return [tuple(one) for one in points]


def sweep_points(name: str, grid: Sequence[Sequence[str]], *, root: Path, around: Surroundings) -> str:
    """Train every point, write `<recipe>-sweep.json` and `.html` beside the runs, return a table.

    A point takes at most `around.minutes`; one that came to no validation in that time is not ranked.
    """
    recipes = [load_recipe(name, changes) for changes in grid]  # every fault before any hour
    prepared = run(recipes[0], root=root, around=around, until=DATA_STAGES[-1]).folder
    points = []
    for place, (recipe, changes) in enumerate(zip(recipes, grid, strict=True), start=1):
        sys.stderr.write(f"point {place} of {len(grid)}: {', '.join(changes) or 'the recipe as it is'}\n")
        _share_data(recipes[0], prepared, recipe, root)
        try:
            folder = run(recipe, root=root, around=around, until="train", without=("baseline",)).folder
            points.append(_point(folder, changes))
        except OutOfTime as error:
            sys.stderr.write(f"{error}\n")
            points += _cut_short(RunFolder.of(recipe, root), changes)
        found = Sweep(recipe=recipe.name, points=tuple(sorted(points, key=lambda one: one.perplexity)))
        write_value(root / f"{recipe.name}-sweep.json", found)
        (root / f"{recipe.name}-sweep.html").write_text(_page(found), encoding="utf-8")
    return _text(found)


def _share_data(first: Recipe, prepared: RunFolder, recipe: Recipe, root: Path) -> None:
    """Copy the data stages of the first point where the recipes agree in all that decides them."""
    folder = RunFolder.of(recipe, root)
    if folder.finished() or folder.path == prepared.path or _data_part(first) != _data_part(recipe):
        return
    for part in ("rows", "splits", "measured"):
        shutil.copytree(prepared.path / part, folder.path / part, dirs_exist_ok=True)
    for page in prepared.path.glob("*.html"):
        shutil.copy(page, folder.path / page.name)
    for stage in prepared.finished():
        if stage.stage in DATA_STAGES:
            folder.finish(stage.stage, stage.seconds, stage.counts)


def _data_part(recipe: Recipe) -> str:
    train = recipe.train
    decides = recipe.model_copy(
        update={
            "train": type(train)(augment=train.augment, max_tokens=train.max_tokens),
            "evaluate": type(recipe.evaluate)(canaries=recipe.evaluate.canaries),
            "gate": type(recipe.gate)(),
            "notes": "",
        }
    )
    return decides.model_dump_json()


def _point(folder: RunFolder, changes: Sequence[str]) -> Point:
    fit = read_value(folder.measured("fit"), Fit)
    return Point(
        run=folder.path.name,
        changes=tuple(changes),
        perplexity=math.exp(fit.best_loss),
        best_step=fit.best_step,
        steps=fit.steps,
        seconds=fit.seconds,
        tokens=fit.tokens,
        curve=tuple((one.epoch, math.exp(one.validation_loss)) for one in fit.points if one.validation_loss),
    )


def _cut_short(folder: RunFolder, changes: Sequence[str]) -> list[Point]:
    """Return a point that ran out of time, by its best validation; none where it came to no validation."""
    found = list(read_rows(folder.measured(VALIDATED), Logged))
    if not found:
        sys.stderr.write("it came to no validation and is not ranked: raise train.evaluations\n")
        return []
    best = min(found, key=lambda one: one.validation_loss)
    last = max(found, key=lambda one: one.step)
    return [
        Point(
            run=folder.path.name, changes=tuple(changes), perplexity=math.exp(best.validation_loss),
            best_step=best.step, steps=last.step, seconds=last.seconds, tokens=0, out_of_time=True,
            curve=tuple((one.epoch, math.exp(one.validation_loss)) for one in found),
        )
    ]  # fmt: skip


def _page(found: Sweep) -> str:
    series = {", ".join(one.changes) or "as it is": one.curve for one in found.points[:7]}
    rows = [
        (
            ", ".join(one.changes) or "as it is",
            f"{one.perplexity:.2f}",
            f"{one.best_step} of {one.steps}",
            f"{one.seconds / 60:.0f} min{', out of time' if one.out_of_time else ''}",
            f"{one.tokens:,}",
        )
        for one in found.points
    ]
    return render(
        "sweep.html.jinja",
        title=f"Sweep · {found.recipe}",
        picture=picture(lines("Validation perplexity", series, x="epoch", y="perplexity")),
        points=table(
            "Points, the best first", ("changes", "perplexity", "best step", "time", "tokens"), rows
        ),
    )


def _text(found: Sweep) -> str:
    return "".join(
        f"{one.perplexity:8.3f}  {one.best_step:>5}/{one.steps:<5} {one.seconds / 60:6.1f} min  "
        f"{'out of time  ' if one.out_of_time else ''}{', '.join(one.changes)}\n"
        for one in found.points
    )
