"""Measure the crisis gate on written messages: rules alone, joined by the classifier, and as it is served.

As it is served is with the active reader of messages, whose odds and the classifier's are added up.

`--on frozen` reads the set of authors whom neither rules nor classifier have met: what counts. A conversation
of several turns is caught where one of its turns is, because the risk stays. `--on training` reads the text
that the classifier is taught with: the rules were improved with it in view, so their figures flatter them;
the classifier's scores are of authors left out, but its limits were chosen on them. Rates stand with 95 %
Wilson intervals. The result holds counts only.

Run: python -m benchmarks.crisis [--on frozen|training] [--weights DIR] [--scores FILE] [--out FILE]
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from app.crisis_release import reading_gate
from app.settings import load_settings
from benchmarks.crisis_sets import frozen_rows
from benchmarks.report import Figure, report, times
from benchmarks.screen import wilson
from safety.crisis import CrisisGate
from safety.crisis_ngrams import SHIPPED, SHORT, CrisisNgrams, Danger, NgramConfig
from safety.verdict import ACTIONS, Action
from training.out_of_author import SHIPPED_SCORES, Score, read_scores
from training.written.crisis_rows import crisis_rows, expansions

SEED: Final = 1
URGENT: Final = ("crisis", "emergency")
SHOWN: Final = (*URGENT, "support")


class On(StrEnum):
    """What is measured on."""

    frozen = "frozen"
    training = "training"


@dataclass(frozen=True)
class Judged:
    """One message or conversation: the groups that it counts in, and what each detector says.

    `served` is what rules, classifier and reader say together, where a reader was asked.
    """

    groups: tuple[str, ...]
    rules: Action
    classifier: Action
    both: Action
    served: Action | None = None


def main(
    on: Annotated[On, typer.Option(help="The frozen set, or the training text.")] = On.frozen,
    weights: Annotated[Path, typer.Option(help="Folder of a trained classifier.")] = SHIPPED,
    scores: Annotated[Path, typer.Option(help="Its out-of-author scores, for training.")] = SHIPPED_SCORES,
    out: Annotated[Path | None, typer.Option()] = None,
) -> None:
    """Report what is caught and what is stopped without need."""
    report("crisis", measure(on, weights, scores), out)


def measure(
    on: On = On.frozen,
    weights: Path = SHIPPED,
    scores: Path = SHIPPED_SCORES,
    *,
    together: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, Figure]:
    """Return the rates by language, action and level; `scores` are for the training text alone.

    `together` names groups of crisis messages in English by several levels.
    """
    model = CrisisNgrams.load(weights)
    took: list[float] = []
    judged = list(
        _frozen(model, took) if on is On.frozen else _training(model.config, read_scores(scores), took)
    )
    figures: dict[str, Figure] = {
        "on": on.value,
        "rows": len(judged),
        "limits": [one.model_dump() for one in model.config.limits],
        "milliseconds": times(took),
    }
    groups: dict[str, list[Judged]] = defaultdict(list)
    for one in judged:
        for group in one.groups:
            groups[group].append(one)
    for name in sorted(groups):
        figures[name] = _rates(groups[name])
    for name, levels in (together or {}).items():
        of = {f"en, crisis: {level}" for level in levels}
        figures[name] = _rates([one for one in judged if not of.isdisjoint(one.groups)])
    return figures


def _frozen(model: CrisisNgrams, took: list[float]) -> Iterator[Judged]:
    gates = (CrisisGate(), CrisisGate(ngrams=model), reading_gate(load_settings()))
    for row in frozen_rows():
        rules, both, served = (
            _worst([gate.assess(text, earlier=row.turns[:at]).action for at, text in enumerate(row.turns)])
            for gate in gates
        )
        begun = time.perf_counter()
        classifier = _worst(
            [model.assess(text, earlier=row.turns[:at]).action for at, text in enumerate(row.turns)]
        )
        took.append(1000 * (time.perf_counter() - begun))
        several = (f"{row.language}, {row.action}: several turns",) if len(row.turns) > 1 else ()
        yield Judged(
            (*_groups(row.language, row.author, row.action, row.level), *several),
            rules,
            classifier,
            both,
            served,
        )


def _training(config: NgramConfig, scores: Sequence[Score], took: list[float]) -> Iterator[Judged]:
    gate = CrisisGate()
    of = {one.id.split(".")[0]: one for one in scores}
    for row in crisis_rows():
        if row.id not in of:
            continue
        begun = time.perf_counter()
        rules = gate.assess(expansions(row, seed=SEED)[0]).action
        took.append(1000 * (time.perf_counter() - begun))
        classifier = _by_score(config, of[row.id])
        length = "short" if of[row.id].words < SHORT else "longer"
        groups = (
            *_groups(row.language, row.author, row.action, row.level),
            f"{row.language}, {row.action}: {length}",
        )
        yield Judged(groups, rules, classifier, _worst((rules, classifier)))


def _by_score(config: NgramConfig, score: Score) -> Action:
    act, support = config.limit(
        Danger(score.share, score.action, "", language=score.language, words=score.words)
    )
    if score.share >= act:
        return score.action
    return "support" if score.share >= support else "allow"


def _groups(language: str, author: str, action: str, level: str) -> tuple[str, ...]:
    return f"{language}, {action}: all", f"{language}, {action}: {level}", f"{author}, {action}: all"


def _worst(actions: Sequence[Action]) -> Action:
    return max(actions, key=ACTIONS.index)


def _rates(rows: Sequence[Judged]) -> Figure:
    """Return the shares that get the fixed reply, and that get it or the resources line."""

    def rates(actions: Sequence[str]) -> Figure:
        def rate(read: Callable[[Judged], str | None]) -> Figure:
            return wilson(sum(read(one) in actions for one in rows), len(rows))

        found = {
            "rules": rate(lambda one: one.rules),
            "classifier": rate(lambda one: one.classifier),
            "both": rate(lambda one: one.both),
        }
        if any(one.served for one in rows):
            found["served"] = rate(lambda one: one.served)
        return found

    return {"fixed reply": rates(URGENT), "fixed reply or resources line": rates(SHOWN)}


if __name__ == "__main__":
    typer.run(main)
