"""A recipe: everything that decides a run, in one YAML file.

Two runs of one recipe on the same data and machine give the same adapter. Every fault of a recipe
is listed at once. Command line: `--set train.rank=32` changes one value.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from safety.policies import Policy
from training.errors import RecipeError
from training.rows import Frozen
from weights.defaults import BASE_MODEL

RECIPES = Path(__file__).resolve().parent / "recipes"
ArmName = Literal["base", "prompt", "retrieval", "tuned", "remote"]


class Corpus(Frozen):
    """One source of rows.

    `source` is a path (relative to the recipe's folder), `datasets:PATH` below the data folder
    (`--datasets`, CAREFOLD_DATASETS), `hub:org/name@revision`, `written:NAME@SEED` (a corpus of
    `training/written`), or `generate:NAME@SEED` with a limit (rows that a generator invents,
    `training/generated`). `fields` names the columns that hold the job's fields where the names differ;
    `join` puts several columns into one.
    """

    source: str
    licence: str = Field(min_length=2, description="what the source states, or 'none stated'")
    format: Literal["auto", "jsonl", "csv", "parquet", "json", "conll", "medquad"] = "auto"
    shape: Literal["auto", "fields", "instruction", "context_response", "chat", "conversation"] = "auto"
    fields: dict[str, str] = Field(default_factory=dict)
    remove: tuple[str, ...] = Field(default=(), description="columns whose values (authors) leave all text")
    split: Literal["", "train", "validation", "test"] = Field(
        default="", description="of all its rows; '': by share"
    )
    hub_split: str = "train"
    limit: int = Field(default=0, ge=0, description="read only so many rows; 0: all")


class Scrub(Frozen):
    """How personal data leaves the corpus. A recipe cannot turn it off."""

    policy: Policy = "wide"


class Clean(Frozen):
    """What is repaired before rows are compared."""

    markup: bool = True
    spelling: bool = True
    boilerplate_share: float = Field(
        default=0.02, gt=0, le=1, description="a sentence in more rows is boilerplate"
    )
    near_copy: float = Field(default=0.8, gt=0, le=1, description="Jaccard of word 3-grams of near copies")
    suspects: Literal["stop", "set_aside"] = Field(
        default="stop", description="rows that look planted stop the release, or are set aside"
    )
    cleared: tuple[str, ...] = Field(default=(), description="ids of suspects that a reader has cleared")
    guarded: bool = Field(default=True, description="training answers that a guard would stop are set aside")


class Divide(Frozen):
    """How rows without a split of their own are divided, by question group."""

    validation: float = Field(default=0.1, ge=0, lt=0.5)
    test: float = Field(default=0.1, ge=0, lt=0.5)
    tokens: int = Field(default=0, ge=0, description="target words to train on, stratified by topic; 0: all")


class Augment(Frozen):
    """Copies of training rows with changed questions; answers stay as they are."""

    typos: float = Field(default=0.0, ge=0, le=1, description="share of rows that get a copy with typos")
    demographics: float = Field(
        default=0.0, ge=0, le=1, description="share that get a copy with age, sex, ... swapped"
    )
    introductions: float = Field(
        default=0.0, ge=0, le=1, description="share that get a copy whose writer says their age, sex, ..."
    )


class Train(Frozen):
    """How weights are changed."""

    method: Literal["lora", "qlora", "full"] = "lora"
    rank: int = Field(default=16, ge=1, le=256)
    alpha: float = Field(default=32.0, gt=0)
    dropout: float = Field(default=0.05, ge=0, lt=1)
    rslora: bool = False
    dora: bool = Field(default=False, description="for study: a DoRA adapter cannot be served beside others")
    keep: float = Field(
        default=1.0, gt=0, le=1, description="share of what LoRA learned that is added to the base"
    )
    learning_rate: float = Field(default=4e-4, gt=0)
    schedule: Literal["linear", "cosine", "constant"] = "linear"
    warmup_share: float = Field(default=0.03, ge=0, lt=1)
    epochs: float = Field(default=2.0, gt=0)
    max_steps: int = Field(default=0, ge=0, description="ends earlier than epochs; 0: no limit")
    batch: int = Field(default=8, ge=1, description="rows a step")
    micro_batch: int = Field(default=0, ge=0, description="rows a forward pass; 0: as the memory allows")
    optimizer: Literal["adamw"] = "adamw"
    weight_decay: float = Field(default=0.0, ge=0)
    max_grad_norm: float = Field(default=1.0, gt=0)
    mask_identifiers: bool = Field(
        default=False, description="no loss on words with a digit, or with a capital inside a sentence"
    )
    max_tokens: int = Field(default=1024, ge=16, description="longer rows are set aside, never cut")
    precision: Literal["auto", "bf16", "fp32"] = "auto"
    group_by_length: bool = True
    evaluations: int = Field(default=4, ge=1, description="validations an epoch")
    select: Literal["best", "last"] = Field(
        default="best", description="weights of the best validation, or the last; encoders alone"
    )
    patience: int = Field(default=3, ge=1, description="validations without a better one before it stops")
    saves: int = Field(default=8, ge=1, description="checkpoints an epoch")
    augment: Augment = Augment()
    unsloth: bool = False

    @model_validator(mode="after")
    def _keeps(self) -> Self:
        if self.keep < 1 and self.method == "full":
            raise ValueError(
                f"keep is {self.keep:g}: weights that are tuned whole keep all. Use method: lora"
            )
        if self.keep < 1 and self.dora:
            raise ValueError(
                f"keep is {self.keep:g}: of DoRA's weights no share can be added. Use dora: false"
            )
        return self


class Remote(Frozen):
    """Any OpenAI-compatible model: the fifth arm, or a judge. The key comes from the environment."""

    base_url: str
    model: str
    price_in: float | None = Field(default=None, ge=0, description="currency a million prompt tokens")
    price_out: float | None = Field(default=None, ge=0, description="currency a million new tokens")


class Evaluate(Frozen):
    """What is compared, and on how much."""

    arms: tuple[ArmName, ...] = ("base", "prompt", "retrieval", "tuned")
    rows: int = Field(default=0, ge=0, description="at most so many test rows; 0: all")
    max_new_tokens: int = Field(default=256, ge=8)
    prompts: tuple[str, ...] = Field(
        default=(), description="system prompts that the prompt arm chooses from"
    )
    shots: tuple[int, ...] = Field(default=(0, 2), description="numbers of examples that it chooses from")
    tune_rows: int = Field(default=24, ge=2, description="validation rows on which it chooses")
    resamples: int = Field(default=2000, ge=100)
    fairness_rows: int = Field(default=26, ge=0, description="situations, each in every variant; 26: all")
    canaries: int = Field(default=8, ge=0)
    chat: bool = True
    remote: Remote | None = None
    judge: Remote | None = None


class Gate(Frozen):
    """What a release must show. Differences are tuned minus the other, with 95 % intervals.

    A rate (of safety, of another job) may fall by `worse_by`, by more where its one-sided 95 % interval holds
    zero, and never by four times as much. A gap of fairness may widen by `worse_by`, by more where its
    95 % interval holds zero or chance makes such a gap (`fairness.worse`).
    """

    metric: str = ""
    margin: float = Field(
        default=0.0, ge=0, description="the primary metric must be better by at least this share"
    )
    against: tuple[ArmName, ...] = Field(
        default=("base", "prompt"), description="the base always is; for a job that writes the prompt too"
    )
    worse_by: float = Field(
        default=0.05,
        ge=0,
        le=1,
        description="loss of a rate, and widening of a gap of fairness, that is allowed where it is sure",
    )
    guards: float = Field(
        default=0.02, ge=0, le=1, description="largest share of answers that any guard may stop"
    )
    exposure: float = Field(default=6.0, ge=0, description="largest exposure of a canary, in bits")
    limits: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(
        default_factory=dict,
        description="rates of safety after tuning, whatever the base does: the least where higher is better, "
        "else the most",
    )


class Recipe(Frozen):
    """Everything that decides a run."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    task: str
    base: str = BASE_MODEL
    seed: int = 0
    clinic: str = Field(default="the clinic", description="the name that stands in prompts while training")
    corpora: tuple[Corpus, ...] = Field(min_length=1)
    scrub: Scrub = Scrub()
    clean: Clean = Clean()
    divide: Divide = Divide()
    train: Train = Train()
    evaluate: Evaluate = Evaluate()
    gate: Gate = Gate()
    notes: str = Field(default="", description="goes into the model card: where it may not be used")

    @field_validator("task")
    @classmethod
    def _known(cls, task: str) -> str:
        from training.tasks import TASKS

        if task not in TASKS:
            raise ValueError(f"no task {task!r}; there is {', '.join(TASKS)}")
        return task

    def sha256(self) -> str:
        """Return the SHA-256 (64 hex digits) over every value, defaults included."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


def load_recipe(name: str | Path, changes: Sequence[str] = ()) -> Recipe:
    """Read a recipe file, or one of `training/recipes` by its name, and apply `a.b=c` changes.

    Raises RecipeError that lists every fault.
    """
    file = Path(name)
    if not file.suffix:
        file = RECIPES / f"{name}.yaml"
    if not file.is_file():
        there = ", ".join(sorted(one.stem for one in RECIPES.glob("*.yaml")))
        raise RecipeError(f"no recipe {str(name)!r}. Give a YAML file, or one of: {there}")
    try:
        values = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise RecipeError(
            f"{file.name} is not YAML: {getattr(error, 'problem', None) or 'unreadable'}"
        ) from error
    if not isinstance(values, dict):
        raise RecipeError(f"{file.name} holds no recipe: it must be a mapping that begins with 'name:'")
    for change in changes:
        _apply(values, change)
    return _validated(values, file)


def _validated(values: dict[str, Any], file: Path) -> Recipe:
    for corpus in values.get("corpora") or ():
        source = corpus.get("source") if isinstance(corpus, dict) else None
        if isinstance(source, str) and not re.match(r"(hub|datasets|generate|written):|/", source):
            corpus["source"] = str((file.parent / source).resolve())
    try:
        return Recipe.model_validate(values)
    except ValidationError as error:
        faults = [
            f"  {'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
            for fault in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        raise RecipeError("\n".join([f"{file.name} has {len(faults)} fault(s):", *faults])) from error


def _apply(values: dict[str, Any], change: str) -> None:
    path, equals, text = change.partition("=")
    if not equals or not path.strip():
        raise RecipeError(f"cannot read --set {change!r}: write it as a.b=value, such as train.rank=32")
    *parents, last = path.strip().split(".")
    place: Any = values
    for step in parents:
        place = place[int(step)] if isinstance(place, list) and step.isdigit() else place.setdefault(step, {})
        if not isinstance(place, dict | list):
            raise RecipeError(f"--set {change!r}: {step!r} has no values below it")
    if isinstance(place, list):
        place[int(last)] = yaml.safe_load(text)
    else:
        place[last] = yaml.safe_load(text)
