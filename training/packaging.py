"""From trained weights to a folder that the application takes: weights, model card, manifest."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

from app.prompting import prompt_hash
from app.release_manifest import WEIGHTS, Measured, ReleaseFacts, ReleaseManifest, seal
from training.rows import read_value
from training.run import Run, revision
from training.stages_data import Loaded

RECIPE = "recipe.yaml"
TRIAL_CARD = "A trial of a run, sealed to be measured through the chat. It is not released.\n"


def package(
    run: Run,
    folder: Path,
    *,
    card: str,
    metrics: Mapping[str, Measured],
    verdict: str,
    day: date | None = None,
) -> ReleaseManifest:
    """Write a sealed release of the run's weights into `folder`; what stands there is replaced."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(run.folder.adapter, folder)
    (folder / "MODEL_CARD.md").write_text(card, encoding="utf-8")
    # Every value with its default: what the hash in the manifest was taken of, and what trains it again.
    shutil.copy(run.folder.recipe_file, folder / RECIPE)
    loaded = read_value(run.folder.measured("load"), Loaded)
    return seal(
        folder,
        ReleaseFacts(
            kind="lora" if (folder / WEIGHTS["lora"]).is_file() else "model",
            task=run.task.name,
            created=day or datetime.now(UTC).date(),
            base=run.base.source,
            base_sha256=run.base.sha256,
            base_revision=revision(run.base.source),
            prompt_hash=prompt_hash() if run.writes else "",
            recipe_sha256=run.recipe.sha256(),
            policy_hash=loaded.policy_hash,
            dataset_sha256=loaded.dataset_sha256,
            licences=tuple(dict.fromkeys(corpus.licence for corpus in run.recipe.corpora)),
            metrics=dict(metrics),
            verdict=verdict,
            notes=run.recipe.notes,
        ),
    )
