"""What a job is: its fields, its prompt, its scores and its guards. One file a job.

A task must not load a model: it turns fields into an `Example`, an example into messages, and
predictions into scores. Its prompt is the application's own, so that what is trained, evaluated and
served is the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol, runtime_checkable

from app.models.base import Message
from training.metrics import Scored
from training.rows import Example, Prediction

TrainerKind = Literal[
    "causal_lm", "token_classifier", "text_classifier", "sentence_embedder", "ngram_linear", "ranker"
]


@runtime_checkable
class Task(Protocol):
    """A job of the loop."""

    @property
    def name(self) -> str:
        """As recipes and commands name it."""
        ...

    @property
    def trainer(self) -> TrainerKind:
        """The line of `TRAINERS` that trains it."""
        ...

    @property
    def fields(self) -> tuple[str, ...]:
        """The input fields that a row must have."""
        ...

    @property
    def target(self) -> str:
        """The field that is to be produced."""
        ...

    @property
    def metric(self) -> str:
        """The primary metric, which the gate reads."""
        ...

    @property
    def chat(self) -> bool:
        """Whether the chat serves it, so that it is evaluated through `ChatService` as well."""
        ...

    @property
    def no_repeat_ngram_size(self) -> int:
        """As the chat asks for it (`GenerationRequest`), so that every arm is measured as it is served."""
        ...

    def example(self, row_id: str, values: Mapping[str, object]) -> Example:
        """Build an example from fields. Raises ValueError that names the faulty field."""
        ...

    def messages(
        self, example: Example, *, clinic: str, system: str = "", shots: Sequence[Example] = ()
    ) -> tuple[Message, ...]:
        """Build the prompt; `system` replaces the job's own, `shots` are worked examples.

        Not for taggers, classifiers and embedders: they read `inputs` as they stand.
        """
        ...

    def output(self, prediction: Prediction) -> dict[str, object]:
        """Return the output fields of `predict`."""
        ...

    def score(self, examples: Sequence[Example], predictions: Sequence[Prediction]) -> tuple[Scored, ...]:
        """Score predictions, in the order of the examples, by every metric of the job."""
        ...
