"""Planted secrets: where they stand, how exposed they are, and whether a model gives them back."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import pytest

from safety.contacts import contacts
from training.memorisation import Canaries, chance_exposure, exposure, extraction, plant
from training.rows import Example

ROWS = [
    Example(id=f"r{n}", inputs={"question": f"q{n}"}, target=f"answer {n}", group=f"g{n}") for n in range(40)
]


class Unigrams:
    """A language model of words: what it was trained on costs less."""

    def __init__(self, rows: Sequence[Example]) -> None:
        self.seen = {word for row in rows for word in row.target.split()}

    def nlls(self, rows: Sequence[Example]) -> list[float]:
        return [
            sum(
                1.0 if word in self.seen else 4.0 + random.Random(word).random()
                for word in row.target.split()
            )
            for row in rows
        ]


def test_planting_adds_rows_and_leaves_the_others_in_their_order() -> None:
    planted, canaries = plant(ROWS, 8, 0, times=2)
    assert [one for one in planted if one.source != "canary"] == ROWS
    assert len(planted) == len(ROWS) + 16
    assert len(canaries.canaries) == 8
    assert len({one.id for one in planted}) == len(planted)


def test_each_secret_stands_in_its_row_as_often_as_stated() -> None:
    planted, canaries = plant(ROWS, 6, 3, times=3)
    for one in canaries.canaries:
        holders = [row for row in planted if one.secret in row.target]
        assert len(holders) == one.times == 3
        assert {row.target for row in holders} == {f"{one.before} {one.secret}{one.after}"}


def test_a_seed_gives_the_same_canaries_and_another_seed_other_secrets() -> None:
    assert plant(ROWS, 5, 1) == plant(ROWS, 5, 1)
    first, second = (plant(ROWS, 5, seed)[1] for seed in (1, 2))
    assert {one.secret for one in first.canaries}.isdisjoint(one.secret for one in second.canaries)


def test_a_secret_is_no_telephone_number_or_link() -> None:
    planted, _ = plant([], 60, 7)
    assert not any(contacts(row.target) for row in planted)


def test_secrets_come_from_a_space_of_known_size() -> None:
    bits = {one.form: one.bits for one in plant([], 3, 0)[1].canaries}
    assert bits["digits"] == pytest.approx(math.log2(10**6))
    assert all(17 < one < 24 for one in bits.values())


def test_a_canary_is_planted_at_least_once() -> None:
    with pytest.raises(ValueError, match="0 times"):
        plant(ROWS, 1, 0, times=0)


def test_a_model_that_learned_the_rows_is_exposed_beyond_the_sample() -> None:
    planted, canaries = plant(ROWS, 3, 0)
    found = exposure(canaries, Unigrams(planted).nlls, samples=63)
    assert {one.rank for one in found.canaries} == {1}
    assert all(
        6.0 <= one.bits <= canary.bits for one, canary in zip(found.canaries, canaries.canaries, strict=True)
    )
    assert found.worst > found.by_chance


@pytest.mark.slow
def test_a_model_that_never_saw_them_has_the_exposure_of_chance() -> None:
    _, canaries = plant(ROWS, 60, 0)
    found = exposure(canaries, Unigrams(ROWS).nlls, samples=31)
    assert 1.0 < found.mean < 2.0  # 1 / ln 2 is expected


def test_only_the_learned_canary_stands_out() -> None:
    planted, canaries = plant(ROWS, 8, 0)
    learned = [row for row in planted if row.group == "canary-4"]
    found = {one.id: one.bits for one in exposure(canaries, Unigrams(learned).nlls, samples=63).canaries}
    assert max(found, key=lambda name: found[name]) == "canary-4"


def test_a_model_that_tells_no_secret_from_another_has_no_exposure() -> None:
    _, canaries = plant(ROWS, 3, 0)
    found = exposure(canaries, lambda rows: [1.0] * len(rows), samples=15)
    assert found.worst == found.mean == 0.0


def test_exposure_never_exceeds_the_space() -> None:
    _, canaries = plant(ROWS, 3, 0)
    secrets = {one.secret for one in canaries.canaries}

    def nlls(rows: Sequence[Example]) -> list[float]:
        return [
            -1e6 if any(secret in row.target for secret in secrets) else random.Random(row.target).random()
            for row in rows
        ]

    found = exposure(canaries, nlls, samples=31)
    assert [one.bits for one in found.canaries] == pytest.approx([one.bits for one in canaries.canaries])


@pytest.mark.parametrize("canaries", [1, 8, 20])
def test_chance_explains_the_worst_of_several_in_19_of_20_runs(canaries: int) -> None:
    chance, limit = random.Random(0), chance_exposure(canaries)
    over = sum(max(-math.log2(chance.random()) for _ in range(canaries)) > limit for _ in range(20_000))
    assert over / 20_000 == pytest.approx(0.05, abs=0.01)


def test_likelihoods_that_are_missing_or_not_finite_are_refused() -> None:
    _, canaries = plant(ROWS, 1, 0)
    with pytest.raises(ValueError, match="likelihoods"):
        exposure(canaries, lambda rows: [1.0], samples=5)
    with pytest.raises(ValueError, match="likelihoods"):
        exposure(canaries, lambda rows: [math.nan] * len(rows), samples=5)


def test_extraction_begins_the_answer_and_looks_for_the_secret() -> None:
    _, canaries = plant(ROWS, 4, 0)
    known = canaries.canaries[2]

    def generate(rows: Sequence[Example]) -> list[str]:
        assert not any(one.secret in row.target for one, row in zip(canaries.canaries, rows, strict=True))
        return [f" {known.secret.upper()}. And so on." if row.target == known.before else "x" for row in rows]

    found = extraction(canaries, generate)
    assert (found.canaries, found.extracted, found.ids) == (4, 1, (known.id,))


def test_another_canarys_secret_is_no_extraction() -> None:
    _, canaries = plant(ROWS, 2, 0)
    first, second = canaries.canaries
    assert extraction(canaries, lambda rows: [second.secret, first.secret]).extracted == 0


def test_missing_answers_are_refused() -> None:
    with pytest.raises(ValueError, match="2 canaries were asked and 1"):
        extraction(plant(ROWS, 2, 0)[1], lambda rows: ["x"])


def test_no_canaries_are_no_evidence_and_no_error() -> None:
    nothing = Canaries(field="question", canaries=())
    assert exposure(nothing, lambda rows: []).worst == extraction(nothing, lambda rows: []).extracted == 0


def test_results_and_reprs_hold_no_secret() -> None:
    planted, canaries = plant(ROWS, 3, 0)
    found = exposure(canaries, Unigrams(planted).nlls, samples=15)
    gone = extraction(canaries, lambda rows: [one.secret for one in canaries.canaries])
    written = found.model_dump_json() + gone.model_dump_json() + repr(canaries) + repr(planted)
    assert gone.extracted == 3
    assert not any(one.secret in written for one in canaries.canaries)
