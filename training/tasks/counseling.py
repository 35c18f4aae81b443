"""Counseling: a person tells of a situation or a feeling, and the answer listens and helps a step on.

The prompt is the one that the chat uses for `support` answers. The model may carry no medical or
clinic fact: the output check of the chat holds that, and the guards of the evaluation count it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.models.base import Message
from app.prompting import SUPPORT_NO_REPEAT, support_messages
from training.metrics import Scored
from training.rows import Example, Prediction
from training.scores import score_all
from training.tasks.base import TrainerKind

METRICS = ("perplexity", "bleu", "rouge1", "rouge2", "rougeL")


class Counseling:
    """question -> answer."""

    name = "counseling"
    trainer: TrainerKind = "causal_lm"
    fields = ("question",)
    target = "answer"
    metric = "perplexity"
    chat = True
    no_repeat_ngram_size = SUPPORT_NO_REPEAT

    def example(self, row_id: str, values: Mapping[str, object]) -> Example:
        """Build an example; `answer` may be missing where one is only to be predicted."""
        question = _text(values, "question")
        if not question:
            raise ValueError("question: missing or empty")
        return Example(id=row_id, inputs={"question": question}, target=_text(values, "answer"))

    def messages(
        self, example: Example, *, clinic: str, system: str = "", shots: Sequence[Example] = ()
    ) -> tuple[Message, ...]:
        """Build the chat's own prompt of a supporting answer; `shots` come before it as earlier turns."""
        own, *rest = support_messages(example.inputs["question"], (), clinic)
        worked = [
            message
            for shot in shots
            for message in (Message("user", shot.inputs["question"]), Message("assistant", shot.target))
        ]
        return (Message("system", system) if system else own, *worked, *rest)

    def output(self, prediction: Prediction) -> dict[str, object]:
        """Return the answer."""
        return {"answer": prediction.text}

    def score(self, examples: Sequence[Example], predictions: Sequence[Prediction]) -> tuple[Scored, ...]:
        """Score likelihood and overlap with the reference."""
        return score_all(METRICS, examples, predictions)


def _text(values: Mapping[str, object], name: str) -> str:
    value = values.get(name, "")
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"{name}: must be a text, not {type(value).__name__}")
    return value.strip()
