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


def launched(base: Path, runs: Path, *more: str, processes: int = 2) -> subprocess.CompletedProcess[str]:
    """Train the toy as `accelerate launch` does, on several processes."""
    return subprocess.run(
        [
            sys.executable, "-m", "accelerate.commands.launch", "--cpu", "--num_processes", str(processes),
            "--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no",
            "-m", "training", "run", "--recipe", "toy", "--runs", str(runs), "--until", "train",
            "--set", f"base=path:{base}", "--set", "evaluate.arms=[base, tuned]",
            "--set", "evaluate.fairness_rows=0", "--set", "evaluate.canaries=0", "--set", "evaluate.rows=2",
            *more,
        ],
        capture_output=True, text=True, cwd=ROOT, timeout=280,
    )  # fmt: skip


def test_two_processes_train_one_adapter_and_again_when_asked(tiny_base: Path, tmp_path: Path) -> None:
    done = launched(tiny_base, tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    folder = RunFolder.open(next(tmp_path.glob("toy-*")))
    fit = read_value(folder.measured("fit"), Fit)
    assert fit.steps == 12
    assert (folder.adapter / "adapter_model.safetensors").is_file()
    assert done.stderr.count("] load") == 1
    trained = folder.measured("fit").stat().st_mtime_ns
    again = launched(tiny_base, tmp_path, "--from", "train")
    assert again.returncode == 0, again.stderr[-2000:]
    assert folder.measured("fit").stat().st_mtime_ns > trained
