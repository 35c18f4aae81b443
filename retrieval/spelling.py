"""Repair the typing mistakes of a question, one letter in a word, where the word means nothing as it stands.

A word is repaired only when neither the embedder's vocabulary nor the index has it, and only into a word
of the index's questions or of ordinary English. Never a drug's name, nor into one: a name that is not known
may be another medicine. Nor a word with a capital inside a sentence, which may be a person's or a place's.

Pure: no models, no files. Without a vocabulary nothing is repaired. What it gains is measured by
`python -m benchmarks.typos`.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable
from typing import Final

from retrieval.lexical import STOP_WORDS, content_words
from retrieval.subject import Vocabulary, one_slip
from retrieval.terms import drug_names, is_drug, medical_terms

SHORTEST: Final = 3
LEAST: Final = 4  # letters of what a word is repaired into
# Another letter than the one beside it on the keyboard is hardly a slip: "strep" is no "step".
_ROWS: Final = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_BESIDE: Final = frozenset(
    pair for row in _ROWS for at in range(len(row) - 1) for pair in (row[at : at + 2], row[at + 1] + row[at])
)
_HARDLY: Final = 3.0  # nats by which a wrong first letter counts less
_OF_INDEX: Final = 4.0  # nats by which a word that the entries have counts more
_COMMON: Final = 30_000
_LONG: Final = 7  # letters from which a word that the entries lack may be meant
_FORMS: Final = ("s", "es", "ed", "ing", "y", "er", "ers")
_WORD = re.compile(r"(?<![\w'’@/\\.-])[A-Za-z]+(?![\w'’@/\\-]|\.\w)")
_BEGINS = re.compile(r"(?:^|[.!?\n])\W*$")


class Speller:
    """Repairs questions for one index; `known_stems` are all stems that its entries have."""

    def __init__(
        self, questions: Iterable[str], *, known_stems: Collection[str], vocabulary: Vocabulary
    ) -> None:
        """Count the words of the index's questions; `questions` are questions and alternates."""
        self._counts = Counter(word for text in questions for word in re.findall(r"[a-z]+", text.lower()))
        self._stems = known_stems
        self._vocabulary = vocabulary

    def repair(self, text: str) -> str:
        """Return the text with mistyped words put right; the text itself where there are none."""
        if not self._vocabulary.words:
            return text
        shouted = text.isupper()

        def one(match: re.Match[str]) -> str:
            word = match.group()
            begins = _BEGINS.search(text[max(0, match.start() - 8) : match.start()]) is not None
            if not (word.islower() or shouted or (begins and word[1:].islower())):
                return word
            return self._repaired(word.lower()) or word

        return _WORD.sub(one, text)

    def _repaired(self, word: str) -> str:
        """Return how a lower-case word is spelt; nothing when it is right or nothing better is found."""
        if len(word) < SHORTEST or self._is_word(word):
            return ""
        slips = set(one_slip(word)) - {word}
        if not drug_names().isdisjoint(slips):
            return ""  # most likely that medicine, which only its own spelling may say
        scores = {other: self._score(word, other) for other in slips if self._may_be(word, other)}
        return max(scores, key=scores.__getitem__) if scores else ""

    def _is_word(self, word: str) -> bool:
        known = word in self._counts or word in self._vocabulary.words or word in STOP_WORDS
        return known or is_drug(word) or word in medical_terms()

    def _is_form(self, word: str) -> bool:
        """Say whether a word is an ordinary one's form, such as "calms": only the index may know better."""
        return any(
            word.removesuffix(ending) in self._vocabulary.words for ending in _FORMS if word.endswith(ending)
        )

    def _may_be(self, word: str, other: str) -> bool:
        common = self._vocabulary.words.get(other, _COMMON) < _COMMON
        if not (common or other in self._counts):
            return False
        if len(other) < LEAST or _unlikely(word, other) or is_drug(other):
            return False
        # A word that stands in answers alone is the index's too: it may only take another form of itself.
        stems = content_words(word)
        if self._stems_have(stems) and stems != content_words(other):
            return False
        if other in self._counts:
            return True
        meant = len(word) >= _LONG or self._stems_have(content_words(other))
        return meant and not self._is_form(word)

    def _stems_have(self, stems: list[str]) -> bool:
        return any(stem in self._stems for stem in stems)

    def _score(self, word: str, other: str) -> float:
        score = -math.log1p(self._vocabulary.words.get(other, _COMMON))
        if other in self._counts:
            score += _OF_INDEX + math.log(self._counts[other])
        elif self._stems_have(content_words(other)):
            score += _OF_INDEX / 2
        return score - (_HARDLY if word[0] != other[0] else 0.0)


def _unlikely(word: str, other: str) -> bool:
    """Say whether `word` is none of: letters of `other` swapped, one left out, doubled or beside its key."""
    if len(word) < len(other):
        return False
    at = next((at for at, (a, b) in enumerate(zip(word, other, strict=False)) if a != b), len(other))
    if len(word) > len(other):
        return word[at] != word[at - 1]
    swapped = word[at + 1 : at + 2] == other[at]
    return not swapped and word[at] + other[at] not in _BESIDE
