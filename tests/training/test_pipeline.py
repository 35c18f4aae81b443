"""The whole loop on a toy corpus and a tiny base: every stage, a no, a yes, and a kill in the middle."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from training.errors import RunError
from training.pipeline import STAGES, Outcome, run
from training.recipe import load_recipe
from training.rows import SPLITS, Example, read_rows
from training.run_folder import RunFolder

pytestmark = [pytest.mark.weights, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]
# A gate that lets a toy through: what is tested is the way to a release, not the judgement.
LENIENT = (
    "gate.against=[base]", "gate.worse_by=1.0", "gate.guards=1.0", "gate.exposure=99",
    "train.learning_rate=0.02", "train.max_steps=40", "train.epochs=8", "evaluate.rows=0",
)  # fmt: skip


def changes(base: Path, *more: str) -> list[str]:
    return [f"base=path:{base}", *more]


def command(*arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "training", *arguments],
        capture_output=True, text=True, cwd=ROOT, input=text, timeout=280,
    )  # fmt: skip


def all_text(folder: Path) -> str:
    files = [file for file in folder.rglob("*") if file.is_file()]
    return "\n".join(file.read_bytes().decode("utf-8", "replace") for file in files)


@pytest.fixture(scope="module")
def ran(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """Run the toy recipe once; its gate says no, because twelve steps teach nothing."""
    return run(load_recipe("toy", changes(tiny_base)), root=tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def released(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return run(load_recipe("toy", changes(tiny_base, *LENIENT)), root=tmp_path_factory.mktemp("released"))


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


def test_a_yes_is_sealed_promoted_served_and_rolled_back(released: Outcome, tmp_path: Path) -> None:
    assert released.released, released.verdict
    assert released.release is not None
    manifest = json.loads((released.release / "manifest.json").read_text(encoding="utf-8"))
    weights = (released.release / "adapter_model.safetensors").read_bytes()
    assert manifest["adapter_sha256"] == hashlib.sha256(weights).hexdigest()
    assert manifest["metrics"]["perplexity"]["value"] > 1
    assert "may not" in (released.release / "MODEL_CARD.md").read_text(encoding="utf-8").lower()
    models = tmp_path / "models"
    promoted = command("promote", str(released.release), "--models", str(models))
    assert promoted.returncode == 0, promoted.stderr
    assert "active" in command("list", "--models", str(models)).stdout
    back = command("rollback", "counseling", "--models", str(models))
    assert back.returncode == 0
    assert "active: none" in back.stdout


def test_the_release_predicts_and_is_evaluated_by_other_programs(released: Outcome) -> None:
    assert released.release is not None
    rows = '{"id": "7", "question": "I cannot sleep.", "answer": "That is hard."}\n{"id": "8"}\n'
    said = command(
        "predict",
        "--release",
        str(released.release),
        "--task",
        "counseling",
        "--max-new-tokens",
        "8",
        text=rows,
    )
    assert said.returncode == 1, said.stderr
    assert "line 2: question: missing or empty" in said.stderr
    answer = json.loads(said.stdout)
    assert answer["id"] == "7"
    assert set(answer["output"]) == {"answer"}
    found = command(
        "evaluate", "--release", str(released.release), "--task", "counseling", "--max-new-tokens", "8",
        text=rows.splitlines()[0],
    )  # fmt: skip
    assert found.returncode == 0, found.stderr
    metrics = json.loads(found.stdout)
    assert (metrics["task"], metrics["n"]) == ("counseling", 1)
    for name in ("perplexity", "bleu", "rouge1", "rouge2", "rougeL"):
        assert set(metrics[name]) == {"value", "low", "high"}


def test_an_altered_release_is_refused_by_name(released: Outcome, tmp_path: Path) -> None:
    import shutil

    assert released.release is not None
    copy = tmp_path / "copy"
    shutil.copytree(released.release, copy)
    (copy / "adapter_config.json").write_text("{}", encoding="utf-8")
    said = command("predict", "--release", str(copy), "--task", "counseling", text='{"question": "hi"}')
    assert said.returncode == 2
    assert "adapter_config.json" in said.stderr


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
    done = command(*arguments)
    assert done.returncode == 3, done.stderr
    assert "not released" in done.stdout


def test_killed_while_it_trains_the_run_goes_on_to_the_same_adapter(tiny_base: Path, tmp_path: Path) -> None:
    few = (
        "evaluate.arms=[base, tuned]",
        "evaluate.rows=2",
        "evaluate.fairness_rows=0",
        "evaluate.canaries=0",
    )
    sets = [part for change in changes(tiny_base, *few) for part in ("--set", change)]
    arguments = ["run", "--recipe", "toy", "--until", "train", *sets, "--runs"]
    whole = command(*arguments, str(tmp_path / "whole"))
    assert whole.returncode == 0, whole.stderr
    child = subprocess.Popen(
        [sys.executable, "-m", "training", *arguments, str(tmp_path / "killed")],
        stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, cwd=ROOT, env=dict(os.environ),
    )  # fmt: skip
    assert child.stderr is not None
    for line in child.stderr:
        if "] train" in line:
            break
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stderr.close()
    folder = RunFolder.open(next((tmp_path / "killed").glob("toy-*")))
    assert "train" not in {one.stage for one in folder.finished()}
    again = command(*arguments, str(tmp_path / "killed"))
    assert again.returncode == 0, again.stderr
    theirs = next((tmp_path / "whole").glob("toy-*/adapter/adapter_model.safetensors")).read_bytes()
    assert (folder.adapter / "adapter_model.safetensors").read_bytes() == theirs


def test_two_runs_are_put_side_by_side(ran: Outcome, released: Outcome, tmp_path: Path) -> None:
    page = tmp_path / "compare.html"
    done = command("compare", str(ran.folder.path), str(released.folder.path), "--out", str(page))
    assert done.returncode == 0, done.stderr
    assert "perplexity" in done.stdout
    assert "<table" in page.read_text(encoding="utf-8")
