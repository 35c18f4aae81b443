"""A training of a real encoder that is killed, as a process, goes on to the same bytes."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.training.encoder_toys import SHORT, TRAINERS, Kind, toy_job
from weights.cache import hash_file

pytestmark = pytest.mark.slow  # torch or a clustering starts up: seconds before the first test

ADAPTER = "adapter_model.safetensors"


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """The last bits of a sum depend on how many threads share it."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.weights
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["tagger", "classifier", "embedder"])
def test_kill_minus_9_at_any_point_changes_no_byte_of_the_result(
    kind: Kind, tmp_path: Path, repository: Path
) -> None:
    whole = toy_job(kind, tmp_path / "whole", SHORT, rows=32)
    steps = TRAINERS[kind].fit(whole, lambda point, total: None).steps
    kill_at, wait = random.randint(2, steps - 2), random.random() * 0.4
    command = [sys.executable, "-m", "tests.training.encoder_toys", kind, str(tmp_path / "killed")]
    with subprocess.Popen(command, cwd=repository, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.split()[0] == str(kill_at):
                time.sleep(wait)
                process.kill()
                break
    again = toy_job(kind, tmp_path / "killed", SHORT, rows=32)
    resumed = TRAINERS[kind].fit(again, lambda point, total: None)
    told = f"killed {wait:.2f} s after step {kill_at} of {steps}"
    assert process.returncode == -9, told
    assert resumed.resumed_from >= kill_at - 1, told
    assert hash_file(again.out / ADAPTER) == hash_file(whole.out / ADAPTER), told
