"""The curve that turns features into a probability."""

from __future__ import annotations

import dataclasses

from retrieval.calibration import MAX_NUMBERS, Features, load_curve

CLEAR = Features(title=0.9, margin=0.3, coverage=1.0, agreement=1.0, length=1.4)
FOREIGN = Features(title=0.2, margin=0.01, coverage=0.1, agreement=0.33, length=1.8)


def test_a_clear_match_is_probable_and_a_foreign_question_is_not() -> None:
    assert load_curve().probability(CLEAR) > 0.9
    assert load_curve().probability(FOREIGN) < 0.1


def test_the_shipped_curves_know_exactly_the_features_and_few_numbers() -> None:
    ranked, plain = load_curve(ranked=True), load_curve()
    assert set(ranked.weights) == set(Features.names())
    assert set(plain.weights) == set(Features.names()) - {
        "answers",
        "share",
        "some",
        "lead",
        "subject",
        "near",
    }
    assert 3 + len(ranked.weights) <= MAX_NUMBERS


def test_with_a_ranker_what_it_reads_decides() -> None:
    curve = load_curve(ranked=True)
    far = dataclasses.replace(FOREIGN, answers=-4.0, share=-4.0, some=0.1, lead=0.1)
    near = dataclasses.replace(FOREIGN, answers=4.0, share=-0.1, some=4.0, lead=4.0, near=0.5)
    assert curve.probability(far) < 0.1 < curve.probability(near)


def test_without_its_subject_no_match_is_clear() -> None:
    curve = load_curve()
    assert curve.probability(CLEAR, covered=False) == curve.without_subject < 0.38
    assert curve.probability(FOREIGN, covered=False) == curve.probability(FOREIGN) < curve.without_subject


def test_what_nothing_asks_for_is_never_a_sure_answer() -> None:
    curve = load_curve()
    far = dataclasses.replace(CLEAR, title=curve.least_title - 0.01)
    assert curve.probability(far) == curve.without_subject
    assert curve.probability(dataclasses.replace(far, title=curve.least_title)) > 0.38


def test_the_probability_stays_one_far_outside_what_was_fitted() -> None:
    far = dataclasses.replace(CLEAR, title=1e6)
    assert 0.0 <= load_curve().probability(far) <= 1.0
    assert 0.0 <= load_curve().probability(dataclasses.replace(far, title=-1e6)) < 1e-6
