"""One recipe on several processes: they train together, and only the first runs the other stages."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from training.rows import read_value
from training.run_folder import RunFolder
from training.trainers.base import Fit

pytestmark = [pytest.mark.weights, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]


def test_two_processes_train_one_adapter(tiny_base: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [
            sys.executable, "-m", "accelerate.commands.launch", "--cpu", "--num_processes", "2",
            "--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no",
            "-m", "training", "run", "--recipe", "toy", "--runs", str(tmp_path), "--until", "train",
            "--set", f"base=path:{tiny_base}", "--set", "evaluate.arms=[base, tuned]",
            "--set", "evaluate.fairness_rows=0", "--set", "evaluate.canaries=0", "--set", "evaluate.rows=2",
        ],
        capture_output=True, text=True, cwd=ROOT, timeout=280,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    folder = RunFolder.open(next(tmp_path.glob("toy-*")))
    fit = read_value(folder.measured("fit"), Fit)
    assert fit.steps == 12
    assert (folder.adapter / "adapter_model.safetensors").is_file()
    assert done.stderr.count("] load") == 1
