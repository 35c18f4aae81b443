"""Divide rows into train, validation and test by question group, and prove that nothing leaks.

Rows with the same question, nearly the same question, or the same answer fall into one split, because
a model that has seen one of them has seen the others. `check_leaks` finds a broken division by other
means than `divide` makes one.

Must not: put a row's words into an error.
"""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from training.duplicates import Shingles, answer, jaccard, near_pairs, normalised, question, shingles
from training.errors import LeakFound
from training.recipe import Divide
from training.rows import SPLITS, Example, SetAside, Split

STAGE = "split"
# "Please see your doctor." is everybody's answer; from eight words on an answer tells its question.
ANSWER_WORDS = 8
_SHOWN = 5


@dataclass(frozen=True)
class Divided:
    """The rows of each split with `group` and `split` set, in their order, and what was set aside."""

    splits: dict[Split, list[Example]]
    aside: tuple[SetAside, ...]
    groups: int
    largest_group: int


def divide(
    examples: Sequence[Example], settings: Divide, *, seed: int, near_copy: float = 0.8, labels: bool = False
) -> Divided:
    """Divide rows by groups: same group of the corpus, same or near question, same or near long answer.

    A row that came with a split keeps it. Where a group has several, test wins over validation and
    both over train, and the group's rows of the losing splits are set aside: `leak`. The rest is
    stratified by topic. The same rows and seed give the same division. With `labels` targets are
    labels, which rows may share.
    """
    groups = _groups(examples, near_copy, labels=labels)
    placed: dict[int, Split] = {}
    aside: list[int] = []
    free: list[list[int]] = []
    for members in groups:
        stated = {split for at in members if (split := examples[at].split) is not None}
        if not stated:
            free.append(members)
            continue
        winner: Split = "test" if "test" in stated else "validation" if "validation" in stated else "train"
        for at in members:
            if examples[at].split in (None, winner):
                placed[at] = winner
            else:
                aside.append(at)
    for members, split in _allot(examples, free, settings, seed):
        placed.update(dict.fromkeys(members, split))
    names = {at: examples[members[0]].id for members in groups for at in members}
    splits: dict[Split, list[Example]] = {split: [] for split in SPLITS}
    for at in sorted(placed):
        update = {"group": names[at], "split": placed[at]}
        splits[placed[at]].append(examples[at].model_copy(update=update))
    return Divided(
        splits=splits,
        aside=tuple(SetAside(id=examples[at].id, stage=STAGE, reason="leak") for at in sorted(aside)),
        groups=len(groups),
        largest_group=max(map(len, groups), default=0),
    )


def check_leaks(
    splits: Mapping[Split, Sequence[Example]], *, near_copy: float = 0.8, labels: bool = False
) -> None:
    """Raise LeakFound when a question or long answer of one split stands in another, or nearly.

    Compares every pair of splits by prefix filtering (Bayardo, Ma and Srikant 2007), which misses no
    pair; it knows nothing of groups.
    """
    faults: list[str] = []
    for held, seen in (("test", "train"), ("validation", "train"), ("test", "validation")):
        first, second = splits.get(_split(held), ()), splits.get(_split(seen), ())
        for what, texts in _compared(labels=labels):
            pairs = _meetings([texts(row) for row in first], [texts(row) for row in second], near_copy)
            if pairs:
                named = ", ".join(f"{second[b].id} ~ {first[a].id}" for a, b in pairs[:_SHOWN])
                rows = len({b for _a, b in pairs})
                faults.append(f"{what} of {rows} {seen} rows in {held} ({named})")
    if faults:
        raise LeakFound("rows stand in two splits: " + "; ".join(faults) + ". Divide the rows again.")


def subsample(examples: Sequence[Example], tokens: int, *, seed: int) -> list[Example]:
    """Return rows with about `tokens` target words in all, topics in their proportions; 0 keeps all."""
    words = [len(row.target.split()) for row in examples]
    total = sum(words)
    if not tokens or total <= tokens:
        return list(examples)
    topics: defaultdict[str, list[int]] = defaultdict(list)
    for at, row in enumerate(examples):
        topics[row.topic].append(at)
    chosen: set[int] = set()
    owed = 0.0
    for topic in sorted(topics):
        members = topics[topic]
        random.Random(f"{seed} {topic}").shuffle(members)
        # What one topic took too much or too little, the next makes good.
        owed += tokens * sum(words[at] for at in members) / total
        for at in members:
            if owed < words[at] / 2:
                continue
            chosen.add(at)
            owed -= words[at]
    return [row for at, row in enumerate(examples) if at in chosen]


class _Union:
    """Sets that grow together; the smallest member names its set."""

    def __init__(self, size: int) -> None:
        self._above = list(range(size))

    def root(self, at: int) -> int:
        while self._above[at] != at:
            self._above[at] = self._above[self._above[at]]
            at = self._above[at]
        return at

    def join(self, one: int, two: int) -> None:
        first, second = sorted((self.root(one), self.root(two)))
        self._above[second] = first


def _groups(examples: Sequence[Example], near_copy: float, *, labels: bool) -> list[list[int]]:
    """Return the groups, each in row order, ordered by their first row."""
    union = _Union(len(examples))
    first: dict[tuple[str, str], int] = {}
    for at, row in enumerate(examples):
        keys = [("question", normalised(question(row))), ("group", row.group)]
        if not labels:
            keys.append(("answer", _long_answer(row)))
        for kind, key in keys:
            if key:
                union.join(at, first.setdefault((kind, key), at))
    for texts in (question,) if labels else (question, _long_answer):
        for one, two in near_pairs([shingles(texts(row)) for row in examples], near_copy):
            union.join(one, two)
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for at in range(len(examples)):
        groups[union.root(at)].append(at)
    return [groups[root] for root in sorted(groups)]


def _long_answer(row: Example) -> str:
    text = normalised(answer(row))
    return text if len(text.split()) >= ANSWER_WORDS else ""


def _allot(
    examples: Sequence[Example], groups: Sequence[list[int]], settings: Divide, seed: int
) -> list[tuple[list[int], Split]]:
    """Give each group to the split that lacks most, topic after topic, so that each gets its share."""
    shares: dict[Split, float] = {
        "train": 1 - settings.validation - settings.test,
        "validation": settings.validation,
        "test": settings.test,
    }
    by_topic: defaultdict[str, list[list[int]]] = defaultdict(list)
    for members in groups:
        topic, _count = Counter(examples[at].topic for at in members).most_common(1)[0]
        by_topic[topic].append(members)
    rows = sum(map(len, groups))
    has: Counter[Split] = Counter()
    done = 0
    allotted: list[tuple[list[int], Split]] = []
    for topic in sorted(by_topic):
        ordered = sorted(by_topic[topic], key=lambda members: examples[members[0]].id)
        random.Random(f"{seed} {topic}").shuffle(ordered)
        for members in ordered:
            done += len(members)
            # A group that is larger than a split's whole share would be all of it.
            fit = [one for one in SPLITS if one == "train" or len(members) <= max(1, shares[one] * rows)]
            lacking = [one for one in fit if shares[one] > 0]
            split = max(lacking, key=lambda one: shares[one] * done - has[one])
            has[split] += len(members)
            allotted.append((members, split))
    return _none_empty(allotted, shares)


def _none_empty(
    allotted: list[tuple[list[int], Split]], shares: Mapping[Split, float]
) -> list[tuple[list[int], Split]]:
    """Move the smallest training group into a split that would stay empty, while training keeps one."""
    for split in ("validation", "test"):
        train = [at for at, (_members, where) in enumerate(allotted) if where == "train"]
        if shares[_split(split)] and len(train) > 1 and all(where != split for _members, where in allotted):
            smallest = min(train, key=lambda at: (len(allotted[at][0]), -at))
            allotted[smallest] = (allotted[smallest][0], _split(split))
    return allotted


def _split(name: str) -> Split:
    return next(split for split in SPLITS if split == name)


def _question(row: Example) -> str:
    return normalised(question(row))


def _compared(*, labels: bool) -> tuple[tuple[str, Callable[[Example], str]], ...]:
    return (("questions", _question),) if labels else (("questions", _question), ("answers", _long_answer))


def _meetings(first: Sequence[str], second: Sequence[str], threshold: float) -> list[tuple[int, int]]:
    """Return the pairs of equal or near texts of two lists of normalised texts."""
    sets = [shingles(text) for text in first]
    others = [shingles(text) for text in second]
    rarity = Counter(gram for one in (*sets, *others) for gram in one)
    index: defaultdict[str, list[int]] = defaultdict(list)
    for at, one in enumerate(sets):
        for gram in _prefix(one, rarity, threshold):
            index[gram].append(at)
    pairs: list[tuple[int, int]] = []
    for at, one in enumerate(others):
        near = {found for gram in _prefix(one, rarity, threshold) for found in index[gram]}
        pairs += [(found, at) for found in sorted(near) if jaccard(sets[found], one) >= threshold]
    return pairs


def _prefix(one: Shingles, rarity: Mapping[str, int], threshold: float) -> list[str]:
    """Return the rarest members: two sets that are near share at least one of theirs."""
    ordered = sorted(one, key=lambda gram: (rarity[gram], gram))
    return ordered[: len(one) - math.ceil(threshold * len(one) - 1e-9) + 1]
