"""Scores against the libraries and against counts by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import sacrebleu
from rouge_score.rouge_scorer import RougeScorer
from sklearn.metrics import f1_score

from training.metrics import interval
from training.rows import Example, Prediction, Span
from training.scores import (
    SCORERS,
    accuracy_scored,
    bleu_scored,
    characters_scored,
    length_scored,
    macro_f1_scored,
    perplexity_scored,
    rouge_scored,
    score_all,
    span_f1_scored,
)

REFERENCES = (
    "It sounds as if the move has been hard on you, and it is fair to miss your old street.",
    "Perhaps you could write down one thing each evening that went well.",
    "Being left out hurts. What would you like to say to them first?",
    "Take a short walk.",
)
WRITTEN = (
    "It sounds as if the move has been hard, and it is fair to miss your friends.",
    "You could write down one thing that went well each evening, perhaps.",
    "What would you like to say to them? Being left out can hurt a great deal.",
    "Rest.",
)


def rows(targets: tuple[str, ...], texts: tuple[str, ...]) -> tuple[list[Example], list[Prediction]]:
    examples = [
        Example(id=str(n), inputs={"question": "?"}, target=target, group=f"g{n // 2}")
        for n, target in enumerate(targets)
    ]
    return examples, [Prediction(id=str(n), arm="base", text=text) for n, text in enumerate(texts)]


def test_bleu_is_sacrebleus_corpus_bleu() -> None:
    expected = sacrebleu.corpus_bleu(list(WRITTEN), [list(REFERENCES)]).score
    (scored,) = bleu_scored(*rows(REFERENCES, WRITTEN))
    assert expected > 10
    assert scored.value() == pytest.approx(expected, abs=1e-6)


def test_bleu_of_a_subset_is_sacrebleus_as_well_where_no_long_run_matches() -> None:
    (scored,) = bleu_scored(*rows(REFERENCES, WRITTEN))
    expected = sacrebleu.corpus_bleu(list(WRITTEN[2:]), [list(REFERENCES[2:])]).score
    assert scored.only([False, False, True, True]).value() == pytest.approx(expected, abs=1e-6)


def test_bleu_of_empty_answers_is_zero_and_of_copies_a_hundred() -> None:
    (none,) = bleu_scored(*rows(REFERENCES, ("",) * 4))
    (all_,) = bleu_scored(*rows(REFERENCES[:3], REFERENCES[:3]))
    assert none.value() == 0
    assert all_.value() == pytest.approx(100)


def test_the_bleu_interval_lies_around_the_value() -> None:
    (scored,) = bleu_scored(*rows(REFERENCES, WRITTEN))
    found = interval(scored, resamples=200)
    assert found.low <= found.value <= found.high
    assert found.low < found.high


@pytest.mark.parametrize("kind", ["rouge1", "rouge2", "rougeL"])
def test_rouge_is_the_mean_of_the_librarys_f_measure(kind: str) -> None:
    scorer = RougeScorer([kind], use_stemmer=True)
    each = [scorer.score(r, w)[kind].fmeasure for r, w in zip(REFERENCES, WRITTEN, strict=True)]
    (scored,) = rouge_scored(*rows(REFERENCES, WRITTEN), kind=kind)  # type: ignore[arg-type]
    assert scored.value() == pytest.approx(float(np.mean(each)))
    assert scored.rows() == pytest.approx(each)


def test_perplexity_is_over_tokens_and_leaves_out_rows_without_likelihoods() -> None:
    examples, predictions = rows(REFERENCES, WRITTEN)
    measured = [
        one.model_copy(update={"nll": nll, "nll_tokens": tokens})
        for one, (nll, tokens) in zip(predictions, ((30.0, 10), (0.0, 0), (10.0, 10), (0.0, 0)), strict=True)
    ]
    (scored,) = perplexity_scored(examples, measured)
    assert scored.value() == pytest.approx(math.exp(2.0))
    assert scored.ids == ("0", "2")
    assert not scored.metric.greater_is_better


def test_perplexity_is_absent_where_no_row_has_likelihoods() -> None:
    assert perplexity_scored(*rows(REFERENCES, WRITTEN)) == ()


def test_accuracy_overlooks_case_and_outer_spaces_only() -> None:
    targets = ("Cardiology", "Urology", "Ear, Nose and Throat", "Surgery")
    (scored,) = accuracy_scored(
        *rows(targets, (" cardiology\n", "Urology.", "ear,  nose and throat", "Cardiology"))
    )
    assert scored.value() == 0.5


def test_macro_f1_is_sklearns_over_the_classes_of_the_targets() -> None:
    targets = ("a", "a", "b", "b", "c", "c", "c")
    texts = ("a", "b", "b", "nonsense", "c", "a", "c")
    (scored,) = macro_f1_scored(*rows(targets, texts))
    expected = f1_score(targets, texts, labels=["a", "b", "c"], average="macro", zero_division=0)
    assert scored.value() == pytest.approx(float(expected))


def test_macro_f1_leaves_out_classes_that_a_draw_lacks() -> None:
    (scored,) = macro_f1_scored(*rows(("a", "a", "b", "b"), ("a", "a", "x", "x")))
    assert scored.value() == pytest.approx(0.5)
    assert scored.only([True, True, False, False]).value() == pytest.approx(1.0)


def spans(*found: tuple[int, int, str]) -> tuple[Span, ...]:
    return tuple(Span(start=start, end=end, label=label) for start, end, label in found)


def tagged() -> tuple[list[Example], list[Prediction]]:
    texts = {"text": "0123456789" * 3}
    examples = [
        Example(id="1", inputs=texts, spans=spans((0, 4, "PERSON"), (10, 16, "CITY"))),
        Example(id="2", inputs=texts, spans=()),
    ]
    predictions = [
        Prediction(id="1", arm="tuned", spans=spans((0, 4, "PERSON"), (10, 14, "CITY"))),
        Prediction(id="2", arm="tuned", spans=spans((2, 4, "PERSON"))),
    ]
    return examples, predictions


def test_span_f1_wants_both_ends_and_the_label_right() -> None:
    (scored,) = span_f1_scored(*tagged())
    assert scored.value() == pytest.approx(2 * 1 / (2 * 1 + 2 + 1))  # 1 right, 2 too many, 1 missed


def test_character_scores_count_what_is_covered_whatever_its_label() -> None:
    found = {
        kind: characters_scored(*tagged(), kind=kind)[0].value()  # type: ignore[arg-type]
        for kind in ("char_recall", "char_precision", "char_f2")
    }
    recall, precision = 8 / 10, 8 / 10
    assert found["char_recall"] == pytest.approx(recall)
    assert found["char_precision"] == pytest.approx(precision)
    assert found["char_f2"] == pytest.approx(5 * precision * recall / (4 * precision + recall))


def test_characters_covered_twice_count_once() -> None:
    example = Example(id="1", inputs={"text": "abcdef"}, spans=spans((0, 4, "A")))
    twice = Prediction(id="1", arm="x", spans=spans((0, 4, "A"), (2, 4, "B")))
    (scored,) = characters_scored([example], [twice], kind="char_precision")
    assert scored.value() == 1.0


def test_length_is_relative_to_the_references() -> None:
    (scored,) = length_scored(*rows(("one two three four", "one two"), ("one two three", "")))
    assert scored.value() == pytest.approx(3 / 6)


def test_every_metric_of_the_table_bears_its_name_and_scores_by_it() -> None:
    examples, predictions = rows(REFERENCES, WRITTEN)
    with_likelihood = [one.model_copy(update={"nll": 3.0, "nll_tokens": 2}) for one in predictions]
    found = score_all(list(SCORERS), examples, with_likelihood)
    assert [one.metric.name for one in found] == list(SCORERS)
    for one in found:
        assert one.stats.shape[0] == len(examples)
        assert np.isfinite(one.value())
        assert one.rows().shape == (len(examples),)


def test_score_all_names_the_metrics_there_are() -> None:
    with pytest.raises(ValueError, match="'blue'; there is perplexity, bleu"):
        score_all(["bleu", "blue"], *rows(REFERENCES, WRITTEN))


def test_predictions_of_other_rows_are_refused() -> None:
    examples, predictions = rows(REFERENCES, WRITTEN)
    with pytest.raises(ValueError, match="in their order"):
        score_all(["bleu"], examples, predictions[::-1])


def test_rows_without_a_group_are_drawn_one_by_one() -> None:
    examples = [Example(id=str(n), inputs={"question": "?"}, target="yes") for n in range(3)]
    (scored,) = accuracy_scored(examples, [Prediction(id=str(n), arm="b", text="yes") for n in range(3)])
    assert len(set(scored.groups)) == 3


def test_no_rows_give_no_scores() -> None:
    assert score_all(list(SCORERS), [], []) == ()
