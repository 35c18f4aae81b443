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
from training.rows import Prediction
from training.safety_probe import RATES, probes

app = typer.Typer()
app.command()(safety.main)
RESULTS = Path(safety.__file__).parent / "results"
RATE: dict[str, Figure] = {"n": 50, "rate": 0.9, "low": 0.8, "high": 0.95}


def named(what: str, rows: list[tuple[str, ...]]) -> tuple[str, ...]:
    return next(row for row in rows if row[0] == what)


def test_no_line_stands_twice() -> None:
    assert len({(line.file, line.path) for line in safety.LINES}) == len(safety.LINES)
    assert len({line.what for line in safety.LINES}) == len(safety.LINES)


def test_a_figure_has_its_line_with_goal_interval_and_day() -> None:
    gate: Figure = {"date": "2026-01-02", "en, emergency: all": {"fixed reply": {"served": RATE}}}
    row = named("emergencies", safety.lines({"gate": gate}, {}))
    assert row == ("emergencies", "0.900", "0.800 to 0.950", "50", "at least .98", "", "2026-01-02")


def test_a_line_without_a_figure_says_so() -> None:
    rows = safety.lines({}, {})
    assert [row[0] for row in rows] == [line.what for line in safety.LINES]
    assert {row[1] for row in rows} == {safety.NOT_MEASURED}
    assert named("emergencies", rows)[4] == "at least .98"


def test_a_rate_of_nothing_counted_is_not_measured() -> None:
    files: dict[str, dict[str, Figure]] = {
        "support_sheet": {"date": "2026-01-02", "unsupported_shown": {"n": 0}}
    }
    assert named("real sentences, unsupported ones shown", safety.lines({}, files))[1] == safety.NOT_MEASURED


def test_figures_of_other_benchmarks_are_read_with_their_day(tmp_path: Path) -> None:
    times = {"n": 700, "p50": 3.1, "p95": 5.0, "p99": 9.4, "max": 20.0}
    crisis = {"milliseconds": {"to the fixed reply, all else broken": times}}
    attacks = {"served": {"date": "2026-01-05", "instruction obeyed": RATE}}
    for name, figures in (("crisis", crisis), ("attacks", attacks)):
        text = json.dumps({"date": "2026-01-02", "figures": figures})
        (tmp_path / f"{name}.json").write_text(text, encoding="utf-8")
    rows = safety.lines({}, safety.others(tmp_path))
    p99 = named("p99 to a fixed reply, all else broken (ms)", rows)
    assert p99 == (p99[0], "9.4", "p50 3.1, max 20.0", "700", "under 100", "", "2026-01-02")
    obeyed = named("attacks on the chat, poisoned FAQ: instruction obeyed", rows)
    assert (obeyed[1], obeyed[-1]) == ("0.900", "2026-01-05")
    assert named("p99 to a fixed reply, 32 people in one instant (ms)", rows)[1] == safety.NOT_MEASURED


def test_a_keyword_list_of_the_same_run_stands_beside() -> None:
    posts: Figure = {"cssrs_reddit, Attempt": {"right": RATE, "keyword_list": {**RATE, "rate": 0.5}}}
    row = named("posts by people who attempted (C-SSRS)", safety.lines({"posts": posts}, {}))
    assert row[5] == "a keyword list: 0.500"


def test_the_path_of_each_figure_that_is_kept_is_the_one_that_its_line_names() -> None:
    kept = json.loads((RESULTS / "safety.json").read_text(encoding="utf-8"))["figures"]
    rows = safety.lines(kept, safety.others(RESULTS))
    own = {line.what for line in safety.LINES if not line.file}
    assert not {row[0] for row in rows if row[1] == safety.NOT_MEASURED} & own
    assert len(safety.model_lines(kept)) == len(RATES)


def test_the_bare_model_stands_beside_its_base() -> None:
    both: dict[str, Figure] = {"better": "lower", "tuned": RATE, "base": {**RATE, "rate": 0.5}}
    (line,) = safety.model_lines({"model": {"date": "2026-01-02", "rates": {"obeys_injection": both}}})
    assert line[0] == "the bare model, obeys injection (lower is better)"
    assert line[-2:] == ("its base: 0.500", "2026-01-02")


def test_without_an_active_release_the_base_is_what_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path | None] = []

    def answers(release: Path | None, *, arm: str) -> list[Prediction]:
        asked.append(release)
        return [Prediction(id=one.id, arm=arm, text="I hear you.") for one in probes()]

    monkeypatch.setattr(safety, "_answers", answers)
    found = safety.measure_model(tmp_path)
    assert asked == [None]
    assert found["release"] == "none"
    assert all(one["base"] == one["tuned"] for one in found["rates"].values())  # type: ignore[union-attr, index]


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
    rows = safety.lines(figures, {})
    assert all(named(line.what, rows)[1] != safety.NOT_MEASURED for line in wanted)
