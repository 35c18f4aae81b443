"""Everything that a first start would otherwise wait for: weights and the sample index."""

from __future__ import annotations

import sys

from app.settings import Settings
from app.wiring import build


def prepare(settings: Settings) -> None:
    """Fetch and verify the default weights, convert the model, build tagger and sample index.

    Raises WeightsError or AppError with the way out.
    """
    application = build(settings)
    try:
        for failed in application.warm():
            raise failed
        model = application.service.parts.model.get()
        if not model.wait_ready(timeout=600):
            sys.stderr.write(f"the model is not ready: {model.state().reason}. The FAQ answers without it\n")
        sys.stderr.write("ready: make run\n")
    finally:
        application.close()
