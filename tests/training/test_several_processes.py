"""One recipe on several processes: they share every step, and only the first runs the other stages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from training.rows import read_value
from training.run_folder import RunFolder
from training.trainers.base import Fit

pytestmark = [pytest.mark.weights, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]
LAUNCH = ("-m", "accelerate.commands.launch", "--mixed_precision", "no", "--dynamo_backend", "no",
          "--num_machines", "1", "--main_process_port", "0", "--num_processes")  # fmt: skip
# 25 rows in steps of 4: the last step is short. 7 validation rows: they do not divide either.
CHILD = """
import hashlib, json, os, sys
from pathlib import Path
import torch
from tests.training.test_causal_lm import SMALL, job
from training.trainers import causal_lm

kept, load = [], causal_lm.trainable_model
causal_lm.trainable_model = lambda job: kept.append(load(job)) or kept[-1]
settings = SMALL.model_copy(update={"dropout": 0.0, "epochs": 1.0, "learning_rate": 1e-3, "saves": 40})
one = job(Path(sys.argv[1]), Path(sys.argv[2]), settings, train=25, validation=7)
found = causal_lm.CausalLM().fit(one, lambda point, steps: print(point.step, flush=True))
digest = hashlib.sha256()
for name, value in kept[0].named_parameters():
    if value.requires_grad:
        digest.update(value.detach().numpy().tobytes())
Path(sys.argv[2], f"rank{os.environ.get('RANK', 0)}.json").write_text(
    json.dumps({"weights": digest.hexdigest(), "fit": found.model_dump(mode="json")})
)
"""


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, cwd=ROOT, timeout=280,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def launched(base: Path, runs: Path, *more: str, launcher: tuple[str, ...] = ()) -> Any:
    """Train the toy as `accelerate launch` does, on two processes."""
    return python(
        *LAUNCH, "2", *(launcher or ("--multi_gpu",)), "-m", "training", "run", "--recipe", "toy",
        "--runs", str(runs), "--until", "train", "--set", f"base=path:{base}",
        "--set", "evaluate.arms=[base, tuned]", "--set", "evaluate.fairness_rows=0",
        "--set", "evaluate.canaries=0", "--set", "evaluate.rows=2", *more,
    )  # fmt: skip


def fitted(base: Path, place: Path, *, processes: int) -> list[dict[str, Any]]:
    """Train in processes of their own; return what each of them ended with."""
    place.mkdir()
    child = place / "child.py"
    child.write_text(CHILD, encoding="utf-8")
    launcher = (*LAUNCH, str(processes), "--multi_gpu") if processes > 1 else ()
    done = python(*launcher, str(child), str(base), str(place))
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads((place / f"rank{rank}.json").read_text(encoding="utf-8")) for rank in range(processes)]


def test_two_processes_take_the_steps_that_one_takes(tiny_base: Path, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file

    (alone,) = fitted(tiny_base, tmp_path / "one", processes=1)
    first, second = fitted(tiny_base, tmp_path / "two", processes=2)
    assert first["weights"] == second["weights"]
    assert first["fit"]["steps"] == alone["fit"]["steps"] == 7
    shared, whole = (Fit.model_validate(one["fit"]).points for one in (first, alone))
    assert len(shared) == len(whole) > 7
    for two, one in zip(shared, whole, strict=True):
        # Each loss and each gradient is that of the whole batch; apart, a process would see half of it.
        assert two.train_loss == pytest.approx(one.train_loss, rel=1e-3)
        assert two.gradient_norm == pytest.approx(one.gradient_norm, rel=1e-3)
        assert two.validation_loss == pytest.approx(one.validation_loss, rel=1e-4)
    ours, theirs = (
        load_file(tmp_path / name / "adapter" / "adapter_model.safetensors") for name in ("two", "one")
    )
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        assert torch.allclose(value, theirs[name], atol=1e-4), name


def test_two_processes_train_one_adapter_and_again_when_asked(tiny_base: Path, tmp_path: Path) -> None:
    done = launched(tiny_base, tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    folder = RunFolder.open(next(tmp_path.glob("toy-*")))
    fit = read_value(folder.measured("fit"), Fit)
    assert fit.steps == 12
    assert (folder.adapter / "adapter_model.safetensors").is_file()
    assert done.stdout.count(str(folder.path)) == 2  # each process says where the run is
    assert done.stderr.count("] load") == 1
    trained = folder.measured("fit").stat().st_mtime_ns
    again = launched(tiny_base, tmp_path, "--from", "train")
    assert again.returncode == 0, again.stderr[-2000:]
    assert folder.measured("fit").stat().st_mtime_ns > trained


def test_a_launcher_that_starts_one_process_is_refused_with_one_that_starts_all(
    tiny_base: Path, tmp_path: Path
) -> None:
    done = launched(tiny_base, tmp_path, launcher=("--cpu",))
    assert done.returncode
    assert "Use accelerate launch --multi_gpu" in done.stderr
    assert not list(tmp_path.iterdir())
