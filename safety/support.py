"""Say whether passages bear a sentence out: a score, and contradictions that no score outweighs.

    scorer = SupportScorer.load()
    scorer.judge("...", passages, embed=None)  ->  Support(score, shown, contradicted)

The score is a logistic regression over the features of safety/support_features.py. Its coefficients stand in
support_weights.json, fitted by `python -m benchmarks.fit_support` on pairs made from MedQuAD (CC BY 4.0);
there are two sets, with and without the encoder that they name. A sentence that stands in a passage word for
word needs no score. Must not call a model of its own, or put a sentence's words into an error.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from safety.errors import SupportWeightsError
from safety.evidence import Embed, content_stems, plain, quoted_in, sentences
from safety.support_features import MEANING, Contradictions, Features, contradictions, features, sources_of

SHIPPED: Final = Path(__file__).parent / "support_weights.json"
_NONE: Final = Contradictions(False, False, False, False, False, False)


class Head(BaseModel):
    """One set of coefficients: log-odds of support, and the least score that is shown."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    intercept: float
    weights: Mapping[str, float]
    threshold: float = Field(ge=0, le=1)

    def score(self, found: Features) -> float:
        """Return the probability of support."""
        odds = self.intercept + sum(
            self.weights.get(name, 0.0) * value
            for name, value in zip(found.names(), found.values(), strict=True)
        )
        return 1.0 / (1.0 + math.exp(-max(-50.0, min(50.0, odds))))


class SupportWeights(BaseModel):
    """The file of coefficients. `sha256` is over the heads; `pairs_sha256` says what they were fitted on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    fitted: str
    encoder: str = Field(description="source of the encoder that `with_encoder` was fitted with")
    pairs_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    words_alone: Head
    with_encoder: Head
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for head, names in (
            (self.words_alone, set(Features.names()) - set(MEANING)),
            (self.with_encoder, set(Features.names())),
        ):
            if set(head.weights) != names:
                raise ValueError(
                    f"coefficients for {sorted(set(head.weights) ^ names)} are missing or unknown"
                )
        found = heads_sha256(self.words_alone, self.with_encoder)
        if found != self.sha256:
            raise ValueError(f"the coefficients have the hash {found[:12]}, stated is {self.sha256[:12]}")
        return self


@dataclass(frozen=True, slots=True)
class Support:
    """How sure it is (0 to 1) that passages bear a sentence out, whether it may be shown, what denies it.

    `by` are the places of the passages that it rests on, in order: none for a sentence without a word of
    meaning, or for one that is not shown.
    """

    score: float
    shown: bool
    contradicted: Contradictions = _NONE
    by: tuple[int, ...] = ()


class SupportScorer:
    """Judge sentences. Holds no state between them: any number of threads may share one."""

    def __init__(self, weights: SupportWeights) -> None:
        """Take coefficients."""
        self.weights = weights

    @classmethod
    def load(cls, file: Path = SHIPPED) -> Self:
        """Read coefficients. Raises SupportWeightsError that says what is missing or damaged."""
        try:
            return cls(SupportWeights.model_validate_json(file.read_bytes()))
        except OSError as error:
            raise SupportWeightsError(
                f"no {file.name} to judge sentences with ({type(error).__name__}). Put it back, or fit it: "
                "python -m benchmarks.fit_support --write"
            ) from None
        except ValidationError as error:
            faults = "; ".join(fault["msg"] for fault in error.errors())
            raise SupportWeightsError(
                f"{file.name} cannot be used: {faults}. Put it back, or fit it again: "
                "python -m benchmarks.fit_support --write"
            ) from None

    def judge(self, sentence: str, passages: Sequence[str], embed: Embed | None = None) -> Support:
        """Judge one sentence; `embed` must be the encoder that the weights name, unit vectors [n, dimension].

        A sentence without a word of meaning ("Yes.") must stand in a passage itself: what it affirms is the
        question, and no passage was asked that.
        """
        if not content_stems(sentence):
            there = {plain(part) for passage in passages for part in sentences(passage)}
            return Support(1.0, True) if plain(sentence) in there else Support(0.0, False)
        if by := quoted_in(sentence, passages):
            return Support(1.0, True, by=by)
        found = sources_of(sentence, passages)
        if found is None:
            return Support(0.0, False)
        against = contradictions(found)
        if against.any():
            return Support(0.0, False, against)
        head = self.weights.words_alone if embed is None else self.weights.with_encoder
        score = head.score(features(found, embed))
        shown = score >= head.threshold
        return Support(score, shown, by=tuple(sorted(set(found.places))) if shown else ())


def heads_sha256(*heads: Head) -> str:
    """Return the hash over coefficients and thresholds, whatever their order in a file."""
    text = json.dumps([head.model_dump() for head in heads], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
