"""The learned half of the crisis gate: a linear classifier over word and character n-grams.

It finds danger that no rule has a phrase for. Weights are one folder: `model.safetensors` (for each language
int8 weights with a scale a label) and `crisis_ngrams.json` (labels, limits, the hash of the weights). Limits
were chosen on authors whom the weights had not seen, under a ceiling of false alarms
(training/out_of_author.py): apart for crisis and emergency, by language, and higher for a message of few
words. A long message is read whole and in windows, so that one sentence of danger among many ordinary ones
is not diluted. Each is read by the weights of its language; one whose words do not tell it, by those of the
whole message, or else by those that know more of it. Weights of their own, of fewer columns, tell the kinds
of one category apart, which decides nothing but the words of the reply (safety/reply_kinds.py).

Must not: need anything but numpy and safetensors, read a pickle, or put a message's words into an error.

    CrisisNgrams.load().assess("...")  ->  Verdict(action, category, level)
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal, Self

import numpy as np
import safetensors
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from safetensors.numpy import load as read_tensors

from safety.errors import CrisisWeightsError
from safety.function_words import Language, content_words, language_of
from safety.language import LANGUAGES
from safety.language import Language as Taught
from safety.ngrams import BITS, Hashed, Words, hashed, windows
from safety.verdict import ALLOW, Level, Verdict

SHIPPED: Final = Path(__file__).parent / "crisis_weights"
WEIGHTS: Final = "model.safetensors"
CONFIG: Final = "crisis_ngrams.json"
SAFE_LABELS: Final = ("none", "grief")
EMERGENCY: Final = "medical_emergency"
EARLIER: Final = 2
"""How many earlier messages are read together with the newest one."""
SHORT: Final = 4
"""Content words: a message of fewer is short, and needs more to be taken for danger."""

Kind = Literal["crisis", "emergency"]
KINDS: Final[tuple[Kind, ...]] = ("crisis", "emergency")

PARTS: Final = ("weights", "scale", "bias")
"""What the file of weights has of each language: `weights_en`, ...; of the kinds `kind_weights_en`, ..."""
KIND_BITS: Final = 16
"""The kinds of danger are told apart in 2 ** KIND_BITS columns."""
_OF_KINDS: Final = "kind_"
_LARGEST: Final = 64 << 20  # bytes: what is larger is not this file


class Limit(BaseModel):
    """From which share of danger on something is shown to a message of one kind.

    At `act` the fixed reply comes, at `support` the resources line before the answer. Of a message whose
    language its words do not tell, the higher limit of both counts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: Kind
    language: Literal["en", "es"]
    short: bool
    act: float = Field(gt=0, le=1)
    support: float = Field(gt=0, le=1)


class Ceilings(BaseModel):
    """Shares of the ordinary messages of an unseen author that may get the fixed reply, or that or the line.

    They hold for each action, language and length apart; the limits follow from them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    act: float = Field(ge=0, le=1)
    support: float = Field(ge=0, le=1)


class NgramConfig(BaseModel):
    """What the weights are, and from where on they count. `labels` are categories of verdicts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[4] = 4
    bits: int
    languages: tuple[Literal["en", "es"], ...] = Field(min_length=1, description="those that have weights")
    labels: tuple[str, ...] = Field(min_length=2)
    kinds: tuple[str, ...] = Field(default=(), description="kinds of danger that are told apart")
    limits: tuple[Limit, ...]
    ceilings: Mapping[Literal["en", "es"], Ceilings]
    doubts: Mapping[Literal["en", "es"], Annotated[float, Field(ge=0, lt=1)]] = Field(
        default={}, description="the share below which a rule is doubted, where no reader knows the language"
    )
    part_discount: float = Field(ge=0, description="log-odds by which a part must outdo the whole message")
    weights_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    scores_sha256: str = Field(default="", description="the out-of-author scores that the limits follow from")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.bits != BITS:
            raise ValueError(f"made for {self.bits} bits, this program hashes to {BITS}")
        if len(set(self.languages)) < len(self.languages):
            raise ValueError("languages has one twice")
        if not {"none", EMERGENCY} <= set(self.labels):
            raise ValueError(f"labels lack 'none' or {EMERGENCY!r}")
        found = sorted((one.action, one.language, one.short) for one in self.limits)
        if found != sorted(
            (kind, tongue, short) for kind in KINDS for tongue in LANGUAGES for short in (0, 1)
        ):
            raise ValueError("limits must have each action, language and length once")
        for one in self.limits:
            if one.support > one.act:
                raise ValueError(f"support {one.support} is above act {one.act}")
        return self

    def limit(self, danger: Danger) -> tuple[float, float]:
        """Return the shares at which a message gets the fixed reply, and the resources line."""
        fitting = [
            one
            for one in self.limits
            if one.action == danger.action
            and one.language in (danger.language or LANGUAGES)
            and one.short == danger.short
        ]
        return max(one.act for one in fitting), max(one.support for one in fitting)


@dataclass(frozen=True, slots=True)
class Danger:
    """How sure the classifier is (0 to 1) that a message tells of danger, and of which kind it would be.

    `language` and `words` (content words) are those of the whole message.
    """

    share: float
    action: Kind
    category: str
    language: Language = ""
    words: int = 0

    @property
    def short(self) -> bool:
        """Say whether there were too few words to be as sure as of others."""
        return self.words < SHORT


@dataclass(frozen=True)
class NgramWeights:
    """What was learned of one language: weights [columns, labels], a scale and a bias for each label."""

    weights: NDArray[np.int8]
    scale: NDArray[np.float32]
    bias: NDArray[np.float32]

    def logits(self, found: Hashed, starts: NDArray[np.intp]) -> NDArray[np.float32]:
        """Return the log-odds of each label for each row, [rows, labels]; `starts` is where rows begin."""
        products = self.weights[found.columns] * found.values[:, None]
        return np.asarray(np.add.reduceat(products, starts, axis=0) * self.scale + self.bias)

    def known(self, found: Hashed, starts: NDArray[np.intp]) -> NDArray[np.float32]:
        """Return how much of each row these weights say anything of, [rows]."""
        told = np.where(self.weights[found.columns].any(axis=1), found.values, np.float32(0))
        return np.asarray(np.add.reduceat(told, starts))


class CrisisNgrams:
    """Judge messages. Holds no state between them: any number of threads may share one."""

    def __init__(
        self,
        config: NgramConfig,
        weights: Mapping[Taught, NgramWeights],
        kinds: Mapping[Taught, NgramWeights] | None = None,
    ) -> None:
        """Take the weights of each of the config's languages, and those of its kinds where it has any."""
        self.config = config
        self._weights = {tongue: weights[tongue] for tongue in config.languages}
        self._kinds = {tongue: kinds[tongue] for tongue in config.languages} if kinds else {}
        self._safe = np.array([label in SAFE_LABELS for label in config.labels])

    @classmethod
    def load(cls, folder: Path = SHIPPED) -> Self:
        """Read a folder of weights. Raises CrisisWeightsError that says what is missing or damaged."""
        try:
            config = NgramConfig.model_validate_json((folder / CONFIG).read_bytes())
            file = folder / WEIGHTS
            if file.stat().st_size > _LARGEST:
                raise CrisisWeightsError(
                    f"{folder.name}/{WEIGHTS} is too large to be the crisis classifier's"
                )
            raw = file.read_bytes()
        except OSError as error:
            raise CrisisWeightsError(
                f"no crisis classifier in {folder.name} ({type(error).__name__}): the rules work alone. "
                "Train it: python -m training run --recipe crisis_classifier"
            ) from None
        except ValidationError as error:
            faults = "; ".join(fault["msg"] for fault in error.errors())
            raise CrisisWeightsError(
                f"{folder.name}/{CONFIG} cannot be used: {faults}. Train again"
            ) from None
        found = hashlib.sha256(raw).hexdigest()
        if found != config.weights_sha256:
            raise CrisisWeightsError(
                f"{folder.name}/{WEIGHTS} has the hash {found[:12]}, {CONFIG} states "
                f"{config.weights_sha256[:12]}: the file is damaged or of another training. Put it back"
            )
        return cls._of(config, raw, folder.name)

    @classmethod
    def _of(cls, config: NgramConfig, raw: bytes, name: str) -> Self:
        try:
            tensors = read_tensors(raw)
            weights, kinds = (
                {
                    tongue: NgramWeights(*(tensors[f"{of}{part}_{tongue}"] for part in PARTS))
                    for tongue in config.languages
                    if there
                }
                for of, there in (("", True), (_OF_KINDS, bool(config.kinds)))
            )
        except (safetensors.SafetensorError, KeyError) as error:
            raise CrisisWeightsError(f"{name}/{WEIGHTS} is no safetensors file of this kind") from error
        for some, wanted in (
            (weights, (1 << BITS, len(config.labels))),
            (kinds, (1 << KIND_BITS, len(config.kinds))),
        ):
            for one in some.values():
                whole = one.weights.shape == wanted and one.scale.shape == one.bias.shape == wanted[1:]
                if not whole or one.weights.dtype != np.int8:
                    raise CrisisWeightsError(
                        f"{name}/{WEIGHTS} has the shape {one.weights.shape}, needed is {wanted}"
                    )
        return cls(config, weights, kinds)

    def assess(self, text: str, *, earlier: Sequence[str] = ()) -> Verdict:
        """Return the verdict for `text`, also together with the last of the same person's `earlier` messages.

        An earlier message alone decides nothing: whether its danger is over is the conversation's business.
        """
        verdict = self.verdict(self.danger(text))
        if earlier and verdict.action not in KINDS:
            together = self.danger("\n".join([*earlier[-EARLIER:], text]), whole=True)
            verdict = max(verdict, self.verdict(together), key=lambda one: one.rank)
        return verdict

    def danger(self, text: str, *, whole: bool = False) -> Danger:
        """Return how sure it is of danger in `text`, in the whole of it or in its most dangerous part.

        With `whole` its parts are not read by themselves.
        """
        parts = windows(text)
        return self._most(parts[:1] if whole else parts)

    def doubts(self, text: str) -> bool:
        """Say whether it sees next to no danger, in a language of which it may doubt a rule."""
        language = language_of((windows(text) or [()])[0])
        below = self.config.doubts.get(language, 0.0) if language else 0.0
        return below > 0 and self.danger(text).share < below

    def shares(self, text: str) -> dict[str, float]:
        """Return the probability of each label for the whole of `text`; without a word all are alike."""
        parts = windows(text)[:1]
        of = (
            self._shares(parts)[0].tolist()
            if parts
            else [1 / len(self.config.labels)] * len(self.config.labels)
        )
        return dict(zip(self.config.labels, of, strict=True))

    def kind(self, text: str, among: Collection[str]) -> str:
        """Return which of some kinds of danger a text tells of, by its most dangerous part.

        "" where these weights know less than two of them, or the text has no word.
        """
        known = [kind for kind in self.config.kinds if kind in among]
        shares = self.kind_shares(text) if len(known) > 1 else {}
        return max(known, key=lambda kind: shares[kind]) if shares else ""

    def kind_shares(self, text: str) -> dict[str, float]:
        """Return the probability of each kind of danger, given that there is one; {} without a word."""
        parts = windows(text)
        if not parts or not self._kinds:
            return {}
        most = parts[self._most_dangerous(parts)[0]]
        found, starts = hashed([most]), np.zeros(1, dtype=np.intp)
        (tongue,) = self._tongues([most], found, starts, whole=parts[0])
        logits = self._kinds[tongue].logits(found.folded(KIND_BITS), starts)[0]
        powers = np.exp(logits - logits.max())
        return dict(zip(self.config.kinds, (powers / powers.sum()).tolist(), strict=True))

    def tensors(self) -> dict[str, NDArray[np.generic]]:
        """Return what stands in the file of weights."""
        return {
            f"{of}{part}_{tongue}": getattr(one, part)
            for of, weights in (("", self._weights), (_OF_KINDS, self._kinds))
            for tongue, one in weights.items()
            for part in PARTS
        }

    def verdict(self, found: Danger) -> Verdict:
        """Return what is done about danger that these weights found."""
        return verdict_of(found, *self.config.limit(found))

    def _most(self, parts: Sequence[Words]) -> Danger:
        """Judge the first part, which is the whole of a message, and its other parts."""
        if not parts:
            return Danger(0.0, "crisis", "none")
        _, share, shares = self._most_dangerous(parts)
        of_kind = dict(zip(self.config.labels, shares, strict=True))
        unsafe = {label: of for label, of in of_kind.items() if label not in SAFE_LABELS}
        in_crisis = {label: of for label, of in unsafe.items() if label != EMERGENCY}
        urgent = unsafe[EMERGENCY] > sum(in_crisis.values())
        return Danger(
            share=share,
            action="emergency" if urgent else "crisis",
            category=EMERGENCY if urgent else max(in_crisis, key=lambda label: in_crisis[label]),
            language=language_of(parts[0]),
            words=content_words(parts[0]),
        )

    def _most_dangerous(self, parts: Sequence[Words]) -> tuple[int, float, list[float]]:
        """Return which part has most danger in it, its share of danger, and that of each label.

        The first is the whole message; another part must outdo it by the discount.
        """
        shares = self._shares(parts)
        odds = danger_odds(shares[:, ~self._safe].sum(axis=1))
        odds[1:] -= self.config.part_discount
        at = int(odds.argmax())
        return at, float(1 / (1 + np.exp(-odds[at]))), shares[at].tolist()

    def _shares(self, parts: Sequence[Words]) -> NDArray[np.float64]:
        """Return the probability of each label for each part: [parts, labels]; the first is the whole."""
        found = hashed(parts)
        starts = np.searchsorted(found.rows, np.arange(len(parts)))
        tongues = self._tongues(parts, found, starts)
        logits = np.empty((len(parts), len(self.config.labels)))
        for tongue in set(tongues):
            of = np.array([one == tongue for one in tongues])
            logits[of] = self._weights[tongue].logits(found, starts)[of]
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))

    def _tongues(
        self, parts: Sequence[Words], found: Hashed, starts: NDArray[np.intp], *, whole: Words = ()
    ) -> list[Taught]:
        """Return whose weights read each part of a message, which is the first of them or `whole`."""
        whole_language = language_of(whole or parts[0])
        told = [language_of(part) or whole_language for part in parts]
        taught = self.config.languages
        if all(one in taught for one in told):
            return [one for one in told if one]
        known = np.array([self._weights[one].known(found, starts) for one in taught])
        most = known.argmax(axis=0).tolist()
        return [one if one and one in taught else taught[at] for one, at in zip(told, most, strict=True)]


def verdict_of(found: Danger, act: float, support: float) -> Verdict:
    """Return what is done about danger: from `act` on the fixed reply, from `support` on the line."""
    if found.share >= act:
        level: Level = "imminent" if found.action == "emergency" else "high"
        return Verdict(found.action, found.category, level)
    return Verdict("support", found.category, "concern") if found.share >= support else ALLOW


def danger_odds(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return log-odds of probabilities, finite at both ends."""
    kept = np.clip(share, 1e-9, 1 - 1e-9)
    return np.asarray(np.log(kept / (1 - kept)))
