"""From a recipe to a gated release: the whole flow on one screen.

Stages return to `run` and call none of each other. What a stage needs it reads from the run folder, and
what it finds it writes there, so that any stage can be the first of a re-run. A run that was killed goes
on with the stage it was in. The test split is opened by `baseline` and `evaluate` alone; the gate reads
numbers.

Run: python -m training run --recipe counseling
On several GPUs, or processes of CPUs (N divides train.batch; `--cpu` would start one process alone):
accelerate launch --multi_gpu --num_processes N -m training run --recipe counseling
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from training import stages_data, stages_model, stages_release
from training.errors import RecipeError, RunError
from training.gate import arms_compared
from training.recipe import Recipe
from training.rows import StageCounts
from training.run import Run, Surroundings
from training.run_folder import RunFolder
from training.safety_probe import RATES
from training.tasks import TASKS

STAGES: dict[str, Callable[[Run], Sequence[StageCounts] | None]] = {
    "load": stages_data.load,
    "clean": stages_data.clean_rows,
    "deduplicate": stages_data.deduplicate,
    "split": stages_data.split,
    "preflight": stages_data.preflight,
    "baseline": stages_model.baseline,
    "train": stages_model.train,
    "evaluate": stages_model.evaluate,
    "gate": stages_release.gate,
    "report": stages_release.report,
    "register": stages_release.register,
}


TRAINING = stages_model.TRAINING
POLL_S = 0.5


@dataclass(frozen=True)
class Outcome:
    """Where a run ended. `release` is None where the gate said no, or the run ended before it.

    `refused` says that the gate was asked, and said no.
    """

    folder: RunFolder
    released: bool
    verdict: str
    release: Path | None
    refused: bool = False


def run(
    recipe: Recipe,
    *,
    root: Path = Path("runs"),
    around: Surroundings | None = None,
    start: str = "",
    until: str = "register",
    without: Sequence[str] = (),
) -> Outcome:
    """Run the stages of a recipe that are not finished yet, in order, up to `until`.

    `start` runs that stage and all after it again; `without` leaves stages out. Raises TrainingError
    (its kinds: `errors.py`) when a stage cannot go on; what earlier stages wrote stays.
    """
    for name in (start, until):
        if name and name not in STAGES:
            raise RunError(f"no stage {name!r}; there is {', '.join(STAGES)}")
    around = around or Surroundings()
    _demand_shareable(recipe, around.processes)
    if "gate" not in without and list(STAGES).index(until) >= list(STAGES).index("gate"):
        _demand_compared(recipe)
    folder = RunFolder.of(recipe, root)
    now = Run(recipe, folder, around)
    if now.around.rank:
        training = list(STAGES).index("train")
        if list(STAGES).index(until) >= training:
            _help(now, again=bool(start) and list(STAGES).index(start) <= training)
        return stages_release.outcome(now, Outcome)
    with folder.alone():
        _stages(now, start=start, until=until, without=without)
    return stages_release.outcome(now, Outcome)


def _demand_shareable(recipe: Recipe, processes: int) -> None:
    """Raise RecipeError where several processes were started that could not share a step of this job."""
    kind, batch = TASKS[recipe.task].trainer, recipe.train.batch
    if processes > 1 and kind != "causal_lm":
        raise RecipeError(
            f"{processes} processes were started, and {recipe.task} ({kind}) is trained by one: "
            "run it without a launcher, as `python -m training run`"
        )
    if batch % processes:
        raise RecipeError(
            f"train.batch is {batch}, which {processes} processes cannot share evenly: "
            f"--set train.batch={processes * max(1, round(batch / processes))}, or other processes"
        )


def _demand_compared(recipe: Recipe) -> None:
    """Raise RecipeError where the gate would miss an arm or a rate after hours, by what the recipe asks."""
    asked = recipe.evaluate.arms
    if TASKS[recipe.task].trainer != "causal_lm":
        return  # its one other arm is the base, which is always asked
    missing = [one for one in arms_compared(recipe.gate, writes=True) if one not in ("base", *asked)]
    if missing:
        raise RecipeError(
            f"the gate compares {recipe.task} with {', '.join(missing)}, and evaluate.arms is "
            f"[{', '.join(asked)}]: add it there, or end with --until evaluate"
        )
    if unknown := sorted(recipe.gate.limits.keys() - RATES.keys()):
        raise RecipeError(
            f"gate.limits names {', '.join(unknown)}, no rate of safety: there are {', '.join(RATES)}"
        )


def _stages(run: Run, *, start: str, until: str, without: Sequence[str]) -> None:
    names = list(STAGES)
    again = names[names.index(start) :] if start else []
    if start:
        _demand(run.folder, names[: names.index(start)])
    finished = {one.stage for one in run.folder.finished()} - set(again)
    _demand_same_text(run, finished)
    if start:
        run.folder.forget(again)
        # What was answered stays for a run that was killed; who starts a stage again wants new answers.
        if "baseline" in again:
            run.folder.forget_answers()
        elif "evaluate" in again:
            run.folder.forget_answers(("tuned",))
    for place, name in enumerate(names[: names.index(until) + 1]):
        if name in finished or name in without:
            continue
        # A stage that runs again makes everything after it out of date.
        run.folder.forget(names[place:])
        finished -= set(names[place:])
        if name == "train":
            _demand_same_text(run, finished)  # somebody may have withdrawn while the base was asked
        sys.stderr.write(f"[{place + 1}/{len(names)}] {name}\n")
        started = time.monotonic()
        counts = STAGES[name](run) or ()
        run.folder.finish(name, time.monotonic() - started, counts)
        for one in counts:
            sys.stderr.write(f"        {_line(one)}\n")


def _demand_same_text(run: Run, finished: Set[str]) -> None:
    """Raise RunError where a corpus is not what the run was loaded from, or people withdrew rows of it."""
    if "load" not in finished:
        return
    changed = stages_data.changed_since_load(run, to_train="train" not in finished)
    if changed:
        raise RunError(
            f"{run.folder.path.name} was begun on another text of {', '.join(changed)}: "
            "add --from load to run it again on what is there now"
        )


def _help(run: Run, *, again: bool) -> None:
    """Wait for the process that runs the stages to come to `train`, and train with it.

    With `again` a training that is finished is an earlier one, until the first process has forgotten it.
    """
    before = list(STAGES)[: list(STAGES).index("train")]
    while True:
        finished = {one.stage for one in run.folder.finished()}
        again = again and "train" in finished
        if "train" in finished and not again:
            return
        # A sweep leaves the baseline out.
        if finished >= {*before} - {"baseline"} and (run.folder.path / TRAINING).exists():
            stages_model.train(run)
            return
        time.sleep(POLL_S)


def _demand(folder: RunFolder, names: Sequence[str]) -> None:
    there = {one.stage for one in folder.finished()}
    missing = [name for name in names if name not in there]
    if missing:
        raise RunError(
            f"{folder.path.name} has not finished {missing[0]!r} yet: start there, or leave --from out"
        )


def _line(counts: StageCounts) -> str:
    aside = ", ".join(f"{number:,} {reason}" for reason, number in counts.set_aside.items())
    changed = ", ".join(f"{number:,} {what}" for what, number in counts.changed.items())
    return (
        f"{counts.stage}: {counts.taken:,} in = {counts.kept:,} kept + "
        f"{sum(counts.set_aside.values()):,} set aside{f' ({aside})' if aside else ''}"
        f"{f'; {changed}' if changed else ''}"
    )
