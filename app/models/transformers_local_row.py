"""One request while it is being written: its tokens, its choice of the next, its guesses, its text.

A row knows nothing of the model or of other rows. Everything here is plain Python over token
ids and one row of logits, so it can be tested without weights.
"""

from __future__ import annotations

import math
import queue
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.models.base import NO_REPEAT_NGRAM_SIZE, GenerationRequest
from app.sentences import WholeSentences

if TYPE_CHECKING:
    import torch

# Sampling for small models: little heat, and only tokens near the likeliest one.
TEMPERATURE = 0.3
TOP_P = 0.9
MIN_P = 0.1
CANDIDATES = 20

# Replayed over recorded answers: most tokens a pass at 5 to 8 guesses each, and long ones pay, because a
# pass over 24 tokens costs little more than one over 12 and a small model copies long stretches.
_LEAST_GUESS, _FIRST_GUESS, _LONGEST_GUESS = 4, 8, 24
_LONGER, _SHORTER = 8, 4


class Chooser:
    """Choose the next token from one row of logits, greedily or by sampling.

    A token that would make a run of `no_repeat_ngram_size` tokens come a second time is passed over; the
    runs of `spoken` count as if they had come already.
    """

    def __init__(
        self,
        *,
        greedy: bool,
        seed: int | None,
        no_repeat_ngram_size: int = NO_REPEAT_NGRAM_SIZE,
        spoken: Sequence[int] = (),
    ) -> None:
        self._greedy = greedy
        self._before = no_repeat_ngram_size - 1
        self._random = random.Random(seed)
        self._seen: dict[tuple[int, ...], set[int]] = {}
        for end in range(no_repeat_ngram_size, len(spoken) + 1):
            self.remember(spoken[end - no_repeat_ngram_size : end])

    def choose(self, logits: torch.Tensor, said: Sequence[int]) -> int:
        """Return a token for `logits` [vocabulary], given the tokens of the answer so far."""
        banned = self._seen.get(tuple(said[-self._before :]), ()) if len(said) >= self._before else ()
        if self._greedy:
            best = int(logits.argmax())
            if best not in banned:
                return best
        values, indices = logits.topk(min(CANDIDATES, logits.shape[-1]))
        pairs = [
            (index, value)
            for index, value in zip(indices.tolist(), values.tolist(), strict=True)
            if index not in banned
        ]
        if not pairs:
            return int(indices[0])
        return int(pairs[0][0]) if self._greedy else self._sample(pairs)

    def remember(self, said: Sequence[int]) -> None:
        """Note the run of tokens that the last token completed."""
        if len(said) > self._before:
            self._seen.setdefault(tuple(said[-self._before - 1 : -1]), set()).add(said[-1])

    def _sample(self, pairs: list[tuple[int, float]]) -> int:
        top = pairs[0][1]
        weighted = [(index, math.exp((value - top) / TEMPERATURE)) for index, value in pairs]
        total = sum(weight for _, weight in weighted)
        kept: list[tuple[int, float]] = []
        mass = 0.0
        for index, weight in weighted:
            if kept and (weight < MIN_P or mass >= TOP_P * total):
                break
            kept.append((index, weight))
            mass += weight
        point = self._random.random() * mass
        for index, weight in kept:
            point -= weight
            if point <= 0:
                return index
        return kept[-1][0]


class Lookup:
    """Guess the next tokens by finding the last few earlier in the prompt or the answer.

    Prompt lookup decoding: https://github.com/apoorvumang/prompt-lookup-decoding. A guess costs
    a little whether it holds or not, so its length follows how well the last ones held.
    """

    def __init__(self, ids: Sequence[int]) -> None:
        self._ids: list[int] = []
        self._after: dict[tuple[int, ...], int] = {}
        self._length = _FIRST_GUESS
        self.extend(ids)

    def extend(self, ids: Sequence[int]) -> None:
        """Add tokens to what can be found."""
        for token in ids:
            # A run is entered once the token after it is known, so it never finds itself.
            size = len(self._ids)
            for width in (2, 3):
                if size >= width:
                    self._after[tuple(self._ids[size - width :])] = size
            self._ids.append(token)

    def guess(self, most: int) -> list[int]:
        """Return up to `most` tokens that may come next; none when nothing matches."""
        most = min(most, self._length)
        if most < 1:
            return []
        for width in (3, 2):
            place = self._after.get(tuple(self._ids[-width:]))
            if place is not None:
                return self._ids[place : place + most]
        return []

    def learn(self, guessed: int, held: int) -> None:
        """Lengthen the guesses after one that held, shorten them after one that did not."""
        if guessed and held == guessed:
            self._length = min(_LONGEST_GUESS, self._length + _LONGER)
        elif guessed and held < guessed // 2:
            self._length = max(_LEAST_GUESS, self._length - _SHORTER)


class Text:
    """From token ids to text, piece by piece, never cutting a character in two."""

    def __init__(self, decode: Callable[[list[int]], str]) -> None:
        self._decode = decode
        self._ids: list[int] = []
        self._from = 0
        self._read = 0

    def add(self, token: int) -> str:
        """Return the text that this token completes."""
        self._ids.append(token)
        before = self._decode(self._ids[self._from : self._read])
        now = self._decode(self._ids[self._from :])
        if now.endswith("\ufffd"):
            return ""
        self._from, self._read = self._read, len(self._ids)
        return now[len(before) :]


@dataclass
class Counters:
    """Work that an engine has done since it loaded; numbers only."""

    prompt_tokens: int = 0
    reused_tokens: int = 0
    new_tokens: int = 0
    steps: int = 0
    guessed: int = 0
    held: int = 0


@dataclass(frozen=True)
class Failed:
    """Put into a sink when a row cannot go on; the reader raises `error`."""

    error: Exception


class Done:
    """Put into a sink after the last piece."""


Sink = queue.SimpleQueue[str | Failed | Done]


@dataclass
class Row:
    """One request in the engine: sink, stop flag, deadline and length limit of its own."""

    request: GenerationRequest = field(repr=False)
    stop: threading.Event
    deadline: float
    sink: Sink = field(default_factory=queue.SimpleQueue)
    dropped: threading.Event = field(default_factory=threading.Event)
    ids: list[int] = field(default_factory=list, repr=False)
    prompt_length: int = 0
    ended: bool = False

    def begin(
        self, prompt: list[int], decode: Callable[[list[int]], str], *, system: Sequence[int] = ()
    ) -> None:
        """Take the tokens of the prompt, and those of its system message by itself."""
        self.ids, self.prompt_length = list(prompt), len(prompt)
        self.lookup = Lookup(prompt)
        self.chooser = Chooser(
            greedy=self.request.greedy,
            seed=self.request.seed,
            no_repeat_ngram_size=self.request.no_repeat_ngram_size,
            spoken=system,
        )
        self._text = Text(decode)
        self._sentences = WholeSentences()

    @property
    def said(self) -> list[int]:
        """The tokens of the answer so far."""
        return self.ids[self.prompt_length :]

    def must_end(self) -> bool:
        """Whether someone stopped it, left it, or its time is over."""
        return self.stop.is_set() or self.dropped.is_set() or time.monotonic() >= self.deadline

    def take(self, token: int, end_ids: frozenset[int]) -> None:
        """Add one token; put whole sentences into the sink, and the end when it is reached."""
        if token in end_ids:
            self.finish()
            return
        self.ids.append(token)
        self.lookup.extend([token])
        self.chooser.remember(self.said)
        if released := self._sentences.feed(self._text.add(token)):
            self.sink.put(released)
        if len(self.ids) - self.prompt_length >= self.request.max_new_tokens or self.must_end():
            self.finish()

    def finish(self) -> None:
        """End the row; a sentence that is whole is still given out, a fragment is not."""
        if self.ended:
            return
        self.ended = True
        if self.ids and self.prompt_length and (rest := self._sentences.finish()):
            self.sink.put(rest)
        self.sink.put(Done())

    def fail(self, error: Exception) -> None:
        """End the row with an error."""
        if not self.ended:
            self.ended = True
            self.sink.put(Failed(error))
