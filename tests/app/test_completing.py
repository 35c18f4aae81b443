"""What a grounded answer left unsaid is given in the passage's words."""

from __future__ import annotations

import pytest

from app.completing import left_out

HOURS = (
    "On Mondays we are open from 8 am to 6 pm. Both sites keep the same times. "
    "Evening visits are on Wednesdays by appointment. Bring your card."
)


@pytest.mark.parametrize(
    ("question", "answer", "said"),
    [
        ("do you have evening visits", "Both sites keep the same times.", ["Evening visits"]),
        ("do you have evening visits", "Evening visits are on Wednesdays by appointment.", []),
        ("what about parking", "Both sites keep the same times.", []),
        ("may I bring my card to an evening visit", "Both sites keep the same times.", ["Evening", "Bring"]),
        ("card, evening, monday", "Both sites keep the same times.", ["On Mondays", "Evening"]),
        ("", "Both sites keep the same times.", []),
    ],
)
def test_what_was_asked_and_left_out_is_given_in_the_passages_words(
    question: str, answer: str, said: list[str]
) -> None:
    found = left_out(question, answer, HOURS)
    assert len(found) == len(said)
    assert all(sentence.startswith(begin) for sentence, begin in zip(found, said, strict=True))
    assert all(sentence in HOURS for sentence in found)


def test_a_passage_of_nothing_leaves_nothing_out() -> None:
    assert left_out("evening", "Yes.", "") == ()
