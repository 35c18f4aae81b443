"""Read a message with an encoder that was trained for it: what n-grams only count, it reads in context.

    reader = MessageReader(served_encoder(release, READER))
    CrisisReader(CrisisNgrams.load(), reader, ReaderLimits.load()).assess("...")  ->  Verdict

For the crisis gate its odds of danger and those of the n-grams are added up, with weights and limits that
were chosen on authors whom neither had seen (benchmarks/fit_reader.py). What the n-grams alone would answer
with fixed words gets the resources line at least. It learned English: a message in Spanish is the n-grams'
alone, and one whose language its words do not tell gets the more careful verdict of the two. For the screen
it names requests for harm and orders to the assistant, never in a message that may tell of danger or is in
Spanish; for the choice of an answer it says whether somebody tells of a feeling rather than asks.

Limits are of one training of each: with other weights the reader is not used. Must not: log, keep or put into
an error any of a message. What was read last is remembered under its hash, because the gate and the screen
ask for the same.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from safety.apart import DaemonPool
from safety.crisis_ngrams import (
    EARLIER,
    EMERGENCY,
    KINDS,
    SAFE_LABELS,
    Ceilings,
    Danger,
    Kind,
    danger_odds,
    verdict_of,
)
from safety.errors import ReaderError
from safety.folding import plain
from safety.language import language_of
from safety.placeholders import in_plain_words, without_introduction
from safety.tagging import cut
from safety.verdict import Verdict
from weights.errors import WeightsCorrupt

if TYPE_CHECKING:
    from safety.crisis_ngrams import CrisisNgrams

LIMITS: Final = Path(__file__).parent / "reader_limits.json"
REFUSED: Final = ("harmful_request", "injection")
FEELING: Final = "feeling"
"""The label of a message that tells of a feeling or a hard situation, without danger."""
WINDOW_TOKENS: Final = 256
"""What is read at once; a longer message is read in windows that overlap."""
MOST_WINDOWS: Final = 8
"""Of a longer message the first and the last windows are read: nobody's message may hold up another's."""
CERTAIN: Final = 5e-5
"""Nearer to 0 or 1 no share is believed: the table that the weights were fitted on goes no further."""
MAY_BE_DANGER: Final = 0.15
"""From this share of danger on a message is not refused, whatever else it looks like."""
_REMEMBERED: Final = 64
NO_DANGER: Final = (*SAFE_LABELS, FEELING, *REFUSED)
_LONE_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")
Shares = NDArray[np.float64]
Length = Literal["short", "usual", "long"]
LENGTHS: Final[tuple[Length, ...]] = get_args(Length)
LONG: Final = 60
"""Content words: a message of as many is long, about a hundred and twenty words in all."""


def length_of(danger: Danger) -> Length:
    """Return which limits hold for a message, by its content words: few are unclear, many tell of much."""
    return "short" if danger.short else "usual" if danger.words < LONG else "long"


class ReadLimit(BaseModel):
    """From which share of danger on a message gets the fixed reply (`act`) or the line (`support`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: Kind
    length: Length
    act: float = Field(gt=0, le=1)
    support: float = Field(gt=0, le=1)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.support > self.act:
            raise ValueError(f"support {self.support} is above act {self.act}")
        return self


class ReaderLimits(BaseModel):
    """How the odds of both are added up, and from where on a message counts.

    `ceilings` say, by kind of ordinary message, which share of those of unseen authors may reach a limit;
    `refused` are the shares from which on a category of `REFUSED` is refused, `refused_ceilings` likewise;
    from `feeling` on a message is one that tells of a feeling. Below `doubts` of its length what a rule would
    stop is not stopped: of the dangerous messages of unseen authors that a rule stops at most `doubted` are.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[2] = 2
    fitted: str
    reader_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    ngrams_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    scores_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bias: float
    ngrams: float = Field(ge=0)
    reader: float = Field(ge=0)
    limits: tuple[ReadLimit, ...]
    ceilings: Mapping[str, Ceilings]
    refused: Mapping[str, Annotated[float, Field(gt=0, le=1)]]
    refused_ceilings: Mapping[str, Mapping[str, float]]
    feeling: float = Field(gt=0, le=1)
    doubts: Mapping[Length, Annotated[float, Field(ge=0, lt=1)]]
    doubted: float = Field(ge=0, le=0.05)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if sorted((one.action, one.length) for one in self.limits) != sorted(
            (kind, length) for kind in KINDS for length in LENGTHS
        ):
            raise ValueError("limits must have each action and length once")
        if set(self.doubts) != set(LENGTHS):
            raise ValueError(f"doubts must have {', '.join(LENGTHS)}")
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
        odds = danger_odds(np.clip(np.array([ngrams, reader]), CERTAIN, 1 - CERTAIN))
        return float(1 / (1 + np.exp(-(self.bias + self.ngrams * odds[0] + self.reader * odds[1]))))

    def of(self, action: Kind, length: Length) -> ReadLimit:
        """Return the limit of a kind of danger and a length."""
        return next(one for one in self.limits if (one.action, one.length) == (action, length))


class MessageReader:
    """The encoder with its labels. Safe to use from several threads."""

    def __init__(self, folder: Path, *, threads: int = 0) -> None:
        """Load what `weights.served` built. `threads` windows are read at once; 0: one a core, at most four.

        Raises ReaderError when the folder is not as it was written, or its labels are not a reader's.
        """
        from weights.runtime import open_served, readers

        try:
            self._session, self._tokenizer, self.card = open_served(folder)
        except WeightsCorrupt as error:
            raise ReaderError(f"reader {error}") from None
        self.labels = self.card.labels
        if not {*NO_DANGER, EMERGENCY} < set(self.labels):
            raise ReaderError(f"the labels of {folder.name!r} are not those of a reader of messages")
        self.sha256 = self.card.weights_sha256
        self._pool = DaemonPool(threads or readers(), "reader")
        self._lock = threading.Lock()
        self._read_last = OrderedDict[bytes, Shares]()
        self._danger = np.array([label not in NO_DANGER for label in self.labels])
        self._felt = np.array([label not in ("none", EMERGENCY, *REFUSED) for label in self.labels])

    def shares(self, text: str) -> Shares:
        """Return the share of each label in each window of a text, [windows, labels]; one window at least."""
        key = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        with self._lock:
            if key in self._read_last:
                self._read_last.move_to_end(key)
                return self._read_last[key]
        found = self._shares(plain(_LONE_SURROGATE.sub("\ufffd", text)))
        with self._lock:
            self._read_last[key] = found
            while len(self._read_last) > _REMEMBERED:
                self._read_last.popitem(last=False)
        return found

    def _shares(self, text: str) -> Shares:
        encoded = self._tokenizer.encode(text, add_special_tokens=False)
        limit = min(WINDOW_TOKENS, self.card.max_tokens)
        windows = cut(encoded, limit=limit, begin=self.card.begin, end=self.card.end)
        if len(windows) > MOST_WINDOWS:
            windows = [*windows[: MOST_WINDOWS // 2], *windows[-MOST_WINDOWS // 2 :]]
        if len(windows) == 1:
            return self._read(windows[0].tokens)[None]
        read = [self._pool.submit(partial(self._read, one.tokens)) for one in windows]
        return np.stack([one.result() for one in read])

    def danger(self, shares: Shares) -> Danger:
        """Return how sure it is of danger in the most dangerous window, and of which kind it would be.

        Of many windows one is the most dangerous by chance: the odds are divided by their number.
        """
        found = shares[:, self._danger].sum(axis=1)
        at = int(found.argmax())
        odds = danger_odds(found[at : at + 1])[0] - np.log(len(shares))
        of_kind = {
            label: float(share)
            for label, share, unsafe in zip(self.labels, shares[at], self._danger, strict=True)
            if unsafe
        }
        urgent = of_kind[EMERGENCY] > sum(of_kind.values()) / 2
        in_crisis = {label: share for label, share in of_kind.items() if label != EMERGENCY}
        return Danger(
            share=float(1 / (1 + np.exp(-odds))),
            action="emergency" if urgent else "crisis",
            category=EMERGENCY if urgent else max(in_crisis, key=lambda label: in_crisis[label]),
        )

    def feeling(self, shares: Shares) -> float:
        """Return the share of a feeling told, over all windows; grief and most danger are one too."""
        return float(shares[:, self._felt].sum(axis=1).mean())

    def refusals(self, shares: Shares) -> dict[str, float]:
        """Return the highest share of each category that is refused."""
        return {name: float(shares[:, self.labels.index(name)].max()) for name in REFUSED}

    def _read(self, tokens: Sequence[int]) -> Shares:
        feed: dict[str, Any] = {"tokens": np.asarray(tokens, dtype=np.int64)}
        logits = self._session.run(["logits"], feed)[0][0].astype(np.float64)
        grown = np.exp(logits - logits.max())
        return np.asarray(grown / grown.sum())


class CrisisReader:
    """The n-grams and the reader as one. Safe to use from several threads.

    Both learned from messages as people write them: what was scrubbed is read in plain words.
    """

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

        Earlier messages alone decide nothing: together they count where they say more than without `text`.
        """
        text = in_plain_words(text)
        _, verdict = self._judged(text)
        if earlier and verdict.action not in KINDS:
            before = in_plain_words("\n".join(earlier[-EARLIER:]))
            share, together = self._judged(f"{before}\n{text}", joined=True)
            if together.rank > verdict.rank and share > self._judged(before)[0]:
                return together
        return verdict

    def category(self, text: str) -> str:
        """Return the category for which a message is refused, or "".

        Never of one that may tell of danger, and never of one in Spanish: nearly all Spanish that it
        was taught was orders to the assistant, so that it takes half of what is asked in Spanish for one.
        """
        text = in_plain_words(without_introduction(text))
        if "es" in (self._ngrams.danger(text).language, language_of(text)):
            return ""
        shares = self._reader.shares(text)
        if self._reader.danger(shares).share >= MAY_BE_DANGER:
            return ""
        over = {
            name: share / self._limits.refused[name]
            for name, share in self._reader.refusals(shares).items()
            if share >= self._limits.refused[name]
        }
        return max(over, key=lambda name: over[name], default="")

    def doubts(self, text: str, *, in_question: bool = False) -> bool:
        """Say whether there is next to no danger in what a rule would stop; of English alone it can tell.

        What the rules themselves call `in_question`, a word without a story or words under a `no`, is doubted
        below the limit of the resources line: there who reads the message knows more than they do.
        Of several windows the most dangerous counts as it is. What looks like a request for harm is not
        doubted: who asks how to hide somebody's bruises is in no danger, and somebody else is.
        """
        text = in_plain_words(text)
        counted = self._ngrams.danger(text)
        if counted.language != "en":
            return False
        shares = self._reader.shares(text)
        if max(self._reader.refusals(shares).values()) >= MAY_BE_DANGER:
            return False
        read = max(self._reader.danger(shares[at : at + 1]).share for at in range(len(shares)))
        length = length_of(counted)
        limit = self._limits.of("crisis", length).support if in_question else self._limits.doubts[length]
        return self._limits.share(counted.share, read) < limit

    def tells_of_feeling(self, text: str) -> bool | None:
        """Say whether someone tells of a feeling or a hard situation; None of Spanish: it cannot read it."""
        text = in_plain_words(text)
        if not text.strip() or self._ngrams.danger(text).language == "es":
            return None
        return self._reader.feeling(self._reader.shares(text)) >= self._limits.feeling

    def _judged(self, text: str, *, joined: bool = False) -> tuple[float, Verdict]:
        """Return the share of danger and the verdict; of `joined` messages the end is read, not each part."""
        counted = self._ngrams.danger(text, whole=joined)
        alone = self._ngrams.verdict(counted)
        if counted.language == "es" or not text.strip():
            return counted.share, alone
        shares = self._reader.shares(text)
        read = self._reader.danger(shares[-1:] if joined else shares)
        found = as_one(counted, read, self._limits)
        limit = self._limits.of(found.action, length_of(found))
        verdict = verdict_of(found, limit.act, limit.support)
        if verdict.action == "allow" and alone.action in KINDS:
            verdict = Verdict("support", alone.category, "concern")
        if counted.language == "":
            verdict = max(verdict, alone, key=lambda one: one.rank)
        return found.share, verdict


def as_one(counted: Danger, read: Danger, limits: ReaderLimits) -> Danger:
    """Return what n-grams and reader say as one; the kind of danger is that of whoever is surer of one."""
    kind = surer(counted, read)
    return replace(
        counted,
        share=limits.share(counted.share, read.share),
        action=kind.action,
        category=kind.category,
    )


def surer(counted: Danger, read: Danger) -> Danger:
    """Return what the surer of the two found."""
    return read if read.share >= counted.share else counted


def load_reader(ngrams: CrisisNgrams | None, folder: Path | None) -> CrisisReader | None:
    """Join n-grams and the reader that `weights.served` built, where both are there. Raises ReaderError."""
    if ngrams is None or folder is None:
        return None
    return CrisisReader(ngrams, MessageReader(folder), ReaderLimits.load())
