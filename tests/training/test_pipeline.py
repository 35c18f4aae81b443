"""The whole loop on a toy corpus and a tiny base: every stage, a clear no, and a re-run."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from tests.training.toy_runs import ROOT, changes, command
from training.elsewhere import questions
from training.errors import RunError
from training.pipeline import STAGES, Outcome, run
from training.recipe import load_recipe
from training.report import ReportData
from training.rows import SPLITS, Example, read_rows, read_value
from training.written import WRITTEN

pytestmark = [pytest.mark.weights, pytest.mark.slow]


def all_text(folder: Path) -> str:
    files = [file for file in folder.rglob("*") if file.is_file()]
    return "\n".join(file.read_bytes().decode("utf-8", "replace") for file in files)


@pytest.fixture(scope="module")
def ran(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """Run the toy recipe once; its gate says no, because twelve steps teach nothing."""
    return run(load_recipe("toy", changes(tiny_base)), root=tmp_path_factory.mktemp("runs"))


def test_every_stage_ends_and_every_count_adds_up(ran: Outcome) -> None:
    finished = ran.folder.finished()
    assert [one.stage for one in finished] == list(STAGES)
    counts = [count for one in finished for count in one.counts]
    assert [one.stage for one in counts] == ["read", "scrub", "clean", "deduplicate", "split", "preflight"]
    for before, after in pairwise(counts):
        # Canaries and augmented copies are the only rows that a stage adds.
        added = before.changed.get("canaries", 0) if before.stage == "split" else 0
        assert after.taken == before.kept + added
    reasons = {reason for one in counts for reason in one.set_aside}
    assert {"empty:answer", "exact_copy", "near_copy"} <= reasons


def test_a_clear_no_has_reasons_and_makes_no_release(ran: Outcome) -> None:
    assert not ran.released
    assert ran.release is None
    assert not ran.folder.release.exists()
    assert "not released" in ran.verdict
    assert len(ran.verdict) > 60


def test_nothing_that_names_a_person_is_in_any_file(ran: Outcome) -> None:
    written = all_text(ran.folder.path)
    raw = (ROOT / "training/recipes/toy/letters.jsonl").read_text(encoding="utf-8")
    for secret in ("Plimsby", "Harold", "802-555-0143"):
        assert secret in raw, "the toy corpus is meant to hold it"
        assert secret not in written


def test_no_group_stands_in_two_splits(ran: Outcome) -> None:
    groups = [{row.group for row in read_rows(ran.folder.split(split), Example)} for split in SPLITS]
    assert groups[0] and groups[1] and groups[2]
    assert not (groups[0] & groups[1] or groups[0] & groups[2] or groups[1] & groups[2])


def test_the_report_is_one_file_that_asks_for_nothing(ran: Outcome) -> None:
    page = ran.folder.report.read_text(encoding="utf-8")
    assert "<script" not in page
    assert 'src="http' not in page
    for part in ("never_stops", "perplexity", "toy"):
        assert part in page


def test_what_training_will_take_is_said_before_it_starts(ran: Outcome, tiny_base: Path) -> None:
    page = (ran.folder.path / "preflight.html").read_text(encoding="utf-8")
    assert "What training will take" in page and "CPU" in page
    given = [
        "--recipe",
        "toy",
        "--runs",
        str(ran.folder.path.parent / "estimate"),
        "--set",
        changes(tiny_base)[0],
    ]
    said = command("run", *given, "--until", "preflight").stderr
    assert "fits yes (" in said and "time " in said and "cost USD" in said


def test_the_report_says_what_tuning_cost_the_other_job(ran: Outcome) -> None:
    (one,) = read_value(ran.folder.measured("report"), ReportData).other_jobs
    assert one.better == "higher" and one.rows == len(questions())
    assert 0 < one.base.low < one.base.high < 1 and one.base != one.tuned


def test_it_names_no_folder_of_this_machine(ran: Outcome, tiny_base: Path) -> None:
    assert str(tiny_base) not in ran.folder.report.read_text(encoding="utf-8")


def test_a_finished_run_is_not_run_again(ran: Outcome) -> None:
    before = (ran.folder.path / "stages.json").read_bytes()
    again = run(ran.folder.recipe(), root=ran.folder.path.parent)
    assert (ran.folder.path / "stages.json").read_bytes() == before
    assert again.verdict == ran.verdict


def test_scores_are_computed_again_without_a_model(ran: Outcome) -> None:
    weights = ran.folder.adapter / "adapter_model.safetensors"
    aside = weights.with_suffix(".aside")
    weights.rename(aside)
    try:
        run(ran.folder.recipe(), root=ran.folder.path.parent, start="gate", until="gate")
    finally:
        aside.rename(weights)
    run(ran.folder.recipe(), root=ran.folder.path.parent)


def test_a_stage_cannot_be_first_when_an_earlier_one_is_missing(tiny_base: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="has not finished 'load'"):
        run(load_recipe("toy", changes(tiny_base)), root=tmp_path, start="train")


def test_an_unknown_stage_names_those_there_are(tiny_base: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="deduplicate"):
        run(load_recipe("toy", changes(tiny_base)), root=tmp_path, start="polish")


def test_a_no_ends_with_three_and_a_second_call_says_the_same(ran: Outcome, tiny_base: Path) -> None:
    arguments = [
        "run",
        "--recipe",
        "toy",
        "--runs",
        str(ran.folder.path.parent),
        "--set",
        f"base=path:{tiny_base}",
    ]
    for until, code in (("register", 3), ("gate", 3), ("preflight", 0)):
        done = command(*arguments, "--until", until)
        assert done.returncode == code, done.stderr
        assert "not released" in done.stdout


def test_a_learning_curve_is_trained_and_the_next_report_shows_it(ran: Outcome, tiny_base: Path) -> None:
    given = ["--recipe", "toy", "--runs", str(ran.folder.path.parent), "--set", changes(tiny_base)[0]]
    said = command("curve", *given, "--share", "0.5")
    assert said.returncode == 0, said.stderr
    assert said.stdout.startswith("50%\t")
    again = run(load_recipe("toy", changes(tiny_base)), root=ran.folder.path.parent, start="report")
    assert "Scores by share of the data" in again.folder.report.read_text(encoding="utf-8")
    assert again.verdict == ran.verdict


def test_a_run_is_put_into_a_table(ran: Outcome, tmp_path: Path) -> None:
    page = tmp_path / "compare.html"
    done = command("compare", str(ran.folder.path), "--out", str(page))
    assert done.returncode == 0, done.stderr
    assert "perplexity" in done.stdout
    assert "<table" in page.read_text(encoding="utf-8")


def test_a_run_is_not_gone_on_with_after_its_written_corpus_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        {
            "id": f"r{number}",
            "text": f"message number {number}",
            "label": "none",
            "author": "a",
            "group": str(number),
        }
        for number in range(20)
    ]
    recipe = load_recipe("crisis_classifier")
    monkeypatch.setitem(WRITTEN, "crisis", lambda _seed: iter(rows))
    run(recipe, root=tmp_path, until="load")
    run(recipe, root=tmp_path, until="load")
    monkeypatch.setitem(WRITTEN, "crisis", lambda _seed: iter(rows[:-1]))
    with pytest.raises(RunError, match="--from load"):
        run(recipe, root=tmp_path, until="load")
    again = run(recipe, root=tmp_path, start="load", until="load")
    assert sum(1 for _ in read_rows(again.folder.rows("load"), Example)) == 19
