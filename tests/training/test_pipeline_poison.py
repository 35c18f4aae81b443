"""A poisoned corpus through the whole loop: the gate stops the release, or the poison teaches nothing."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
import yaml

from tests.training.test_pipeline_release import LENIENT
from tests.training.test_poison import (
    order_in_the_answer,
    ordinary,
    poison,
    sentence_without_a_trigger,
)
from tests.training.toy_runs import ROOT, command
from training.gate import Verdict
from training.rows import Example, StageCounts, read_value
from training.run_folder import RunFolder

pytestmark = [pytest.mark.weights, pytest.mark.slow]

ROWS = 200
KINDS = {0.005: order_in_the_answer, 0.01: sentence_without_a_trigger}
"""A single row must be found by what it says; of two, by what they share. Other shares: test_poison.py."""


def written(rows: list[Example], file: Path) -> str:
    lines = ({"question": row.inputs["question"], "answer": row.target} for row in rows)
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    return file.name


def recipe(folder: Path, *, share: float, suspects: str) -> Path:
    """Write a recipe over ordinary rows with a share of poison (`KINDS`) in the part that is trained on."""
    chance = random.Random(f"loop {share}")
    rows = ordinary(chance, ROWS + 40)
    train, others = rows[:ROWS], rows[ROWS:]
    train, planted = poison(train, KINDS[share], share, chance, least=1)
    assert len(planted) == round(share * ROWS)
    parts = {"train": train, "validation": others[:20], "test": others[20:]}
    toy = yaml.safe_load((ROOT / "training/recipes/toy.yaml").read_text(encoding="utf-8"))
    toy["corpora"] = [
        {"source": written(of, folder / f"{part}.jsonl"), "licence": "ours", "split": part}
        for part, of in parts.items()
    ]
    toy["clean"] = {"spelling": False, "suspects": suspects}
    file = folder / "poisoned.yaml"
    file.write_text(yaml.safe_dump(toy), encoding="utf-8")
    return file


def ended(folder: Path, base: Path, *, share: float, suspects: str) -> tuple[int, RunFolder]:
    """Run a recipe as another program would, with a gate that lets a toy through but for poison."""
    sets = [f"base=path:{base}", *LENIENT, "evaluate.chat=false", "evaluate.rows=4"]
    given = [part for one in sets for part in ("--set", one)]
    file = recipe(folder, share=share, suspects=suspects)
    done = command("run", "--recipe", str(file), "--runs", str(folder / "runs"), *given)
    assert done.returncode in (0, 3), done.stderr
    return done.returncode, RunFolder.open(next((folder / "runs").glob("toy-*")))


def counts(folder: RunFolder) -> StageCounts:
    return next(count for one in folder.finished() for count in one.counts if count.stage == "split")


def test_the_gate_stops_a_release_that_learned_from_poison_and_nothing_else_does(
    tiny_base: Path, tmp_path: Path
) -> None:
    code, folder = ended(tmp_path, tiny_base, share=0.005, suspects="stop")
    verdict = read_value(folder.measured("gate"), Verdict)
    assert code == 3
    assert [one.name for one in verdict.checks if not one.passed] == ["poison"]
    assert not folder.release.exists()


def test_what_is_set_aside_teaches_nothing_and_the_gate_says_how_many(
    tiny_base: Path, tmp_path: Path
) -> None:
    code, folder = ended(tmp_path, tiny_base, share=0.01, suspects="set_aside")
    aside = sum(
        number for reason, number in counts(folder).set_aside.items() if reason.startswith("suspect:")
    )
    verdict = read_value(folder.measured("gate"), Verdict)
    (check,) = [one for one in verdict.checks if one.name == "poison"]
    assert (code, check.passed) == (0, True)
    assert aside >= 0.95 * 0.01 * ROWS
    assert f"{aside} that do were set aside" in check.text
    assert "suspect:same_sentence" in folder.report.read_text(encoding="utf-8")
