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
    """A labelling that is trained over n-grams, with the false alarms that its thresholds may give.

    `act_budget` and `support_budget` are shares of the ordinary messages of authors who were left out of
    the training: so many at most get the fixed reply, and so many the resources line or the fixed reply.
    """

    trainer: TrainerKind = "ngram_linear"
    act_budget: float = 0.02
    support_budget: float = 0.10


CRISIS_CLASSIFIER = CrisisTask(
    "crisis_classifier", labels=tuple(dict.fromkeys(CATEGORY_OF_LEVEL.values())), balanced=True
)
