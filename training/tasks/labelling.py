"""Labelling: a text in, one label of a fixed set out. One class for every job of this form.

    LabellingTask("crisis_classifier", labels=("none", "support", "crisis"), balanced=True)

A classifier reads the text as it stands; it has no prompt.
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

METRICS = ("macro_f1", "accuracy", "perplexity")


@dataclass(frozen=True)
class LabellingTask(WithoutPrompt):
    """text -> label. `labels`: the only ones allowed (none: any); `balanced`: rare ones weigh more."""

    name: str
    labels: tuple[str, ...] = ()
    balanced: bool = False
    metric: str = "macro_f1"
    trainer: TrainerKind = "text_classifier"
    fields: tuple[str, ...] = ("text",)
    target: str = "label"
    chat: bool = False
    reads: ClassVar[str] = "a classifier: it reads `text` as it stands"

    def example(self, row_id: str, values: Mapping[str, object]) -> Example:
        """Build an example from `text` and `label`; the label may be missing where it is to be predicted.

        Raises ValueError for an empty text, or a label that the job does not have.
        """
        text = values.get("text")
        if not isinstance(text, str) or not text.strip():
            raise ValueError("text: missing or empty")
        label = values.get("label", "")
        if not isinstance(label, str):
            raise ValueError("label: not a word")
        label = label.strip()
        if label and self.labels and label not in self.labels:
            raise ValueError(f"label: not one of {', '.join(self.labels)}")
        return Example(id=row_id, inputs={"text": text}, target=label)

    def output(self, prediction: Prediction) -> dict[str, object]:
        """Return the label."""
        return {"label": prediction.text}

    def score(self, examples: Sequence[Example], predictions: Sequence[Prediction]) -> tuple[Scored, ...]:
        """Score right labels, over classes and over rows, and how sure the right ones were."""
        return score_all(METRICS, examples, predictions)
