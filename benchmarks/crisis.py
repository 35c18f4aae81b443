"""Measure the crisis gate on written messages: rules alone, joined by the classifier, and as it is served.

As it is served is with the active reader of messages, whose odds and the classifier's are added up.

`--on frozen` reads the set of authors whom neither rules nor classifier have met: what counts. A conversation
of several turns is caught where one of its turns is, because the risk stays. `--on training` reads the text
that the classifier is taught with: the rules were improved with it in view, so their figures flatter them;
the classifier's scores are of authors left out, but its limits were chosen on them. Rates stand with 95 %
Wilson intervals. The result holds counts only.

On the frozen set also: which reply each written level gets ("replies by level", of messages that get one),
how many messages the whole screen refuses, and the milliseconds from a message to its fixed reply, with every
other part of the service broken and with the reader of messages up.

Run: python -m benchmarks.crisis [--on frozen|training] [--weights DIR] [--scores FILE] [--out FILE]
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from app.answer import Sentence
from app.chat import ChatService, Parts, Rules
from app.clinic import load_clinic
from app.conversation import Conversation
from app.crisis_release import reading_gate
from app.parts import Part
from app.settings import SAMPLES, load_settings
from benchmarks.crisis_sets import frozen_rows
from benchmarks.report import Figure, report, times
from benchmarks.screen import wilson
from safety.crisis import CrisisGate
from safety.crisis_ngrams import SHIPPED, SHORT, CrisisNgrams, Danger, NgramConfig
from safety.replies import Replies
from safety.reply_kinds import ReplyKinds
from safety.screen import Screener
from safety.verdict import ACTIONS, ALLOW, Action, Verdict
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

    `served` is what rules, classifier and reader say together, where a reader was asked; `reply` is the kind
    of reply to it, or its action; `screened` is what the whole screen says.
    """

    groups: tuple[str, ...]
    rules: Action
    classifier: Action
    both: Action
    served: Action | None = None
    reply: str = ""
    screened: Action | None = None


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
    took: dict[str, list[float]] = defaultdict(list)
    judged = list(
        _frozen(model, took) if on is On.frozen else _training(model.config, read_scores(scores), took)
    )
    figures: dict[str, Figure] = {
        "on": on.value,
        "rows": len(judged),
        "limits": [one.model_dump() for one in model.config.limits],
        "milliseconds": {what: times(values) for what, values in took.items()},
    }
    if on is On.frozen:
        figures["replies by level"] = replies_by_level(judged)
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


def replies_by_level(judged: Sequence[Judged]) -> dict[str, Figure]:
    """Count, for each group of crises and emergencies, which reply its messages get, if they get one."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for one in judged:
        if one.reply and one.served in URGENT:
            counts[one.groups[1]][one.reply] += 1
    return {
        level: dict(counts[level].most_common())
        for level in sorted(counts)
        if ", allow" not in level and ", support" not in level
    }


def _frozen(model: CrisisNgrams, took: dict[str, list[float]]) -> Iterator[Judged]:
    served_gate = reading_gate(load_settings())
    gates = (CrisisGate(), CrisisGate(ngrams=model), served_gate)
    screener, kinds = Screener(gate=served_gate), ReplyKinds.load(ngrams=model)
    services = {
        "to the fixed reply, all else broken": alone(CrisisGate(ngrams=model)),
        "to the fixed reply, the reader up": alone(served_gate, read=True),
    }
    for row in frozen_rows():
        rules, both, served = (
            [gate.assess(text, earlier=row.turns[:at]) for at, text in enumerate(row.turns)] for gate in gates
        )
        begun = time.perf_counter()
        classifier = [model.assess(text, earlier=row.turns[:at]) for at, text in enumerate(row.turns)]
        took["classifier"].append(1000 * (time.perf_counter() - begun))
        for what, service in services.items():
            if (waited := to_reply(service, row.turns)) is not None:
                took[what].append(waited)
        worst, said = max(zip(served, row.turns, strict=True), key=lambda of: of[0].rank)
        screened = [screener.screen(text, row.turns[:at]) for at, text in enumerate(row.turns)]
        several = (f"{row.language}, {row.action}: several turns",) if len(row.turns) > 1 else ()
        yield Judged(
            (*_groups(row.language, row.author, row.action, row.level), *several),
            _worst_of(rules),
            _worst_of(classifier),
            _worst_of(both),
            worst.action,
            kinds.kind(worst, said) if worst.action in URGENT else worst.action,
            "refuse" if any(one.action == "refuse" for one in screened) else _worst_of(screened),
        )


def alone(gate: CrisisGate, *, read: bool = False) -> ChatService:
    """Return a service of gate and replies, all other parts broken, but for a reader to `read`."""

    def broken() -> Any:
        raise RuntimeError("broken on purpose")

    names = ("scrubber", "reader", "retriever", "output_check", "tuned_check", "store", "model")
    parts = Parts(**{name: Part(name, broken) for name in names})
    if read:
        parts.reader.replace(gate.reader)
    rules = Rules(base="none", support="brief")
    clinic = load_clinic(SAMPLES / "clinic.yaml")
    return ChatService(
        gate=gate, replies=Replies.load(ngrams=gate.ngrams), clinic=clinic, parts=parts, rules=rules
    )


def to_reply(service: ChatService, turns: Sequence[str]) -> float | None:
    """Return the milliseconds to the fixed reply to the first of `turns` that gets one; None: none does."""
    conversation = Conversation()
    for text in turns:
        begun = time.perf_counter()
        events = service.stream(text, conversation)
        first = next(events)
        waited = 1000 * (time.perf_counter() - begun)
        events.close()
        if isinstance(first, Sentence):
            return waited
        conversation.add("user", text)
    return None


def _training(config: NgramConfig, scores: Sequence[Score], took: dict[str, list[float]]) -> Iterator[Judged]:
    gate = CrisisGate()
    of = {one.id.split(".")[0]: one for one in scores}
    for row in crisis_rows():
        if row.id not in of:
            continue
        begun = time.perf_counter()
        rules = gate.assess(expansions(row, seed=SEED)[0]).action
        took["rules"].append(1000 * (time.perf_counter() - begun))
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


def _worst_of(verdicts: Sequence[Verdict]) -> Action:
    return max(verdicts, key=lambda one: one.rank, default=ALLOW).action


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

    found: dict[str, Figure] = {"fixed reply": rates(URGENT), "fixed reply or resources line": rates(SHOWN)}
    if any(one.screened for one in rows):
        found["refused"] = wilson(sum(one.screened == "refuse" for one in rows), len(rows))
    return found


if __name__ == "__main__":
    typer.run(main)
