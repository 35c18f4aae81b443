"""From trained weights to a folder that the application takes: weights, model card, manifest."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import yaml

from app.prompting import prompt_hash
from app.release_manifest import WEIGHTS, Measured, ReleaseFacts, ReleaseManifest, seal
from training.reading import INVENTED, source_name
from training.rows import read_value
from training.run import Run, revision
from training.stages_data import Loaded

RECIPE = "recipe.yaml"
TRIAL_CARD = "A trial of a run, sealed to be measured through the chat. It is not released.\n"


def _recipe(run: Run) -> str:
    """Return the recipe with every default, without this machine's folders or anybody's address."""
    values = run.recipe.model_dump(mode="json")
    for corpus, known in zip(values["corpora"], run.recipe.corpora, strict=True):
        if not known.source.startswith(("hub:", "datasets:", *INVENTED)):
            corpus["source"] = source_name(known)
    values["evaluate"] |= {"remote": None, "judge": None}
    return yaml.safe_dump(values, sort_keys=False)


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
    (folder / RECIPE).write_text(_recipe(run), encoding="utf-8")
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
