"""The score for support: what it shows and drops, and which file of coefficients it takes."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest

from safety.errors import SupportWeightsError
from safety.support import SHIPPED, Head, Support, SupportScorer, heads_sha256
from safety.support_features import MEANING, Features, contradictions, features, sources_of

SCORER = SupportScorer.load()
PASSAGES = (
    "Most people wear the brace for 6 weeks. The brace does not hurt. A nurse checks the brace after 14 days "
    "because swelling can cause numbness in the hand.",
    "You can swim with the brace on. Dry it with a towel before you go to bed.",
)


@pytest.mark.parametrize(
    "sentence",
    [
        "Most people wear the brace for 6 weeks.",
        "Most people wear the brace for six weeks.",
        "The brace doesn't hurt.",
        "You can swim with the brace on. Dry it with a towel before you go to bed.",
        "Before you go to bed, dry it with a towel.",
    ],
)
def test_what_the_passages_say_is_shown(sentence: str) -> None:
    judged = SCORER.judge(sentence, PASSAGES)
    assert judged.shown
    assert not judged.contradicted.any()


@pytest.mark.parametrize(
    ("sentence", "against"),
    [
        ("Most people wear the brace for 8 weeks.", "number"),
        ("Most people wear the brace for 6 days.", "unit"),
        ("The brace does hurt.", "denial"),
        ("You can not swim with the brace on.", "denial"),
        ("A nurse checks the brace after 14 days because numbness in the hand can cause swelling.", "cause"),
        ("Dry it with a towel after you go to bed.", "opposite"),
    ],
)
def test_what_they_deny_is_never_shown_and_named(sentence: str, against: str) -> None:
    judged = SCORER.judge(sentence, PASSAGES)
    assert not judged.shown
    assert judged.score == 0.0
    assert getattr(judged.contradicted, against)


@pytest.mark.parametrize(
    "sentence",
    [
        "All people wear the brace for 6 weeks.",
        "You can swim with the collar on.",
        "You can always swim with the brace on.",
        "The clinic was founded by two nurses.",
        "Dry the hand because swelling can hurt a nurse in bed.",
        "Yes.",
    ],
)
def test_what_they_do_not_say_is_not_shown(sentence: str) -> None:
    assert not SCORER.judge(sentence, PASSAGES).shown


@pytest.mark.parametrize(
    ("sentence", "by"),
    [
        ("Most people wear the brace for 6 weeks.", (0,)),
        ("You can swim with the brace on. Dry it with a towel before you go to bed.", (1,)),
        ("Before you go to bed, dry it with a towel.", (1,)),
        ("You can always swim with the brace on.", ()),
        ("You can swim with the brace on for 8 weeks.", ()),
    ],
)
def test_a_shown_sentence_names_the_passages_that_it_rests_on(sentence: str, by: tuple[int, ...]) -> None:
    judged = SCORER.judge(sentence, PASSAGES)
    assert (judged.shown, judged.by) == (bool(by), by)


def test_a_sentence_that_two_passages_have_rests_on_both_and_a_bare_yes_on_none() -> None:
    passages = ("Yes. The brace does not hurt.", "The brace does not hurt. Keep it dry.")
    assert SCORER.judge("The brace does not hurt.", passages).by == (0, 1)
    assert SCORER.judge("Yes.", passages) == Support(1.0, True)


def test_a_claim_put_together_from_two_passages_has_its_sources_in_both() -> None:
    found = sources_of("The brace does not hurt, you can swim with the brace on.", PASSAGES)
    assert found is not None
    assert found.places == (1, 0)


def test_nothing_is_borne_out_by_nothing() -> None:
    assert SCORER.judge("You can swim.", ()).score == 0.0
    assert SCORER.judge("You can swim.", ("",)).score == 0.0


def test_condition_left_out_is_a_contradiction() -> None:
    found = sources_of("Parents see the record.", ["Parents see the record only with consent."])
    assert found is not None
    assert contradictions(found).limit


def test_no_coefficient_speaks_for_support() -> None:
    for head in (SCORER.weights.words_alone, SCORER.weights.with_encoder):
        assert max(head.weights.values()) <= 0.0


def test_features_of_meaning_are_zero_without_an_encoder_and_known_with_one() -> None:
    found = sources_of("You can swim with the collar on.", PASSAGES)
    assert found is not None
    alone = features(found, None)
    assert all(getattr(alone, name) == 0.0 for name in MEANING)

    def embed(texts: list[str]) -> np.ndarray:
        return np.eye(len(texts), dtype=np.float32)

    assert all(getattr(features(found, embed), name) == 1.0 for name in MEANING)


def test_encoder_is_not_asked_about_a_quotation() -> None:
    def embed(texts: list[str]) -> np.ndarray:
        raise AssertionError("asked")

    assert SCORER.judge("You can swim with the brace on.", PASSAGES, embed).shown


def test_missing_file_of_coefficients_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SupportWeightsError, match=r"no gone\.json .*fit_support --write"):
        SupportScorer.load(tmp_path / "gone.json")


def test_changed_coefficient_is_refused_with_both_hashes(tmp_path: Path) -> None:
    given = json.loads(SHIPPED.read_text("utf-8"))
    given["words_alone"]["intercept"] += 1
    (tmp_path / "w.json").write_text(json.dumps(given), "utf-8")
    with pytest.raises(SupportWeightsError, match=rf"stated is {given['sha256'][:12]}"):
        SupportScorer.load(tmp_path / "w.json")


def test_coefficients_of_other_features_are_refused(tmp_path: Path) -> None:
    given = json.loads(SHIPPED.read_text("utf-8"))
    del given["words_alone"]["weights"]["edited"]
    (tmp_path / "w.json").write_text(json.dumps(given), "utf-8")
    with pytest.raises(SupportWeightsError, match="edited"):
        SupportScorer.load(tmp_path / "w.json")


def test_hash_does_not_depend_on_the_order_in_a_file() -> None:
    one = Head(intercept=1.0, weights={"a": -1.0, "b": -2.0}, threshold=0.5)
    other = Head(intercept=1.0, weights={"b": -2.0, "a": -1.0}, threshold=0.5)
    assert heads_sha256(one) == heads_sha256(other)
    assert heads_sha256(one) != heads_sha256(other.model_copy(update={"threshold": 0.6}))


def test_more_signs_against_it_never_raise_a_score() -> None:
    head = SCORER.weights.with_encoder
    worst = Features(**dict.fromkeys(Features.names(), 1.0))
    assert head.score(worst) < head.score(Features(**dict.fromkeys(Features.names(), 0.0)))


@pytest.mark.slow
def test_sentence_is_judged_in_five_milliseconds_beside_the_encoder() -> None:
    passages = tuple(" ".join([passage] * 4) for passage in PASSAGES)
    sentence = "Nearly all people wear the brace on the hand for 6 weeks before they can swim with it."
    took = []
    for _ in range(60):
        begun = time.process_time()
        SCORER.judge(sentence, passages)
        took.append(time.process_time() - begun)
    assert sorted(took)[len(took) // 2] < 0.005
