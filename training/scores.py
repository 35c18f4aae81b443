"""Scores of predictions, each as row sums, so that `metrics.py` can draw intervals for all of them.

A scorer takes examples and their predictions in the same order and gives `Scored` values; none where the
predictions do not carry what it needs. It must not load a model and must not look at the split. There is
one reference for each row: several answers to one question are several rows of one group.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Literal

import numpy as np
import sacrebleu

from training.metrics import Array, Metric, Scored, perplexity, ratio
from training.rows import Example, Prediction, Span

Scorer = Callable[[Sequence[Example], Sequence[Prediction]], tuple[Scored, ...]]
Rouge = Literal["rouge1", "rouge2", "rougeL"]
Characters = Literal["char_recall", "char_precision", "char_f2"]
_BLEU_ORDER = 4


def score_all(
    names: Sequence[str], examples: Sequence[Example], predictions: Sequence[Prediction]
) -> tuple[Scored, ...]:
    """Score by every metric of `names`, in that order; what cannot be measured is left out.

    Raises ValueError for an unknown name, or when predictions and examples are not the same rows.
    """
    unknown = sorted(set(names) - SCORERS.keys())
    if unknown:
        raise ValueError(f"no metric {', '.join(map(repr, unknown))}; there is {', '.join(SCORERS)}")
    return tuple(scored for name in names for scored in SCORERS[name](examples, predictions))


def perplexity_scored(examples: Sequence[Example], predictions: Sequence[Prediction]) -> tuple[Scored, ...]:
    """Score exp(nats a token) of the reference answers, over the rows that have likelihoods."""
    _same_rows(examples, predictions)
    rows = [(e, p) for e, p in zip(examples, predictions, strict=True) if p.nll_tokens > 0]
    metric = Metric("perplexity", perplexity, greater_is_better=False)
    return _scored(metric, [e for e, _ in rows], [[p.nll, p.nll_tokens] for _, p in rows])


def bleu_scored(examples: Sequence[Example], predictions: Sequence[Prediction]) -> tuple[Scored, ...]:
    """Score corpus BLEU (0 to 100, Papineni et al. 2002) as sacrebleu computes it with its defaults.

    Over all rows the value is `sacrebleu.corpus_bleu`'s. A row alone with fewer than four words has 0.
    """
    _same_rows(examples, predictions)
    bleu = sacrebleu.BLEU(effective_order=True)  # on sums of one row; counts are the same as in a corpus
    stats = []
    for example, prediction in zip(examples, predictions, strict=True):
        one = bleu.sentence_score(prediction.text, [example.target])
        stats.append([*one.counts, *one.totals, one.sys_len, one.ref_len])
    return _scored(Metric("bleu", _bleu), examples, stats)


def rouge_scored(
    examples: Sequence[Example], predictions: Sequence[Prediction], *, kind: Rouge
) -> tuple[Scored, ...]:
    """Score the mean F measure (0 to 1) of ROUGE-1, -2 or -L over rows (Lin 2004), with stemming."""
    _same_rows(examples, predictions)
    f_measure = _rouge(kind)
    values = [
        [f_measure(example.target, prediction.text), 1.0]
        for example, prediction in zip(examples, predictions, strict=True)
    ]
    return _scored(Metric(kind, ratio), examples, values)


def accuracy_scored(examples: Sequence[Example], predictions: Sequence[Prediction]) -> tuple[Scored, ...]:
    """Score the share of rows whose text is the target; case and spaces at the ends do not count."""
    _same_rows(examples, predictions)
    hits = [
        [float(_label(prediction.text) == _label(example.target)), 1.0]
        for example, prediction in zip(examples, predictions, strict=True)
    ]
    return _scored(Metric("accuracy", ratio), examples, hits)


def macro_f1_scored(examples: Sequence[Example], predictions: Sequence[Prediction]) -> tuple[Scored, ...]:
    """Score the mean F1 of the classes that the targets have.

    A predicted word that is no class misses its own class and makes no class of its own, because a
    language model may answer anything. Classes that a resample lacks are left out of its mean.
    """
    _same_rows(examples, predictions)
    classes = sorted({_label(example.target) for example in examples})
    place = {name: n for n, name in enumerate(classes)}
    stats = np.zeros((len(examples), 3 * len(classes)))
    for row, (example, prediction) in enumerate(zip(examples, predictions, strict=True)):
        true, said = place[_label(example.target)], place.get(_label(prediction.text))
        if said == true:
            stats[row, 3 * true] = 1
            continue
        stats[row, 3 * true + 2] = 1
        if said is not None:
            stats[row, 3 * said + 1] = 1
    return _scored(Metric("macro_f1", _macro_f1), examples, stats)


def span_f1_scored(examples: Sequence[Example], predictions: Sequence[Prediction]) -> tuple[Scored, ...]:
    """Score F1 over spans; a span counts when start, end and label are all right."""
    _same_rows(examples, predictions)
    stats = []
    for example, prediction in zip(examples, predictions, strict=True):
        true, said = set(example.spans), set(prediction.spans)
        stats.append([len(true & said), len(said - true), len(true - said)])
    return _scored(Metric("span_f1", partial(_f_measure, beta=1.0)), examples, stats)


def characters_scored(
    examples: Sequence[Example], predictions: Sequence[Prediction], *, kind: Characters
) -> tuple[Scored, ...]:
    """Score recall, precision or F2 over the characters that any span covers, whatever its label.

    For personal data it matters that a letter is covered, less as what; F2 weighs recall four times.
    """
    _same_rows(examples, predictions)
    stats = []
    for example, prediction in zip(examples, predictions, strict=True):
        true, said = _covered(example.spans), _covered(prediction.spans)
        stats.append([len(true & said), len(said - true), len(true - said)])
    return _scored(Metric(kind, _CHARACTERS[kind]), examples, stats)


def length_scored(examples: Sequence[Example], predictions: Sequence[Prediction]) -> tuple[Scored, ...]:
    """Score words written for each word of the references: 1 is as long as people wrote.

    Neither direction is better as such; it is marked as a cost because overlong is the usual fault.
    """
    _same_rows(examples, predictions)
    stats = [
        [len(prediction.text.split()), len(example.target.split())]
        for example, prediction in zip(examples, predictions, strict=True)
    ]
    return _scored(Metric("length_ratio", ratio, greater_is_better=False), examples, stats)


SCORERS: dict[str, Scorer] = {
    "perplexity": perplexity_scored,
    "bleu": bleu_scored,
    "rouge1": partial(rouge_scored, kind="rouge1"),
    "rouge2": partial(rouge_scored, kind="rouge2"),
    "rougeL": partial(rouge_scored, kind="rougeL"),
    "accuracy": accuracy_scored,
    "macro_f1": macro_f1_scored,
    "span_f1": span_f1_scored,
    "char_recall": partial(characters_scored, kind="char_recall"),
    "char_precision": partial(characters_scored, kind="char_precision"),
    "char_f2": partial(characters_scored, kind="char_f2"),
    "length_ratio": length_scored,
}


def _same_rows(examples: Sequence[Example], predictions: Sequence[Prediction]) -> None:
    if [one.id for one in examples] != [one.id for one in predictions]:
        raise ValueError(
            f"{len(predictions)} predictions are not those of the {len(examples)} examples, in their order"
        )


def _scored(
    metric: Metric, examples: Sequence[Example], stats: Sequence[Sequence[float]] | Array
) -> tuple[Scored, ...]:
    """Return one value, or none for no rows. A row without a group is a group of its own."""
    if not examples:
        return ()
    ids = tuple(one.id for one in examples)
    groups = tuple(one.group or f"row {one.id}" for one in examples)
    return (Scored(metric, np.asarray(stats, dtype=np.float64), ids, groups),)


def _bleu(sums: Array) -> Array:
    flat = sums.reshape(-1, sums.shape[-1])
    values = [
        sacrebleu.BLEU.compute_bleu(
            [int(n) for n in row[:_BLEU_ORDER]],
            [int(n) for n in row[_BLEU_ORDER : 2 * _BLEU_ORDER]],
            int(row[-2]),
            int(row[-1]),
            smooth_method="exp",
        ).score
        for row in flat
    ]
    return np.asarray(values, dtype=np.float64).reshape(sums.shape[:-1])


@cache
def _rouge(kind: Rouge) -> Callable[[str, str], float]:
    # Imported on first use: it brings nltk, which takes seconds.
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer([kind], use_stemmer=True)
    return lambda reference, text: float(scorer.score(reference, text)[kind].fmeasure)


def _label(text: str) -> str:
    return " ".join(text.split()).casefold()


def _macro_f1(sums: Array) -> Array:
    counts = sums.reshape(*sums.shape[:-1], -1, 3)
    there = (counts[..., 0] + counts[..., 2]) > 0
    each = np.where(there, _f_measure(counts, beta=1.0), 0.0)
    return _divided(each.sum(axis=-1), there.sum(axis=-1).astype(np.float64))


def _f_measure(sums: Array, *, beta: float) -> Array:
    """Return F-beta of [..., (true positive, false positive, false negative)]; 0 where nothing is right."""
    hit, extra, missed = sums[..., 0], sums[..., 1], sums[..., 2]
    weight = beta * beta
    return _divided((1 + weight) * hit, (1 + weight) * hit + weight * missed + extra)


def _recall(sums: Array) -> Array:
    return _divided(sums[..., 0], sums[..., 0] + sums[..., 2])


def _precision(sums: Array) -> Array:
    return _divided(sums[..., 0], sums[..., 0] + sums[..., 1])


_CHARACTERS: dict[Characters, Callable[[Array], Array]] = {
    "char_recall": _recall,
    "char_precision": _precision,
    "char_f2": partial(_f_measure, beta=2.0),
}


def _divided(above: Array, below: Array) -> Array:
    return ratio(np.stack([above, below], axis=-1))


def _covered(spans: Sequence[Span]) -> set[int]:
    return {at for span in spans for at in range(span.start, span.end)}
