"""How long the stretches are that a tuned model's answers share, word for word, with training answers.

What it must not do: keep words. A result names rows and counts. The answers are indexed and the training
rows stream by, so that a large corpus needs no memory.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from training.rows import Example, Frozen, Prediction

_RUN: Final = 8
_WORD: Final = re.compile(r"\w+(?:'\w+)*")


class Copied(Frozen):
    """The longest run of words that an answer shares with training row `row`."""

    id: str
    row: str
    words: int


class Copies(Frozen):
    """How many answers copy `limit` words or more in a row; `most` are the 20 longest runs."""

    answers: int
    copied: int
    share: float
    longest: int
    limit: int
    most: tuple[Copied, ...]


def copies(answers: Sequence[Prediction], training: Iterable[Example], *, limit: int = 30) -> Copies:
    """Find the longest run of words that each answer shares with any training answer.

    Case and punctuation do not count. Runs of fewer than 8 words count as 0; an answer with `limit`
    words or more in one run is a copy.
    """
    words = [_words(one.text) for one in answers]
    starts: dict[tuple[str, ...], list[tuple[int, int]]] = defaultdict(list)
    for number, said in enumerate(words):
        for at in range(len(said) - _RUN + 1):
            starts[tuple(said[at : at + _RUN])].append((number, at))
    longest = [Copied(id=one.id, row="", words=0) for one in answers]
    for example in training:
        target = _words(example.target)
        for at in range(len(target) - _RUN + 1):
            for number, start in starts.get(tuple(target[at : at + _RUN]), ()):
                run = _shared(words[number], start, target, at)
                if run > longest[number].words:
                    longest[number] = Copied(id=longest[number].id, row=example.id, words=run)
    found = sorted((one for one in longest if one.words), key=lambda one: -one.words)
    copied = sum(one.words >= limit for one in found)
    return Copies(
        answers=len(answers),
        copied=copied,
        share=copied / len(answers) if answers else 0.0,
        longest=found[0].words if found else 0,
        limit=limit,
        most=tuple(found[:20]),
    )


def _shared(ours: Sequence[str], start: int, theirs: Sequence[str], at: int) -> int:
    """Return how many words are the same from these places on; 0 where the run began earlier."""
    if start and at and ours[start - 1] == theirs[at - 1]:
        return 0
    run = _RUN
    while start + run < len(ours) and at + run < len(theirs) and ours[start + run] == theirs[at + run]:
        run += 1
    return run


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower().replace("’", "'"))
