"""BM25 over the words of an entry: question and alternates count three times, the answer once.

Scores are returned as a share of the best that any text could reach for the query (0 to 1), so
that they can be added to cosines and compared between corpora. Saved as arrays and JSON, never
as pickle. Reading a folder is only for one whose hashes have been verified.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Collection, Sequence
from pathlib import Path

import bm25s
import numpy as np
import Stemmer
from numpy.typing import NDArray

from retrieval.faq import FaqEntry

Scores = NDArray[np.float32]

FOLDER = "bm25"
_K1 = 1.2
_B = 0.75
_TITLE_WEIGHT = 3
_WORD = re.compile(r"\w+(?:['’]\w+)*")
# Words that say nothing about what a question is about; negations and "when", "why" do.
_STOP = """
    a about am an and any are as at be been but by can could did do does doing for from get got had has
    have he her hers him his how i i'd i'll i'm i've if in into is it it's its just like me my of on or
    our please she should so some than that the their them then there these they thing this those to up
    us was we were what which who will with would you your
"""
STOP_WORDS = frozenset(_STOP.split())


class LexicalIndex:
    """BM25 over all entries of a corpus, in their order."""

    def __init__(self, model: bm25s.BM25, entry_count: int) -> None:
        self._model = model
        self._vocabulary: dict[str, int] = model.vocab_dict
        self._entry_count = entry_count
        indptr = np.asarray(model.scores["indptr"], dtype=np.int64)
        counts = np.diff(indptr)
        self._idf = np.log(1.0 + (entry_count - counts + 0.5) / (counts + 0.5)).astype(np.float32)

    @classmethod
    def build(cls, entries: Sequence[FaqEntry]) -> LexicalIndex:
        """Index the entries' words."""
        documents = [
            # The library cannot take a text without words, nor an index without a word.
            _document(entry) or [""]
            for entry in entries
        ]
        known = sorted({word for words in documents for word in words})
        vocabulary = {word: number for number, word in enumerate(known)}
        model = bm25s.BM25(k1=_K1, b=_B, method="lucene")
        numbers = [[vocabulary[word] for word in words] for words in documents]
        model.index((numbers, vocabulary), create_empty_token=False, show_progress=False)
        return cls(model, len(entries))

    def save(self, folder: Path) -> None:
        """Write the index's files into `folder`."""
        self._model.save(folder, show_progress=False, allow_pickle=False)

    @classmethod
    def load(cls, folder: Path, *, entry_count: int) -> LexicalIndex:
        """Read what `save` wrote; the caller has verified the files."""
        model = bm25s.BM25.load(folder, allow_pickle=False, show_progress=False)
        return cls(model, entry_count)

    @property
    def stems(self) -> Collection[str]:
        """The stems of all words that the entries have."""
        return self._vocabulary.keys()

    def query(self, text: str) -> LexicalQuery:
        """Return the query's words as this index knows them."""
        words = list(dict.fromkeys(content_words(text)))
        known = [self._vocabulary[word] for word in words if word in self._vocabulary]
        idf = [float(self._idf[number]) for number in known]
        unseen = float(np.log(1.0 + (self._entry_count + 0.5) / 0.5))
        return LexicalQuery(tuple(known), tuple(idf), unseen * (len(words) - len(known)), len(words))

    def scores(self, query: LexicalQuery) -> Scores:
        """Return for each entry its BM25 score as a share of the highest possible, [entries]."""
        if not query.numbers:
            return np.zeros(self._entry_count, dtype=np.float32)
        raw = self._model.get_scores_from_ids(list(query.numbers))
        return np.asarray(raw, dtype=np.float32) / np.float32(query.ceiling)

    def coverage(self, query: LexicalQuery, entry: int) -> float:
        """Return which share of the query's words, weighted by rarity, the entry has."""
        if not query.numbers:
            return 0.0
        indptr, indices = self._model.scores["indptr"], self._model.scores["indices"]
        found = 0.0
        for number, idf in zip(query.numbers, query.idf, strict=True):
            column = indices[indptr[number] : indptr[number + 1]]
            at = int(np.searchsorted(column, entry))
            found += idf if at < len(column) and column[at] == entry else 0.0
        return found / (sum(query.idf) + query.unseen)


class LexicalQuery:
    """A query's distinct content words: numbers and idf of the known, total idf of the unknown."""

    def __init__(self, numbers: tuple[int, ...], idf: tuple[float, ...], unseen: float, length: int) -> None:
        self.numbers = numbers
        self.idf = idf
        self.unseen = unseen
        self.length = length

    @property
    def ceiling(self) -> float:
        """Return the score of a text that has each word of the query without end."""
        return max((sum(self.idf) + self.unseen), 1e-6)


def _document(entry: FaqEntry) -> list[str]:
    questions = content_words(" ".join((entry.question, *entry.alternates)))
    return questions * _TITLE_WEIGHT + content_words(entry.answer)


_per_thread = threading.local()


def content_words(text: str) -> list[str]:
    """Return the stems of the words that carry meaning, in order."""
    if not hasattr(_per_thread, "stemmer"):
        # The stemmer's library is not safe to share between threads.
        _per_thread.stemmer = Stemmer.Stemmer("english")
    words = [word.replace("’", "'") for word in _WORD.findall(text.lower())]
    return list(_per_thread.stemmer.stemWords([word for word in words if word not in STOP_WORDS]))
