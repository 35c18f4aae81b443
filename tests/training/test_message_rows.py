"""What the reader of messages learns from: every source, and long messages that are several of one author."""

from __future__ import annotations

from collections import Counter

from safety.crisis_ngrams import EMERGENCY
from safety.reader import FEELING, NO_DANGER, REFUSED
from training.tasks.message_reader import MESSAGE_READER
from training.written import message_rows
from training.written.crisis_rows import CrisisRow, crisis_rows


def rows(author: str) -> list[CrisisRow]:
    return [one for one in crisis_rows() if one.author == author and not one.template]


def test_every_label_is_taught_and_no_id_twice() -> None:
    found = list(message_rows.training_rows(1))
    labels = Counter(str(one["label"]) for one in found)
    assert set(labels) == set(MESSAGE_READER.labels)
    assert min(labels[label] for label in (FEELING, EMERGENCY, *REFUSED)) > 300
    assert len({one["id"] for one in found}) == len(found)
    assert found == list(message_rows.training_rows(1))


def test_messages_put_together_tell_of_danger_where_one_of_them_does() -> None:
    author = rows("train-en-3")
    texts = {one.text: one for one in author}
    made = list(message_rows.together("train-en-3", author, seed=1))
    assert len(made) == message_rows.TOGETHER_EACH
    assert {one["author"] for one in made} == {"train-en-3"}
    dangers = 0
    for one in made:
        text, label = str(one["text"]), str(one["label"])
        assert len(text) >= message_rows.CHARACTERS[0]
        inside = {message_rows.label_of(row) for said, row in texts.items() if said in text}
        if label in NO_DANGER:
            assert inside <= {"none", FEELING}
        else:
            dangers += 1
            assert label in inside
    assert 0.35 < dangers / len(made) < 0.65


def test_nothing_is_put_together_without_both_kinds() -> None:
    ordinary = [one for one in rows("train-en-3") if one.action == "allow"]
    assert not list(message_rows.together("train-en-3", ordinary, seed=1))
