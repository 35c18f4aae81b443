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


def test_what_was_written_since_the_last_training_is_left_to_the_next_and_nothing_else() -> None:
    found = {str(one["id"]) for one in message_rows.training_rows(1)}
    authors = {str(one["author"]) for one in message_rows.training_rows(1)}
    written = [one for one in crisis_rows() if one.author in message_rows.SINCE]
    since = {one.id for one in written if int(one.id.split("-")[-1]) >= message_rows.SINCE[one.author]}
    assert found.isdisjoint(since)
    assert found >= {one.id for one in written} - since
    assert {author for author, first in message_rows.SINCE.items() if first == 1}.isdisjoint(authors)
    assert "train-en-17" in authors and "train-en-1" in authors and len(since) > 3_000
    assert not {f"screen-{letter}" for letter in message_rows.SCREEN_SINCE} & authors
    assert {f"screen-{letter}" for letter in "abcdefghi"} <= authors
