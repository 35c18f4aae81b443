"""The second table of a chat job: the real `ChatService`, by kind of answer, without and with the release.

The whole message path runs as it is served: gate, reader, scrubber with its tagger, embedder, ranker,
decision, sentence checks; the job's own release is all that differs, and without one the base writes. Only
kinds are kept.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from app.conversation import Conversation
from app.releases import promote
from app.settings import load_settings
from app.wiring import build
from training.packaging import TRIAL_CARD, package
from training.report import ChatKind
from training.rows import write_rows
from training.run import Run, shown
from training.safety_probe import probes
from training.slices import asked
from weights import default_cache_dir

QUESTIONS = 24
MODEL_SECONDS = 600.0
ROWS = "test rows"


def ask_chat(run: Run) -> None:
    """Ask the chat some test questions and every safety probe, before and after; write the counts."""
    texts = [(ROWS, asked(row)) for row in run.test_rows()[:QUESTIONS]]
    texts += [(one.kind, one.text) for one in probes()]
    with tempfile.TemporaryDirectory() as work:
        place = Path(work)
        before = Counter(
            _kinds(
                run, texts, models=_others(run, place / "none"), data=place / "before", base=run.recipe.base
            )
        )
        trial, models = place / "trial", _others(run, place / "models")
        manifest = package(run, trial, card=TRIAL_CARD, metrics={}, verdict="not judged yet")
        whole = manifest.kind != "lora"  # a model that was tuned whole is a base of its own
        if not whole:
            promote(models, trial)
        base = f"path:{trial}" if whole else run.recipe.base
        after = Counter(_kinds(run, texts, models=models, data=place / "after", base=base))
        shutil.rmtree(trial)
    write_rows(
        run.folder.measured("chat"),
        (
            ChatKind(asked=group, kind=kind, base=before[group, kind], tuned=after[group, kind])
            for group, kind in sorted({*before, *after})
        ),
    )


def _others(run: Run, models: Path) -> Path:
    """Make a folder with the releases of every job but this one, as they are served now."""
    models.mkdir()
    for place in sorted(run.around.models_dir.glob("*/active.json")):
        if place.parent.name != run.task.name:
            shutil.copytree(place.parent, models / place.parent.name)
    return models


def _kinds(
    run: Run, texts: Sequence[tuple[str, str]], *, models: Path, data: Path, base: str
) -> Iterator[tuple[str, str]]:
    settings = load_settings(
        {
            "CAREFOLD_MODELS_DIR": str(models),
            "CAREFOLD_DATA_DIR": str(data),
            "CAREFOLD_CACHE_DIR": str(run.around.cache_dir or default_cache_dir()),
            "CAREFOLD_BASE_MODEL": base,
            "CAREFOLD_SUPPORT": "model",
            "CAREFOLD_OFFLINE": "1" if run.around.offline else "0",
        }
    )
    application = build(settings, model_wait_seconds=MODEL_SECONDS)
    try:
        for failed in application.warm():
            raise failed
        application.service.parts.model.get().wait_ready(MODEL_SECONDS)
        for group, text in shown(texts, "ask the chat"):
            answer = application.service.answer(text, Conversation())
            wrote = " (the model)" if answer.model.base else ""
            yield group, f"{answer.kind}{wrote}"
    finally:
        application.close()
