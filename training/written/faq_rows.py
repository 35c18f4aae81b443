"""Written FAQs of invented clinics, with what patients ask of them: what the search of entries learns from.

One file a clinic: its entries, each with questions that it answers (some in its own words, most in quite
others) and with near misses that no entry answers, and questions that the clinic has nothing near to.

A row for the ranker is a question with candidate entries, as a search would bring them up: those that share
words with the question, those that patients ask for in like words, and those that are near the right one.
Some rows have no right candidate, because the FAQ has none or because it was left out.

Must not: hold words of a real person, a number to call, a link, or a question of a benchmark.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, TypeAdapter, ValidationError

from retrieval.ranker import entry_text
from training.errors import CorpusError
from training.rows import Frozen

FOLDER: Final = Path(__file__).parent / "faqs"
NONE: Final = "none"
"""The answer of a row whose candidates have none, and the positive of a question that nothing answers."""

HELD_OUT: Final = {
    "validation": ("consumer_f", "county", "employee", "eye", "infection", "movement", "weight"),
    "test": ("community", "diabetes", "epilepsy", "headache", "heart"),
}
"""Clinics that nothing is trained on; those of the test, and three of the others, by authors of their own."""

AUTHORS: Final = {
    "dental": 1, "pediatrics": 1, "sleep": 1, "fertility": 2, "physio": 2, "travel": 2, "kidney": 3, "eye": 3,
    "urgent": 3, "oncology": 4, "prenatal": 4, "skin": 4, "recovery": 5, "telepsych": 5, "therapy": 5,
    "community": 6, "diabetes": 6, "heart": 6, "allergy": 7, "campus": 7, "ortho": 7, "gut": 8, "imaging": 8,
    "psych": 8, "pharmacy": 9, "urology": 9, "women": 9, "family": 10, "hospice": 10, "neuro": 10, "ent": 11,
    "thyroid": 11, "youth": 11, "rheum": 12, "sexual": 12, "surgery": 12, "genetic": 13, "pain": 13,
    "veterans": 13, "employee": 14, "infection": 14, "weight": 14,
    "institute_a": 15, "institute_b": 15, "institute_c": 15, "autism": 16, "lung": 16, "memory": 16,
    "breast": 17, "maternity": 17, "epilepsy": 18, "headache": 18, "anxiety": 19, "eating": 19, "grief": 19,
    "blood": 20, "liver": 20, "insurance": 21, "lab": 21, "portal": 21, "consumer_a": 22, "consumer_b": 22,
    "consumer_c": 22, "hiv": 23, "mens": 23, "seniors": 23, "homecare": 24, "sports": 24, "transplant": 24,
    "audiology": 25, "dialysis": 25, "speech": 25, "county": 26, "migrants": 26, "schoolnurse": 26,
    "movement": 27, "spine": 27, "stroke": 27, "bloodbank": 28, "nicu": 28, "wound": 28, "foot": 29,
    "trials": 29, "virtualcare": 29, "consumer_d": 30, "consumer_e": 30, "consumer_f": 30, "burnclinic": 31,
    "jailhealth": 31, "plasticsurgery": 31, "lactation": 32, "palliative": 32, "tropical": 32,
}  # fmt: skip
"""Who wrote which clinic: what is learned must hold for another author's patients."""

CANDIDATES: Final = 6
ANSWER_WORDS: Final = 60
"""Words of an answer that the embedder learns from; an index has a vector for each passage."""
# Of the questions that have a right entry: how many are shown without it.
_LEFT_OUT: Final = 0.12


class WrittenEntry(Frozen):
    """An entry, questions that it answers, and near ones that no entry of its clinic answers."""

    kind: Literal["entry"]
    id: str
    question: str
    answer: str
    asked: tuple[str, ...] = Field(min_length=1)
    near: tuple[str, ...]


class Absent(Frozen):
    """A question that the clinic's FAQ has nothing near to."""

    kind: Literal["absent"]
    text: str


_LINE: TypeAdapter[WrittenEntry | Absent] = TypeAdapter(
    Annotated[WrittenEntry | Absent, Field(discriminator="kind")]
)


class Clinic(Frozen):
    """One clinic's FAQ and what is asked that it does not have."""

    name: str
    entries: tuple[WrittenEntry, ...]
    absent: tuple[str, ...]


def clinics(folder: Path = FOLDER) -> Iterator[Clinic]:
    """Yield the written clinics in the order of their names. Raises CorpusError that names a faulty line."""
    for file in sorted(folder.glob("*.jsonl")):
        found: list[WrittenEntry | Absent] = []
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
            try:
                found.append(_LINE.validate_json(line))
            except ValidationError as error:
                raise CorpusError(
                    f"{file.name}:{number} is no line of a written FAQ: {error.errors()[0]['type']}"
                ) from None
        yield Clinic(
            name=file.stem,
            entries=tuple(one for one in found if isinstance(one, WrittenEntry)),
            absent=tuple(one.text for one in found if isinstance(one, Absent)),
        )


def taught_clinics() -> Iterator[Clinic]:
    """Yield the clinics that are trained on."""
    held = {name for names in HELD_OUT.values() for name in names}
    return (one for one in clinics() if one.name not in held)


def held_out_clinics(*parts: str) -> Iterator[Clinic]:
    """Yield the clinics held out for these parts; without one, for any."""
    held = {name for part in parts or HELD_OUT for name in HELD_OUT[part]}
    return (one for one in clinics() if one.name in held)


def training_rows(seed: int) -> Iterator[dict[str, object]]:
    """Yield the columns id, query, candidates, answer and clinic of all clinics but the held-out."""
    return _rows(taught_clinics(), seed)


def validation_rows(seed: int) -> Iterator[dict[str, object]]:
    """Yield the rows of the clinics held out for validation."""
    return _rows(held_out_clinics("validation"), seed)


def test_rows(seed: int) -> Iterator[dict[str, object]]:
    """Yield the rows of the clinics held out for test."""
    return _rows(held_out_clinics("test"), seed)


def training_pairs(_seed: int) -> Iterator[dict[str, object]]:
    """Yield the columns id, anchor, positive, negative, topic and group of all clinics but the held-out."""
    for clinic in taught_clinics():
        yield from _pairs(clinic)


def validation_pairs(_seed: int) -> Iterator[dict[str, object]]:
    """Yield the pairs of the clinics held out for validation."""
    for clinic in held_out_clinics("validation"):
        yield from _pairs(clinic)


def test_pairs(_seed: int) -> Iterator[dict[str, object]]:
    """Yield the pairs of the clinics held out for test."""
    for clinic in held_out_clinics("test"):
        yield from _pairs(clinic)


def _rows(chosen: Iterable[Clinic], seed: int) -> Iterator[dict[str, object]]:
    for clinic in chosen:
        yield from _clinic_rows(clinic, random.Random(f"{seed}-{clinic.name}"))


def _asked(clinic: Clinic) -> list[tuple[str, int | None]]:
    """Return every question with the place of the entry that answers it."""
    asked: list[tuple[str, int | None]] = []
    for place, entry in enumerate(clinic.entries):
        asked += [(text, place) for text in entry.asked]
        asked += [(text, None) for text in entry.near]
    return asked + [(text, None) for text in clinic.absent]


def pair_text(question: str, answer: str) -> str:
    """Return an entry as the embedder learns it: its question as the title, then how its answer begins."""
    return f"{question}\n{' '.join(answer.split()[:ANSWER_WORDS])}"


def _pairs(clinic: Clinic) -> Iterator[dict[str, object]]:
    asked = _asked(clinic)
    texts = [pair_text(one.question, one.answer) for one in clinic.entries]
    by_words = _similar([text for text, _ in asked], texts)
    for number, (text, right) in enumerate(asked):
        if right is not None:
            by_words[number, right] = -1.0
        yield {
            "id": f"{clinic.name}-{number}",
            "anchor": text,
            "positive": NONE if right is None else texts[right],
            "negative": texts[int(by_words[number].argmax())],
            "topic": clinic.name,
            "group": "" if right is None else f"{clinic.name}-{clinic.entries[right].id}",
        }


def _clinic_rows(clinic: Clinic, chance: random.Random) -> Iterator[dict[str, object]]:
    asked = _asked(clinic)
    texts = [entry_text(one.question, one.answer) for one in clinic.entries]
    questions = [text for text, _ in asked]
    by_words = _similar(questions, texts)
    # What patients ask of an entry has their words for it, where the entry has the office's.
    by_patients = _similar(questions, ["\n".join(one.asked) for one in clinic.entries])
    kin = _similar(texts, texts)
    for number, (text, right) in enumerate(asked):
        nearness = [by_words[number], by_patients[number], *([] if right is None else [kin[right]])]
        chosen = candidates(nearness, right, chance)
        if right is not None and chance.random() < _LEFT_OUT:
            chosen.remove(right)
            right = None
        yield {
            "id": f"{clinic.name}-{number}",
            "query": text,
            "candidates": [texts[place] for place in chosen],
            "answer": NONE if right is None else str(chosen.index(right)),
            "clinic": clinic.name,
        }


def candidates(
    nearness: Sequence[NDArray[np.float64]], right: int | None, chance: random.Random
) -> list[int]:
    """Choose CANDIDATES entries in random order: the right one, and the nearest ones of each kind in turn.

    `nearness` says of every entry how near it is, in as many ways as there are, each [entries].
    """
    nearest = [np.argsort(-one, kind="stable").tolist() for one in nearness]
    in_turn = [int(place) for places in zip(*nearest, strict=True) for place in places]
    chosen = list(dict.fromkeys([*([] if right is None else [right]), *in_turn]))[:CANDIDATES]
    chance.shuffle(chosen)
    return chosen


def _similar(texts: Sequence[str], others: Sequence[str]) -> NDArray[np.float64]:
    """Return how much of its rare words and their parts each text shares with another: [texts, others]."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    words = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True)
    table = words.fit_transform(others)
    return np.asarray((words.transform(texts) @ table.T).todense())
