"""The folder of one run: every stage's files, and which stages are finished.

`runs/<recipe>-<hash>/` belongs to one recipe with one set of values, so the same command goes on where
a killed one left off. A stage is finished when its counts stand in `stages.json`, written last.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import yaml
from filelock import FileLock, Timeout
from pydantic import Field

from training.errors import RunError
from training.recipe import Recipe
from training.rows import Frozen, Split, StageCounts, read_value, write_value


class Finished(Frozen):
    """A finished stage."""

    stage: str
    ended: str
    seconds: float
    counts: tuple[StageCounts, ...] = ()


class Stages(Frozen):
    """The finished stages, in the order in which they ended."""

    finished: tuple[Finished, ...] = Field(default=())


class RunFolder:
    """Paths and the record of one run."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def of(cls, recipe: Recipe, root: Path) -> RunFolder:
        """Return the folder of a recipe, made and filled with the recipe when it is new."""
        folder = cls(root / f"{recipe.name}-{recipe.sha256()[:10]}")
        folder.path.mkdir(parents=True, exist_ok=True)
        if not folder.recipe_file.exists():
            values = json.loads(recipe.model_dump_json())
            folder.recipe_file.write_text(yaml.safe_dump(values, sort_keys=False), encoding="utf-8")
        return folder

    @classmethod
    def open(cls, path: Path) -> RunFolder:
        """Return an existing run. Raises RunError when there is none."""
        folder = cls(path)
        if not folder.recipe_file.is_file():
            raise RunError(f"no run at {str(path)!r}: a run folder holds recipe.yaml")
        return folder

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other processes out of the run. Raises RunError where one is at work."""
        try:
            with FileLock(self.path / ".lock", timeout=0):
                yield
        except Timeout as error:
            raise RunError(
                f"{self.path.name} is being run by another process: wait for it, or stop it"
            ) from error

    @property
    def recipe_file(self) -> Path:
        """The recipe, with every default written out."""
        return self.path / "recipe.yaml"

    def recipe(self) -> Recipe:
        """Read the recipe back."""
        return Recipe.model_validate(yaml.safe_load(self.recipe_file.read_text(encoding="utf-8")))

    def rows(self, stage: str) -> Path:
        """The examples that a data stage kept: scrubbed, cleaned, unique."""
        return self.path / "rows" / f"{stage}.jsonl"

    def aside(self, stage: str) -> Path:
        """What a data stage set aside: ids and reasons."""
        return self.path / "rows" / f"{stage}.aside.jsonl"

    def split(self, split: Split) -> Path:
        """The examples of one split, as they are trained on or measured."""
        return self.path / "splits" / f"{split}.jsonl"

    def predictions(self, arm: str) -> Path:
        """What one arm said to the test rows."""
        return self.path / "predictions" / f"{arm}.jsonl"

    def measured(self, name: str) -> Path:
        """One measured result: profile, preflight, fit, scores, fairness, memory, gate, ..."""
        return self.path / "measured" / f"{name}.json"

    @property
    def adapter(self) -> Path:
        """The trained weights."""
        return self.path / "adapter"

    @property
    def checkpoints(self) -> Path:
        """What a killed training goes on from."""
        return self.path / "checkpoints"

    @property
    def logs(self) -> Path:
        """TensorBoard files."""
        return self.path / "tensorboard"

    @property
    def release(self) -> Path:
        """The release folder, when the gate said yes."""
        return self.path / "release"

    @property
    def report(self) -> Path:
        """The report, one HTML file."""
        return self.path / "report.html"

    def finished(self) -> tuple[Finished, ...]:
        """Return the finished stages."""
        file = self.path / "stages.json"
        return read_value(file, Stages).finished if file.exists() else ()

    def finish(self, stage: str, seconds: float, counts: Sequence[StageCounts] = ()) -> None:
        """Note that a stage is finished."""
        others = tuple(one for one in self.finished() if one.stage != stage)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        done = Finished(stage=stage, ended=now, seconds=round(seconds, 2), counts=tuple(counts))
        write_value(self.path / "stages.json", Stages(finished=(*others, done)))

    def forget_answers(self, arms: Sequence[str] = ()) -> None:
        """Drop what these arms answered, to whatever they were asked; of all arms without any."""
        for file in self.predictions("any").parent.glob("*.jsonl"):
            if not arms or file.stem.partition("-")[0] in arms:
                file.unlink()
        for name in ("judged", "judge", "panel"):  # what was said of those answers
            self.measured(name).unlink(missing_ok=True)

    def forget(self, stages: Sequence[str]) -> None:
        """Note that these stages are to be run again."""
        left = tuple(one for one in self.finished() if one.stage not in stages)
        write_value(self.path / "stages.json", Stages(finished=left))
