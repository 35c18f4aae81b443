"""MedQuAD as records for rankers and embedders: each answer asked for in patients' words, beside near ones.

The file has one question an answer, all in the words of one form ("What are the symptoms of X ?"). A record
asks for the same in one of the forms below, some with a greeting or a story before or after. The other
candidates are answers about the same subject to another question, and answers to the same question about
another subject; in some records the right one is missing. For an embedder the right one is the positive, as
the written FAQs give it, one of the others the negative, and a topic has a part of the subjects. Subjects
whose hash says so are left out, for `benchmarks/retrieval` asks about them.

Must not: put a text into a fault.
"""

from __future__ import annotations

import io
import random
import re
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pydantic import ValidationError

from retrieval.ranker import entry_text
from training.reading_formats import Record
from training.rows import Frozen
from training.written.faq_rows import CANDIDATES, NONE, pair_text

HELD_OUT: Final = 8
"""Each n-th subject, by its hash, is left out: the share that `benchmarks.retrieval_sets.medquad` takes."""

TOPICS: Final = 24
"""Subjects are dealt out to so many topics, by their hash."""
_MISSING: Final = 0.25
_SUBJECTS_NEAR: Final = 3
_FORMS: Final[Mapping[str, tuple[str, ...]]] = {
    "information": (
        "what exactly is {}", "they said it is {} and i have no idea what that is", "never heard of {}",
        "can you explain {} in simple words", "my son was diagnosed with {}. what kind of illness is this",
    ),
    "symptoms": (
        "what would i notice if it was {}", "{} warning signs", "how does {} show itself",
        "my husband might have {}, what should we watch out for", "how can you tell someone has {}",
    ),
    "treatment": (
        "what can be done about {}", "do i need surgery or pills for {}", "what do doctors give for {}",
        "my sister has {} and wants to know what her options are", "getting rid of {}",
    ),
    "causes": (
        "what brings on {}", "did i do something to get {}", "how does a person end up with {}",
        "what is behind {}", "why would my kid have {}",
    ),
    "frequency": ("how many others have {}", "am i the only one with {}", "how often does {} happen"),
    "genetic changes": (
        "what is wrong in the genes with {}", "which chromosome does {} involve",
        "what mutation gives you {}",
    ),
    "inheritance": (
        "my dad had {}, will i get it too", "will my children have {} because i do", "is {} passed down",
    ),
    "exams and tests": (
        "what tests show {}", "how is {} found", "is there a blood test or a scan for {}",
        "how would they know for sure that it is {}",
    ),
    "outlook": (
        "what is the future like with {}", "how serious is {}", "life expectancy {}", "do people get over {}",
    ),
    "susceptibility": ("who is at risk for {}", "does {} hit older people more", "could it be {} at my age"),
    "prevention": ("what can i do so that i never get {}", "stopping {} early", "keep from getting {}"),
    "complications": (
        "what happens if {} is left alone", "which other problems come with {}",
        "does {} damage anything else",
    ),
    "stages": (
        "how advanced can {} be", "how do they measure how far {} has spread", "what the numbers of {} mean",
    ),
}  # fmt: skip
_BEFORE: Final = (
    "hello ", "hi there, ", "good morning. ", "i have been searching for an hour. ", "i live alone. ",
    "sorry if this is the wrong place. ", "my doctor had no time to explain. ", "quick question ",
    "i am writing for my aunt who does not use computers. ", "it is about my daughter, she is nine. ",
    "the nurse mentioned something last visit but i forgot. ", "i read a lot of scary things online. ",
)  # fmt: skip
_AFTER: Final = (
    " thanks", " thank you so much", " please answer soon", " sorry for the long message",
    " we have an appointment next month but i cannot wait", " my wife says i worry too much",
    " english is not my first language",
)  # fmt: skip

_COMMON: Final = frozenset(("disease", "syndrome"))


class Answer(Frozen):
    """One row of the file."""

    id: str
    focus: str
    type: str
    question: str
    answer: str
    source: str = ""
    url: str = ""


def asked_rows(stream: io.BufferedReader) -> Iterator[Record]:
    """Yield one record an answer: `query`, `candidates`, `answer` and `group`, its subject.

    For embedders also `anchor`, `positive`, `negative` and `topic`.

    Faults: wrong_columns, empty (no answer, or a question that has no form here), held_out.
    """
    found: dict[int, Answer] = {}
    faults: dict[int, str] = {}
    for number, line in enumerate(stream, start=1):
        try:
            one = Answer.model_validate_json(line)
        except ValidationError:
            faults[number] = "wrong_columns"
            continue
        if zlib.crc32(one.focus.lower().encode()) % HELD_OUT == 0:
            faults[number] = "held_out"
        elif not one.answer.strip() or one.type not in _FORMS:
            faults[number] = "empty"
        else:
            found[number] = one
    corpus = _Corpus(list(found.values()))
    # In no order of the file: a limit takes some of every source.
    for number in sorted({*found, *faults}, key=lambda line: zlib.crc32(b"%d" % line)):
        yield number, faults.get(number) or corpus.record(found[number])


class _Corpus:
    """The answers by subject and by type, to choose candidates from."""

    def __init__(self, answers: Sequence[Answer]) -> None:
        self._of_subject: defaultdict[str, list[Answer]] = defaultdict(list)
        self._of_word: defaultdict[tuple[str, str], list[Answer]] = defaultdict(list)
        self._of_type: defaultdict[str, list[Answer]] = defaultdict(list)
        for one in answers:
            self._of_subject[one.focus.casefold()].append(one)
            self._of_type[one.type].append(one)
            for word in _words(one.focus):
                self._of_word[word, one.type].append(one)

    def record(self, one: Answer) -> dict[str, object]:
        """Ask for an answer; the same row gives the same record."""
        chance = random.Random(one.id + one.question)
        subject = one.focus.casefold()
        kin = [other for other in self._of_subject[subject] if other.type != one.type]
        like = [
            other
            for word in _words(one.focus)
            for other in self._of_word[word, one.type][:50]
            if other.focus.casefold() != subject
        ]
        others = [other for other in self._of_type[one.type] if other.focus.casefold() != subject]
        chance.shuffle(kin)
        wanted = [*kin[: CANDIDATES // 2], *chance.sample(like, min(_SUBJECTS_NEAR, len(like)))]
        wanted += chance.sample(others, min(CANDIDATES, len(others)))
        texts = list(dict.fromkeys(entry_text(other.question, other.answer) for other in wanted))
        own = entry_text(one.question, one.answer)
        pair = pair_text(one.question, one.answer)
        beside = [other for other in wanted if pair_text(other.question, other.answer) != pair]
        missing = chance.random() < _MISSING
        texts = [text for text in texts if text != own][: CANDIDATES if missing else CANDIDATES - 1]
        if not missing:
            texts.insert(chance.randint(0, len(texts)), own)
        asked = _asked(one, chance)
        return {
            "query": asked,
            "candidates": texts,
            "answer": NONE if missing else str(texts.index(own)),
            "group": subject,
            "anchor": asked,
            "positive": pair,
            "negative": pair_text(beside[0].question, beside[0].answer) if beside else "",
            "topic": f"medquad-{zlib.crc32(subject.encode()) % TOPICS}",
        }


def _asked(one: Answer, chance: random.Random) -> str:
    name = re.sub(r"\s*\(.*?\)", "", one.focus)
    text = chance.choice(_FORMS[one.type]).format(name).lower()
    before = chance.choice(_BEFORE) if chance.random() < 0.45 else ""
    return before + text + (chance.choice(_AFTER) if chance.random() < 0.3 else "")


def _words(focus: str) -> list[str]:
    return [word for word in re.findall(r"[a-z]{5,}", focus.casefold()) if word not in _COMMON]
