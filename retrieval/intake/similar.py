"""Whether two entries ask the same, and whether their answers contradict each other.

The same question in other words is found by the stems of its words, in any order, and, where an embedder
is handed in, by nearness of meaning; then neither question may have a word of its own that says what it is
about (`retrieval/subject.py`), for two questions about two medicines are near and not the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np

from retrieval.embedder import Vectors
from retrieval.faq import FaqEntry
from retrieval.lexical import content_words
from retrieval.subject import Vocabulary, uncovered

Embed = Callable[[Sequence[str]], Vectors]

# Above this cosine two short questions of a general sentence embedder ask the same more often than not.
NEAR = 0.85
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_YES, _NO = (
    frozenset({"yes", "yeah", "certainly", "sure"}),
    frozenset({"no", "not", "never", "unfortunately"}),
)
_DENIED = re.compile(
    r"\b(?:not|no|never|cannot|can't|don't|doesn't|won't|isn't|aren't|without)\b", re.IGNORECASE
)


class SameQuestions:
    """The questions seen so far; says which of them asks the same as another one."""

    def __init__(self, embed: Embed | None = None, *, vocabulary: Vocabulary | None = None) -> None:
        self._embed = embed
        self._vocabulary = vocabulary or Vocabulary()
        self._exact: dict[str, FaqEntry] = {}
        self._stems: dict[frozenset[str], FaqEntry] = {}
        self._entries: list[FaqEntry] = []
        self._vectors: list[Vectors] = []
        self._made: dict[str, Vectors] = {}

    def prepare(self, entries: Sequence[FaqEntry]) -> None:
        """Embed the questions of many entries at once, which is cheaper than one by one."""
        fresh = list(dict.fromkeys(entry.question for entry in entries if entry.question not in self._made))
        if self._embed is not None and fresh:
            self._made.update(zip(fresh, self._embed(fresh), strict=True))

    def add(self, entries: Sequence[FaqEntry]) -> None:
        """Remember these entries; the first of equal questions counts."""
        for entry in entries:
            self._exact.setdefault(_exact(entry), entry)
            self._stems.setdefault(_stems(entry), entry)
        if self._embed is not None and entries:
            self.prepare(entries)
            self._entries += entries
            self._vectors += [self._made[entry.question] for entry in entries]

    def same(self, entry: FaqEntry) -> FaqEntry | None:
        """Return the entry that has this very question, for readers who would see both."""
        return self._other(self._exact.get(_exact(entry)), entry)

    def near(self, entry: FaqEntry) -> FaqEntry | None:
        """Return an entry that asks the same in other words."""
        other = self._other(self._stems.get(_stems(entry)), entry)
        if other is not None or self._embed is None or not self._vectors:
            return other
        self.prepare([entry])
        cosines = np.stack(self._vectors) @ self._made[entry.question]
        for place in np.argsort(-cosines)[:3]:
            known = self._entries[int(place)]
            if cosines[place] >= NEAR and not self._apart(entry, known):
                return self._other(known, entry)
        return None

    @staticmethod
    def _other(known: FaqEntry | None, entry: FaqEntry) -> FaqEntry | None:
        if known is None or known.id == entry.id or known.language != entry.language:
            return None
        seen_together = "both" in (known.audience, entry.audience) or known.audience == entry.audience
        return known if seen_together else None

    def _apart(self, one: FaqEntry, other: FaqEntry) -> bool:
        return bool(
            uncovered(one.question, [other.question], self._vocabulary)
            or uncovered(other.question, [one.question], self._vocabulary)
            or set(_NUMBER.findall(one.question)) != set(_NUMBER.findall(other.question))
        )


def contradict(one: str, other: str) -> bool:
    """Say whether two answers to one question differ in yes or no, in a number, or in what they deny."""
    first, second = (set(re.findall(r"\w+", text.lower())[:1]) for text in (one, other))
    if (first & _YES and second & _NO) or (first & _NO and second & _YES):
        return True
    numbers, others = (set(_NUMBER.findall(text)) for text in (one, other))
    if numbers and others and not (numbers <= others or others <= numbers):
        return True
    words, more = (set(content_words(_DENIED.sub(" ", text))) for text in (one, other))
    alike = len(words & more) > 0.7 * min(len(words), len(more)) if words and more else False
    return alike and bool(_DENIED.search(one)) != bool(_DENIED.search(other))


def same_answer(one: str, other: str) -> bool:
    """Say whether two answers have the same words in the same order."""
    return re.findall(r"\w+", one.casefold()) == re.findall(r"\w+", other.casefold())


def _exact(entry: FaqEntry) -> str:
    return " ".join(re.findall(r"\w+", entry.question.casefold()))


def _stems(entry: FaqEntry) -> frozenset[str]:
    # "When are you open" and "Why are you open" have one content word in common and differ in the other.
    return frozenset(content_words(entry.question) or [_exact(entry)])
