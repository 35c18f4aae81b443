"""One message from different people: gaps are measured, paired and compared with the base's."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from training.fairness import MEASURES, FairnessResult, Variant, changes, compare, pairs, tone, worse
from training.rows import Prediction

WARM = "I am sorry that this is so heavy."
PLAIN = ("Tell me what a day looks like.", "You said it began in spring.", "What have you tried so far?")
REFERRAL = "A counselor could go through it with you."
REFUSAL = "I cannot help with that."


def test_there_are_at_least_24_situations_in_three_wordings() -> None:
    everything = pairs(1000, 0, spanish=True)
    assert len({one.situation for one in everything}) >= 24
    assert len({one.id for one in everything}) == len(everything)
    languages = [one for one in everything if one.attribute == "language"]
    assert {one.value for one in languages} == {"english", "learner", "spanish"}
    assert len({one.text for one in languages}) == len(languages)
    assert all("{" not in one.text and one.text for one in everything)


def test_spanish_is_asked_only_when_wanted() -> None:
    assert "spanish" not in {one.value for one in pairs(5, 0)}


def test_variants_of_a_situation_differ_in_the_one_sentence_alone() -> None:
    by_case: dict[tuple[str, str], list[Variant]] = {}
    for one in pairs(1000, 0):
        if one.attribute != "language":
            by_case.setdefault((one.situation, one.attribute), []).append(one)
    for variants in by_case.values():
        shared = set.intersection(*(set(one.text.split()) for one in variants))
        assert len(variants) >= 2
        assert all(len(set(one.text.split()) - shared) <= 7 for one in variants)


def test_a_seed_draws_the_same_situations_and_another_seed_others() -> None:
    assert pairs(6, 1) == pairs(6, 1)
    assert {one.situation for one in pairs(6, 1)} != {one.situation for one in pairs(6, 2)}
    assert len({one.situation for one in pairs(6, 1)}) == 6


def test_the_same_answer_to_all_leaves_no_gap() -> None:
    result = _result(lambda one, chance: f"{WARM} {REFERRAL}")
    assert {one.gap.value for one in result.gaps} == {0.0}
    assert worse(result, result, 0.0) == []


@pytest.mark.parametrize(
    ("measure", "answer"),
    [
        ("refusal", REFUSAL),
        ("referral", f"{PLAIN[0]} {REFERRAL}"),
        ("tone", f"{WARM} {WARM}"),
        ("length", " ".join(PLAIN * 3)),
    ],
)
def test_a_gap_that_tuning_opened_is_found_in_its_attribute_and_measure(measure: str, answer: str) -> None:
    base = _result(lambda one, chance: PLAIN[0])
    tuned = _result(lambda one, chance: answer if one.value == "medicaid" else PLAIN[0])
    reasons = worse(base, tuned, 0.05)
    assert reasons
    assert all("insurance medicaid" in one or "and medicaid" in one for one in reasons)
    assert any(one.startswith(measure) for one in reasons)


def test_a_gap_that_the_base_has_as_well_is_not_held_against_tuning() -> None:
    unfair = _result(lambda one, chance: REFUSAL if one.value == "learner" else PLAIN[0])
    assert worse(unfair, unfair, 0.0) == []
    assert max(one.gap.value for one in unfair.gaps if one.attribute == "language") == 1.0


def test_a_widening_within_what_is_allowed_is_no_reason() -> None:
    base = _result(lambda one, chance: PLAIN[0])
    tuned = _result(lambda one, chance: REFUSAL if one.value == "medicaid" else PLAIN[0])
    assert not [one for one in worse(base, tuned, 1.0) if one.startswith("refusal")]


@pytest.mark.slow
def test_chance_alone_hardly_ever_gives_a_reason() -> None:
    alarms = 0
    for seed in range(12):
        base = _result(_at_random, seed=2 * seed, resamples=400)
        tuned = _result(_at_random, seed=2 * seed + 1, resamples=400)
        alarms += bool(worse(base, tuned, 0.05, resamples=400))
    assert alarms <= 2


def test_a_bias_in_half_of_the_answers_is_found_among_noise() -> None:
    def biased(one: Variant, chance: random.Random) -> str:
        return REFUSAL if one.value == "none" and chance.random() < 0.7 else _at_random(one, chance)

    base, tuned = _result(_at_random, seed=1, rows=20), _result(biased, seed=2, rows=20)
    assert any(one.startswith("refusal") and "none" in one for one in worse(base, tuned, 0.05))


def test_a_longer_writer_has_no_larger_gaps_in_length() -> None:
    short = _result(lambda one, chance: "word " * (4 if one.value == "man" else 8))
    long = _result(lambda one, chance: "word " * (40 if one.value == "man" else 80))
    gaps = [
        [g.gap.value for g in r.gaps if (g.attribute, g.measure) == ("sex", "length")] for r in (short, long)
    ]
    assert gaps[0] == pytest.approx(gaps[1])
    assert gaps[0][0] == pytest.approx(2 / 3)


def test_every_attribute_has_every_measure_with_its_interval() -> None:
    result = _result(_at_random)
    assert len(result.gaps) == 5 * len(MEASURES)
    assert all(0 <= one.gap.low <= one.gap.high for one in result.gaps)
    assert all(one.most != one.least for one in result.gaps if one.gap.value)


def test_the_difference_is_paired_and_knows_its_direction() -> None:
    fair, unfair = (
        _result(lambda one, chance: PLAIN[0]),
        _result(lambda one, chance: REFUSAL if one.value == "old" else PLAIN[0]),
    )
    (change,) = [c for c in changes(fair, unfair) if (c.attribute, c.measure) == ("age", "refusal")]
    assert (change.difference.value, change.base.gap.value, change.tuned.gap.value) == (1.0, 0.0, 1.0)
    (back,) = [c for c in changes(unfair, fair) if (c.attribute, c.measure) == ("age", "refusal")]
    assert back.difference.value == -1.0


def test_a_missing_answer_and_other_variants_are_refused() -> None:
    variants = pairs(3, 0)
    with pytest.raises(ValueError, match="1 of 42 variants were not answered"):
        compare(variants, _answers(variants, lambda one, chance: PLAIN[0], 0)[1:])
    with pytest.raises(ValueError, match="same rows"):
        worse(_result(_at_random, rows=3), _result(_at_random, rows=4), 0.05)


def test_a_result_holds_no_words_of_an_answer() -> None:
    assert "xylophone" not in _result(lambda one, chance: "xylophone").model_dump_json()


def test_tone_lies_between_cold_and_warm() -> None:
    assert tone("I hear you. You are brave.") == 1.0
    assert tone("You are lazy. It is your fault.") == -1.0
    assert tone("The door is open.") == tone("") == 0.0


def _at_random(one: Variant, chance: random.Random) -> str:
    parts = [*chance.sample(PLAIN, chance.randint(1, 3))]
    parts += [WARM] if chance.random() < 0.5 else []
    parts += [REFERRAL] if chance.random() < 0.4 else []
    return REFUSAL if chance.random() < 0.05 else " ".join(parts)


def _answers(
    variants: tuple[Variant, ...], say: Callable[[Variant, random.Random], str], seed: int
) -> list[Prediction]:
    chance = random.Random(seed)
    return [Prediction(id=one.id, arm="x", text=say(one, chance)) for one in variants]


def _result(
    say: Callable[[Variant, random.Random], str], *, seed: int = 0, rows: int = 12, resamples: int = 300
) -> FairnessResult:
    variants = pairs(rows, 0)
    return compare(variants, _answers(variants, say, seed), resamples=resamples)
