"""Ranking: a question and some candidate texts in, the candidate that answers it out, or none of them.

    RankingTask("faq_ranker")

A ranker reads question and candidate together, which a comparison of two vectors cannot. It has no prompt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from training.metrics import Scored
from training.rows import Example, Prediction
from training.scores import score_all
from training.tasks.base import TrainerKind
from training.tasks.without_prompt import WithoutPrompt
from training.written.faq_rows import NONE

METRICS: Final = ("accuracy",)


@dataclass(frozen=True)
class RankingTask(WithoutPrompt):
    """query, candidates -> the place of the candidate that answers, counted from 0, or "none"."""

    name: str
    metric: str = "accuracy"
    trainer: TrainerKind = "ranker"
    fields: tuple[str, ...] = ("query", "candidates")
    target: str = "answer"
    chat: bool = False
    reads: ClassVar[str] = "a ranker: it reads `query` and `candidates` as they stand"

    def example(self, row_id: str, values: Mapping[str, object]) -> Example:
        """Build an example from `query`, `candidates` (a list of texts) and `answer`.

        The answer may be missing where it is to be predicted. Raises ValueError for an empty query, no
        candidates, or an answer that is neither the place of one nor "none".
        """
        query, texts = values.get("query"), values.get("candidates")
        if not isinstance(query, str) or not query.strip():
            raise ValueError("query: missing or empty")
        if not isinstance(texts, Sequence) or isinstance(texts, str) or not texts:
            raise ValueError("candidates: no list of texts")
        found = tuple(text for text in texts if isinstance(text, str) and text.strip())
        if len(found) < len(texts):
            raise ValueError("candidates: one is empty or no text")
        answer = str(values.get("answer", ""))
        if answer not in ("", NONE, *map(str, range(len(found)))):
            raise ValueError(f"answer: neither a place among {len(found)} candidates nor {NONE!r}")
        return Example(id=row_id, inputs={"query": query}, passages=found, target=answer)

    def output(self, prediction: Prediction) -> dict[str, object]:
        """Return the place of the candidate, or "none"."""
        return {"answer": prediction.text}

    def score(self, examples: Sequence[Example], predictions: Sequence[Prediction]) -> tuple[Scored, ...]:
        """Score the share of questions with the right candidate, or rightly none."""
        return score_all(METRICS, examples, predictions)
