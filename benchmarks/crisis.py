"""Measure the crisis gate on the written messages, each scored by a classifier that has not seen its author.

Rules alone, classifier alone and both, by level and by author, with 95 % Wilson intervals. This is training
text: the rules were improved with it in view, so their figures flatter them; the classifier's do not, because
the author of a message was left out when it was scored, though thresholds were chosen on these scores. What
counts is the frozen set. The result holds counts only.

Run: python -m benchmarks.crisis [--weights DIR] [--out FILE]
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer

from benchmarks.report import Figure, report
from benchmarks.screen import wilson
from safety.crisis import CrisisGate
from safety.crisis_ngrams import CONFIG, SHIPPED, NgramConfig
from training.rows import Frozen, read_rows
from training.written.crisis_rows import CrisisRow, crisis_rows, expansions

OUT_OF_AUTHOR: Final = "out_of_author.jsonl"
SEED: Final = 1
URGENT: Final = ("crisis", "emergency")
SHOWN: Final = (*URGENT, "support")


class Score(Frozen):
    """What the trainer kept of a row: see `training/trainers/ngram_linear.py`."""

    id: str
    author: str
    label: str
    share: float
    category: str


@dataclass(frozen=True)
class Judged:
    """One written message: what the rules say, and the share of danger without its author."""

    row: CrisisRow
    rules: str
    share: float


def main(
    weights: Annotated[Path, typer.Option(help="Folder of a trained classifier.")] = SHIPPED,
    out: Annotated[Path | None, typer.Option()] = None,
) -> None:
    """Report what is caught and what is stopped without need."""
    config = NgramConfig.model_validate_json((weights / CONFIG).read_bytes())
    shares = {one.id: one.share for one in read_rows(weights / OUT_OF_AUTHOR, Score)}
    gate = CrisisGate()
    judged = [
        Judged(row, gate.assess(expansions(row, seed=SEED)[0]).action, shares[name])
        for row in crisis_rows()
        if (name := f"{row.id}.0" if row.template else row.id) in shares
    ]
    figures: dict[str, Figure] = {
        "text": "training text; the classifier's scores are of authors left out",
        "thresholds": {"act": config.act, "support": config.support},
        "rows": len(judged),
    }
    groups: dict[str, list[Judged]] = defaultdict(list)
    for one in judged:
        groups[f"{one.row.language}, {one.row.action}: all"].append(one)
        groups[f"{one.row.language}, {one.row.action}: {one.row.level}"].append(one)
        groups[f"{one.row.author}, {one.row.action}: all"].append(one)
    for name in sorted(groups):
        figures[name] = _rates(groups[name], config)
    report("crisis", figures, out)


def _rates(rows: Sequence[Judged], config: NgramConfig) -> Figure:
    """Return the shares that get the fixed reply, and that get it or the resources line."""

    def rate(holds: Callable[[Judged], bool]) -> Figure:
        return wilson(sum(map(holds, rows)), len(rows))

    return {
        "fixed reply": {
            "rules": rate(lambda one: one.rules in URGENT),
            "classifier": rate(lambda one: one.share >= config.act),
            "both": rate(lambda one: one.rules in URGENT or one.share >= config.act),
        },
        "fixed reply or resources line": {
            "rules": rate(lambda one: one.rules in SHOWN),
            "classifier": rate(lambda one: one.share >= config.support),
            "both": rate(lambda one: one.rules in SHOWN or one.share >= config.support),
        },
    }


if __name__ == "__main__":
    typer.run(main)
