"""Parts of the rows for which a report shows the scores apart: a mean can hide whom it fails.

Slices are made from what was asked, never from what was answered. They may overlap.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from unicodedata import combining, normalize

import numpy as np

from training.metrics import Interval, Scored, interval
from training.rows import Example, Frozen

TOPICS = 8
TERSE, LONG = 12, 120  # words: fewer is a terse writer, more a long one
_THIRDS = ("short", "middle", "long")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_BRITISH = (("or", "our"), ("el", "ell"), ("al", "all"), ("er", "re"), ("e", "ae"), ("e", "oe"), ("z", "s"))
_EVERYDAY = frozenset({"mom", "moms", "okay", "gonna", "wanna", "texted", "texting", "online", "blog"})
_SHORTEST = 3  # letters; below, a word is an abbreviation as often as a slip


class Slice(Frozen):
    """Some of the rows, and every metric on them alone."""

    name: str
    rows: int
    metrics: dict[str, Interval]


def slices(examples: Sequence[Example]) -> dict[str, list[bool]]:
    """Return for each slice whether a row is in it; slices without rows are left out.

    The eight largest topics, thirds of question length, terse (fewer than 12 words) and long (more
    than 120) writers, and questions with and without a word that no dictionary has.
    """
    asked_words = [len(asked(one).split()) for one in examples]
    found: dict[str, list[bool]] = {}
    topics = Counter(one.topic for one in examples if one.topic)
    for topic, _ in topics.most_common(TOPICS):
        found[f"topic: {topic}"] = [one.topic == topic for one in examples]
    # Bounds from the rows themselves, so that each third has about as many rows.
    bounds = np.quantile(asked_words, [1 / 3, 2 / 3]) if examples else np.zeros(2)
    thirds = [int(np.searchsorted(bounds, words, side="left")) for words in asked_words]
    for number, name in enumerate(_THIRDS):
        found[f"question: {name} third"] = [third == number for third in thirds]
    found["writer: terse"] = [words < TERSE for words in asked_words]
    found["writer: long"] = [words > LONG for words in asked_words]
    slips = [has_typos(asked(one)) for one in examples]
    found["typos: some"] = slips
    found["typos: none"] = [not one for one in slips]
    return {name: keep for name, keep in found.items() if any(keep)}


def sliced(
    scored: Sequence[Scored], examples: Sequence[Example], *, resamples: int = 2000, seed: int = 0
) -> tuple[Slice, ...]:
    """Return every metric with its interval on each slice of the examples.

    A metric may have been taken on fewer rows than there are examples. `Slice.rows` is the number of
    examples; a metric without rows in a slice is not in it.
    """
    made = []
    for name, keep in slices(examples).items():
        ids = {one.id for one, kept in zip(examples, keep, strict=True) if kept}
        metrics = {}
        for one in scored:
            part = one.only([row in ids for row in one.ids])
            if part.ids:
                metrics[one.metric.name] = interval(part, resamples=resamples, seed=seed)
        made.append(Slice(name=name, rows=len(ids), metrics=metrics))
    return tuple(made)


def asked(example: Example) -> str:
    """Return what a person wrote: the inputs of a row, in their order, without its passages."""
    return "\n".join(text for text in example.inputs.values() if text)


def has_typos(text: str) -> bool:
    """Say whether `text` holds a word that no list has and that is one slip away from one that does.

    A slip is a letter more, less or other, or two that changed places. Words with a capital are left out,
    because most are names. English alone. A rare right word is taken for a slip now and then, and a word
    run together with its neighbour is not seen.
    """
    return any(
        word.islower() and len(word) >= _SHORTEST and _is_slip(word) for word in set(_WORD.findall(text))
    )


@cache
def _is_slip(word: str) -> bool:
    plain = "".join(one for one in normalize("NFKD", word.replace("’", "'")) if not combining(one))
    return any(
        "'" not in part and len(part) >= _SHORTEST and not _known(part) and _near_known(part)
        for part in plain.split("-")
    )


def _known(word: str) -> bool:
    # The list is British and has few plurals: "behaviors" is looked up as "behaviours" and more.
    forms = {word, word.removesuffix("s")}
    for american, british in _BRITISH:
        forms |= {word[: at.start()] + british + word[at.end() :] for at in re.finditer(american, word)}
    return not forms.isdisjoint(_dictionary())


def _near_known(word: str) -> bool:
    # Imported here: it is needed only when rows are sliced.
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    near = process.extractOne(word, _dictionary(), scorer=OSA.distance, score_cutoff=1)
    return near is not None


@cache
def _dictionary() -> frozenset[str]:
    # Not the recognizers' list of common words: that has common misspellings on purpose.
    lines = (files("symspellpy") / "frequency_dictionary_en_82_765.txt").read_text("utf-8-sig").splitlines()
    return frozenset(line.split()[0] for line in lines if line.strip()) | _EVERYDAY
