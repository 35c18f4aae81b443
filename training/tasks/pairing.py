"""Pairing: texts that mean the same lie near each other. One class for every job of this form.

    PairingTask("faq_embedder")

What is measured is whether an anchor finds its own positive among all of the evaluated rows: accuracy
is recall at 1. An embedder has no prompt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from training.metrics import Scored
from training.rows import Example, Prediction
from training.scores import score_all
from training.tasks.base import TrainerKind
from training.tasks.without_prompt import WithoutPrompt

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

        Raises ValueError when one of the first two is empty, or the negative is the positive.
        """
        inputs = {name: _text(values, name) for name in ("anchor", "positive", "negative")}
        for name in ("anchor", "positive"):
            if not inputs[name]:
                raise ValueError(f"{name}: missing or empty")
        if inputs["negative"] == inputs["positive"]:
            raise ValueError("negative: the same as the positive")
        return Example(id=row_id, inputs={name: text for name, text in inputs.items() if text})

    def output(self, prediction: Prediction) -> dict[str, object]:
        """Return the id of the nearest row."""
        return {"nearest": prediction.text}

    def score(self, examples: Sequence[Example], predictions: Sequence[Prediction]) -> tuple[Scored, ...]:
        """Score the share of rows whose anchor lies nearest to their own positive."""
        own = [one.model_copy(update={"target": one.id}) for one in examples]
        return score_all(METRICS, own, predictions)


def _text(values: Mapping[str, object], name: str) -> str:
    value = values.get(name, "")
    if not isinstance(value, str):
        raise ValueError(f"{name}: not a text")
    return value.strip()
