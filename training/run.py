"""One run as its stages see it: the recipe, the job, the folder, and where outside things are."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tqdm import tqdm

from safety.policies import Policy
from training.recipe import Recipe
from training.rows import Example, Frozen, Prediction, Split, read_rows, read_value, write_rows
from training.run_folder import RunFolder
from training.tasks import TASKS, Task
from training.trainers import TRAINERS
from training.trainers.base import Job, Trainer
from weights import fetch
from weights.defaults import EMBEDDER, NAME_MODEL
from weights.sources import Fetched

if TYPE_CHECKING:
    from safety.scrubber import Scrubber

Item = TypeVar("Item")
Read = TypeVar("Read", bound=Frozen)
LOG_INTERVAL_S = 60.0
NO_BASE = "none"


@dataclass(frozen=True)
class Surroundings:
    """What is not the recipe's: folders, the network, a key for models behind an address.

    `database` is the application's store: what was withdrawn there leaves datasets of feedback. `rank`
    is this process's number of `processes`; all but 0 help to train and do nothing else. `minutes` is the
    longest that a training may take, what it took before it was killed included; 0: no limit.
    """

    datasets: Path | None = None
    cache_dir: Path | None = None
    models_dir: Path = Path("models")
    offline: bool = False
    hardware: str = ""
    rank: int = 0
    processes: int = 1
    minutes: float = 0.0
    database: str = field(default="", repr=False)
    api_key: str = field(default="none", repr=False)


@dataclass(frozen=True)
class Run:
    """A run; everything heavy is made when first asked for."""

    recipe: Recipe
    folder: RunFolder
    around: Surroundings

    @property
    def task(self) -> Task:
        """The job."""
        return TASKS[self.recipe.task]

    @property
    def labels(self) -> bool:
        """Whether targets are labels, which no scrubbing or cleaning may touch."""
        return self.task.trainer in ("text_classifier", "ngram_linear", "ranker")

    @property
    def writes(self) -> bool:
        """Whether the job writes text; taggers, classifiers and embedders do not."""
        return self.task.trainer == "causal_lm"

    @cached_property
    def base(self) -> Fetched:
        """The verified base model; of a job that tunes none, a name for that and no folder."""
        if self.task.trainer == "ngram_linear":
            return Fetched(Path(), NO_BASE, hashlib.sha256(NO_BASE.encode()).hexdigest())
        source = self.recipe.base if self.writes else self.encoder
        return fetch(source, cache_dir=self.around.cache_dir, offline=self.around.offline)

    @property
    def encoder(self) -> str:
        """The source of the encoder that small jobs tune, unless the recipe names another."""
        return (
            EMBEDDER
            if self.recipe.base == type(self.recipe).model_fields["base"].default
            else self.recipe.base
        )

    def trainer(self) -> Trainer:
        """Return the trainer of this kind of job."""
        return TRAINERS[self.task.trainer]()

    def job(
        self, *, train: Sequence[Example] = (), validation: Sequence[Example] = (), place: Path | None = None
    ) -> Job:
        """Return what a trainer takes; `place` holds its files (default: the run's folder)."""
        home = place or self.folder.path
        return Job(
            task=self.task,
            base=self.base.folder,
            base_sha256=self.base.sha256,
            train=train,
            validation=validation,
            settings=self.recipe.train,
            clinic=self.recipe.clinic,
            seed=self.recipe.seed,
            out=home / self.folder.adapter.name,
            checkpoints=home / self.folder.checkpoints.name,
            logs=home / self.folder.logs.name,
            cache_dir=self.around.cache_dir,
            base_source=self.base.source,
        )

    def examples(self, split: Split) -> list[Example]:
        """Read one split as it is trained on or measured."""
        return list(read_rows(self.folder.split(split), Example))

    def test_rows(self) -> list[Example]:
        """Read the test rows; at most as many as the recipe says, whole groups apart as they come."""
        rows = self.examples("test")
        most = self.recipe.evaluate.rows
        if not most or len(rows) <= most:
            return rows
        # Drawn by hash: the same rows for every arm and every run of this data.
        chosen = sorted(rows, key=lambda row: hashlib.sha256(row.id.encode()).digest())[:most]
        kept = {row.id for row in chosen}
        return [row for row in rows if row.id in kept]

    def optional(self, name: str, model: type[Read]) -> Read | None:
        """Read a measured value; None where this run has not measured it."""
        file = self.folder.measured(name)
        return read_value(file, model) if file.exists() else None

    def all_of(self, name: str, model: type[Read]) -> list[Read]:
        """Read measured rows; none where this run has not measured any."""
        file = self.folder.measured(name)
        return list(read_rows(file, model)) if file.exists() else []

    def scrubber(self, policy: Policy) -> Scrubber:
        """Load the scrubber of corpora, with the active tagger; it takes seconds."""
        from app.encoders import active_encoder
        from safety.scrubber import Scrubber
        from weights.served import TAGGER

        cache_dir, offline = self.around.cache_dir, self.around.offline
        tagger = active_encoder(self.around.models_dir, TAGGER, cache_dir=cache_dir, offline=offline)
        names = fetch(NAME_MODEL, cache_dir=cache_dir, offline=offline).folder if tagger is None else None
        return Scrubber(policy=policy, name_model=names, tagger=tagger, thorough=True)

    def keep(self, name: str, ids: Sequence[str], answers: Iterable[Prediction]) -> None:
        """Write answers, unless those to these rows are there: nothing is generated twice."""
        file = self.folder.predictions(name)
        if file.exists() and [one.id for one in read_rows(file, Prediction)] == list(ids):
            return
        write_rows(file, answers)

    def kept(self, name: str) -> list[Prediction]:
        """Return what an arm answered; nothing where it was not asked."""
        file = self.folder.predictions(name)
        return list(read_rows(file, Prediction)) if file.exists() else []


def revision(source: str) -> str:
    """Return the commit of a `hub:` source, or ''."""
    return source.rpartition("@")[2] if source.startswith("hub:") else ""


def shown(items: Iterable[Item], what: str, *, total: int | None = None) -> Iterator[Item]:
    """Yield items with a progress bar on standard error."""
    steps: Iterable[Item] = progress_bar(items, what=what, total=total, leave=False)
    yield from steps


def progress_bar(
    items: Iterable[Any] | None = None, *, what: str, total: int | None = None, leave: bool = True
) -> tqdm[Any]:
    """Return a bar on standard error: live on a terminal, at most a line a minute in a log."""
    live = sys.stderr.isatty()
    return tqdm(
        items, desc=what, total=total, unit="step", leave=leave and live,
        mininterval=0.1 if live else LOG_INTERVAL_S, maxinterval=10 if live else LOG_INTERVAL_S,
        delay=0 if live else LOG_INTERVAL_S, ncols=None if live else 80,
    )  # fmt: skip
