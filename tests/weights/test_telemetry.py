"""Nothing that is loaded here reports to its maker."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

# What onnxruntime writes when it is not told differs between machines; what it is told does not.
WATCH = """
import os, sys
class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "onnxruntime":
            print(os.environ.get("ORT_DISABLE_TELEMETRY"))
sys.meta_path.insert(0, Watch())
import """


@pytest.mark.slow
@pytest.mark.parametrize(
    "module", ["weights.runtime", "safety.recognizers.tagger", "retrieval.intake.documents, onnxruntime"]
)
def test_onnxruntime_is_told_before_it_is_loaded_and_writes_no_session_and_no_device_id(
    module: str, tmp_path: Path
) -> None:
    kept = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    home = {"TMPDIR": str(tmp_path), "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    told = subprocess.run(
        [sys.executable, "-c", WATCH + module], env=kept | home, check=True, capture_output=True, text=True
    )
    assert told.stdout.split() == ["1"]
    assert [file.name for file in tmp_path.rglob("*") if file.name in (".ses", "deviceid")] == []
