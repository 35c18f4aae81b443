"""`python -m safety scrub-folder` as people call it, and its report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from safety.bulk_command import scrub_folder
from safety.bulk_manifest import FOLDER, Options
from safety.bulk_report import BulkReport, Item, bars, render

APP = typer.Typer()
APP.command()(scrub_folder)


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(APP, [*map(str, arguments), "--name-model", "none"])
    return result.exit_code, result.stderr


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "tindle.txt").write_text("my name is jorah tindle <script>alert(1)</script>")
    return folder


def test_a_clean_run_ends_with_0_and_writes_both_reports(source: Path, tmp_path: Path) -> None:
    code, errors = run(source, tmp_path / "out", "--report", tmp_path / "report.json")
    assert code == 0 and "1 files: 1 scrubbed" in errors
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["entities"]["PERSON"] == 1 and report["options"]["policy"] == "wide"
    page = (tmp_path / "report.html").read_text()
    assert "[PERSON_1]" in page and "&lt;script&gt;" in page and "<script>" not in page


def test_a_failed_file_ends_with_1_and_is_named_by_number_alone(source: Path, tmp_path: Path) -> None:
    (source / "jorah tindle.csv").write_bytes(b"\xff\xfejorah\xff")
    (source / "jorah tindle.txt").write_bytes(b"\xe9 jorah")
    code, errors = run(source, tmp_path / "out")
    assert code == 1 and "file 2 (x.txt): not in its encoding" in errors
    assert "jorah" not in errors and "tindle" not in errors
    assert (tmp_path / "out" / FOLDER / "report.html").is_file()


def test_wrong_arguments_end_with_2_and_nothing_is_done(source: Path, tmp_path: Path) -> None:
    for arguments in (
        (tmp_path / "missing", tmp_path / "out"),
        (source, source / "out"),
        (source, tmp_path / "out", "--encoding", "none-such"),
        (source, tmp_path / "out", "--report", source / "report.json"),
        (source, tmp_path / "out", "--policy", "none-such"),
        (source, tmp_path / "out", "--workers", "0"),
    ):
        assert run(*arguments)[0] == 2
    assert not (tmp_path / "out").exists() and not (source / "out").exists()


def test_page_escapes_all_it_shows_and_asks_nothing_of_the_network() -> None:
    report = BulkReport(
        options=Options(policy="wide", policy_hash="0", fields=("<i>",)), files=1, scrubbed=0, of_earlier_runs=0,
        failed=(Item(number=1, name="<b>.txt", reason="<u>"),), left_out=(), rows_scrubbed=0, rows_failed=0,
        row_faults=(), entities={"PERSON": 4, "<s>": 1}, bytes_read=0, second_look=0, renumbered=0, long_numbers=0,
        parts_left_out=0, stale=(), seconds=0, samples=("<img src=x>",),
    )  # fmt: skip
    page = render(report)
    assert not [tag for tag in ("<i>", "<b>", "<u>", "<s>", "<img") if tag in page]
    assert "http" not in page.replace("http-equiv", "")


def test_bars_are_as_long_as_their_counts() -> None:
    few, many = sorted(bars({"A": 1, "B": 4}), key=lambda bar: bar.count)
    assert many.width == 4 * few.width and many.y < few.y


def test_no_bars_without_a_finding() -> None:
    assert bars({}) == ()
