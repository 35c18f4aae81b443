"""Which of the replies fits a message, once the gate has said that someone is in danger.

The gate names danger in broad strokes; some kinds of it need words of their own, such as an overdose or a
child who is being hurt. Phrases in reply_kinds.yaml tell them apart, and where none fits the n-grams of the
gate do. This file decides nothing about danger: each kind has whom to call, and without n-grams a message
that no phrase fits gets the reply of its category.

Must not: change a verdict, keep a word of the message, or need a model.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal, Protocol, get_args

from pydantic import BaseModel, ConfigDict, model_validator

from safety.folding import Folder
from safety.phrases import PhraseBook
from safety.shipped_yaml import shipped_yaml
from safety.verdict import Level, Verdict

ReplyKind = Literal[
    "wish_dead", "ideation", "method", "intent_plan", "attempt",
    "self_harm", "eating_disorder", "psychosis",
    "harm_others", "abuse", "child_at_risk", "worried_other", "bereaved",
    "overdose_poisoning", "medical_emergency",
]  # fmt: skip
REPLY_KINDS: Final[tuple[ReplyKind, ...]] = get_args(ReplyKind)
WINDOW: Final = 4_000
"""Characters at either end of a message that are read, as the gate does."""

_OTHERWISE: Final = "suicide"
_GRIEF: Final = "grief"
_BODILY: Final = "medical_emergency"
_MEDICAL: Final[ReplyKind] = "intent_plan"
"""For who harms themselves and is in medical danger: an ambulance first, and the crisis line beside it."""
_STRICT: Final = ConfigDict(frozen=True, extra="forbid")


class ByLevel(BaseModel):
    """The reply of one category at each level of the gate."""

    model_config = _STRICT

    imminent: ReplyKind
    high: ReplyKind
    concern: ReplyKind

    def at(self, level: Level) -> ReplyKind:
        """Return the reply at a level; one without a level is a concern."""
        by_level: dict[Level, ReplyKind] = {
            "imminent": self.imminent, "high": self.high, "concern": self.concern, "none": self.concern
        }  # fmt: skip
        return by_level[level]


class Finer(BaseModel):
    """Phrases that make a kind the better one, in place of some broader ones; `unless` has the last word."""

    model_config = _STRICT

    kind: ReplyKind
    instead_of: frozenset[ReplyKind]
    phrases: str
    unless: str = ""


class KindRules(BaseModel):
    """What stands in reply_kinds.yaml."""

    model_config = _STRICT

    by_verdict: dict[str, ByLevel]
    sets: dict[str, str]
    finer: tuple[Finer, ...]
    bereaved: str
    swallowed: str

    @model_validator(mode="after")
    def _complete(self) -> KindRules:
        if _OTHERWISE not in self.by_verdict:
            raise ValueError(f"by_verdict lacks {_OTHERWISE!r}, the reply for a category that is not listed")
        reached = {kind for by in self.by_verdict.values() for kind in (by.imminent, by.high, by.concern)}
        reached |= {finer.kind for finer in self.finer}
        if missing := sorted(set(REPLY_KINDS) - reached):
            raise ValueError(f"no verdict and no phrase leads to {missing}")
        return self


class TellsKinds(Protocol):
    """What tells kinds of danger apart where no phrase does."""

    def kind(self, text: str, among: Collection[str]) -> str:
        """Return one of them, or "" where it cannot say."""
        ...


class ReplyKinds:
    """Tells the kinds of danger apart. Holds no state between messages: threads may share one."""

    def __init__(self, rules: KindRules, ngrams: TellsKinds | None = None) -> None:
        """Take the rules. Raises ValueError for a phrase that says nothing."""
        self._rules = rules
        self._ngrams = ngrams
        sets = {name: tuple(members.split()) for name, members in rules.sets.items()}
        self._for = _book([finer.phrases for finer in rules.finer], sets)
        self._against = _book([finer.unless for finer in rules.finer], sets)
        self._grief = _book([rules.bereaved], sets)
        self._swallowed = _book([rules.swallowed], sets)
        books = (self._for, self._against, self._grief, self._swallowed)
        vocabulary = set().union(*(book.vocabulary for book in books))
        self._fold = Folder(vocabulary=vocabulary, aliases={})

    @classmethod
    def load(cls, folder: Path | None = None, ngrams: TellsKinds | None = None) -> ReplyKinds:
        """Read reply_kinds.yaml from `folder` (default: that of this package); `ngrams` are the gate's.

        Raises OSError, yaml.YAMLError or ValueError for a file that cannot be used.
        """
        here = folder or Path(__file__).parent
        content = shipped_yaml(here / "reply_kinds.yaml")
        return cls(KindRules.model_validate(content), ngrams)

    def kind(self, verdict: Verdict, said: str) -> ReplyKind:
        """Return the reply that fits a crisis or an emergency, by its verdict and what was said."""
        for known in REPLY_KINDS:
            if verdict.category == known and known not in self._rules.by_verdict:
                return known
        by_level = self._rules.by_verdict.get(verdict.category, self._rules.by_verdict[_OTHERWISE])
        both = verdict.medical and verdict.of_oneself
        if both and verdict.category == "self_harm":
            return "attempt"
        broad = _MEDICAL if both else by_level.at(verdict.level)
        candidates = [
            n
            for n, finer in enumerate(self._rules.finer)
            if broad in finer.instead_of and (not both or finer.kind == "attempt")
        ]
        if not candidates:
            return broad
        sentences = self._fold.sentences(_ends(said))
        found = {match.rule for match in self._for.find(sentences)}
        found -= {match.rule for match in self._against.find(sentences)}
        by_phrase = next((self._rules.finer[n].kind for n in candidates if n in found), None)
        return by_phrase or (broad if both else self._likelier(broad, candidates, said))

    def _likelier(self, broad: ReplyKind, candidates: Sequence[int], said: str) -> ReplyKind:
        """Return what n-grams take it for, of the broad reply and those that may stand in its place."""
        among = {broad, *(self._rules.finer[n].kind for n in candidates)}
        told = self._ngrams.kind(_ends(said), among) if self._ngrams else ""
        return next((kind for kind in among if kind == told), broad)

    def subject(self, verdict: Verdict, said: str) -> str:
        """Return the subject of the resources line for a message in the uncertain band."""
        if verdict.category == _GRIEF and any(self._grief.find(self._fold.sentences(_ends(said)))):
            return "bereaved"
        if verdict.category == _BODILY and not any(self._swallowed.find(self._fold.sentences(_ends(said)))):
            return "illness"
        return verdict.category


def _book(phrases: Sequence[str], sets: Mapping[str, tuple[str, ...]]) -> PhraseBook:
    book = PhraseBook(sets)
    for number, source in enumerate(phrases):
        book.add(number, (line for line in source.splitlines() if line.strip()))
    return book


def _ends(text: str) -> str:
    return text if len(text) <= 2 * WINDOW else f"{text[:WINDOW]}\n\n{text[-WINDOW:]}"
