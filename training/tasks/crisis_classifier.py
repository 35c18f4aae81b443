"""Telling danger from ordinary talk: a message in, its kind of danger out.

What the crisis gate's classifier is trained by (`training/recipes/crisis_classifier.yaml`). Labels are the
kinds that replies are written for (`safety.reply_kinds`); what is done about a message is decided by the
categories of `safety.verdict` that they belong to, and an action is a sum of categories.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from safety.crisis_ngrams import Ceilings
from safety.language import Language
from training.tasks.base import TrainerKind
from training.tasks.labelling import LabellingTask
from training.written.crisis_rows import CATEGORY_OF_KIND


@dataclass(frozen=True)
class CrisisTask(LabellingTask):
    """A labelling that is trained over n-grams, with the false alarms that its limits may give, by language.

    They are shares of the ordinary messages of authors who were left out of the training, for crisis and for
    emergency apart: so many at most get the fixed reply, and so many the resources line or the fixed reply.
    English has the reader of messages besides; Spanish has nobody else, and with its own of each action it
    stops as much of what is written to be mistaken for danger as English does. `doubted`, by language: so
    many of the dangerous messages that a rule stops may get the resources line alone, because n-grams see
    no danger.
    """

    trainer: TrainerKind = "ngram_linear"
    categories: Mapping[str, str] = field(default_factory=lambda: CATEGORY_OF_KIND)
    """The category of the verdict for each label."""
    ceilings: Mapping[Language, Ceilings] = field(
        default_factory=lambda: {
            "en": Ceilings(act=0.01, support=0.05),
            "es": Ceilings(act=0.025, support=0.06),
        }
    )
    doubted: Mapping[Language, float] = field(default_factory=lambda: {"es": 0.001})


CRISIS_CLASSIFIER = CrisisTask("crisis_classifier", labels=tuple(CATEGORY_OF_KIND), balanced=True)
