"""Telling danger from ordinary talk: a message in, the category of the gate's verdict out.

What the crisis gate's classifier is trained by (`training/recipes/crisis_classifier.yaml`). Labels are the
categories of `safety.verdict`, so that the reply fits the danger; an action is a sum of categories.
"""

from __future__ import annotations

from dataclasses import dataclass

from training.tasks.base import TrainerKind
from training.tasks.labelling import LabellingTask
from training.written.crisis_rows import CATEGORY_OF_LEVEL


@dataclass(frozen=True)
class CrisisTask(LabellingTask):
    """A labelling that is trained over n-grams, with the false alarms that its limits may give.

    Both are shares of the ordinary messages of authors who were left out of the training, for crisis and for
    emergency apart: so many at most get the fixed reply, and so many the resources line or the fixed reply.
    """

    trainer: TrainerKind = "ngram_linear"
    act_ceiling: float = 0.02
    support_ceiling: float = 0.05


CRISIS_CLASSIFIER = CrisisTask(
    "crisis_classifier", labels=tuple(dict.fromkeys(CATEGORY_OF_LEVEL.values())), balanced=True
)
