"""Copies and contradictions: which rows go, which stay, which are flagged."""

from __future__ import annotations

import random

import pytest

from training.duplicates import contradictions, find_copies, jaccard, near_pairs, shingles, without_duplicates
from training.rows import Example, SetAside

_LONG = (
    "When the night is long and sleep will not come it may help to rise, sit in a dim room with a quiet book, "
    "and go back to bed only when your eyes grow heavy, at the same hour each day of the week."
)
_ASK = "I lie awake for hours each night and feel worn out at work the next day, what could I try first?"


def _row(number: int, question: str = _ASK, answer: str = _LONG) -> Example:
    return Example(id=f"r{number}", inputs={"question": question}, target=answer)


def test_exact_copies_go_whatever_their_case_and_signs() -> None:
    rows = [_row(1), _row(2, _ASK.upper(), _LONG.replace(",", " ;")), _row(3, answer="Try to rise early.")]
    kept, aside = without_duplicates(rows, near_copy=0.8)
    assert [row.id for row in kept] == ["r1", "r3"]
    assert aside == [SetAside(id="r2", stage="duplicates", reason="exact_copy")]


def test_near_copies_go_and_name_the_kept_row() -> None:
    rows = [_row(1), _row(2, _ASK + " Thanks", _LONG + " Truly")]
    (copy,) = find_copies(rows, near_copy=0.8)
    assert (copy.id, copy.of, copy.kind) == ("r2", "r1", "near_copy") and 0.8 <= copy.similarity < 1
    assert find_copies(rows, near_copy=0.99) == ()


def test_another_answer_to_the_same_question_is_no_copy() -> None:
    assert find_copies([_row(1), _row(2, answer="Ask a nurse about it.")], near_copy=0.5) == ()


def test_nearly_the_same_answer_with_another_number_is_a_contradiction_and_stays() -> None:
    rows = [_row(1, answer=_LONG + " Take 5 mg."), _row(2, answer=_LONG + " Take 50 mg.")]
    assert len(without_duplicates(rows, near_copy=0.7)[0]) == 2
    (found,) = contradictions(rows)
    assert (found.first, found.second, found.reason) == ("r1", "r2", "numbers_differ")


@pytest.mark.parametrize(
    ("mine", "theirs", "reason"),
    [
        ("Yes, rest is fine.", "No. You should go in.", "yes_and_no"),
        ("You should take it with food each day.", "You should not take it with food each day.", "negated"),
        ("Sit by the window and breathe.", "Call your sister tonight.", ""),
        ("Yes, rest.", "Yes, do rest.", ""),
    ],
)
def test_answers_that_disagree_are_flagged_and_other_advice_is_not(
    mine: str, theirs: str, reason: str
) -> None:
    found = contradictions([_row(1, answer=mine), _row(2, answer=theirs)])
    assert [one.reason for one in found] == ([reason] if reason else [])


def test_labels_of_one_text_must_agree() -> None:
    rows = [_row(1, answer="sleep"), _row(2, answer="mood"), _row(3, "Is my arm broken?", "bones")]
    assert [one.reason for one in contradictions(rows, labels=True)] == ["labels_differ"]
    assert len(without_duplicates(rows, near_copy=0.8, labels=True)[0]) == 3


def test_near_pairs_are_those_of_a_full_comparison() -> None:
    draw = random.Random(3)
    words = [f"w{n}" for n in range(60)]
    texts = []
    for _ in range(40):
        base = draw.choices(words, k=40)
        texts += [
            " ".join(base),
            " ".join(draw.choice(words) if draw.random() < 0.04 else word for word in base),
        ]
    sets = [shingles(text) for text in texts]
    slow = {(a, b) for b in range(len(sets)) for a in range(b) if jaccard(sets[a], sets[b]) >= 0.7}
    assert len(slow) > 10
    assert set(near_pairs(sets, 0.7)) == slow
