"""A run that is killed with signal 9 in one stage after another goes on to what one that was left alone found."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.training.toy_runs import ROOT, changes
from training.gate import Evidence, Verdict
from training.pipeline import STAGES
from training.rows import SPLITS, Prediction, read_rows, read_value
from training.run_folder import RunFolder

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(600)]
# In the first four something is at work for long enough to be met half-way on any machine.
KILLED = ("load", "baseline", "train", "evaluate", "gate")


def start(base: Path, runs: Path) -> subprocess.Popen[str]:
    changed = [part for change in changes(base, "evaluate.resamples=100") for part in ("--set", change)]
    return subprocess.Popen(
        [sys.executable, "-m", "training", "run", "--recipe", "toy", "--runs", str(runs), *changed],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def only(runs: Path) -> RunFolder:
    (folder,) = runs.glob("toy-*")
    return RunFolder.open(folder)


def killed_in(stage: str, base: Path, runs: Path, *, after: float) -> bool:
    """Kill a run `after` seconds in a stage; say whether it was still in it."""
    place = list(STAGES).index(stage) + 1
    child = start(base, runs)
    assert child.stderr is not None
    for line in child.stderr:
        number = line.removeprefix("[").partition(f"/{len(STAGES)}] ")
        if number[1] and int(number[0]) >= place:
            time.sleep(after)
            child.send_signal(signal.SIGKILL)
            break
    child.communicate()
    return stage not in {one.stage for one in only(runs).finished()}


def found(folder: RunFolder) -> dict[str, object]:
    """Return what a run came to, without the times that it took."""
    weights = (folder.adapter / "adapter_model.safetensors").read_bytes()
    answers = {
        file.stem: [one.model_copy(update={"seconds": 0.0}) for one in read_rows(file, Prediction)]
        for file in sorted(folder.predictions("any").parent.glob("*.jsonl"))
    }
    return {
        "stages": [(one.stage, one.counts) for one in folder.finished()],
        "splits": {split: folder.split(split).read_bytes() for split in SPLITS},
        "weights": hashlib.sha256(weights).hexdigest(),
        "answers": answers,
        "evidence": read_value(folder.measured("evidence"), Evidence),
        "verdict": read_value(folder.measured("gate"), Verdict),
        "report": folder.report.is_file(),
    }


def test_killed_in_stage_after_stage_a_run_comes_to_the_same(tiny_base: Path, tmp_path: Path) -> None:
    whole = start(tiny_base, tmp_path / "whole")
    _, said = whole.communicate(timeout=500)
    assert whole.returncode == 3, said[-2000:]
    alone = only(tmp_path / "whole")
    taken = {one.stage: one.seconds for one in alone.finished()}
    met = {
        stage
        for stage in KILLED
        if killed_in(stage, tiny_base, tmp_path / "killed", after=min(taken[stage] / 4, 1.0))
    }
    assert met >= {*KILLED} - {"gate"}
    rest = start(tiny_base, tmp_path / "killed")
    _, said = rest.communicate(timeout=500)
    assert rest.returncode == 3, said[-2000:]
    assert found(only(tmp_path / "killed")) == found(alone)
