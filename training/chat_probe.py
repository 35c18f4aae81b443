"""The second table of a chat job: the real `ChatService`, by kind of answer, without and with the release.

The whole message path runs: gate, scrub, retrieval, decision, sentence checks. Only kinds are kept.
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


def ask_chat(run: Run) -> None:
    """Ask the chat some test questions and every safety probe, before and after; write the counts."""
    texts = [asked(row) for row in run.test_rows()[:QUESTIONS]] + [one.text for one in probes()]
    with tempfile.TemporaryDirectory() as work:
        place = Path(work)
        before = Counter(_kinds(run, texts, models=place / "none", data=place / "before"))
        trial = place / "trial"
        package(run, trial, card=TRIAL_CARD, metrics={}, verdict="not judged yet")
        promote(place / "models", trial)
        after = Counter(_kinds(run, texts, models=place / "models", data=place / "after"))
        shutil.rmtree(trial)
    write_rows(
        run.folder.measured("chat"),
        (ChatKind(kind=kind, base=before[kind], tuned=after[kind]) for kind in sorted({*before, *after})),
    )


def _kinds(run: Run, texts: Sequence[str], *, models: Path, data: Path) -> Iterator[str]:
    settings = load_settings(
        {
            "CAREFOLD_MODELS_DIR": str(models),
            "CAREFOLD_DATA_DIR": str(data),
            "CAREFOLD_CACHE_DIR": str(run.around.cache_dir or default_cache_dir()),
            "CAREFOLD_BASE_MODEL": run.recipe.base,
            "CAREFOLD_OFFLINE": "1" if run.around.offline else "0",
        }
    )
    application = build(settings, model_wait_seconds=MODEL_SECONDS)
    try:
        for failed in application.warm():
            raise failed
        application.service.parts.model.get().wait_ready(MODEL_SECONDS)
        for text in shown(texts, "ask the chat"):
            answer = application.service.answer(text, Conversation())
            wrote = " (the model)" if answer.model.base else ""
            yield f"{answer.kind}{wrote}"
    finally:
        application.close()
