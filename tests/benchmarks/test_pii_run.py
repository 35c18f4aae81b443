"""The command runs in small, and what it keeps holds no words of the data."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from benchmarks.datasets import datasets_there
from benchmarks.pii import __main__ as command
from benchmarks.pii.estimates import Estimate
from benchmarks.pii.public import public_cases
from benchmarks.pii.result import Line, Skipped, figures, measured_before
from benchmarks.pii.speed import HOSTILE_PIECES, texts
from benchmarks.pii.systems import SAFE_HARBOR, SYSTEMS, Found, System, find_all, find_one, made

app = typer.Typer()
app.command()(command.main)


def test_an_unknown_section_is_named_with_those_there_are() -> None:
    result = CliRunner().invoke(app, ["--only", "weather"])
    assert result.exit_code == 2
    assert "weather" in result.output
    assert "identifiers" in result.output


def test_a_failure_is_kept_by_its_type_and_without_its_text() -> None:
    def find(text: str) -> list[object]:
        raise RuntimeError(text)

    assert find_one(System("s", find, "1"), "my secret") == Found((), failed="RuntimeError")  # type: ignore[arg-type]


def test_other_sections_of_a_file_stay_with_their_date(tmp_path: Path) -> None:
    before = [
        Line(name, "all", "found whole", {"s": Estimate(0.5, 0.4, 0.6, 10)}, detail=True, date="2026-01-02")
        for name in ("names", "terms")
    ]
    file = tmp_path / "pii.json"
    file.write_text(json.dumps({"date": "2026-01-03", "figures": figures(before, [])}), encoding="utf-8")
    assert measured_before(file, of=["names"]) == (before[:1], [])
    assert measured_before(tmp_path / "none.json", of=["names"]) == ([], [])


def test_what_was_not_measured_stays_said(tmp_path: Path) -> None:
    skipped = [Skipped("public", "a set", "it is not here"), Skipped("terms", "names", "nor these")]
    file = tmp_path / "pii.json"
    file.write_text(json.dumps({"date": "2026-01-03", "figures": figures([], skipped)}), encoding="utf-8")
    assert measured_before(file, of=["public"]) == ([], skipped[:1])


def same_threads(share: float, *, section: str = "threads") -> Line:
    values = {SAFE_HARBOR: Estimate(share, share, share, 10)}
    return Line(section, "16 threads", "same as one thread", values, date="2026-01-02")


@pytest.fixture
def measures(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, list[Line]], None]]:
    """Give sections that find these lines, of a system that loads nothing."""
    monkeypatch.setitem(SYSTEMS, SAFE_HARBOR, lambda: System(SAFE_HARBOR, lambda _text: [], "1"))
    made.cache_clear()
    yield lambda section, lines: monkeypatch.setitem(command.SECTIONS, section, lambda _options: lines)
    made.cache_clear()


@pytest.mark.parametrize(("share", "code"), [(1.0, 0), (0.9, 1)])
def test_a_goal_that_is_not_met_ends_a_strict_run_with_1(
    measures: Callable[[str, list[Line]], None], share: float, code: int
) -> None:
    measures("threads", [same_threads(share)])
    asked = ["--only", "threads", "--system", SAFE_HARBOR]
    assert CliRunner().invoke(app, [*asked, "--strict"]).exit_code == code
    assert CliRunner().invoke(app, asked).exit_code == 0


def test_of_an_earlier_file_stays_what_is_a_section_and_its_goals_end_no_strict_run(
    measures: Callable[[str, list[Line]], None], tmp_path: Path
) -> None:
    measures("memory", [])
    before = [same_threads(0.9), same_threads(0.9, section="weather")]
    out = tmp_path / "pii.json"
    out.write_text(json.dumps({"date": "2026-01-03", "figures": figures(before, [])}), encoding="utf-8")
    asked = ["--only", "memory", "--system", SAFE_HARBOR, "--strict", "--out", str(out)]
    assert CliRunner().invoke(app, asked, catch_exceptions=False).exit_code == 0
    kept = json.loads(out.read_text(encoding="utf-8"))["figures"]
    assert [line["section"] for line in kept["lines"]] == ["threads"]
    assert [goal["met"] for goal in kept["goals"]] == [False]


def test_time_needs_a_folder_to_keep_what_was_measured() -> None:
    result = CliRunner().invoke(app, ["--only", "terms", "--minutes", "1"])
    assert result.exit_code == 2
    assert "--resume" in result.output


@pytest.mark.slow
def test_texts_have_the_length_that_is_timed() -> None:
    some = texts(500, 5, seed=0)
    assert {len(text) for text in some} == {500}
    assert len(set(some)) == 5
    assert len(HOSTILE_PIECES) >= 30


@pytest.mark.weights
@pytest.mark.slow
def test_processes_give_the_results_of_one_in_order() -> None:
    some = [f"call me at 212-{at}-0199 please" for at in range(200, 400)]
    name = next(iter(SYSTEMS))
    assert find_all(name, some, workers=2) == find_all(name, some)


@pytest.mark.weights
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_quick_run_writes_figures_of_every_system_and_no_text(tmp_path: Path) -> None:
    out, page = tmp_path / "pii.json", tmp_path / "pii.html"
    asked = ["--quick", "--workers", "1", "--identifiers", "70", "--names", "3"]
    asked += ["--terms", "10", "--texts", "4", "--messages", "20", "--fuzz", "40"]
    result = CliRunner().invoke(app, [*asked, "--out", str(out), "--page", str(page)], catch_exceptions=False)
    assert result.exit_code == 0
    written = json.loads(out.read_text(encoding="utf-8"))
    figures = written["figures"]
    assert set(figures["systems"]) == set(SYSTEMS)
    sections = {line["section"] for line in figures["lines"]}
    assert sections >= set(command.SECTIONS) - {"public"}
    every = next(line for line in figures["lines"] if line["measure"] == "found in every form")
    assert {one["n"] for one in every["values"].values()} == {70}
    assert "### goals" in result.output
    assert [row["letter"] for row in figures["categories"]] == list("ABCDEFGHIJKLMNOPQR")
    assert all(row["found by"] and len(row["values"]) == 2 for row in figures["categories"])
    assert "| (R) any other unique code | tagger" in result.output
    assert "164.514" in page.read_text(encoding="utf-8")
    assert page.read_text(encoding="utf-8").count("<svg") >= 3
    assert "http" not in page.read_text(encoding="utf-8").replace("http-equiv", "")
    if datasets_there():
        kept = out.read_text("utf-8") + page.read_text("utf-8") + result.output
        cases = public_cases("wide")
        assert isinstance(cases, list)
        for case in cases[:200]:
            for span in case.spans:
                value = case.text[span.start : span.end]
                assert len(value) < 8 or value not in kept
