"""Repair spelling where only one word can be meant; medical words, names and slang stay.

A wrong repair teaches a wrong word, a missed one costs little, so doubt leaves a word as it is: only
lower-case words are touched, at one edit (two from eight letters on), when one candidate is by far
the most frequent. Word counts come with symspellpy (82,765 English words); `words/` protects drug
names, medical terms and everyday words that those counts lack.

Must not: touch a word with a capital, a digit, a hyphen or an apostrophe, or what stands in an address.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import regex
from symspellpy import SymSpell, Verbosity

from retrieval.terms import drug_ending, drug_names, medical_terms
from training.cleaning import mapped
from training.rows import Example, Frozen
from training.slips import likelihood, same_ending

WORDS = Path(__file__).resolve().parent / "words"
FREQUENT_ROWS = 5  # a word in so many rows of a corpus is the corpus's own
_SHORTEST = 5  # letters; below, too many words are one edit apart
_TWO_EDITS = 8  # letters from which two edits still mean one word
_LEAST_COUNT = 300_000  # of a candidate, in a trillion words
_LEAST_SCORE = 8.0  # nats; what a candidate must reach
_SLIPS = 10  # times as many rows must have the right word as a repeated wrong one
_TELLING_ROWS = 50  # of its commonest word; in a smaller corpus what is absent tells nothing
_MARGIN = 5.0  # nats; by which it must lead
_WORD_COUNTS = "frequency_dictionary_en_82_765.txt"
_PART_COUNT = 1_000_000  # of each part of a compound ("headspace")
_MEDICAL_COUNT = 3_000_000  # a term of ours that the counts lack or rank low


class Change(Frozen):
    """A repair that was made, and how often."""

    before: str
    after: str
    count: int


@dataclass(frozen=True)
class Repaired:
    """The rows in their order, what was changed in all of them (most frequent first), and in how many."""

    rows: tuple[Example, ...]
    changes: tuple[Change, ...]
    changed_rows: int


def repair_spelling(
    examples: Sequence[Example], *, labels: bool = False, protect: Collection[str] = ()
) -> Repaired:
    """Repair the spelling of every text; words in 5 rows or more, or in `protect`, stay as they are.

    With `labels` targets are labels and stay; rows with labelled spans stay whole. Whether a word is
    frequent is counted over different texts, so that a question with many answers counts once.
    """
    speller = Speller.default(rows=rows_by_word(examples), protect=protect)
    made: Counter[tuple[str, str]] = Counter()
    rows: list[Example] = []
    for example in examples:
        same = bool(example.spans)
        rows.append(example if same else mapped(example, lambda t: speller.repair(t, made), labels=labels))
    changed = sum(before != after for before, after in zip(examples, rows, strict=True))
    ordered = sorted(made.items(), key=lambda one: (-one[1], one[0]))
    return Repaired(
        rows=tuple(rows),
        changes=tuple(Change(before=old, after=new, count=count) for (old, new), count in ordered),
        changed_rows=changed,
    )


def rows_by_word(examples: Iterable[Example]) -> Counter[str]:
    """Return in how many different texts each lower-case word stands."""
    texts = {text for row in examples for text in (*row.inputs.values(), *row.passages, row.target)}
    return Counter(word for text in texts for word in set(_TOKEN.findall(text.lower())))


@cache
def term_list(name: str) -> frozenset[str]:
    """Return the words of `words/<name>.txt`, one a line."""
    return frozenset((WORDS / f"{name}.txt").read_text(encoding="utf-8").split())


# A word by itself: nothing that could be part of an address, a number, a placeholder or a compound.
_TOKEN = regex.compile(r"(?<![\p{L}\p{M}\d'’@/\\._#&*+=-])[a-z]+(?![\p{L}\p{M}\d'’@/\\_#&*+=-]|\.\p{L})")
_SENTENCE_END = regex.compile(r"(?<=[.!?])(?=\s)|(?<=\n)")
_ADDRESS = regex.compile(r"https?://\S+|www\.\S+|\S+@\S+|\[[A-Z_]+_\d+\]")


class Speller:
    """Says how a word is spelt. Loading the word counts takes about a second."""

    def __init__(
        self,
        counts: Mapping[str, int],
        *,
        terms: Collection[str],
        known: Collection[str] = (),
        rows: Mapping[str, int] | None = None,
    ) -> None:
        """`counts`, `terms`: words that may be written; `known`: others that stand; `rows`: the corpus."""
        self._counts = counts
        self._terms = frozenset(terms)
        self._rows = rows or {}
        self._telling = max(self._rows.values(), default=0) >= _TELLING_ROWS
        frequent = {word for word, texts in self._rows.items() if texts >= FREQUENT_ROWS}
        self._known = self._terms | frozenset(known) | frequent
        self._names = frozenset(known) - counts.keys()
        self._found: dict[str, str] = {}
        self._index = _index(counts, self._terms)

    @classmethod
    def default(cls, *, rows: Mapping[str, int] | None = None, protect: Collection[str] = ()) -> Speller:
        """Return a speller of general English and our own lists, for a corpus of these `rows_by_word`."""
        from safety.recognizers.lexicon import words

        names = words("given_names") | words("surnames") | words("cities") | words("states")
        known = names | frozenset(protect) | term_list("everyday")
        return cls(
            _packaged_counts(),
            terms=term_list("american") | drug_names() | medical_terms(),
            known={word.casefold() for word in known},
            rows=rows,
        )

    def repair(self, text: str, made: Counter[tuple[str, str]] | None = None) -> str:
        """Return the text with words repaired; `made` counts (before, after). Other languages stay."""
        return "".join(self._repair(part, made) for part in _SENTENCE_END.split(text))

    def _repair(self, text: str, made: Counter[tuple[str, str]] | None) -> str:
        if _foreign(text):
            return text
        taken = [match.span() for match in _ADDRESS.finditer(text)]

        def one(match: regex.Match[str]) -> str:
            word = match.group()
            if any(start <= match.start() < end for start, end in taken):
                return word
            after = self.correct(word)
            if after != word and made is not None:
                made[word, after] += 1
            return after

        return _TOKEN.sub(one, text)

    def correct(self, word: str) -> str:
        """Return how a lower-case word is spelt: the word itself when it is right or in doubt."""
        if len(word) < _SHORTEST:
            return word
        if word not in self._found:
            self._found[word] = word if self._is_word(word) else self._candidate(word)
        return self._found[word]

    def _is_word(self, word: str) -> bool:
        return word in self._counts or word in self._known

    def _count(self, word: str) -> int:
        return max(self._counts.get(word, 0), _MEDICAL_COUNT if word in self._terms else 0)

    def _candidate(self, word: str) -> str:
        edits = 2 if len(word) >= _TWO_EDITS else 1
        ranked = sorted(
            (
                (likelihood(word, one.term, self._count(one.term)), one.term)
                for one in self._index.lookup(word, Verbosity.ALL, edits)
                if one.term not in self._names and same_ending(word, one.term)
            ),
            reverse=True,
        )
        if not ranked:
            return word
        best_score, best = ranked[0][0], str(ranked[0][1])
        second = ranked[1][0] if len(ranked) > 1 else -math.inf
        if best_score < _LEAST_SCORE or best_score - second < _MARGIN or self._count(best) < _LEAST_COUNT:
            return word
        # What several rows write is a slip only where many more write the other.
        slips = self._rows.get(word, 0)
        if self._telling and slips > 1 and slips * _SLIPS > self._rows.get(best, 0):
            return word
        if drug_ending(word) and best not in self._terms:
            return word
        if self._is_derived(word) and _bones(word) != _bones(best):
            return word
        return best

    def _is_derived(self, word: str) -> bool:
        """Say whether a word that no list has is made of known ones: "journal-ing", "over-explain"."""
        stems = [word]
        for ending in term_list("endings"):
            if word.endswith(ending) and len(word) - len(ending) >= 4:
                stem = word[: -len(ending)]
                stems += [stem, stem + "e", stem + "y"]
                if stem[-1] == stem[-2]:
                    stems.append(stem[:-1])
        for stem in stems[1:]:
            if self._is_word(stem):
                return True
        for stem in stems:
            for at in range(1, len(stem) - 3):
                left, right = stem[:at], stem[at:]
                if left in term_list("prefixes") and self._is_word(right) and (at > 2 or len(right) >= 5):
                    return True
                if at >= 4 and min(self._count(left), self._count(right)) >= _PART_COUNT:
                    return True
        # Two words that lost the space between them: "homeand", "treatmentat".
        return any(word.endswith(small) and self._is_word(word[: -len(small)]) for small in _SMALL)


_SMALL = (
    "a",
    "an",
    "and",
    "are",
    "as",
    "at",
    "for",
    "in",
    "is",
    "of",
    "on",
    "or",
    "that",
    "the",
    "to",
    "with",
)


def _bones(word: str) -> str:
    """Return a word without doubled letters and e: "occured" and "occurred" have the same."""
    return regex.sub(r"(.)\1+", r"\1", word).replace("e", "")


def _foreign(sentence: str) -> bool:
    """Say whether a sentence of six words or more has no English function word: another language, a list."""
    words = regex.findall(r"[\p{L}']+", sentence.lower())
    return len(words) >= 6 and term_list("function").isdisjoint(words)


def _index(counts: Mapping[str, int], terms: Collection[str]) -> SymSpell:
    """Return the index of the words that may be written: frequent ones, and our terms."""
    # A shorter prefix than the library's 7 loads twice as fast and finds the same words.
    index = SymSpell(max_dictionary_edit_distance=2, prefix_length=5)
    for word, count in counts.items():
        if count >= _LEAST_COUNT // 3:
            index.create_dictionary_entry(word, count)
    for word in terms:
        index.create_dictionary_entry(word, _MEDICAL_COUNT)
    return index


@cache
def _packaged_counts() -> dict[str, int]:
    text = (files("symspellpy") / _WORD_COUNTS).read_text(encoding="utf-8-sig")
    return {word: int(count) for word, count in (line.split() for line in text.splitlines())}
