"""How probable it is that the first hit answers the question.

A logistic curve over a few features that mean the same in every corpus. Its numbers stand in
calibration.json, for searches with a ranker in calibration_ranked.json, and for an FAQ whose answers say
nothing beyond its questions in calibration_questions.json;
`python -m benchmarks.fit_confidence` fits them and says how well they hold on sources that the fit has not
seen. No text of the data they were fitted on is kept.
"""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass, fields
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

FILE = Path(__file__).with_name("calibration.json")
RANKED_FILE = Path(__file__).with_name("calibration_ranked.json")
QUESTIONS_FILE = Path(__file__).with_name("calibration_questions.json")
MAX_NUMBERS = 64


@dataclass(frozen=True)
class Features:
    """What is measured of a query and the ranking it got."""

    title: float  # cosine with the first entry's nearest question or alternate
    margin: float  # fused score of the first entry less that of the second
    coverage: float  # share of the query's words, by rarity, that the first entry has
    agreement: float  # share of the views (0 to 3 of 3) that put the first entry first
    length: float  # logarithm of 1 + the number of content words
    answers: float = 0.0  # the ranker's score of the first entry; 0 stands for none of them
    share: float = 0.0  # logarithm of the first entry's share of the probability
    some: float = 0.0  # minus the logarithm of the share of "none of these"
    lead: float = 0.0  # what the first entry has more than the next, by ranker and fused score
    subject: float = 0.0  # 1 where the first entry has what the question is about; read beside a ranker alone
    near: float = 0.0  # cosines of the first entry, weighted as in the fused score; beside a ranker alone

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return the features' names in their order."""
        return tuple(field.name for field in fields(cls))

    def values(self) -> tuple[float, ...]:
        """Return the features in their order."""
        return astuple(self)


class Curve(BaseModel):
    """The fitted numbers: probability = 1 / (1 + exp(-(intercept + sum of weight * value))).

    `without_subject` is the most it may be when the entry lacks what the question is about, or when
    neither its question nor an alternate is as near as `least_title`: however much else agrees, that
    is how often an entry without the subject was the right one. Beside a ranker, which reads what is asked,
    it is 1 and bounds nothing: the subject is one of the features there. It is 1 for questions alone, too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    fitted: str
    intercept: float
    weights: dict[str, float]
    without_subject: float
    least_title: float

    def probability(self, features: Features, *, covered: bool = True) -> float:
        """Return the probability, in [0, 1]; `covered` as in `retrieval.subject.uncovered`."""
        total = self.intercept + sum(
            self.weights.get(name, 0.0) * value
            for name, value in zip(Features.names(), features.values(), strict=True)
        )
        found = 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, total))))
        sure = covered and features.title >= self.least_title
        return found if sure else min(found, self.without_subject)


@cache
def load_curve(*, ranked: bool = False, questions: bool = False) -> Curve:
    """Return the curve that ships with this version.

    `ranked` for searches with a ranker, `questions` where there is nothing but questions to compare with.
    """
    file = QUESTIONS_FILE if questions else RANKED_FILE if ranked else FILE
    return Curve.model_validate_json(file.read_bytes())
