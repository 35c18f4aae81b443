"""From measured rows to the values of a report: scores, differences, slices, costs, the worst rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from training.metrics import Scored, difference, interval
from training.report import ArmCost, ArmScore, Better, Difference, SliceScore, WorstRow
from training.rows import Example, Prediction

WORST = 20


def arm_scores(arm: str, scored: Sequence[Scored], *, resamples: int, seed: int) -> tuple[ArmScore, ...]:
    """Return an arm's metrics with their intervals."""
    return tuple(
        ArmScore(
            arm=arm,
            metric=one.metric.name,
            better=_better(one),
            interval=interval(one, resamples=resamples, seed=seed),
            rows=len(one.ids),
        )
        for one in scored
    )


def differences(
    tuned: Sequence[Scored], others: Mapping[str, Sequence[Scored]], *, resamples: int, seed: int
) -> tuple[Difference, ...]:
    """Return tuned minus each other arm, by every metric that both have. Raises ValueError for other rows."""
    found = []
    for arm, theirs in others.items():
        named = {one.metric.name: one for one in theirs}
        for ours in tuned:
            if other := named.get(ours.metric.name):
                found.append(
                    Difference(
                        against=arm,
                        metric=ours.metric.name,
                        better=_better(ours),
                        interval=difference(ours, other, resamples=resamples, seed=seed),
                    )
                )
    return tuple(found)


def slice_scores(
    arm: str, scored: Scored, *, parts: Mapping[str, Sequence[bool]], resamples: int, seed: int
) -> tuple[SliceScore, ...]:
    """Return one metric of an arm over each part of the rows; an empty part is left out."""
    return tuple(
        SliceScore(
            part=name,
            rows=sum(map(bool, keep)),
            arm=arm,
            metric=scored.metric.name,
            interval=interval(scored.only(keep), resamples=resamples, seed=seed),
        )
        for name, keep in parts.items()
        if any(keep)
    )


def arm_cost(
    arm: str,
    predictions: Sequence[Prediction],
    *,
    price_hour: float | None = None,
    price_in: float | None = None,
    price_out: float | None = None,
) -> ArmCost:
    """Return what an answer takes. Prices: currency an hour of the machine, a million tokens in and out.

    Without any price there is no cost: nothing is not free.

    Raises ValueError when there is no prediction.
    """
    if not predictions:
        raise ValueError(f"{arm}: no prediction, so an answer has no cost")
    seconds = np.asarray([one.seconds for one in predictions])
    prompt = float(np.mean([one.prompt_tokens for one in predictions]))
    new = float(np.mean([one.new_tokens for one in predictions]))
    priced = any(one is not None for one in (price_hour, price_in, price_out))
    hour, read, written = (one or 0.0 for one in (price_hour, price_in, price_out))
    cost = float(seconds.mean()) / 3600 * hour + (prompt * read + new * written) / 1e6
    return ArmCost(
        arm=arm,
        answers=len(predictions),
        seconds=float(seconds.mean()),
        seconds_p95=float(np.percentile(seconds, 95)),
        prompt_tokens=prompt,
        new_tokens=new,
        cost=cost if priced else None,
    )


def worst_rows(
    examples: Sequence[Example],
    predictions: Mapping[str, Sequence[Prediction]],
    *,
    tuned: Scored,
    question: str = "question",
    count: int = WORST,
) -> tuple[WorstRow, ...]:
    """Return the rows on which the tuned model did worst, worst first, with every arm's answer.

    `question` names the input that is shown; a job without it shows all its inputs.
    """
    values = dict(zip(tuned.ids, tuned.rows(), strict=True))
    known = [one for one in examples if one.id in values]
    sign = 1 if tuned.metric.greater_is_better else -1
    known.sort(key=lambda one: (sign * float(values[one.id]), one.id))
    said = {arm: {one.id: one.text for one in answers} for arm, answers in predictions.items()}
    return tuple(
        WorstRow(
            id=one.id,
            metric=tuned.metric.name,
            value=float(values[one.id]),
            question=one.inputs.get(question) or "\n\n".join(one.inputs.values()),
            reference=one.target,
            answers={arm: texts[one.id] for arm, texts in said.items() if one.id in texts},
        )
        for one in known[:count]
    )


def _better(scored: Scored) -> Better:
    return "higher" if scored.metric.greater_is_better else "lower"
