"""What a corpus is like before anything is done to it: numbers, ids and topic words, never a row's text.

One pass, a few hundred bytes a row; languages and topic groups are taken from a sample. Rows may be raw:
a word names a topic group only when it stands in five different questions and in no list of names.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from random import Random

import numpy as np
from pydantic import Field

from training.profile_copies import Copies, repeated
from training.profile_sample import Sampled, languages_of, topic_groups
from training.profile_signs import (
    MARKUP,
    QUESTION_REASONS,
    SIGNS,
    odd_answer,
    odd_question,
    plain,
    verdict,
    words_in,
)
from training.rows import Example, Frozen

SAMPLE = 20_000  # rows
SHOWN_IDS = 50
_BINS = (0, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)


class Quantiles(Frozen):
    """How large something is over rows."""

    least: float
    q25: float
    median: float
    q75: float
    q95: float
    most: float
    mean: float


class Lengths(Frozen):
    """The lengths of one field. `histogram` counts rows by words."""

    field: str
    words: Quantiles
    characters: Quantiles
    histogram: dict[str, int]


class Answers(Frozen):
    """How many rows share one question. `histogram` counts questions by their answers."""

    questions: int = 0
    mean: float = 0.0
    most: int = 0
    histogram: dict[str, int] = Field(default_factory=dict)


class Writers(Frozen):
    """Signs of who wrote the answers, as shares of them, and a careful verdict ('': no answers in prose).

    `variation` is the standard deviation of their lengths over the mean, `openings` the share that
    begins with one of the ten commonest three words.
    """

    verdict: str = ""
    signs: dict[str, float] = Field(default_factory=dict)
    variation: float = 0.0
    openings: float = 0.0


class CopyCounts(Frozen):
    """Rows that repeat an earlier row: all words, nearly all, or the answer alone."""

    exact: int
    near: int
    answers: int


class Odd(Frozen):
    """Rows that are odd for one reason; the first `SHOWN_IDS` ids."""

    reason: str
    rows: int
    ids: tuple[str, ...]


class Profile(Frozen):
    """What a corpus is like. Counts are rows unless they say otherwise.

    `languages` are shares of `language_rows` sampled rows ("unknown": short or unsure). `topics` are
    the source's own, or groups of a sample named by their words when `grouped`. `labels` is filled, and
    `writers` is not, where the target is a label. `markup` counts rows that have any.
    """

    rows: int
    sources: dict[str, int] = Field(default_factory=dict)
    lengths: tuple[Lengths, ...] = ()
    languages: dict[str, float] = Field(default_factory=dict)
    language_rows: int = 0
    topics: dict[str, int] = Field(default_factory=dict)
    grouped: bool = False
    labels: dict[str, int] = Field(default_factory=dict)
    answers: Answers = Answers()
    writers: Writers = Writers()
    copies: CopyCounts = CopyCounts(exact=0, near=0, answers=0)
    markup: dict[str, int] = Field(default_factory=dict)
    odd: tuple[Odd, ...] = ()


def profile(rows: Iterable[Example], *, near_copy: float = 0.8, seed: int = 0) -> Profile:
    """Profile a corpus in one pass. `near_copy`: Jaccard of word 3-grams from which a row is a near copy."""
    seen = _Seen(seed)
    for row in rows:
        seen.add(row)
    if not seen.ids:
        return Profile(rows=0)
    prose = seen.is_prose()
    languages, language_rows, foreign = languages_of(seen.sample)
    given = sum(seen.topics.values()) * 2 >= len(seen.ids)
    counted = Counter(seen.questions.values())
    return Profile(
        rows=len(seen.ids),
        sources=dict(sorted(seen.sources.items())),
        lengths=tuple(
            _lengths(name, seen.words[name], seen.characters[name])
            for name in seen.words
            if prose or name != "target"
        ),
        languages=languages,
        language_rows=language_rows,
        topics=dict(seen.topics.most_common())
        if given
        else topic_groups([one.question for one in seen.sample], seed=seed),
        grouped=not given,
        labels={} if prose else dict(seen.labels.most_common()),
        answers=Answers(
            questions=len(seen.questions),
            mean=len(seen.ids) / len(seen.questions),
            most=max(counted),
            histogram=_binned([*seen.questions.values()], (1, 2, 3, 4, 6, 11)),
        ),
        writers=_writers(seen) if prose else Writers(),
        copies=CopyCounts(
            exact=seen.copies.exact(),
            near=seen.copies.near(near_copy),
            answers=repeated(seen.answers) if prose else 0,
        ),
        markup=dict(seen.markup),
        odd=_odd(seen, foreign, prose=prose),
    )


class _Seen:
    """What one pass keeps: counters, lengths, ids, and a sample of texts."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self.ids: list[str] = []
        self.sources: Counter[str] = Counter()
        self.topics: Counter[str] = Counter()
        self.labels: Counter[str] = Counter()
        self.words: defaultdict[str, array[int]] = defaultdict(lambda: array("I"))
        self.characters: defaultdict[str, array[int]] = defaultdict(lambda: array("I"))
        self.questions: Counter[int] = Counter()
        self.answers: Counter[int] = Counter()
        self.openings: Counter[int] = Counter()
        self.markup: Counter[str] = Counter(dict.fromkeys(MARKUP, 0))
        self.signs: Counter[str] = Counter(dict.fromkeys(SIGNS, 0))
        self.odd: defaultdict[str, list[int]] = defaultdict(list)
        self.copies = Copies()
        self.sample: list[Sampled] = []

    def add(self, row: Example) -> None:
        """Take one row."""
        place = len(self.ids)
        question, answer = next(iter(row.inputs.values()), ""), row.target
        whole = "\n".join((*row.inputs.values(), answer))
        self.ids.append(row.id)
        self.sources[row.source] += 1
        if row.topic:
            self.topics[row.topic] += 1
        for name, text in (*row.inputs.items(), *([("target", answer)] if answer else [])):
            self.words[name].append(words_in(text))
            self.characters[name].append(len(text))
        self.questions[hash(plain(question))] += 1
        self.copies.add(whole)
        self.markup.update(name for name, pattern in MARKUP.items() if pattern.search(whole))
        for reason in odd_question(question):
            self.odd[reason].append(place)
        if answer:
            self._add_answer(place, question, answer)
        if len(self.sample) < SAMPLE:
            self.sample.append(Sampled(place, question, answer))
        elif (at := self._random.randrange(place + 1)) < SAMPLE:
            self.sample[at] = Sampled(place, question, answer)

    def _add_answer(self, place: int, question: str, answer: str) -> None:
        self.answers[hash(plain(answer))] += 1
        self.openings[hash(" ".join(answer.casefold().split()[:3]))] += 1
        self.signs.update(name for name, pattern in SIGNS.items() if pattern.search(answer))
        if len(answer) <= 60 and len(self.labels) <= 200:
            self.labels[answer] += 1
        for reason in odd_answer(answer, question):
            self.odd[reason].append(place)

    def is_prose(self) -> bool:
        """Say whether targets are written text, not labels: a few short ones that come again and again."""
        count = sum(self.answers.values())
        few = len(self.answers) <= 200 and len(self.answers) * 5 <= count
        return bool(count) and not (few and sum(self.words["target"]) <= 5 * count)


def _lengths(name: str, in_words: Sequence[int], characters: Sequence[int]) -> Lengths:
    return Lengths(
        field=name,
        words=_quantiles(in_words),
        characters=_quantiles(characters),
        histogram=_binned(in_words, _BINS),
    )


def _quantiles(values: Sequence[int]) -> Quantiles:
    found = np.percentile(np.asarray(values), [0, 25, 50, 75, 95, 100])
    least, q25, median, q75, q95, most = (float(one) for one in found)
    return Quantiles(
        least=least, q25=q25, median=median, q75=q75, q95=q95, most=most, mean=float(np.mean(values))
    )


def _binned(values: Sequence[int], edges: Sequence[int]) -> dict[str, int]:
    """Count values by bin; empty bins at either end are left out."""
    counts, _ = np.histogram(np.asarray(values), [*edges, np.inf])
    names = [str(low) if high == low + 1 else f"{low}-{high - 1}" for low, high in pairwise(edges)]
    filled = np.flatnonzero(counts)
    return {
        name: int(count)
        for name, count in [*zip([*names, f"{edges[-1]} or more"], counts, strict=True)][
            filled[0] : filled[-1] + 1
        ]
    }


def _writers(seen: _Seen) -> Writers:
    count = sum(seen.answers.values())
    lengths = np.asarray(seen.words["target"], dtype=np.float64)
    shares = {name: hits / count for name, hits in seen.signs.items()}
    variation = float(lengths.std() / max(lengths.mean(), 1))
    openings = sum(hits for _one, hits in seen.openings.most_common(10) if hits > 1) / count
    return Writers(
        verdict=verdict(count, shares, variation=variation, openings=openings),
        signs=shares,
        variation=variation,
        openings=openings,
    )


def _odd(seen: _Seen, foreign: list[int], *, prose: bool) -> tuple[Odd, ...]:
    """List odd rows by reason; what is odd about an answer counts only where answers are prose."""
    found = {reason: places for reason, places in seen.odd.items() if prose or reason in QUESTION_REASONS}
    if foreign:
        found["other_language"] = foreign
    for name in seen.words:
        if len(seen.words[name]) != len(seen.ids) or (name == "target" and not prose):
            continue
        sizes = np.asarray(seen.words[name], dtype=np.float64)
        low, high = np.percentile(sizes, [25, 75])
        long = np.flatnonzero(sizes > max(high + 6 * (high - low), 50))
        if len(long):
            found[f"long_{'answer' if name == 'target' else name}"] = [int(one) for one in long]
        if name == "target":
            characters = np.asarray(seen.characters[name])
            at_most = np.flatnonzero(characters == characters.max())
            if len(at_most) >= max(5, len(seen.ids) // 200):  # a field that some program cut at its limit
                found["at_a_length_limit"] = [int(one) for one in at_most]
    return tuple(
        Odd(reason=reason, rows=len(places), ids=tuple(seen.ids[at] for at in places[:SHOWN_IDS]))
        for reason, places in sorted(found.items())
    )
