"""The training benchmark runs both of its sides, on a model that is too small to say anything of speed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    # Without a folder of data its rows are those of the toy corpus, which are short.
    return subprocess.run(
        [sys.executable, "-m", "benchmarks.training_speed", *arguments],
        capture_output=True, text=True, cwd=ROOT, timeout=280,
        env={**os.environ, "CAREFOLD_DATASETS": str(ROOT / "none")},
    )  # fmt: skip


@pytest.mark.weights
@pytest.mark.slow
def test_both_sides_train_the_same_model_on_the_same_rows(tmp_path: Path) -> None:
    file = tmp_path / "speed.json"
    done = bench("--shape", "tiny", "--steps", "5", "--rounds", "1", "--out", str(file))
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(file.read_text(encoding="utf-8"))["figures"]
    assert (found["shape"], found["rounds"]) == ("tiny", 1)
    assert found["ratio"] > 0 and min(found["seconds_a_step"].values()) > 0
    assert min(found["peak_memory_bytes"].values()) > 1e8
    # Five steps from the same random weights: had a side another model or no adapter, they would part.
    assert found["loss_apart"] < 0.02
    assert 8 < found["validation_loss"]["ours"] < 12


def test_a_shape_that_needs_a_gpu_is_refused_without_one() -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device, on which it runs")
    done = bench("--shape", "llama-3.2-1b")
    assert (done.returncode, "use --shape tiny" in done.stderr) == (2, True)
