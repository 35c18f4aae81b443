"""Splitting: groups stay whole, corpora keep their test sets, leaks are found by other means."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from training.errors import LeakFound
from training.recipe import Divide
from training.rows import SPLITS, Example, Split
from training.splitting import Divided, check_leaks, divide, subsample

_WORDS = [f"word{a}{b}" for a in "abcdefghij" for b in "klmnopqrst"]


def _text(seed: int, length: int = 20) -> str:
    return " ".join(random.Random(seed).choices(_WORDS, k=length))


def _row(name: str, question: str, answer: str, **values: object) -> Example:
    return Example.model_validate({"id": name, "inputs": {"question": question}, "target": answer, **values})


def _corpus(groups: int = 50, answers: int = 3) -> list[Example]:
    return [
        _row(f"q{n}a{m}", _text(n), _text(1000 * n + m + 7), topic=f"topic{n % 4}")
        for n in range(groups)
        for m in range(answers)
    ]


def _where(divided: Divided) -> dict[str, Split]:
    return {row.id: split for split in SPLITS for row in divided.splits[split]}


def test_answers_to_one_question_share_a_split_and_nothing_is_lost() -> None:
    rows = _corpus()
    divided = divide(rows, Divide(), seed=1)
    where = _where(divided)
    assert len(where) == len(rows) and divided.groups == 50 and divided.largest_group == 3
    assert all(len({where[f"q{n}a{m}"] for m in range(3)}) == 1 for n in range(50))
    check_leaks(divided.splits)


def test_shares_hold_overall_and_in_each_topic() -> None:
    divided = divide(_corpus(120, 1), Divide(validation=0.1, test=0.2), seed=1)
    assert [len(divided.splits[split]) for split in SPLITS] == pytest.approx([84, 12, 24], abs=2)
    topics = Counter(row.topic for row in divided.splits["test"])
    assert set(topics) == {f"topic{n}" for n in range(4)} and max(topics.values()) - min(topics.values()) <= 2


def test_the_same_seed_divides_alike_and_another_does_not() -> None:
    rows = _corpus()
    assert _where(divide(rows, Divide(), seed=1)) == _where(divide(rows, Divide(), seed=1))
    assert _where(divide(rows, Divide(), seed=1)) != _where(divide(rows, Divide(), seed=2))


def test_near_questions_equal_long_answers_and_corpus_groups_join() -> None:
    base, long = _text(1), _text(2)
    rows = [
        _row("a", base, _text(10)), _row("b", base + " please", long), _row("c", _text(3), long.upper()),
        _row("d", _text(4), _text(11), group="g"), _row("e", _text(5), _text(12), group="g"),
        _row("f", _text(6), "See a doctor."), _row("g", _text(7), "See a doctor."),
    ]  # fmt: skip
    divided = divide(rows, Divide(), seed=0)
    groups = {row.id: row.group for split in SPLITS for row in divided.splits[split]}
    assert groups == {"a": "a", "b": "a", "c": "a", "d": "d", "e": "d", "f": "f", "g": "g"}


def test_a_stated_split_is_kept_and_wins_over_training_rows_of_its_group() -> None:
    shared = _text(1)
    rows = [
        _row("train", shared, _text(2), split="train"),
        _row("test", shared, _text(3), split="test"),
        _row("free", shared, _text(4)),
        _row("alone", _text(5), _text(6), split="validation"),
    ]
    divided = divide(rows, Divide(), seed=0)
    assert [(one.id, one.reason) for one in divided.aside] == [("train", "leak")]
    assert _where(divided) == {"test": "test", "free": "test", "alone": "validation"}


def test_small_corpora_leave_no_split_empty() -> None:
    divided = divide(_corpus(4, 1), Divide(), seed=0)
    assert all(divided.splits[split] for split in SPLITS)


@pytest.mark.parametrize("near", [False, True])
@pytest.mark.parametrize("part", ["question", "answer"])
def test_a_leak_is_found_in_a_broken_division(part: str, near: bool) -> None:
    divided = divide(_corpus(), Divide(), seed=1)
    check_leaks(divided.splits)
    held = divided.splits["test"][0]
    tail = " indeed" if near else ""
    leaked = (
        _row("leaked", held.inputs["question"].upper() + tail, _text(-1))
        if part == "question"
        else _row("leaked", _text(-1), held.target + tail)
    )
    broken = {**divided.splits, "train": [*divided.splits["train"], leaked]}
    with pytest.raises(LeakFound, match=rf"{part}s of 1 train rows in test \(leaked ~ {held.id}") as raised:
        check_leaks(broken)
    assert "word" not in str(raised.value)


def test_a_validation_row_in_test_is_a_leak() -> None:
    row = _row("a", _text(1), _text(2))
    with pytest.raises(LeakFound):
        check_leaks({"train": [], "validation": [row], "test": [row.model_copy(update={"id": "b"})]})


def test_labels_may_be_shared_by_splits() -> None:
    label = "a label that is rather long, of more than eight words"
    rows = [_row(f"r{n}", _text(n), label) for n in range(30)]
    divided = divide(rows, Divide(), seed=0, labels=True)
    assert divided.groups == 30
    check_leaks(divided.splits, labels=True)


def test_a_subsample_has_the_budget_and_the_topics_in_proportion() -> None:
    rows = [_row(f"r{n}", "q", _text(n, 20), topic="big" if n % 4 else "small") for n in range(400)]
    chosen = subsample(rows, 2000, seed=5)
    assert sum(len(row.target.split()) for row in chosen) == pytest.approx(2000, abs=20)
    assert Counter(row.topic for row in chosen) == {"big": 75, "small": 25}
    assert chosen == subsample(rows, 2000, seed=5) and chosen != subsample(rows, 2000, seed=6)
    assert subsample(rows, 0, seed=5) == rows and subsample(rows, 10**9, seed=5) == rows
