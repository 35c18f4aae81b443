"""What an answer cites is held against what it says, and against what was asked."""

from __future__ import annotations

from benchmarks.retrieval_sets import Question
from benchmarks.support_asked import EACH, Answered, bears_out, precision, sample_questions, turns
from retrieval.faq import FaqEntry

PARKING = FaqEntry(
    "parking", "Where do I park?", "Yes. You can park behind the clinic. The gate closes at nine."
)
DOGS = FaqEntry("dogs", "May my dog come in?", "Yes. Dogs wait outside in the shade.")
SAID = "Yes. You can park behind the clinic."


def test_an_entry_bears_out_an_answer_that_has_one_of_its_sentences() -> None:
    assert bears_out(PARKING, SAID)
    assert not bears_out(DOGS, SAID)
    assert not bears_out(PARKING, "You can park before the clinic.")


def test_precision_counts_cited_entries_and_not_answers() -> None:
    asked = Question("where to park", frozenset({"parking"}))
    figures = precision(
        [(asked, Answered("grounded", SAID, (PARKING, DOGS))), (asked, Answered("abstain", "No.", ()))]
    )
    borne, right = figures["entry_has_a_sentence_of_the_answer"], figures["entry_is_the_one_asked_for"]
    assert isinstance(borne, dict) and isinstance(right, dict)
    assert (borne["n"], borne["rate"]) == (2, 0.5)
    assert (right["n"], right["rate"]) == (2, 0.5)


def test_every_question_is_asked_once_of_its_own_faq() -> None:
    asked = list(turns())
    assert asked[0] == (sample_questions(), ())
    assert all(0 < len(questions) <= EACH and entries for questions, entries in asked[1:])
    pairs = [(one.text, entries[0].id, one.right) for questions, entries in asked[1:] for one in questions]
    assert len(pairs) == len(set(pairs)) > 6_000
