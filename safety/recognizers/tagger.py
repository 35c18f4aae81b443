"""Our own tagger as a Presidio recognizer: names, places, dates and numbers, read from a whole text.

    TaggerRecognizer(weights.served.served_encoder(release, TAGGER))

It supports the rules and takes the place of a language model for names. Made from a folder with an ONNX
file and its tokenizer; the text comes as `safety.normalise` gives it.

Fails closed: whatever goes wrong, or takes longer than the time limit, raises RecognizerFailed. Each
window is read by itself, so that an answer depends neither on the other windows nor on who else asks.
Must not: log, keep or put into an error any of the text.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import regex
from numpy.typing import NDArray

from safety.deadline import seconds_left
from safety.errors import PolicyError, RecognizerFailed
from safety.policies import POLICIES
from safety.presidio import NlpArtifacts, RecognizerResult
from safety.recognizers.ordinary import telling
from safety.recognizers.organisations import employs
from safety.recognizers.rules import SpanRecognizer, result, trace
from safety.tagging import Marked, Probabilities, Window, cut, decode, kinds_of, traces
from weights.errors import WeightsCorrupt
from weights.runtime import open_served, readers

THRESHOLDS: Final[Mapping[str, float]] = {"default": 0.7}
"""A word counts as personal when the share of `O` in it is below this, by entity type (0 to 1).

Above one half: a name that is missed costs more than a word too many.
"""
TRACE: Final = 0.002
"""The least share of a name in a word that may join a name beside it (`safety.joining` asks for more)."""
_ORGANISATION: Final = "ORGANIZATION"
_PERSON: Final = "PERSON"
_Found = tuple[str, int, int, float]
SECONDS: Final = 5.0
"""How long a text may take, waiting for other texts included."""

# The tokenizer gives up on a word of over 100 characters. It parts words at spaces and punctuation.
_LONG_WORD: Final = regex.compile(r"[^\s\p{P}$+<=>^`|~]{80}(?=[^\s\p{P}$+<=>^`|~])")
_LONE_SURROGATE: Final = regex.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True)
class _Reading:
    """A text that is being read: its windows, and of each the probabilities, [tokens, labels]."""

    text: str
    readable: str
    breaks: Sequence[int]
    windows: list[Window]
    coming: Sequence[Future[Probabilities]]
    until: float

    def shares(self) -> list[Probabilities]:
        """Wait for all windows. Raises TimeoutError."""
        return [one.result(timeout=max(0.0, self.until - time.monotonic())) for one in self.coming]

    def drop(self) -> None:
        """Begin no window that nobody waits for."""
        for one in self.coming:
            one.cancel()


_ahead: ContextVar[tuple[TaggerRecognizer, _Reading] | None] = ContextVar("ahead", default=None)


class TaggerRecognizer(SpanRecognizer):
    """Finds what a trained tagger marks. Safe to use from several threads."""

    def __init__(
        self,
        folder: Path,
        *,
        thresholds: Mapping[str, float] = THRESHOLDS,
        seconds: float = SECONDS,
        threads: int = 0,
    ) -> None:
        """Load the tagger in `folder`. `threads` windows are read at once; 0: one a core, at most four.

        Raises PolicyError when the folder is not as it was written, or its labels are no entity types.
        """
        try:
            self._session, self._tokenizer, self.card = open_served(folder)
            kinds = kinds_of(self.card.labels)
        except WeightsCorrupt as error:
            raise PolicyError(f"tagger {error}") from None
        except ValueError:
            raise PolicyError(
                f"tagger folder {folder.name!r} cannot be used: its labels are not those of a tagger"
            ) from None
        known = {kind for types in POLICIES.values() for kind in types}
        strange = sorted(set(kinds) - known)
        if strange:
            raise PolicyError(f"the tagger in {folder.name!r} marks {strange}, which no policy knows")
        general = thresholds["default"]
        self._outside_below = [thresholds.get(kind, general) for kind in kinds]
        self._seconds = seconds
        threads = threads or readers()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="tagger")
        super().__init__("tagger", entities=sorted(kinds))
        # The thresholds have decided already: a word with much of `O` in it has a low score, and counts.
        self.score_thresholds = {"default": 0.0}

    def analyze(
        self,
        text: str,
        entities: list[str],
        nlp_artifacts: NlpArtifacts | None = None,  # noqa: ARG002
    ) -> list[RecognizerResult]:
        """Return Presidio results for the wanted entity types. Raises RecognizerFailed.

        Safe Harbor names employers: where organisations are not wanted, one that somebody works for is.
        Words that may be part of a name come as well, as `rules.traces` tells them from what was found.
        """
        unwanted = frozenset(self.supported_entities) - set(entities)
        found, maybe = self._searched(text, unwanted)
        return [
            *(result(self, entity, start=start, end=end, score=score) for entity, start, end, score in found),
            *(
                trace(self, entity, start=start, end=end, score=score)
                for entity, start, end, score in maybe
                if entity in entities
            ),
        ]

    def find(
        self, text: str, unwanted: Collection[str] = frozenset()
    ) -> Iterator[tuple[str, int, int, float]]:
        """Yield (entity type, start, end, score); the score is the share that is not `O` nor unwanted.

        An employer is yielded though organisations are unwanted. Raises RecognizerFailed.
        """
        yield from self._searched(text, unwanted)[0]

    @contextmanager
    def ahead(self, text: str) -> Iterator[None]:
        """Begin to read `text` beside what is done inside; a search of it there takes what was read.

        Raises RecognizerFailed where it cannot begin.
        """
        with self._failing_closed(text):
            begun = self._begin(text)
        token = _ahead.set((self, begun))
        try:
            yield
        finally:
            _ahead.reset(token)
            begun.drop()

    def _searched(self, text: str, unwanted: Collection[str]) -> tuple[list[_Found], list[_Found]]:
        """Return what is found and, apart, words with a trace of a name. Raises RecognizerFailed."""
        with self._failing_closed(text):
            return self._find(text, unwanted)

    @contextmanager
    def _failing_closed(self, text: str) -> Iterator[None]:
        try:
            yield
        except TimeoutError:
            raise RecognizerFailed(
                f"the tagger took longer than {self._seconds:g} s on a text of {len(text)} characters"
            ) from None
        except RecognizerFailed:
            raise
        except Exception as error:  # noqa: BLE001 - whatever was raised, the text counts as not searched
            raise RecognizerFailed(f"the tagger raised {type(error).__name__}") from None

    def _begin(self, text: str) -> _Reading:
        until = time.monotonic() + seconds_left(self._seconds)
        readable, breaks = _broken(_LONE_SURROGATE.sub("\ufffd", text))
        encoded = self._tokenizer.encode(readable, add_special_tokens=False)
        windows = cut(encoded, limit=self.card.max_tokens, begin=self.card.begin, end=self.card.end)
        coming: list[Future[Probabilities]] = []
        reading = _Reading(text, readable, breaks, windows, coming, until)
        try:
            coming += [self._pool.submit(self._probabilities, window, until) for window in windows]
        except RuntimeError:  # the pool was shut between two of them
            reading.drop()
            raise
        return reading

    def _find(self, text: str, unwanted: Collection[str]) -> tuple[list[_Found], list[_Found]]:
        begun = _ahead.get()
        ours = begun is not None and begun[0] is self and begun[1].text == text
        reading = begun[1] if begun is not None and ours else self._begin(text)
        try:
            shares = reading.shares()
        finally:
            reading.drop()
        readable, breaks, windows = reading.readable, reading.breaks, reading.windows
        marked = self._decoded(windows, shares, unwanted)
        if _ORGANISATION in unwanted:
            others = frozenset(self.supported_entities) - {_ORGANISATION}
            marked += [one for one in self._decoded(windows, shares, others) if employs(readable, one.start)]
        maybe = traces(windows, shares, self.card.labels, kind=_PERSON, least=TRACE)

        def placed(one: Marked) -> _Found:
            start, end = (place - bisect_left(breaks, place) for place in (one.start, one.end))
            return one.label, start, end, max(0.0, 1 - one.outside)

        # A trace inside what is found says nothing more, and with the same score would take its place.
        found = [placed(one) for one in telling(readable, marked)]
        beside = [
            one
            for one in map(placed, maybe)
            if not any(
                label == one[0] and start <= one[1] and one[2] <= end for label, start, end, _ in found
            )
        ]
        return found, beside

    def _decoded(
        self, windows: list[Window], shares: list[Probabilities], unwanted: Collection[str]
    ) -> list[Marked]:
        return decode(windows, shares, self.card.labels, outside_below=self._outside_below, unwanted=unwanted)

    def _probabilities(self, window: Window, until: float) -> Probabilities:
        if time.monotonic() > until:
            raise TimeoutError
        tokens = np.asarray(window.tokens, dtype=np.int64)
        (logits,) = self._session.run(["logits"], {"tokens": tokens})
        if logits.shape != (len(tokens), len(self.card.labels)) or not np.isfinite(logits).all():
            raise ValueError("the model's answer has no meaning")
        return _softmax(logits)


def _broken(text: str) -> tuple[str, list[int]]:
    """Break words that are too long to be read; return where the added spaces stand in the result."""
    at = [match.end() for match in _LONG_WORD.finditer(text)]
    if not at:
        return text, []
    pieces = [text[start:end] for start, end in zip([0, *at], [*at, len(text)], strict=True)]
    return " ".join(pieces), [place + number for number, place in enumerate(at)]


def _softmax(logits: NDArray[np.float32]) -> Probabilities:
    grown = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(grown / grown.sum(axis=-1, keepdims=True), dtype=np.float32)
