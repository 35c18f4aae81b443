"""Pairing: texts that mean the same lie near each other. One class for every job of this form.

    PairingTask("faq_embedder")

What is measured is whether an anchor finds its own positive among all of the evaluated rows: accuracy
is recall at 1. A row without a positive is an anchor that nothing answers: it teaches where to stop, and
is not scored. An embedder has no prompt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from training.metrics import Scored
from training.rows import Example, Prediction
from training.scores import score_all
from training.tasks.base import TrainerKind
from training.tasks.without_prompt import WithoutPrompt
from training.written.faq_rows import NONE

METRICS = ("accuracy",)


@dataclass(frozen=True)
class PairingTask(WithoutPrompt):
    """anchor, positive (and perhaps a negative) -> which positive is nearest."""

    name: str
    metric: str = "accuracy"
    trainer: TrainerKind = "sentence_embedder"
    fields: tuple[str, ...] = ("anchor",)
    target: str = "positive"
    chat: bool = False
    reads: ClassVar[str] = "an embedder: it reads its texts as they stand"

    def example(self, row_id: str, values: Mapping[str, object]) -> Example:
        """Build an example from `anchor`, `positive` and, where there is one, `negative`.

        A positive of "none" says that nothing answers the anchor: the example then has none. Raises
        ValueError when one of the first two is empty, or the negative is the positive.
        """
        inputs = {name: _text(values, name) for name in ("anchor", "positive", "negative")}
        for name in ("anchor", "positive"):
            if not inputs[name]:
                raise ValueError(f"{name}: missing or empty")
        if inputs["positive"] == NONE:
            inputs["positive"] = ""
        elif inputs["negative"] == inputs["positive"]:
            raise ValueError("negative: the same as the positive")
        return Example(id=row_id, inputs={name: text for name, text in inputs.items() if text})

    def output(self, prediction: Prediction) -> dict[str, object]:
        """Return the id of the nearest row."""
        return {"nearest": prediction.text}

    def score(self, examples: Sequence[Example], predictions: Sequence[Prediction]) -> tuple[Scored, ...]:
        """Score the share of anchors that lie nearest to their own positive; those without count nothing."""
        own = [one.model_copy(update={"target": one.id}) for one in examples]
        answered = np.array(["positive" in one.inputs for one in examples], dtype=float)
        return tuple(
            replace(scored, stats=scored.stats * answered[:, None])
            for scored in score_all(METRICS, own, predictions)
        )


def _text(values: Mapping[str, object], name: str) -> str:
    value = values.get(name, "")
    if not isinstance(value, str):
        raise ValueError(f"{name}: not a text")
    return value.strip()
