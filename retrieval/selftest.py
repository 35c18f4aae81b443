"""Ask an index a few of its own questions: an index that does not find them must not pass for healthy.

Hashes say that the files are those that were built. This says that they answer: that the embedder that
runs gives the vectors that it gave at the build, and that vectors, words and entries fit together.
Run when an index is opened to be served; five questions take milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass

from retrieval.retriever import Retriever

COUNT = 5
_AMONG = 3  # entries for other readers may have the same question
_ITSELF = 0.9  # cosine of a question with its own vector, however the embedder rounds


@dataclass(frozen=True)
class SelfTest:
    """How many entries were asked for, and the ids of those that did not find themselves."""

    asked: int
    missed: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Say whether every entry was found."""
        return not self.missed


def self_test(retriever: Retriever, *, count: int = COUNT) -> SelfTest:
    """Ask for up to `count` entries, evenly spread over the index, by their question and an alternate."""
    entries = tuple(retriever.entries.values())
    step = max(len(entries) // count, 1)
    chosen = [entry for entry in entries[::step] if any(letter.isalnum() for letter in entry.question)][
        :count
    ]
    everyone = retriever.mask()
    missed = []
    for entry in chosen:
        for text in (entry.question, *entry.alternates[:1]):
            ranking = retriever.rank(text, allowed=everyone)
            first = [retriever.id_of(int(ranking.views.entries[at])) for at in ranking.order[:_AMONG]]
            drifted = first[:1] == [entry.id] and ranking.features.title < _ITSELF
            # An alternate may be loose words; a question must be found, and be itself.
            if entry.id not in first or drifted:
                missed.append(entry.id)
                break
    return SelfTest(len(chosen), tuple(missed))
