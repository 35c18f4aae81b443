"""Read a message with an encoder that was trained for it: what n-grams only count, it reads in context.

    reader = MessageReader(served_encoder(release, READER))
    CrisisReader(CrisisNgrams.load(), reader, ReaderLimits.load()).assess("...")  ->  Verdict

For the crisis gate its odds of danger and those of the n-grams are added up, with weights and limits that
were chosen on authors whom neither had seen (benchmarks/fit_reader.py). It learned English: a Spanish message
is the n-grams' alone. For the screen it names requests for harm and orders to the assistant.

Limits are of one training of each: with other weights the reader is not used. Must not: log, keep or put into
an error any of a message.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from safety.crisis_ngrams import EARLIER, EMERGENCY, KINDS, SAFE_LABELS, Ceilings, Danger, Kind, danger_odds
from safety.errors import ReaderError
from safety.folding import plain
from safety.tagging import cut
from safety.verdict import ALLOW, Level, Verdict
from weights.errors import WeightsCorrupt

if TYPE_CHECKING:
    from safety.crisis_ngrams import CrisisNgrams

LIMITS: Final = Path(__file__).parent / "reader_limits.json"
REFUSED: Final = ("harmful_request", "injection")
WINDOW_TOKENS: Final = 128
"""What is read at once; a longer message is read in windows that overlap."""
_NO_DANGER: Final = (*SAFE_LABELS, *REFUSED)
_LONE_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")
Shares = NDArray[np.float64]


class ReadLimit(BaseModel):
    """From which share of danger on a message gets the fixed reply (`act`) or the line (`support`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: Kind
    short: bool
    act: float = Field(gt=0, le=1)
    support: float = Field(gt=0, le=1)


class ReaderLimits(BaseModel):
    """How the odds of both are added up, and from where on a message counts.

    `refused` are the shares from which on a category of `REFUSED` is refused, of which `refused_ceiling` says
    how many ordinary messages of unseen authors reach it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    fitted: str
    reader_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    ngrams_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    scores_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bias: float
    ngrams: float = Field(ge=0)
    reader: float = Field(ge=0)
    limits: tuple[ReadLimit, ...]
    ceilings: Ceilings
    refused: Mapping[str, float]
    refused_ceiling: float

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if sorted((one.action, one.short) for one in self.limits) != sorted(
            (kind, short) for kind in KINDS for short in (False, True)
        ):
            raise ValueError("limits must have each action and length once")
        if set(self.refused) != set(REFUSED):
            raise ValueError(f"refused must have {', '.join(REFUSED)}")
        return self

    @classmethod
    def load(cls, file: Path = LIMITS) -> Self:
        """Read the limits. Raises ReaderError."""
        try:
            return cls.model_validate_json(file.read_bytes())
        except (OSError, ValidationError) as error:
            raise ReaderError(
                f"{file.name} cannot be used ({type(error).__name__}). Fit it again: "
                "python -m benchmarks.fit_reader --write"
            ) from None

    def share(self, ngrams: float, reader: float) -> float:
        """Return the share of danger that two shares of it, 0 to 1, add up to."""
        odds = danger_odds(np.array([ngrams, reader]))
        return float(1 / (1 + np.exp(-(self.bias + self.ngrams * odds[0] + self.reader * odds[1]))))

    def of(self, danger: Danger) -> ReadLimit:
        """Return the limit of a message's action and length."""
        return next(one for one in self.limits if one.action == danger.action and one.short == danger.short)


class MessageReader:
    """The encoder with its labels. Safe to use from several threads."""

    def __init__(self, folder: Path, *, threads: int = 0) -> None:
        """Load what `weights.served` built. `threads` windows are read at once; 0: one a core, at most four.

        Raises ReaderError when the folder is not as it was written, or its labels are not a reader's.
        """
        from weights.runtime import open_served, readers

        try:
            self._session, self._tokenizer, self.card = open_served(folder)
        except (WeightsCorrupt, OSError, KeyError, ValidationError, ValueError) as error:
            raise ReaderError(
                f"reader folder {folder.name!r} cannot be used ({type(error).__name__}): delete it, and it "
                "is built again from its release"
            ) from None
        self.labels = self.card.labels
        if not {*_NO_DANGER, EMERGENCY} < set(self.labels):
            raise ReaderError(f"the labels of {folder.name!r} are not those of a reader of messages")
        self.sha256 = self.card.weights_sha256
        self._threads = ThreadPoolExecutor(threads or readers(), thread_name_prefix="reader")
        self._danger = np.array([label not in _NO_DANGER for label in self.labels])

    def shares(self, text: str) -> Shares:
        """Return the share of each label in each window of a text, [windows, labels]; one window at least."""
        readable = plain(_LONE_SURROGATE.sub("\ufffd", text))
        encoded = self._tokenizer.encode(readable, add_special_tokens=False)
        limit = min(WINDOW_TOKENS, self.card.max_tokens)
        windows = cut(encoded, limit=limit, begin=self.card.begin, end=self.card.end)
        if len(windows) == 1:
            return self._read(windows[0].tokens)[None]
        return np.stack(list(self._threads.map(self._read, [one.tokens for one in windows])))

    def danger(self, shares: Shares) -> Danger:
        """Return how sure it is of danger in the most dangerous window, and of which kind it would be."""
        found = shares[:, self._danger].sum(axis=1)
        at = int(found.argmax())
        of_kind = {
            label: float(share)
            for label, share, unsafe in zip(self.labels, shares[at], self._danger, strict=True)
            if unsafe
        }
        urgent = of_kind[EMERGENCY] > sum(of_kind.values()) / 2
        in_crisis = {label: share for label, share in of_kind.items() if label != EMERGENCY}
        return Danger(
            share=float(found[at]),
            action="emergency" if urgent else "crisis",
            category=EMERGENCY if urgent else max(in_crisis, key=lambda label: in_crisis[label]),
        )

    def refusals(self, shares: Shares) -> dict[str, float]:
        """Return the highest share of each category that is refused."""
        return {name: float(shares[:, self.labels.index(name)].max()) for name in REFUSED}

    def _read(self, tokens: Sequence[int]) -> Shares:
        feed: dict[str, Any] = {"tokens": np.asarray(tokens, dtype=np.int64)}
        logits = self._session.run(["logits"], feed)[0][0].astype(np.float64)
        grown = np.exp(logits - logits.max())
        return np.asarray(grown / grown.sum())


class CrisisReader:
    """The n-grams and the reader as one. Safe to use from several threads."""

    def __init__(self, ngrams: CrisisNgrams, reader: MessageReader, limits: ReaderLimits) -> None:
        """Join them. Raises ReaderError when the limits are of other weights."""
        stated = (limits.ngrams_sha256, limits.reader_sha256)
        if (ngrams.config.weights_sha256, reader.sha256) != stated:
            raise ReaderError(
                "safety/reader_limits.json was fitted for other weights than these: the reader is not used. "
                "Fit it again: python -m benchmarks.fit_reader --write"
            )
        self._ngrams, self._reader, self._limits = ngrams, reader, limits

    def assess(self, text: str, *, earlier: Sequence[str] = ()) -> Verdict:
        """Return the verdict for `text`, also together with the last of the same person's `earlier` messages.

        An earlier message alone decides nothing, as with the n-grams.
        """
        verdict = self._verdict(text)
        if earlier and verdict.action not in KINDS:
            together = self._verdict("\n".join([*earlier[-EARLIER:], text]), whole=True)
            verdict = max(verdict, together, key=lambda one: one.rank)
        return verdict

    def category(self, text: str) -> str:
        """Return the category for which a message is refused, or ""."""
        found = self._reader.refusals(self._reader.shares(text))
        over = {name: share / self._limits.refused[name] for name, share in found.items()}
        first = max(over, key=lambda name: over[name])
        return first if over[first] >= 1.0 else ""

    def _verdict(self, text: str, *, whole: bool = False) -> Verdict:
        counted = self._ngrams.danger(text, whole=whole)
        if counted.language == "es" or not counted.words:
            return self._ngrams.verdict(counted)
        read = self._reader.danger(self._reader.shares(text))
        found = replace(
            counted,
            share=self._limits.share(counted.share, read.share),
            action=read.action,
            category=read.category,
        )
        limit = self._limits.of(found)
        if found.share >= limit.act:
            level: Level = "imminent" if found.action == "emergency" else "high"
            return Verdict(found.action, found.category, level)
        return Verdict("support", found.category, "concern") if found.share >= limit.support else ALLOW
