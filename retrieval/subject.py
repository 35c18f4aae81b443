"""Whether an entry has what a question is about: a medicine, an illness, a name that few others share.

A question about one medicine is near, in meaning, to an entry about another one, and a true answer to
the wrong question is worse than none. So a word of the question that is specific must stand in the
entry. Specific is what the embedder's own vocabulary, made from much ordinary English, has to put
together from pieces, and what is neither an ordinary word's form, nor two of them, nor one mistyped.
No list of medicines is needed, and one that is sold tomorrow is known today.

Pure: no models, no files. Without a vocabulary every word counts as ordinary.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from retrieval.lexical import content_words

LEAST_LETTERS = 5
# The rank of a word in the vocabulary falls with how common it is.
_COMMON = 12_000
_KNOWN = 20_000
_PRONOUNS = 3_000
_LONG = 8  # from this many letters on, two may be wrong
_SAME_BEGINNING = 6
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_WORD = re.compile(r"\w+(?:['’]\w+)*")
_ENDING_PIECES = """
    s es ed d ing ings er ers r rs ly ness able al ally ic ive ist ists ism y ies ize ized ation ations ment
    ments less ful n ish ity or ors t like ier iest
"""
_ENDINGS = frozenset(_ENDING_PIECES.split())
_BEGINNINGS = (
    "anti", "co", "dis", "inter", "mid", "mis", "multi", "non", "over", "pre", "re", "self", "sub", "super",
    "tele", "un", "under",
)  # fmt: skip
_SHORTENED = ("ve", "ll", "re", "nt")


@dataclass(frozen=True)
class Vocabulary:
    """What an embedder's tokenizer knows: whole words with their ranks, and pieces that go on in a word."""

    words: Mapping[str, int] = field(default_factory=dict, repr=False)
    pieces: frozenset[str] = field(default=frozenset(), repr=False)
    stems: Mapping[str, int] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, tokens: Mapping[str, int]) -> Vocabulary:
        """Read a tokenizer's table, whichever way it marks the beginning or the middle of a word."""
        marked = next((mark for mark in ("▁", "Ġ") if any(token.startswith(mark) for token in tokens)), "")
        words: dict[str, int] = {}
        pieces: set[str] = set()
        for token, rank in tokens.items():
            begins = token.startswith(marked) if marked else not token.startswith("##")
            text = token.removeprefix(marked or "##").lower()
            if not text.isalpha():
                continue
            if begins:
                words[text] = min(rank, words.get(text, rank))
            else:
                pieces.add(text)
        stems: dict[str, int] = {}
        for word, rank in words.items():
            for stem in content_words(word):
                stems[stem] = min(rank, stems.get(stem, rank))
        return cls(words, frozenset(pieces), stems)

    def split(self, word: str) -> list[str]:
        """Return the longest pieces from left to right; none when the word cannot be put together."""
        found: list[str] = []
        start = 0
        while start < len(word):
            known = self.pieces if start else self.words
            end = next((at for at in range(len(word), start, -1) if word[start:at] in known), 0)
            if not end:
                return []
            found.append(word[start:end])
            start = end
        return found

    def is_specific(self, word: str) -> bool:
        """Say whether a word in lower case is none of ordinary English, in whatever form or spelling."""
        if not self.words or len(word) < LEAST_LETTERS or not word.isalpha():
            return False
        return not (self._is_form(word) or self._is_compound(word) or self._is_mistyped(word))

    def _is_form(self, word: str) -> bool:
        if word in self.words or any(stem in self.stems for stem in content_words(word)):
            return True
        if any(word.endswith(end) and self._rank(word.removesuffix(end)) < _PRONOUNS for end in _SHORTENED):
            return True
        head, *rest = self.split(word) or [""]
        if len(head) > 2 and rest and _ENDINGS.issuperset(rest):
            return True
        # "Overreacting": what is left behind the beginning is an ordinary form itself.
        begun = [word.removeprefix(start) for start in _BEGINNINGS if word.startswith(start)]
        return any(len(left) > 3 and self._is_plain_form(left) for left in begun)

    def _is_plain_form(self, word: str) -> bool:
        if min(self._rank(word), self._rank(word.removesuffix("s"))) < _COMMON:
            return True
        # A short rest is soon the stem of something: "premarin" is no form of "marine".
        return len(word) >= _LONG - 1 and any(
            self.stems.get(stem, _COMMON) < _COMMON for stem in content_words(word)
        )

    def _is_compound(self, word: str) -> bool:
        return any(
            self._rank(word[:at]) < _COMMON and self._rank(word[at:]) < _COMMON
            for at in range(3, len(word) - 2)
        )

    def _is_mistyped(self, word: str) -> bool:
        limit = _KNOWN if len(word) < _LONG else len(self.words) + _KNOWN
        return any(len(other) > 3 and self._rank(other) < limit for other in one_slip(word))

    def _rank(self, word: str) -> int:
        return self.words.get(word, 10**9)


def uncovered(question: str, texts: Iterable[str], vocabulary: Vocabulary) -> list[str]:
    """Return the specific words of a question that no text has, not even inflected or mistyped."""
    asked = dict.fromkeys(word.removesuffix("'s") for word in _words(question))
    specific = [word for word in asked if vocabulary.is_specific(word)]
    if not specific:
        return []
    there = {word for text in texts for word in _words(text)}
    stems = {stem for word in there for stem in content_words(word)}
    return [word for word in specific if not stems.issuperset(content_words(word)) and not _near(word, there)]


def _words(text: str) -> list[str]:
    return [word.replace("’", "'") for word in _WORD.findall(text.lower())]


def _near(word: str, others: Iterable[str]) -> bool:
    most = 1 if len(word) < _LONG else 2
    return any(
        (len(other) >= _SAME_BEGINNING <= len(word) and other[:_SAME_BEGINNING] == word[:_SAME_BEGINNING])
        # Few mistype the first letter; "remain" would else be two slips from a medicine's name.
        or (
            len(other) > 3
            and other[0] == word[0]
            and abs(len(other) - len(word)) <= most
            and _slips(word, other, most) <= most
        )
        for other in others
    )


def _slips(one: str, other: str, most: int) -> int:
    """Return the edit distance, or a number beyond `most` as soon as that is certain."""
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, start=1):
        above, row = row, [at]
        for place, wanted in enumerate(other, start=1):
            row.append(min(above[place] + 1, row[-1] + 1, above[place - 1] + (letter != wanted)))
        if min(row) > most:
            return most + 1
    return row[-1]


def one_slip(word: str) -> Iterator[str]:
    """Yield what the word may be a slip of: a letter left out, put in, changed, or two swapped."""
    for at in range(len(word) + 1):
        before, after = word[:at], word[at:]
        yield from (before + letter + after for letter in _LETTERS)
        if after:
            yield before + after[1:]
            yield from (before + letter + after[1:] for letter in _LETTERS)
        if len(after) > 1:
            yield before + after[1] + after[0] + after[2:]
