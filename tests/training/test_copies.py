"""Long verbatim runs between answers and training answers are counted exactly."""

from __future__ import annotations

import random

from training.copies import copies
from training.rows import Example, Prediction

WORDS = [f"word{number}" for number in range(4000)]


def test_the_longest_run_is_counted_to_the_word_and_names_both_rows() -> None:
    rows = [_row("t1", WORDS[:100]), _row("t2", WORDS[200:300])]
    said = [_said("a1", [*WORDS[900:910], *WORDS[220:257], *WORDS[950:960]])]
    found = copies(said, rows)
    assert (found.longest, found.copied, found.share) == (37, 1, 1.0)
    assert [(one.id, one.row, one.words) for one in found.most] == [("a1", "t2", 37)]


def test_thirty_words_are_a_copy_and_twenty_nine_are_not() -> None:
    rows = [_row("t", WORDS[:200])]
    found = copies([_said("a", WORDS[10:40]), _said("b", WORDS[50:79]), _said("c", WORDS[1000:1100])], rows)
    assert (found.answers, found.copied) == (3, 1)
    assert found.share == 1 / 3
    assert {one.id: one.words for one in found.most} == {"a": 30, "b": 29}


def test_case_and_punctuation_do_not_hide_a_copy() -> None:
    text = "You're not alone, and it's a lot to carry. Start small: one walk, one call, one night's rest."
    row = Example(id="t", inputs={"question": "q"}, target=text)
    said = Prediction(id="a", arm="tuned", text=text.upper().replace("'", "’").replace(",", " -"))
    assert copies([said], [row]).longest == 18


def test_fewer_than_eight_words_say_nothing() -> None:
    found = copies([_said("a", WORDS[:7])], [_row("t", WORDS[:100])])
    assert (found.longest, found.most) == (0, ())


def test_no_answers_are_no_copies() -> None:
    assert copies([], [_row("t", WORDS[:50])]).share == 0.0


def test_it_agrees_with_a_plain_search_on_repetitive_texts() -> None:
    chance = random.Random(4)
    few = WORDS[:3]
    rows = [_row(f"t{n}", chance.choices(few, k=60)) for n in range(6)]
    said = [_said(f"a{n}", chance.choices(few, k=40)) for n in range(6)]
    found = {one.id: one.words for one in copies(said, rows).most}
    for one in said:
        plain = max(_plain(one.text.split(), row.target.split()) for row in rows)
        assert found.get(one.id, 0) == (plain if plain >= 8 else 0)


def test_a_result_holds_no_words() -> None:
    assert "word" not in copies([_said("a", WORDS[:40])], [_row("t", WORDS[:50])]).model_dump_json().replace(
        '"words"', ""
    )


def _plain(ours: list[str], theirs: list[str]) -> int:
    best = 0
    for start in range(len(ours)):
        for at in range(len(theirs)):
            run = 0
            while (
                start + run < len(ours) and at + run < len(theirs) and ours[start + run] == theirs[at + run]
            ):
                run += 1
            best = max(best, run)
    return best


def _row(name: str, words: list[str]) -> Example:
    return Example(id=name, inputs={"question": "q"}, target=" ".join(words))


def _said(name: str, words: list[str]) -> Prediction:
    return Prediction(id=name, arm="tuned", text=" ".join(words))
