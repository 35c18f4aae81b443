"""MedQuAD's form of file as rows for rankers, on invented answers about invented illnesses."""

from __future__ import annotations

import io
import json
import zlib
from collections import defaultdict

from retrieval.ranker import entry_text
from training.reading_medquad import HELD_OUT, TOPICS, asked_rows
from training.written.faq_rows import CANDIDATES, NONE, pair_text

TYPES = ("symptoms", "treatment", "causes")
SUBJECTS = [f"Borvik {word} fever" for word in ("red", "blue", "green", "white", "black", "grey", "pale")]


def row(focus: str, kind: str, **more: str) -> dict[str, str]:
    return {
        "id": f"{focus}-{kind}", "focus": focus, "type": kind, "question": f"What are {kind} of {focus} ?",
        "answer": f"The {kind} of {focus} are told here.", "source": "none", "url": "none", **more,
    }  # fmt: skip


def stream(rows: list[object]) -> io.BufferedReader:
    text = "\n".join(json.dumps(one) for one in rows) + "\n"
    return io.BufferedReader(io.BytesIO(text.encode()))  # type: ignore[arg-type]


ROWS = [row(subject, kind) for subject in SUBJECTS for kind in TYPES]
HELD = {subject for subject in SUBJECTS if zlib.crc32(subject.lower().encode()) % HELD_OUT == 0}


def test_each_answer_is_asked_for_among_others_or_is_missing() -> None:
    found = dict(asked_rows(stream(list(ROWS))))
    assert sorted(found) == list(range(1, len(ROWS) + 1))
    asked, topics = 0, defaultdict[str, set[str]](set)
    for number, record in found.items():
        source = ROWS[number - 1]
        if source["focus"] in HELD:
            assert record == "held_out"
            continue
        assert isinstance(record, dict)
        own = entry_text(source["question"], source["answer"])
        texts, answer = record["candidates"], record["answer"]
        assert isinstance(texts, list) and len(texts) == CANDIDATES == len(set(texts))
        assert answer == (str(texts.index(own)) if own in texts else NONE)
        assert record["group"] == source["focus"].casefold()
        assert source["focus"].lower() in str(record["query"])
        asked += answer != NONE
        assert record["anchor"] == record["query"]
        assert record["positive"] == pair_text(source["question"], source["answer"])
        beside = [pair_text(one["question"], one["answer"]) for one in ROWS if one is not source]
        assert record["negative"] in beside and record["negative"] != record["positive"]
        topics[source["focus"]].add(str(record["topic"]))
    assert 0.5 * len(ROWS) < asked < len(ROWS)
    assert all(len(of) == 1 for of in topics.values())
    assert 1 < len(set().union(*topics.values())) <= TOPICS


def test_the_same_file_gives_the_same_rows() -> None:
    assert list(asked_rows(stream(list(ROWS)))) == list(asked_rows(stream(list(ROWS))))


def test_faults_keep_the_number_of_their_line() -> None:
    rows: list[object] = [row(SUBJECTS[0], "symptoms", answer=" "), row(SUBJECTS[0], "weather"), {"id": "x"}]
    kept = next(subject for subject in SUBJECTS if subject not in HELD)
    rows[:2] = [row(kept, "symptoms", answer=" "), row(kept, "weather")]
    assert dict(asked_rows(stream(rows))) == {1: "empty", 2: "empty", 3: "wrong_columns"}
