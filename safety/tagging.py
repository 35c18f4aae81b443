"""From the tokens of a text to marked spans: windows to read, and what a tagger's probabilities say.

Training and serving both read a text through this file, so that what is measured is what is served.
A token begins a span (`B-`), goes on in one (`I-`) or stands outside (`O`). Where two windows say
something of a token, the one that sees more around it counts. A word is never cut in two: its tokens
decide together.

Must not: import a model's library, or hold any of the text.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

OUTSIDE: Final = "O"
_OVERLAP: Final = 4  # a window shares one part in so many with the one before
Probabilities = NDArray[np.float32]


class Encoded(Protocol):
    """A text in tokens without special ones, as the `tokenizers` library gives it."""

    @property
    def ids(self) -> list[int]:
        """The tokens."""
        ...

    @property
    def offsets(self) -> list[tuple[int, int]]:
        """Where each stands in the text, in code points."""
        ...

    @property
    def word_ids(self) -> list[int | None]:
        """The number of the word that each belongs to."""
        ...


@dataclass(frozen=True)
class Window:
    """Tokens that are read at once, special ones included.

    `offsets` are code points of the text ((0, 0) for special tokens), `words` the number of the word
    that a token belongs to (None: special), `first` the place in the text's tokens of the window's
    first one that is not special.
    """

    tokens: tuple[int, ...]
    offsets: tuple[tuple[int, int], ...]
    words: tuple[int | None, ...]
    first: int


@dataclass(frozen=True)
class Marked:
    """A span start:end (code points) and its label; `outside` is the least share of `O` in a word of it."""

    start: int
    end: int
    label: str
    outside: float


def cut(found: Encoded, *, limit: int, begin: int, end: int) -> list[Window]:
    """Cut a text into windows of at most `limit` tokens that overlap; at least one.

    `begin` and `end` are the special tokens around each. Raises ValueError for a limit below 3.
    """
    room = limit - 2
    if room < 1:
        raise ValueError(f"a window must hold at least 3 tokens. Currently, limit is {limit}")
    ids, offsets = found.ids, found.offsets
    # A special token that somebody typed may belong to no word: it is one by itself.
    words = [-1 - at if word is None else word for at, word in enumerate(found.word_ids)]
    step = room - room // _OVERLAP
    windows = []
    for first in range(0, max(1, len(ids)), step):
        last = min(first + room, len(ids))
        windows.append(
            Window(
                (begin, *ids[first:last], end),
                ((0, 0), *offsets[first:last], (0, 0)),
                (None, *words[first:last], None),
                first,
            )
        )
        if last == len(ids):
            break
    return windows


def kinds_of(labels: Sequence[str]) -> tuple[str, ...]:
    """Return the kinds of span of `O, B-x, I-x, B-y, I-y, ...`. Raises ValueError for other labels."""
    kinds = tuple(label[2:] for label in labels[1::2])
    if tuple(labels) != (OUTSIDE, *(f"{part}-{kind}" for kind in kinds for part in "BI")) or not all(kinds):
        raise ValueError("labels are not O and, for each kind, B- and I-")
    return kinds


def decode(
    text: Sequence[Window],
    shares: Sequence[Probabilities],
    labels: Sequence[str],
    *,
    outside_below: Sequence[float] = (),
    unwanted: Collection[str] = (),
) -> list[Marked]:
    """Return the spans of one text from the probabilities of its windows, each [tokens, labels].

    A word is in a span when its likeliest kind has more of it than `O`; where `outside_below` gives a
    share for each kind, when `O` has less of it than that share of its likeliest kind: above one half,
    more is found and more found by mistake. `unwanted` kinds count as `O`: a word that is perhaps a
    state and perhaps a town is a town to someone who does not ask for states.
    """
    kinds = kinds_of(labels)
    offsets, share, starts, ends, mean = _by_word(text, shares)
    if not kinds or not len(starts):
        return []
    of_kind = mean[:, 1::2] + mean[:, 2::2]
    ignored = [kind in unwanted for kind in kinds]
    outside = mean[:, 0] + of_kind[:, ignored].sum(axis=1)
    of_kind[:, ignored] = -1.0
    best = of_kind.argmax(axis=1)
    limit = np.asarray(outside_below)[best] if outside_below else of_kind.max(axis=1)
    spans: list[Marked] = []
    open_at = -1  # the word after the last one that was in a span
    for at in np.flatnonzero(outside < limit).tolist():
        kind, token = int(best[at]), int(starts[at])
        start, end = int(offsets[token, 0]), int(offsets[ends[at] - 1, 1])
        goes_on = share[token, 2 * kind + 2] >= share[token, 2 * kind + 1]
        if at == open_at and spans[-1].label == kinds[kind] and goes_on:
            before = spans[-1]
            spans[-1] = Marked(before.start, end, before.label, min(before.outside, float(outside[at])))
        else:
            spans.append(Marked(start, end, kinds[kind], float(outside[at])))
        open_at = at + 1
    return spans


def traces(
    text: Sequence[Window], shares: Sequence[Probabilities], labels: Sequence[str], *, kind: str, least: float
) -> list[Marked]:
    """Return the words that are of `kind` by a share of `least` or more, each by itself.

    Far less than makes a span: enough beside a span that was found, and nowhere else.
    """
    kinds = kinds_of(labels)
    if kind not in kinds:
        return []
    at = kinds.index(kind)
    offsets, _share, starts, ends, mean = _by_word(text, shares)
    if not len(starts):
        return []
    of_kind = mean[:, 2 * at + 1] + mean[:, 2 * at + 2]
    return [
        Marked(int(offsets[starts[word], 0]), int(offsets[ends[word] - 1, 1]), kind, 1 - float(of_kind[word]))
        for word in np.flatnonzero(of_kind >= least).tolist()
    ]


def _by_word(
    text: Sequence[Window], shares: Sequence[Probabilities]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Return the tokens' offsets and probabilities, where words start and end, and each word's mean."""
    words, offsets, share = _merged(text, shares)
    if not len(words):
        nothing = np.zeros(0, dtype=np.intp)
        return offsets, share, nothing, nothing, share
    starts = np.flatnonzero(np.concatenate(([True], words[1:] != words[:-1])))
    ends = np.append(starts[1:], len(words))
    return offsets, share, starts, ends, np.add.reduceat(share, starts, axis=0) / (ends - starts)[:, None]


def _merged(
    text: Sequence[Window], shares: Sequence[Probabilities]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return word [tokens], offsets [tokens, 2] and probabilities [tokens, labels], each token once."""
    inner = [[at for at, word in enumerate(one.words) if word is not None] for one in text]
    count = max((one.first + len(places) for one, places in zip(text, inner, strict=True)), default=0)
    words = np.zeros(count, dtype=np.int64)
    offsets = np.zeros((count, 2), dtype=np.int64)
    share = np.zeros((count, shares[0].shape[1] if shares else 0), dtype=np.float64)
    around = np.full(count, -1, dtype=np.int64)
    for one, places, probabilities in zip(text, inner, shares, strict=True):
        if not places:
            continue
        order = np.arange(len(places))
        seen = np.minimum(order, len(places) - 1 - order)
        better = np.flatnonzero(seen > around[one.first : one.first + len(places)])
        slots, tokens = one.first + better, np.asarray(places)[better]
        around[slots] = seen[better]
        words[slots] = [one.words[at] for at in tokens]
        offsets[slots] = [one.offsets[at] for at in tokens]
        share[slots] = probabilities[tokens]
    return words, offsets, share
