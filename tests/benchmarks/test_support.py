"""Sections of the support benchmark keep the day and the weights that they were measured with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from benchmarks import support

app = typer.Typer()
app.command()(support.main)


def test_a_section_that_is_left_out_keeps_its_day_and_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(support, "talk", lambda: {"fine": {"n": 3}})
    out = tmp_path / "support.json"
    own = {"date": "2026-01-01", "weights": "b" * 40, "questions": 7}
    before = {"weights": "a" * 40, "pairs": {"embedder": "none"}, "talk": {"n": 2}, "through_ask": own}
    out.write_text(json.dumps({"date": "2026-01-02", "figures": before}), encoding="utf-8")
    result = CliRunner().invoke(app, ["--each", "0", "--out", str(out)], catch_exceptions=False)
    assert result.exit_code == 0
    written = json.loads(out.read_text(encoding="utf-8"))
    figures = written["figures"]
    assert figures["pairs"] == {"embedder": "none", "date": "2026-01-02", "weights": "a" * 40}
    assert figures["through_ask"] == own
    talk = figures["talk"]
    assert (talk["fine"], talk["date"]) == ({"n": 3}, written["date"])
    assert len(talk["weights"]) == 64 and talk["weights"] != "a" * 40
