"""Search an index: the entries that answer a question, best first, and how sure that is.

Opening verifies every file of the index before one is parsed. Searching is safe from several
threads at once. Neither logs nor raises anything that holds a question's words.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from retrieval import fusion, lexical
from retrieval.bare import only_questions
from retrieval.calibration import Features, load_curve
from retrieval.embedder import Embedder
from retrieval.errors import IndexCorrupt, IndexMissing, SearchError
from retrieval.faq import FaqEntry, load_faq
from retrieval.fusion import ALTERNATE_KIND, QUESTION_KIND, Layout, Views
from retrieval.hits import Hit, Retrieval
from retrieval.indexes import INDEXES, VectorIndex
from retrieval.indexes.base import Vectors
from retrieval.languages import UNDETERMINED
from retrieval.lexical import LexicalIndex, LexicalQuery
from retrieval.manifest import (
    ENTRIES,
    LAYOUT,
    PASSAGES,
    REBUILD,
    Manifest,
    check_embedder,
    read_manifest,
    verify,
)
from retrieval.query import clean_query, leans_on_context, points_back, points_nowhere
from retrieval.ranker import Ranker, Scores, entry_text, shares
from retrieval.spelling import Speller
from retrieval.subject import uncovered

Reader = Literal["patient", "staff", "any"]

# Enough candidates that the entry that is best of all is among the best of one view.
_MIN_CANDIDATES = 64
# How much of a follow-up's score comes from the question together with what was said before.
_CONTEXT_SHARE = 0.5
# A question that is understood this well alone is not a follow-up.
_CLEAR_ALONE = 0.6
# The only entry of an index leads by a usual distance: there is no second to compare it with.
_MARGIN_ALONE = 0.1
_ATTEMPTS = 3
# What a difference in the fused score counts for in the ranker's, how many entries at most are read together
# with the question, and how far behind the best of them: chosen on the held-out clinics, MedQuAD and the
# sample's development questions. Each pair takes milliseconds. Of 690 questions 687 have the same first entry
# as where twenty are read, however far behind, and all that had the right one have it.
FUSED_SHARE = 60.0
_RANKED = 6
_FAR_BEHIND = 10.0
# The only entry of an index leads by a usual distance here too.
_LEAD_ALONE = 3.0
_MOST, _LEAST = 8.0, 1e-4


@dataclass(frozen=True)
class Contents:
    """An index in memory."""

    entries: tuple[FaqEntry, ...]
    passages: tuple[tuple[str, ...], ...]
    layout: Layout
    vectors: VectorIndex
    words: LexicalIndex


@dataclass(frozen=True)
class Ranking:
    """Entries by number, best first, with their scores, and what the confidence is computed from."""

    order: NDArray[np.int64]
    views: Views
    features: Features
    covered: bool  # whether the first entry has the words that say what the question is about
    scores: Vectors  # of the entries in their order, never rising


class Retriever:
    """An open index and the embedder that built it."""

    def __init__(
        self, contents: Contents, embedder: Embedder, manifest: Manifest, ranker: Ranker | None = None
    ) -> None:
        self._contents = contents
        self._embedder = embedder
        bare = only_questions(contents.entries)
        self._ranker = None if bare else ranker
        self._curve = load_curve(ranked=ranker is not None, questions=bare)
        self._vocabulary = embedder.vocabulary
        self._speller = Speller(
            (text for entry in contents.entries for text in (entry.question, *entry.alternates)),
            known_stems=contents.words.stems,
            vocabulary=self._vocabulary,
        )
        self._readable = {
            reader: np.array([_may_read(reader, entry) for entry in contents.entries], dtype=np.bool_)
            for reader in ("patient", "staff", "any")
        }
        self._languages = np.array([_primary(entry.language) for entry in contents.entries])
        self._places = {entry.id: place for place, entry in enumerate(contents.entries)}
        self.manifest = manifest
        self.entries: Mapping[str, FaqEntry] = MappingProxyType(
            {entry.id: entry for entry in contents.entries}
        )

    @classmethod
    def open(cls, folder: Path, embedder: Embedder, ranker: Ranker | None = None) -> Retriever:
        """Verify and read the index in `folder`; with a `ranker` the best entries are read with the question.

        Raises IndexMissing, IndexCorrupt, or IndexMismatch when another embedder built it.
        """
        for _ in range(_ATTEMPTS):
            manifest = read_manifest(folder)
            check_embedder(manifest, embedder)
            try:
                verify(folder, manifest)
                contents = read_contents(folder, manifest)
            except (IndexCorrupt, OSError, ValueError):
                if read_manifest(folder) == manifest:
                    raise
            else:
                if read_manifest(folder) == manifest:
                    return cls(contents, embedder, manifest, ranker)
            # Another generation took its place while we were reading: what was read may be of both.
        raise IndexMissing(f"{folder} was replaced {_ATTEMPTS} times while it was read. Try again")

    @property
    def sample(self) -> bool:
        """Tell whether entries of the invented sample clinic are in the index."""
        return self.manifest.sample

    def search(
        self,
        query: str,
        *,
        top_k: int = 10,
        audience: Reader = "any",
        language: str = "",
        not_in: str = "",
        context: str = "",
    ) -> Retrieval:
        """Return the best min(top_k, readable entries) entries, each once.

        `audience` is who will read: a patient gets no staff entry, staff no patient-only entry.
        `language` is what the reader reads, such as "es": entries in another one are left out, unless there
        are none in it; "" leaves out none. `not_in` is a language that the reader does not read: entries in
        it are left out, unless there are no others. All are applied before the best are chosen.
        `context` is the scrubbed message before; it counts only when the query leans on it.
        A query without words gives hits in no meaningful order and confidence 0.
        Raises SearchError for a top_k below 1 or an unknown audience.
        """
        if top_k <= 0:
            raise SearchError(f"top_k must be greater than 0. Currently, top_k is {top_k}")
        if audience not in self._readable:
            raise SearchError(f"audience must be one of {', '.join(self._readable)}, not {audience!r}")
        allowed = self._in_language(self._readable[audience], language, not_in)
        if not allowed.any():
            return Retrieval((), 0.0)
        text, before = self.understood(query), self.understood(context)
        if not any(letter.isalnum() for letter in text):
            return Retrieval(self._unranked(allowed, top_k), 0.0)
        ranking = self.rank(text, allowed=allowed, top_k=top_k)
        confidence = self._curve.probability(ranking.features, covered=ranking.covered)
        if not before and points_nowhere(text):
            confidence = min(confidence, _CLEAR_ALONE)
        if before and (points_back(text) or (leans_on_context(text) and confidence < _CLEAR_ALONE)):
            ranking = self.rank(text, allowed=allowed, top_k=top_k, context=before)
            confidence = self._curve.probability(ranking.features, covered=ranking.covered)
        return Retrieval(self._hits(ranking, top_k), confidence)

    def understood(self, query: str) -> str:
        """Return a query as it is searched for: cleaned, and with typing mistakes put right."""
        return self._speller.repair(clean_query(query))

    def _in_language(self, allowed: NDArray[np.bool_], language: str, not_in: str) -> NDArray[np.bool_]:
        """Leave out what is in another language than the reader's; what is in an unknown one stays."""
        if not_in and (others := allowed & (self._languages != _primary(not_in))).any():
            allowed = others
        if not language:
            return allowed
        own = allowed & (self._languages == _primary(language))
        return own | (allowed & (self._languages == UNDETERMINED)) if own.any() else allowed

    def rank(self, text: str, *, allowed: NDArray[np.bool_], top_k: int = 10, context: str = "") -> Ranking:
        """Rank the allowed entries for a text that has words; the first top_k are in their final order."""
        wanted = max(_MIN_CANDIDATES, 2 * top_k)
        if not context:
            vector = self._embedder.embed([text])[0]
            words = self._contents.words.query(text)
            scores = self._contents.words.scores(words)
            found = self._candidates(vector, scores, allowed, wanted)
            return self._ranked(text, words, self._views(vector, scores, found), text)
        joined = f"{context} {text}"
        own, both = self._embedder.embed([text, joined])
        words, joined_words = (self._contents.words.query(part) for part in (text, joined))
        own_scores, both_scores = (self._contents.words.scores(part) for part in (words, joined_words))
        found = np.union1d(
            self._candidates(own, own_scores, allowed, wanted),
            self._candidates(both, both_scores, allowed, wanted),
        )
        first, second = self._views(own, own_scores, found), self._views(both, both_scores, found)
        views = fusion.blend(first, second, _CONTEXT_SHARE)
        return self._ranked(text, joined_words, views, joined)

    def mask(self, *, without: Collection[str] = ()) -> NDArray[np.bool_]:
        """Return which entries may be found when those with the given ids may not."""
        allowed = np.ones(len(self._contents.entries), dtype=np.bool_)
        allowed[[self._places[entry_id] for entry_id in without]] = False
        return allowed

    def coverage(self, text: str, entry_id: str) -> float:
        """Return which share of a text's content words, by rarity, an entry has: 0 to 1, 0 without words."""
        return self._contents.words.coverage(self._contents.words.query(text), self._places[entry_id])

    def id_of(self, place: int) -> str:
        """Return the id of the entry with this number."""
        return self._contents.entries[place].id

    def _candidates(
        self, vector: Vectors, scores: lexical.Scores, allowed: NDArray[np.bool_], wanted: int
    ) -> NDArray[np.int64]:
        contents = self._contents
        return fusion.candidates(
            vector, contents.vectors, contents.layout, lexical=scores, allowed=allowed, wanted=wanted
        )

    def _views(self, vector: Vectors, scores: lexical.Scores, found: NDArray[np.int64]) -> Views:
        return fusion.views(
            vector, self._contents.vectors, self._contents.layout, lexical=scores, entries=found
        )

    def _ranked(self, text: str, words: LexicalQuery, views: Views, whole_query: str) -> Ranking:
        """Put the entries in order; `whole_query` is what the ranker reads."""
        score = views.score
        order = np.lexsort((views.entries, -score))
        falling, read = score[order], dict[str, float]()
        if self._ranker is not None:
            order, falling, read = self._reordered(whole_query, views, order)
        first = order[0]
        others = np.delete(score, first)
        margin = float(score[first] - others.max()) if len(others) else _MARGIN_ALONE
        entry, passage = self._entry_at(views, int(first))
        covered = not uncovered(text, (entry.question, *entry.alternates, passage), self._vocabulary)
        agreement = [view[first] >= view.max() > 0 for view in (views.title, views.passage, views.lexical)]
        features = Features(
            title=float(views.title[first]),
            margin=margin,
            coverage=self._contents.words.coverage(words, int(views.entries[first])),
            agreement=sum(agreement) / len(agreement),
            length=float(np.log1p(words.length)),
            subject=float(covered),
            near=float(views.dense[first]),
            **read,
        )
        return Ranking(order, views, features, covered, falling)

    def _reordered(
        self, query: str, views: Views, order: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], Vectors, dict[str, float]]:
        """Read the first entries with the question, two at least; return order, scores, and features.

        The scores of those that were read are their shares of the probability; the others stay below.
        """
        assert self._ranker is not None
        score = views.score
        behind = FUSED_SHARE * (score[order[0]] - score[order[:_RANKED]])
        most = max(2, int(np.count_nonzero(behind <= _FAR_BEHIND)))
        head, tail = order[:most], order[most:]
        read = self._ranker.scores(query, [self._as_read(views, int(at)) for at in head])
        together = read + FUSED_SHARE * (score[head] - score[head].max())
        by_both = np.lexsort((views.entries[head], -together))
        head, read, together = head[by_both], read[by_both], together[by_both]
        of = shares(read)
        given = np.minimum.accumulate(of)
        below = given[-1] * np.clip(score[tail], 0.0, 1.0)
        return (
            np.concatenate([head, tail]),
            np.concatenate([given, below]).astype(np.float32),
            _read_features(read, of, together),
        )

    def _as_read(self, views: Views, at: int) -> str:
        """Return an entry as the ranker reads it: by its nearest question or alternate, and passage."""
        entry, passage = self._entry_at(views, at)
        layout, title = self._contents.layout, views.title_at[at]
        alternate = layout.kind[title] == ALTERNATE_KIND and layout.part[title] < len(entry.alternates)
        return entry_text(entry.alternates[layout.part[title]] if alternate else entry.question, passage)

    def _entry_at(self, views: Views, at: int) -> tuple[FaqEntry, str]:
        """Return a view's entry and its passage nearest to the query."""
        place = int(views.entries[at])
        part = self._contents.layout.part[views.passage_at[at]]
        return self._contents.entries[place], self._contents.passages[place][part]

    def _hits(self, ranking: Ranking, top_k: int) -> tuple[Hit, ...]:
        layout, views = self._contents.layout, ranking.views
        hits = []
        for at, score in zip(ranking.order[:top_k], ranking.scores[:top_k], strict=True):
            entry, passage = self._entry_at(views, int(at))
            matched: Literal["question", "alternate", "passage"] = "passage"
            if views.title[at] >= views.passage[at]:
                kind = layout.kind[views.title_at[at]]
                matched = "alternate" if kind == ALTERNATE_KIND else "question"
            hits.append(Hit(entry.id, float(score), entry, passage, matched))
        return tuple(hits)

    def _unranked(self, allowed: NDArray[np.bool_], top_k: int) -> tuple[Hit, ...]:
        places = np.flatnonzero(allowed)[:top_k]
        entries = [self._contents.entries[place] for place in places]
        passages = [self._contents.passages[place][0] for place in places]
        return tuple(
            Hit(entry.id, 0.0, entry, passage, "question")
            for entry, passage in zip(entries, passages, strict=True)
        )


def _read_features(read: Scores, found: Scores, together: Scores) -> dict[str, float]:
    """Return what the ranker says of the first entry, and of none; `found` are the shares."""
    return {
        "answers": float(np.clip(read[0], -_MOST, _MOST)),
        "share": math.log(max(float(found[0]), _LEAST)),
        "some": -math.log(max(1.0 - float(found.sum()), _LEAST)),
        "lead": float(together[0] - together[1]) if len(together) > 1 else _LEAD_ALONE,
    }


def _primary(language: str) -> str:
    """Return the language of a tag without its script and region: "pt" for "pt-BR"."""
    return language.lower().replace("_", "-").split("-")[0]


def _may_read(reader: str, entry: FaqEntry) -> bool:
    return reader == "any" or entry.audience in (reader, "both")


def read_contents(folder: Path, manifest: Manifest) -> Contents:
    """Parse the files of an index that has been verified."""
    kind = INDEXES.get(manifest.index)
    if kind is None:
        raise IndexCorrupt(f"{folder}: unknown kind of index {manifest.index!r}. {REBUILD}")
    entries = load_faq([folder / ENTRIES]).entries
    lines = (folder / PASSAGES).read_text(encoding="utf-8").split("\n")[:-1]
    passages = tuple(
        tuple(json.loads(line)) or (entry.answer,) for line, entry in zip(lines, entries, strict=True)
    )
    vectors = kind.load(folder / kind.filename)
    layout = Layout.of(np.load(folder / LAYOUT, allow_pickle=False))
    words = LexicalIndex.load(folder / lexical.FOLDER, entry_count=len(entries))
    if not len(entries) == layout.entry_count == manifest.counts.entries or vectors.size != len(layout.entry):
        raise IndexCorrupt(f"{folder}: its files do not belong together. {REBUILD}")
    return Contents(entries, passages, layout, vectors, words)


def question_texts(entry: FaqEntry) -> Sequence[tuple[int, str]]:
    """Return the texts that ask for the entry, with their kind."""
    return [(QUESTION_KIND, entry.question), *((ALTERNATE_KIND, text) for text in entry.alternates)]
