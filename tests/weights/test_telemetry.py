"""Nothing that is loaded here reports to its maker."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
@pytest.mark.parametrize(
    "module",
    ["safety.runtime", "safety.recognizers.tagger", "retrieval.intake.documents; import onnxruntime"],
)
def test_onnxruntime_writes_no_session_and_no_device_id(module: str, tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    home = {"TMPDIR": str(tmp_path), "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    subprocess.run([sys.executable, "-c", f"import {module}"], env=kept | home, check=True)
    assert [file.name for file in tmp_path.rglob("*") if file.name in (".ses", "deviceid")] == []


def test_without_the_switch_onnxruntime_does(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    home = {"TMPDIR": str(tmp_path), "HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", "import onnxruntime"], env=kept | home, check=True)
    # Should this fail, onnxruntime reports nothing by itself any more: the switch may go.
    assert (tmp_path / ".ses").exists()
