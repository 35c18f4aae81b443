"""Corpora with questions whose right answers are known, made from real data where it lies.

Nothing of the data is kept here: each function reads the folder that it is given. A question may
have no right entry at all; those measure whether the search knows when it does not know.
"""

from __future__ import annotations

import json
import random
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from retrieval.faq import FaqEntry, load_faq
from training.written.faq_rows import held_out_clinics

# How a patient might ask for what MedQuAD files under a type; {} is the condition.
_TEMPLATES: dict[str, tuple[str, ...]] = {
    "information": ("tell me about {}", "my doctor says i have {}, what does that mean", "{} explained"),
    "symptoms": ("how do i know if i have {}", "signs of {}", "what does {} feel like"),
    "treatment": ("how is {} treated", "is there a cure for {}", "what helps against {}"),
    "causes": ("why do people get {}", "where does {} come from", "reason for {}"),
    "frequency": ("how common is {}", "how many people have {}", "is {} rare"),
    "genetic changes": ("which gene is behind {}", "{} and dna", "is a mutation to blame for {}"),
    "inheritance": ("can i pass {} on to my children", "does {} run in families", "is {} hereditary"),
    "exams and tests": ("how do they test for {}", "how will the doctor find out if it is {}"),
    "outlook": ("will i get better with {}", "how long can you live with {}", "chances with {}"),
    "susceptibility": ("who gets {}", "am i likely to get {}"),
    "prevention": ("how do i avoid {}", "can {} be prevented"),
    "complications": ("what can go wrong with {}", "what can {} lead to"),
    "stages": ("how far along is {}", "levels of {}"),
}
_OPENINGS = (
    "",
    "hello, ",
    "hi i am worried and could not find this anywhere. ",
    "my mother was told last week and we are all confused. ",
    "i have been reading for days, please help me understand. ",
)


@dataclass(frozen=True)
class Question:
    """A question, the ids of the entries that answer it (none: nothing does), and entries to hide.

    `near`: none answers it, though one is about the same; the others without an answer ask something else.
    """

    text: str
    right: frozenset[str]
    without: frozenset[str] = frozenset()
    near: bool = False


@dataclass(frozen=True)
class JudgedSet:
    """A corpus and its questions."""

    name: str
    entries: tuple[FaqEntry, ...]
    questions: tuple[Question, ...]


def question_pairs(data: Path) -> JudgedSet:
    """Doctors' pairs: the seeds are the corpus; rewritten questions have one answer, near ones none."""
    rows = _rows(data / "medical_question_pairs" / "pairs.jsonl")
    ids = {seed: f"seed-{number}" for number, seed in enumerate(dict.fromkeys(row["seed"] for row in rows))}
    questions: list[Question] = []
    for number, row in enumerate(rows):
        own = frozenset({ids[row["seed"]]})
        if str(row["same"]) == "1":
            hidden = number % 4 == 0
            questions.append(
                Question(row["other"], frozenset() if hidden else own, own if hidden else frozenset())
            )
        else:
            questions.append(Question(row["other"], frozenset(), near=True))
    return JudgedSet(
        "question_pairs", tuple(FaqEntry(ids[seed], seed, seed) for seed in ids), tuple(questions)
    )


def medication_questions(data: Path, *, hide_every: int = 2) -> JudgedSet:
    """Consumers' drug questions over the answers' label sections; each n-th has its answer hidden."""
    entries: dict[str, FaqEntry] = {}
    of_drug: dict[str, set[str]] = {}
    asked: list[tuple[str, str, frozenset[str], bool]] = []
    for number, row in enumerate(_rows(data / "medicationqa" / "medicationqa.jsonl")):
        answer, drug = row["answer"].strip(), row["focus_(drug)"].strip()
        if not answer:
            continue
        title = f"{drug} {row['section_title']}".strip() or "medicine"
        entry = entries.setdefault(answer, FaqEntry(f"drug-{len(entries)}", title, answer))
        of_drug.setdefault(drug.casefold(), set()).add(entry.id)
        hidden = bool(hide_every) and number % hide_every == 0
        asked.append((row["question"], drug.casefold(), frozenset({entry.id}), hidden))
    questions = tuple(
        # Hidden, it is near where another section on the same drug is left.
        Question(text, frozenset(), own, near=of_drug[drug] != own) if hidden else Question(text, own)
        for text, drug, own, hidden in asked
    )
    return JudgedSet("medication_questions", tuple(entries.values()), questions)


def medquad(data: Path, *, share: int = 8, count: int = 1200, seed: int = 0) -> JudgedSet:
    """A part of MedQuAD by condition, asked in patients' words; half the questions have no answer left."""
    rows = [row for row in medquad_rows(data) if _kept(row["focus"], share)]
    entries = tuple(FaqEntry(row["id"], row["question"], row["answer"]) for row in rows)
    by_focus: dict[str, dict[str, set[str]]] = {}
    for row in rows:
        by_focus.setdefault(row["focus"].casefold(), {}).setdefault(row["type"], set()).add(row["id"])
    chance = random.Random(seed)
    questions: list[Question] = []
    for row in chance.sample(rows, min(len(rows), 3 * count)):
        templates = _TEMPLATES.get(row["type"])
        if templates is None or len(questions) == count:
            continue
        focus = by_focus[row["focus"].casefold()]
        name = re.sub(r"\s*\(.*?\)", "", row["focus"])
        asked = chance.choice(templates).format(name)
        text = chance.choice(_OPENINGS) + _mistyped(asked.lower(), chance)
        right = frozenset(focus[row["type"]])
        kind = chance.random()
        if kind < 0.5:
            questions.append(Question(text, right))
        elif kind < 0.75:
            # What the data has of a condition's other sides is near.
            questions.append(Question(text, frozenset(), right, near=focus.keys() != {row["type"]}))
        else:
            questions.append(Question(text, frozenset(), frozenset[str]().union(*focus.values())))
    return JudgedSet("medquad", entries, tuple(questions))


def medquad_rows(data: Path) -> list[dict[str, str]]:
    """Return all rows of MedQuAD with ids of our own: the data's repeat."""
    rows = _rows(data / "medquad" / "medquad.jsonl")
    return [{**row, "id": f"{row['id']}-{number}"} for number, row in enumerate(rows)]


def medlars(data: Path) -> JudgedSet:
    """MEDLARS: abstracts and judged queries; an abstract's title is its question."""
    documents = _smart(data / "medlars" / "MED.ALL")
    right: dict[str, set[str]] = {}
    for line in (data / "medlars" / "MED.REL").read_text(encoding="utf-8").splitlines():
        fields = line.split()
        if len(fields) >= 3:
            right.setdefault(fields[0], set()).add(fields[2])
    entries = []
    for number, text in documents.items():
        title, _, rest = text.partition(" . ")
        entries.append(FaqEntry(number, title, rest or title))
    questions = tuple(
        Question(text, frozenset(right[number]))
        for number, text in _smart(data / "medlars" / "MED.QRY").items()
    )
    return JudgedSet("medlars", tuple(entries), questions)


def sample_alternates(faq: Path) -> Iterator[JudgedSet]:
    """The sample FAQ, asked by alternates that are left out of it; each third entry is hidden then."""
    entries = load_faq([faq]).entries
    for place in range(max(len(entry.alternates) for entry in entries)):
        questions = []
        kept = []
        for number, entry in enumerate(entries):
            if place < len(entry.alternates):
                own = frozenset({entry.id})
                hidden = number % 3 == place % 3
                questions.append(
                    Question(
                        entry.alternates[place],
                        frozenset() if hidden else own,
                        own if hidden else frozenset(),
                    )
                )
            others = tuple(text for at, text in enumerate(entry.alternates) if at != place)
            kept.append(replace(entry, alternates=others))
        yield JudgedSet("sample_alternates", tuple(kept), tuple(questions))


def sample_foreign(faq: Path, data: Path, *, count: int = 300, seed: int = 0) -> JudgedSet:
    """The sample FAQ, asked what a clinic's FAQ has nothing about: trivia, drugs, physical illness."""
    chance = random.Random(seed)
    texts = [
        row["text"]
        for row in _rows(data / "prompt_injections" / "train.jsonl")
        if str(row["label"]) == "0" and row["text"].isascii()
    ]
    texts += chance.sample([q.text for q in medication_questions(data).questions], count)
    texts += chance.sample([q.text for q in medquad(data, count=2 * count).questions], count)
    questions = tuple(Question(text, frozenset()) for text in texts)
    return JudgedSet("sample_foreign", load_faq([faq]).entries, questions)


def sample_asked(faq: Path, queries: Path, part: str) -> JudgedSet:
    """The sample FAQ, asked by people who had not seen its alternates; some ask what it does not have."""
    asked = [Question(row["text"], frozenset({row["id"]})) for row in _rows(queries / f"{part}.jsonl")]
    foreign = [Question(row["text"], frozenset()) for row in _rows(queries / f"off_{part}.jsonl")]
    return JudgedSet(f"sample_{part}", load_faq([faq]).entries, (*asked, *foreign))


def sample_short(faq: Path, file: Path) -> JudgedSet:
    """The sample FAQ, asked in a few words by someone who had not seen its alternates."""
    asked = tuple(Question(row["text"], frozenset({row["id"]})) for row in _rows(file))
    return JudgedSet("sample_short", load_faq([faq]).entries, asked)


def written_clinics() -> list[JudgedSet]:
    """The written FAQs that no model was trained on, asked in ordinary and in quite other words."""
    found = []
    for clinic in held_out_clinics():
        entries = tuple(FaqEntry(one.id, one.question, one.answer) for one in clinic.entries)
        asked = [Question(text, frozenset({one.id})) for one in clinic.entries for text in one.asked]
        near = [Question(text, frozenset(), near=True) for one in clinic.entries for text in one.near]
        absent = [Question(text, frozenset()) for text in clinic.absent]
        found.append(JudgedSet(f"written_{clinic.name}", entries, (*asked, *near, *absent)))
    return found


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8") as stream:
        return [json.loads(line) for line in stream if line.strip()]


def _smart(file: Path) -> dict[str, str]:
    """Read the SMART format: .I number, .W text."""
    found: dict[str, str] = {}
    text = file.read_text(encoding="utf-8", errors="replace")
    for block in re.split(r"^\.I ", text, flags=re.MULTILINE)[1:]:
        number, _, rest = block.partition("\n")
        found[number.strip()] = " ".join(rest.removeprefix(".W").split())
    return found


def _kept(focus: str, share: int) -> bool:
    return zlib.crc32(focus.lower().encode()) % share == 0


def _mistyped(text: str, chance: random.Random) -> str:
    """Drop or double one letter in each third text."""
    letters: Sequence[int] = [at for at, letter in enumerate(text) if letter.isalpha()]
    if not letters or chance.random() > 1 / 3:
        return text
    at = chance.choice(letters)
    return text[:at] + chance.choice(("", 2 * text[at])) + text[at + 1 :]
