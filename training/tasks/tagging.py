"""Tagging: a text in, labelled spans of it out. One class for every job of this form.

    TaggingTask("pii_tagger", metric="char_f2")

A tagger reads the text as it stands; it has no prompt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from training.metrics import Scored
from training.rows import Example, Prediction, Span
from training.scores import score_all
from training.tasks.base import TrainerKind
from training.tasks.without_prompt import WithoutPrompt

METRICS = ("span_f1", "char_recall", "char_precision", "char_f2")


@dataclass(frozen=True)
class TaggingTask(WithoutPrompt):
    """text -> spans. `labels`: the only ones allowed (none: any); `balanced`: rare ones weigh more."""

    name: str
    labels: tuple[str, ...] = ()
    balanced: bool = False
    metric: str = "span_f1"
    trainer: TrainerKind = "token_classifier"
    fields: tuple[str, ...] = ("text",)
    target: str = "spans"
    chat: bool = False
    reads: ClassVar[str] = "a tagger: it reads `text` as it stands"

    def example(self, row_id: str, values: Mapping[str, object]) -> Example:
        """Build an example from `text` and `spans`, a list of {"start", "end", "label"}.

        `spans` may be missing where they are only to be predicted. Raises ValueError for a span that
        lies outside the text, overlaps another or has another label than the job's.
        """
        text = values.get("text")
        if not isinstance(text, str) or not text.strip():
            raise ValueError("text: missing or empty")
        spans = values.get("spans", [])
        if not isinstance(spans, Sequence) or isinstance(spans, str):
            raise ValueError("spans: not a list")
        read = sorted((self._span(one, len(text)) for one in spans), key=lambda span: span.start)
        if any(after.start < before.end for before, after in pairwise(read)):
            raise ValueError("spans: two of them overlap")
        return Example(id=row_id, inputs={"text": text}, spans=tuple(read))

    def output(self, prediction: Prediction) -> dict[str, object]:
        """Return the spans."""
        return {"spans": [span.model_dump() for span in prediction.spans]}

    def score(self, examples: Sequence[Example], predictions: Sequence[Prediction]) -> tuple[Scored, ...]:
        """Score whole spans with their labels, and the characters that are covered at all."""
        return score_all(METRICS, examples, predictions)

    def _span(self, value: object, length: int) -> Span:
        if not isinstance(value, Mapping):
            raise ValueError("spans: one is not an object with start, end and label")
        start, end, label = value.get("start"), value.get("end"), value.get("label")
        if not isinstance(start, int) or not isinstance(end, int) or not isinstance(label, str) or not label:
            raise ValueError("spans: start and end are numbers, label a word")
        if not 0 <= start < end <= length:
            raise ValueError(f"spans: {start} to {end} lies outside of {length} characters")
        if self.labels and label not in self.labels:
            raise ValueError(f"spans: a label is not one of {', '.join(self.labels)}")
        return Span(start=start, end=end, label=label)
