"""Fit the coefficients in safety/support_weights.json and choose from which score on a sentence is shown.

Fitted on pairs of development documents and development kinds of swap alone (benchmarks/support_pairs.py).
The kinds that the benchmark measures, and the test documents, are not seen. Every feature is a sign against
support, so no coefficient may be positive. The threshold is the least at which no more than SHOWN of the
development pairs' unsupported sentences would be shown, by scores of folds that leave the sentence's
condition out.
Only numbers leave this program.

Run: python -m benchmarks.fit_support [--write] [--each N]
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import typer
from numpy.typing import NDArray
from scipy.optimize import minimize
from tqdm import tqdm

from benchmarks.datasets import DATASETS, datasets_there
from benchmarks.report import Figure, report
from benchmarks.support_pairs import Pair, pairs, pairs_sha256
from retrieval.embedder import load_embedder
from safety.evidence import Embed, quoted_in
from safety.support import SHIPPED, Head, SupportWeights, heads_sha256
from safety.support_features import MEANING, Features, contradictions, features, sources_of
from weights.defaults import EMBEDDER

SHOWN: Final = 0.01
FOLDS: Final = 5
_REGULARISATION: Final = 1e-3
_NOTHING: Final = (0.0,) * len(Features.names())

Floats = NDArray[np.float64]
Labels = NDArray[np.bool_]


@dataclass(frozen=True)
class Observed:
    """Sentences of pairs: [n, features], whether borne out, the condition, and what needs no score.

    `settled` is 1 for a quotation, 0 for a contradiction, NaN where the score decides.
    """

    features: Floats
    fine: Labels
    groups: NDArray[np.str_]
    settled: Floats


def observe(made: Sequence[Pair], embed: Embed | None) -> Observed:
    """Read both sentences of every pair."""
    rows: list[tuple[float, ...]] = []
    settled: list[float] = []
    for pair in tqdm(made, desc="reading pairs", unit="pair", disable=not sys.stderr.isatty()):
        for sentence in (pair.fine, pair.wrong):
            found = sources_of(sentence, pair.passages)
            if quoted_in(sentence, pair.passages):
                settled.append(1.0)
            elif found is None or contradictions(found).any():
                settled.append(0.0)
            else:
                settled.append(np.nan)
            # What is settled needs no features, and no encoder.
            scored = found is not None and np.isnan(settled[-1])
            rows.append(features(found, embed).values() if found and scored else _NOTHING)
    return Observed(
        np.array(rows),
        np.array([True, False] * len(made)),
        np.array([pair.group for pair in made for _ in range(2)]),
        np.array(settled),
    )


def fit(observed: Observed, names: Sequence[str]) -> Head:
    """Fit a logistic regression of non-positive coefficients, both classes with the same weight."""
    open_ = np.isnan(observed.settled)
    columns = [Features.names().index(name) for name in names]
    given, fine = observed.features[open_][:, columns], observed.fine[open_].astype(float)
    weight = np.where(fine == 1, 0.5 / max(fine.sum(), 1), 0.5 / max((1 - fine).sum(), 1))
    scale = given.std(0) + 1e-9
    scaled = given / scale

    def loss(numbers: Floats) -> tuple[float, Floats]:
        odds = numbers[0] + scaled @ numbers[1:]
        residual = (1 / (1 + np.exp(-odds)) - fine) * weight
        value = weight @ (np.logaddexp(0, odds) - fine * odds)
        penalty = _REGULARISATION * numbers[1:]
        return value + penalty @ numbers[1:], np.append(residual.sum(), scaled.T @ residual + 2 * penalty)

    bounds = [(None, None), *[(None, 0.0)] * len(names)]
    found = minimize(loss, np.zeros(len(names) + 1), jac=True, bounds=bounds, method="L-BFGS-B").x
    return Head(
        intercept=round(float(found[0]), 4),
        weights={name: round(float(value), 4) for name, value in zip(names, found[1:] / scale, strict=True)},
        threshold=0.5,
    )


def scores(head: Head, observed: Observed) -> Floats:
    """Return the score of each sentence as the app would give it."""
    of = np.array([head.score(Features(*row)) for row in observed.features])
    return np.where(np.isnan(observed.settled), of, observed.settled)


def left_out_scores(observed: Observed, names: Sequence[str]) -> Floats:
    """Return scores by heads that were fitted without the sentence's condition."""
    unique = np.unique(observed.groups)
    fold = np.random.default_rng(0).integers(0, FOLDS, len(unique))[np.searchsorted(unique, observed.groups)]
    of = np.zeros(len(observed.fine))
    for number in range(FOLDS):
        held = fold == number
        head = fit(_rows(observed, ~held), names)
        of[held] = scores(head, _rows(observed, held))
    return of


def threshold(of: Floats, fine: Labels, *, shown: float = SHOWN) -> float:
    """Return the least score, in thousandths, from which at most `shown` of the unsupported are shown."""
    wrong = of[~fine]
    fitting = [step / 1000 for step in range(1, 1000) if (wrong >= step / 1000).mean() <= shown]
    return fitting[0] if fitting else 1.0


def main(
    data: Annotated[Path, typer.Option(help="Folder with the data.")] = DATASETS,
    each: Annotated[int, typer.Option(help="Pairs of each development kind.")] = 100,
    write: Annotated[bool, typer.Option(help="Write the coefficients to support_weights.json.")] = False,
    out: Annotated[Path | None, typer.Option(help="Result file.")] = None,
    embedder: Annotated[str, typer.Option(envvar="CAREFOLD_EMBEDDER")] = EMBEDDER,
) -> None:
    """Fit both heads, choose their thresholds, and if wanted write them."""
    if not datasets_there() and data == DATASETS:
        sys.exit("no data folder with MedQuAD: set CAREFOLD_DATASETS, or give --data")
    made = pairs(data, "development", each=each)
    observed = observe(made, load_embedder(embedder).embed)
    figures: dict[str, Figure] = {"pairs": len(made), "pairs_sha256": pairs_sha256(made)}
    heads: list[Head] = []
    for label, names in (
        ("words_alone", [name for name in Features.names() if name not in MEANING]),
        ("with_encoder", list(Features.names())),
    ):
        of = left_out_scores(observed, names)
        least = threshold(of, observed.fine)
        heads.append(fit(observed, names).model_copy(update={"threshold": least}))
        figures[label] = {
            "threshold": least,
            "unsupported_shown": round(float((of[~observed.fine] >= least).mean()), 4),
            "supported_dropped": round(float((of[observed.fine] < least).mean()), 4),
            "weights": {"intercept": heads[-1].intercept, **heads[-1].weights},
        }
    if write:
        write_weights(heads[0], heads[1], encoder=embedder, pairs_hash=pairs_sha256(made))
    report("fit_support", figures, out)


def write_weights(alone: Head, encoded: Head, *, encoder: str, pairs_hash: str, file: Path = SHIPPED) -> None:
    """Write the coefficients with the hash that the app looks at."""
    weights = SupportWeights(
        fitted=f"{datetime.now(UTC).date().isoformat()} by benchmarks/fit_support.py",
        encoder=encoder,
        pairs_sha256=pairs_hash,
        words_alone=alone,
        with_encoder=encoded,
        sha256=heads_sha256(alone, encoded),
    )
    file.write_text(weights.model_dump_json(indent=1) + "\n", encoding="utf-8")


def _rows(observed: Observed, keep: Labels) -> Observed:
    return Observed(
        observed.features[keep], observed.fine[keep], observed.groups[keep], observed.settled[keep]
    )


if __name__ == "__main__":
    typer.run(main)
