"""What people withdrew leaves a dataset of feedback before a run reads a row of it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from app.store import Store
from training.feedback_dataset import FeedbackRow, publish_dataset
from training.recipe import load_recipe
from training.rows import StageCounts, read_rows, write_value
from training.run import Run, Surroundings
from training.run_folder import RunFolder
from training.stages_data import Loaded, changed_since_load
from weights.cache import hash_file


@pytest.mark.parametrize("source", ["reviewed.jsonl", "datasets:reviewed.jsonl"])
def test_rows_that_the_store_no_longer_holds_leave_the_dataset(tmp_path: Path, source: str) -> None:
    dataset, url = tmp_path / "reviewed.jsonl", f"sqlite:///{tmp_path / 'store.sqlite3'}"
    day = date(2026, 1, 2)
    row = FeedbackRow(
        id="0" * 32, question="How do I rest?", answer="Slowly.", verdict="approve", reviewer="counselor",
        reviewed=day, consent="1", kept=day, seen="x",
    )  # fmt: skip
    publish_dataset(
        dataset, [row], task="counseling", policy="p", counts=(StageCounts(stage="i", taken=1, kept=1),)
    )
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(
        f'name: again\ntask: counseling\ncorpora: [{{source: "{source}", licence: our own}}]\n',
        encoding="utf-8",
    )
    Store.open(url).close()
    again = load_recipe(recipe)
    run = Run(again, RunFolder.of(again, tmp_path / "runs"), Surroundings(datasets=tmp_path, database=url))
    loaded_from = {"reviewed.jsonl": hash_file(dataset)}
    loaded = Loaded(policy_hash="", dataset_sha256="", rows={}, entities={}, feedback=loaded_from)
    write_value(run.folder.measured("load"), loaded)
    assert changed_since_load(run, to_train=False) == []
    # It says so each time until the run is loaded again, although the row has left the dataset by then.
    for _ in range(2):
        assert changed_since_load(run, to_train=True) == ["reviewed.jsonl"]
    assert list(read_rows(dataset, FeedbackRow)) == []
    dataset.unlink()
    assert changed_since_load(run, to_train=True) == []
