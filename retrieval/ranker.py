"""Read a question and an entry together, and say how surely the entry answers it.

    ranker = Ranker(served_encoder(release, RANKER))
    scores = ranker.scores("can i park there", [entry_text(question, answer), ...])

Two vectors that are made apart say whether texts are about the same; whether one answers the other shows
only when they are read together (Nogueira and Cho 2019, arXiv 1901.04085). A score of 0 stands for "none
of these": the shares of several entries and of none are a softmax over their scores and 0.

Each pair is read alone, so that a score depends on nothing but the two texts. Must not: log any of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import RankerError
from weights.errors import WeightsCorrupt

if TYPE_CHECKING:
    from tokenizers import Tokenizer

MOST_WORDS: Final = 40
"""Words of an entry's answer or passage that are read; the beginning says what it is about."""

QUERY_TOKENS: Final = 56
Scores = NDArray[np.float32]


def entry_text(question: str, passage: str) -> str:
    """Return an entry as it is read: what it answers, and the beginning of what it says."""
    return f"{question} : {' '.join(passage.split()[:MOST_WORDS])}"


def pair_tokens(
    tokenizer: Tokenizer, query: str, texts: Sequence[str], *, begin: int, end: int, limit: int
) -> list[tuple[int, ...]]:
    """Return the tokens of the query with each text, at most `limit`; what is longer is cut at its end.

    Of the query at most QUERY_TOKENS are read: its first half and its last, where most people ask.
    """
    asked = tokenizer.encode(query, add_special_tokens=False).ids
    if len(asked) > QUERY_TOKENS:
        half = QUERY_TOKENS // 2
        asked = asked[:half] + asked[-half:]
    head = (begin, *asked, end)
    found = tokenizer.encode_batch(list(texts), add_special_tokens=False)
    return [(*head, *one.ids[: limit - len(head) - 1], end) for one in found]


class Ranker:
    """A trained ranker. Safe to use from several threads."""

    def __init__(self, folder: Path, *, threads: int = 0) -> None:
        """Load what `weights.served` built. `threads` pairs are read at once; 0: one a core, at most four.

        Raises RankerError when the folder is not as it was written, or holds no ranker.
        """
        from weights.runtime import open_served, readers

        try:
            self._session, self._tokenizer, self.card = open_served(folder)
        except WeightsCorrupt as error:
            raise RankerError(f"ranker {error}") from None
        if len(self.card.labels) != 1:
            raise RankerError(f"{folder.name!r} has {len(self.card.labels)} labels: a ranker has one")
        self.sha256 = self.card.weights_sha256
        self._pool = ThreadPoolExecutor(threads or readers(), thread_name_prefix="ranker")

    def scores(self, query: str, texts: Sequence[str]) -> Scores:
        """Return the score of each text, [texts]: above 0 it answers rather than not."""
        pairs = pair_tokens(
            self._tokenizer,
            query,
            texts,
            begin=self.card.begin,
            end=self.card.end,
            limit=self.card.max_tokens,
        )
        return np.fromiter(self._pool.map(self._score, pairs), dtype=np.float32, count=len(pairs))

    def _score(self, tokens: tuple[int, ...]) -> float:
        (logits,) = self._session.run(["logits"], {"tokens": np.asarray(tokens, dtype=np.int64)})
        return float(logits[0, 0])


def load_ranker(
    choice: str, *, embedder: str, models_dir: Path, cache_dir: Path | None = None, offline: bool = False
) -> Ranker | None:
    """Return the ranker that a command's option names: a release's folder, "none", or "" for the active one.

    Where texts are embedded without any weights ("hash"), none are fetched for an active ranker either.
    Raises RankerError or WeightsError.
    """
    from weights.served import RANKER, chosen_encoder

    if not choice and embedder == "hash":
        return None
    folder = chosen_encoder(choice, RANKER, models_dir=models_dir, cache_dir=cache_dir, offline=offline)
    return None if folder is None else Ranker(folder)


def shares(scores: Scores) -> Scores:
    """Return the share of each text, [texts], in a softmax over the scores and 0 for none of them."""
    highest = max(0.0, float(scores.max(initial=0.0)))
    grown = np.exp(scores - highest)
    found: Scores = (grown / (grown.sum() + np.exp(-highest))).astype(np.float32)
    return found
