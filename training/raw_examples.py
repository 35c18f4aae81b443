"""The rows of a recipe's corpora as raw examples, real ones and invented ones apart.

Rows of a `generate:` corpus are made up from beginning to end, names and numbers labelled; every other row is
somebody's words and must be scrubbed. Which is which follows from the corpus alone: nothing that stands in a
row can make it an invented one.

Must not: write anything; raw rows stay in memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from training.authors import removals, without
from training.cleaning import plain
from training.reading import RawRow, is_invented, read_corpus
from training.recipe import Corpus
from training.rows import Example, SetAside
from training.run import Run
from training.shapes import to_examples


class RawExamples:
    """One reading of all corpora of a run: `real()` first, then `invented()`.

    `unread` collects what could not be read. Ids are made unique over both.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._seen: set[str] = set()
        self._authors: dict[str, tuple[str, ...]] = {}
        self.unread: list[SetAside] = []

    def real(self) -> Iterator[Example]:
        """Yield the rows that people wrote."""
        yield from self._rows([one for one in self._run.recipe.corpora if not is_invented(one)])

    def invented(self) -> Iterator[Example]:
        """Yield the rows that a generator made."""
        yield from self._rows([one for one in self._run.recipe.corpora if is_invented(one)])

    def author_names(self, example: Example) -> tuple[str, ...]:
        """Return who wrote a row, once: then it is forgotten."""
        return self._authors.pop(example.id, ())

    def _rows(self, corpora: list[Corpus]) -> Iterator[Example]:
        run = self._run
        for corpus in corpora:
            for row in read_corpus(
                corpus,
                datasets=run.around.datasets,
                cache_dir=run.around.cache_dir,
                offline=run.around.offline,
            ):
                if isinstance(row, SetAside):
                    self.unread.append(row)
                    continue
                found = to_examples(row, corpus, run.task)
                if isinstance(found, SetAside):
                    self.unread.append(found)
                    continue
                for example in found:
                    yield self._example(example, row, corpus)

    def _example(self, example: Example, row: RawRow, corpus: Corpus) -> Example:
        # Tags and glued sentences hide names ("Warmly,Jane"): they go first.
        labels = self._run.labels
        unique = plain(example, labels=labels) if self._run.recipe.clean.markup else example
        if corpus.remove:
            unique = _without_authors(unique, row, corpus, labels=labels)
        if unique.id in self._seen:
            unique = unique.model_copy(update={"id": f"{row.source}#{row.line}"})
        self._seen.add(unique.id)
        if corpus.remove:
            self._authors[unique.id] = removals(row, corpus)
        return unique


def counted(run: Run, digest: hashlib._Hash) -> Iterator[Example]:
    """Yield all raw examples, and put them into `digest`."""
    raw = RawExamples(run)
    for rows in (raw.real(), raw.invented()):
        for example in rows:
            digest.update(example.model_dump_json().encode())
            yield example


def _without_authors(example: Example, row: RawRow, corpus: Corpus, *, labels: bool) -> Example:
    names = removals(row, corpus)
    return example.model_copy(
        update={
            "inputs": {key: without(text, names) for key, text in example.inputs.items()},
            "target": example.target if labels else without(example.target, names),
        }
    )
