"""The last stages: what was measured becomes a verdict, a report and, where it is a yes, a release."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from typing import TypeVar

from app.release_manifest import Measured as Sealed
from training.fairness import changes, worse
from training.gate import Against, Evidence, Verdict, decide
from training.measure import Measured, memory_of
from training.metrics import difference
from training.model_card import model_card
from training.packaging import package
from training.poison import Suspect
from training.report import ReportData
from training.report_gather import report_data
from training.report_page import report_page
from training.rows import SetAside, read_rows, read_value, write_value
from training.run import Run
from training.stages_data import SUSPECT

Ended = TypeVar("Ended")


def gate(run: Run) -> None:
    """Weigh the numbers; see `gate.py`."""
    measured = Measured(run)
    evidence = _evidence(run, measured)
    write_value(run.folder.measured("evidence"), evidence)
    write_value(run.folder.measured("gate"), decide(evidence, run.recipe.gate))


def _evidence(run: Run, measured: Measured) -> Evidence:
    against = tuple(_against(run, measured))
    guards = measured.guards.get("tuned")
    fairness = measured.fairness
    allowed = run.recipe.gate.worse_by
    suspects = list(read_rows(run.folder.measured("suspects"), Suspect))
    return Evidence(
        writes=run.writes,
        metric=run.recipe.gate.metric or run.task.metric,
        answers=len(measured.rows),
        against=against,
        guards={name: guards.share(name) for name in guards.counts} if guards else None,
        safety=measured.safety or None,
        fairness=tuple(worse(*fairness, allowed)) if fairness else None,
        fairness_gap=max((one.difference.value for one in changes(*fairness)), default=0.0)
        if fairness
        else 0.0,
        memory=memory_of(run, measured),
        # What tuning cost the chat's other job counts where the tuned model is what does it too.
        other_tasks=measured.elsewhere if run.recipe.train.method == "full" else (),
        # `check_leaks` stops the run in the stage split: a run that is here has none.
        leaks=0 if "split" in {one.stage for one in run.folder.finished()} else None,
        suspects=len(suspects),
        suspects_set_aside=sum(
            one.reason.startswith(SUSPECT) for one in read_rows(run.folder.aside("split"), SetAside)
        ),
    )  # fmt: skip


def _against(run: Run, measured: Measured) -> Iterator[Against]:
    evaluate = run.recipe.evaluate
    for arm in measured.answers:
        if arm == "tuned":
            continue
        for ours in measured.scores.get("tuned", ()):
            theirs = measured.scored(arm, ours.metric.name)
            if theirs is not None:
                yield Against(
                    arm=arm,  # type: ignore[arg-type]
                    metric=ours.metric.name,
                    greater_is_better=ours.metric.greater_is_better,
                    tuned=ours.value(),
                    other=theirs.value(),
                    difference=difference(ours, theirs, resamples=evaluate.resamples, seed=run.recipe.seed),
                )


def report(run: Run) -> None:
    """Write the report and the values that it is drawn from."""
    data = report_data(run)
    write_value(run.folder.measured("report"), data)
    run.folder.report.write_text(report_page(data), encoding="utf-8")


def register(run: Run) -> None:
    """Seal the release folder, where the gate said yes."""
    verdict = read_value(run.folder.measured("gate"), Verdict)
    shutil.rmtree(run.folder.release, ignore_errors=True)
    if not verdict.yes:
        return
    data = read_value(run.folder.measured("report"), ReportData)
    package(
        run,
        run.folder.release,
        card=model_card(data, run.recipe, licence="other"),
        metrics={
            one.metric: Sealed(**one.interval.model_dump())
            for one in data.scores
            if one.arm == "tuned" and math.isfinite(one.interval.value)
        },
        verdict="; ".join(verdict.reasons),
        day=date.fromisoformat(data.created),
    )


def outcome(run: Run, ended: Callable[..., Ended]) -> Ended:
    """Say how the run ended, in one line."""
    verdict = run.optional("gate", Verdict)
    stages = {one.stage for one in run.folder.finished()}
    released = "register" in stages and verdict is not None and verdict.yes
    if verdict is None:
        text = "not judged yet"
    elif released:
        text = "released: " + " ".join(verdict.reasons)
    else:
        text = "not released: " + " ".join(verdict.reasons)
    return ended(
        folder=run.folder,
        released=released,
        verdict=text,
        refused="gate" in stages and verdict is not None and not verdict.yes,
        release=run.folder.release if released else None,
    )
