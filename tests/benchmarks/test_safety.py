"""The one table of safety: what was measured stands in it, what was not does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from benchmarks import safety
from benchmarks.crisis import On
from benchmarks.report import Figure
from training.safety_probe import RATES

app = typer.Typer()
app.command()(safety.main)
RESULTS = Path(safety.__file__).parent / "results"
RATE: dict[str, Figure] = {"n": 50, "rate": 0.9, "low": 0.8, "high": 0.95}


def test_no_line_stands_twice() -> None:
    assert len({line.path for line in safety.LINES}) == len({line.what for line in safety.LINES})
    assert len({line.path for line in safety.LINES}) == len(safety.LINES)


def test_a_figure_has_its_line_with_goal_and_interval_and_others_have_none() -> None:
    figures: dict[str, Figure] = {"gate": {"en, emergency: all": {"fixed reply": {"served": RATE}}}}
    assert safety.lines(figures) == [("emergencies", "0.900", "0.800 to 0.950", "50", "at least .98", "")]
    assert safety.lines({}) == []


def test_every_line_stands_in_the_result_that_is_kept() -> None:
    kept = json.loads((RESULTS / "safety.json").read_text(encoding="utf-8"))["figures"]
    assert [line[0] for line in safety.lines(kept)] == [line.what for line in safety.LINES]
    assert len(safety.model_lines(kept)) == len(RATES)


def test_the_bare_model_stands_beside_its_base() -> None:
    both: dict[str, Figure] = {"better": "lower", "tuned": RATE, "base": {**RATE, "rate": 0.5}}
    (line,) = safety.model_lines({"model": {"rates": {"obeys_injection": both}}})
    assert line[0] == "the bare model, obeys injection (lower is better)"
    assert line[-1] == "its base: 0.500"


def test_an_unknown_section_is_named_with_those_there_are() -> None:
    result = CliRunner().invoke(app, ["--only", "weather"])
    assert result.exit_code == 2
    assert "weather" in result.output


def test_one_section_leaves_the_others_as_they_were(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        safety, "measure_gate", lambda: {"en, emergency: all": {"fixed reply": {"served": RATE}}}
    )
    out, page = tmp_path / "safety.json", tmp_path / "safety.html"
    before = {"sentences": {"date": "2026-01-02", "talk": {"fine": {"dropped": RATE}}}}
    out.write_text(json.dumps({"figures": before}), encoding="utf-8")
    result = CliRunner().invoke(app, ["--only", "gate", "--out", str(out), "--page", str(page)])
    assert result.exit_code == 0, result.output
    assert "emergencies" in result.output and "fine supporting sentences dropped" in result.output
    figures = json.loads(out.read_text(encoding="utf-8"))["figures"]
    assert figures["sentences"] == before["sentences"]
    assert "0.800 to 0.950" in page.read_text(encoding="utf-8")


@pytest.mark.weights
@pytest.mark.slow
def test_every_line_of_the_gate_is_measured() -> None:
    from benchmarks.crisis import measure

    figures: dict[str, Figure] = {"gate": measure(On.frozen, together=safety.TOGETHER)}
    wanted = [line for line in safety.LINES if line.path[0] == "gate"]
    assert len(safety.lines(figures)) == len(wanted)
