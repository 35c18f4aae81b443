"""What tuning cost elsewhere: how probable the other answers of the chat are to a model, before and after.

The chat asks a language model for two things: support, and a FAQ's own sentences from its passages. The
adapter of one job is not loaded for the other; a merged export or a fully tuned model is. So each arm is
given questions of clinics that nothing was trained on, with the entry that answers them, and the entry's
words as the answer. Nothing is written; only likelihoods are kept.

    answers_elsewhere(served, arm=...) for base and tuned -> elsewhere(base, tuned)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final, Protocol

import numpy as np
from pydantic import Field

from app.models.base import Message
from app.prompting import grounded_messages
from training.metrics import Metric, Scored, ratio
from training.rows import Frozen, Prediction
from training.written.faq_rows import held_out_clinics

ENTRIES: Final = 4
"""Of each clinic, spread over its FAQ."""
METRIC: Final = Metric("grounded: probability of a token", ratio)


class Asked(Frozen):
    """A question, the entry's answer as passage and as what is to be said, and the clinic."""

    id: str
    clinic: str
    question: str = Field(repr=False)
    answer: str = Field(repr=False)

    def messages(self) -> tuple[Message, ...]:
        """Return the chat's own prompt of an answer from passages."""
        return grounded_messages(self.question, [self.answer], "the clinic")


class Likely(Protocol):
    """What says how likely an answer is: nats summed, and its tokens, end token included."""

    def likelihood(self, prompt: Sequence[Message], answer: str) -> tuple[float, int]:
        """Return both for an answer to a prompt."""
        ...


@cache
def questions() -> tuple[Asked, ...]:
    """Return the questions in a fixed order: `ENTRIES` of each held-out clinic."""
    return tuple(
        Asked(id=f"{clinic.name}-{one.id}", clinic=clinic.name, question=one.asked[0], answer=one.answer)
        for clinic in held_out_clinics()
        for one in clinic.entries[:: -(-len(clinic.entries) // ENTRIES)]
    )


def answers_elsewhere(model: Likely, *, arm: str) -> Iterator[Prediction]:
    """Yield the likelihood of every answer; the texts are empty, for nothing is written."""
    for one in questions():
        nats, tokens = model.likelihood(one.messages(), one.answer)
        yield Prediction(id=one.id, arm=arm, text="", nll=nats, nll_tokens=tokens)


def elsewhere(said: Sequence[Prediction]) -> Scored:
    """Return the mean, over answers, of the probability that a token had (geometric mean, 0 to 1).

    Raises ValueError when an answer is missing.
    """
    known = {one.id: one for one in said if one.nll_tokens}
    asked = questions()
    if missing := [one.id for one in asked if one.id not in known]:
        raise ValueError(f"{len(missing)} answer(s) elsewhere were not measured: {', '.join(missing[:5])}")
    rows = [known[one.id] for one in asked]
    stats = np.array([[np.exp(-one.nll / one.nll_tokens), 1.0] for one in rows])
    return Scored(METRIC, stats, tuple(one.id for one in asked), tuple(one.clinic for one in asked))
