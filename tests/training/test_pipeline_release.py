"""From a yes to a release that other programs use; and a kill in the middle of a run."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml

from tests.training.toy_runs import ROOT, changes, command
from training.chat_probe import QUESTIONS, ROWS
from training.pipeline import Outcome, run
from training.recipe import Recipe, load_recipe
from training.report import ChatKind
from training.rows import Example, read_rows
from training.run_folder import RunFolder
from training.safety_probe import probes

pytestmark = [pytest.mark.weights, pytest.mark.slow]

# A gate that lets a toy through: what is tested is the way to a release, not the judgement.
LENIENT = (
    "gate.worse_by=1.0", "gate.guards=1.0", "gate.exposure=99",
    "train.learning_rate=0.02", "train.max_steps=40", "train.epochs=8", "evaluate.rows=0", "evaluate.chat=true",
)  # fmt: skip


@pytest.fixture(scope="module")
def released(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return run(load_recipe("toy", changes(tiny_base, *LENIENT)), root=tmp_path_factory.mktemp("released"))


def test_a_yes_is_sealed_promoted_served_and_rolled_back(released: Outcome, tmp_path: Path) -> None:
    assert released.released, released.verdict
    assert released.release is not None
    manifest = json.loads((released.release / "manifest.json").read_text(encoding="utf-8"))
    weights = (released.release / "adapter_model.safetensors").read_bytes()
    assert manifest["adapter_sha256"] == hashlib.sha256(weights).hexdigest()
    assert manifest["metrics"]["perplexity"]["value"] > 1
    recipe = yaml.safe_load((released.release / "recipe.yaml").read_text(encoding="utf-8"))
    assert Recipe.model_validate(recipe).train == load_recipe("toy", LENIENT).train
    assert str(ROOT) not in json.dumps(recipe)
    assert "Guards, of" in (released.release / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "may not" in (released.release / "MODEL_CARD.md").read_text(encoding="utf-8").lower()
    models = tmp_path / "models"
    promoted = command("promote", str(released.release), "--models", str(models))
    assert promoted.returncode == 0, promoted.stderr
    assert "active" in command("list", "--models", str(models)).stdout
    back = command("rollback", "counseling", "--models", str(models))
    assert back.returncode == 0
    assert "active: none" in back.stdout


def test_the_real_chat_answers_before_and_after_by_what_was_asked(released: Outcome) -> None:
    kinds = list(read_rows(released.folder.measured("chat"), ChatKind))
    rows = min(QUESTIONS, sum(1 for _ in read_rows(released.folder.split("test"), Example)))
    asked = Counter(probe.kind for probe in probes()) + Counter({ROWS: rows})
    for group, count in asked.items():
        of = [one for one in kinds if one.asked == group]
        assert sum(one.base for one in of) == sum(one.tuned for one in of) == count, group
    # It is the chat that is served: who is in danger gets fixed words, whatever the model is.
    crisis = [one for one in kinds if (one.asked, one.kind) == ("crisis", "crisis")]
    assert crisis and crisis[0].base == crisis[0].tuned > asked["crisis"] / 2
    assert any("(the model)" in one.kind and one.tuned for one in kinds)
    report = released.folder.report.read_text(encoding="utf-8")
    assert "The real chat, by kind of answer" in report


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
    assert released.release is not None
    copy = tmp_path / "copy"
    shutil.copytree(released.release, copy)
    (copy / "adapter_config.json").write_text("{}", encoding="utf-8")
    said = command("predict", "--release", str(copy), "--task", "counseling", text='{"question": "hi"}')
    assert said.returncode == 2
    assert "adapter_config.json" in said.stderr


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
