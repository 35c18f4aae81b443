"""Worker processes of a bulk scrub: whatever they do, the run ends, and all bytes are told of once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

NAME = "my name is jorah tindle"
# Workers import this file too, so that the second of them loads its scrubber for ten minutes.
RUN = """
import os, sys, time
from pathlib import Path

from safety import bulk_pool
from safety.bulk import BulkSettings, scrub_folder
from safety.bulk_scrubber import ScrubberChoice, build_scrubber

source, out, first, load = map(Path, sys.argv[1:])

def late(choice):
    try:
        first.mkdir()
    except FileExistsError:
        time.sleep(600)
    return build_scrubber(choice)

if load.name == "late":
    bulk_pool.build_scrubber = late

if __name__ == "__main__":
    told = []
    choice = ScrubberChoice("wide")
    report = scrub_folder(
        source, out, settings=BulkSettings(choice=choice, workers=2), scrubber=build_scrubber(choice), on_bytes=told.append
    )
    print(report.scrubbed, report.clean, sum(told))
"""


@pytest.mark.slow
@pytest.mark.parametrize("load", ["late", "at once"])
def test_a_run_ends_with_its_work_and_waits_for_no_worker_that_still_loads(
    tmp_path: Path, repository: Path, load: str
) -> None:
    source = tmp_path / "in"
    source.mkdir()
    for number in range(3):
        (source / f"text {number}.txt").write_text(f"{NAME} {number}\n" * 40)
    script = tmp_path / "run.py"
    script.write_text(RUN)
    done = subprocess.run(
        [sys.executable, str(script), str(source), str(tmp_path / "out"), str(tmp_path / "first"), load],
        cwd=repository, capture_output=True, text=True, timeout=280, check=True,
        env={**os.environ, "PYTHONPATH": str(repository), "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.stdout.split() == ["3", "True", str(sum(file.stat().st_size for file in source.iterdir()))]
    for number in range(3):
        assert (
            tmp_path / "out" / f"text {number}.txt"
        ).read_text() == f"my name is [PERSON_1] {number}\n" * 40
