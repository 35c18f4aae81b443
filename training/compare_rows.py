"""The rows of a comparison: what is read from each run, under which name, in which table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from training.page_parts import (
    MISSING,
    Cell,
    Table,
    Tone,
    cost_of_1000,
    duration,
    figure,
    gib,
    money,
    share,
    spread,
    table,
)
from training.report import ReportData
from training.report_page import ARROWS

Read = Callable[[ReportData], Cell]
VERDICTS = {"release": "release", "no": "no release", "dont_tune": "don't tune: a prompt does as well"}


def tables(names: Sequence[str], data: Sequence[ReportData]) -> tuple[Table, ...]:
    """Build the tables: result, cost, data, privacy; a column a run."""
    parts: tuple[tuple[str, list[tuple[str, Read]]], ...] = (
        ("Result", [("verdict", _verdict), *_scores(data)]),
        (
            "Time, tokens, cost",
            [
                ("training time", _time),
                ("training tokens", _tokens),
                ("training cost", _training_cost),
                ("peak memory", _memory),
                ("hardware", _hardware),
                ("cost of 1,000 answers", _answer_cost),
                ("prompt tokens of an answer", _prompt_tokens),
            ],
        ),
        (
            "Data",
            [
                ("base model", _base),
                ("sources and licences", _sources),
                ("rows trained on", _rows),
                ("rows set aside", _aside),
                ("dataset", _dataset),
            ],
        ),
        (
            "Privacy",
            [
                ("scrubber policy", _policy),
                ("rows set aside by the scrubber", partial(_aside, stage="scrub")),
                ("largest exposure of a canary", _exposure),
                ("answers copied from training rows", _copied),
            ],
        ),
    )
    return tuple(
        table(caption, ("measure", *names), [[Cell(name), *map(read, data)] for name, read in rows])
        for caption, rows in parts
    )


def _scores(data: Sequence[ReportData]) -> list[tuple[str, Read]]:
    primary = data[0].metric
    better = {one.metric: one.better for run in data for one in run.scores}
    rows: list[tuple[str, Read]] = []
    for metric in sorted(better, key=lambda name: name != primary):
        rows.append((f"{metric}, {ARROWS[better[metric]]}", partial(_score, arm="tuned", metric=metric)))
        if metric == primary:
            rows += [
                (f"{metric} of the {arm} arm", partial(_score, arm=arm, metric=metric))
                for arm in ("base", "prompt")
            ]
    return rows


def _score(run: ReportData, *, arm: str, metric: str) -> Cell:
    score = run.score(arm, metric)
    return spread(score.interval) if score else MISSING


def _verdict(run: ReportData) -> Cell:
    if not run.verdict:
        return MISSING
    failed = [check.name for check in run.verdict.checks if not check.passed]
    tone: Tone = "good" if run.verdict.kind == "release" else "bad"
    return Cell(VERDICTS[run.verdict.kind], f"failed: {', '.join(failed)}" if failed else "", tone)


def _time(run: ReportData) -> Cell:
    return Cell(duration(run.fit.seconds)) if run.fit else MISSING


def _tokens(run: ReportData) -> Cell:
    return Cell(f"{run.fit.tokens:,}") if run.fit else MISSING


def _training_cost(run: ReportData) -> Cell:
    """Price the measured time by the hour of the hardware that the run names as its own."""
    priced = [one for one in run.estimates if one.hardware == run.hardware]
    if not run.fit or not priced:
        return MISSING
    cost = run.fit.seconds / 3600 * priced[0].price_hour
    return Cell(money(cost, priced[0].currency), f"assumed: {priced[0].price_hour:.2f} an hour")


def _memory(run: ReportData) -> Cell:
    return Cell(gib(run.fit.peak_memory)) if run.fit and run.fit.peak_memory else MISSING


def _hardware(run: ReportData) -> Cell:
    return Cell(run.fit.hardware, run.fit.precision) if run.fit else MISSING


def _answer_cost(run: ReportData) -> Cell:
    for one in run.costs:
        if one.arm == "tuned":
            return Cell(
                cost_of_1000(one.cost, run.currency),
                f"each {duration(one.seconds)}, {one.new_tokens:,.0f} tokens",
            )
    return MISSING


def _prompt_tokens(run: ReportData) -> Cell:
    return next((Cell(f"{one.prompt_tokens:,.0f}") for one in run.costs if one.arm == "tuned"), MISSING)


def _base(run: ReportData) -> Cell:
    return Cell(run.identity.base, run.identity.base_revision[:12])


def _sources(run: ReportData) -> Cell:
    return Cell("; ".join(f"{one.source} ({one.licence})" for one in run.sources)) if run.sources else MISSING


def _rows(run: ReportData) -> Cell:
    if "train" not in run.splits:
        return MISSING
    others = "; ".join(f"{name} {rows:,}" for name, rows in run.splits.items() if name != "train")
    return Cell(f"{run.splits['train']:,}", others)


def _aside(run: ReportData, *, stage: str = "") -> Cell:
    counted = [one for one in run.stages if stage in one.stage]
    if not counted:
        return MISSING
    aside, taken = sum(sum(one.set_aside.values()) for one in counted), counted[0].taken
    return Cell(f"{aside:,}", f"{share(aside, taken)} of {taken:,}")


def _dataset(run: ReportData) -> Cell:
    return Cell(run.identity.dataset_sha256[:12])


def _policy(run: ReportData) -> Cell:
    return Cell(run.identity.policy_hash[:12])


def _exposure(run: ReportData) -> Cell:
    one = run.memorised
    if one is None:
        return MISSING
    tone: Tone = "bad" if one.exposure > one.limit or one.extracted else ""
    return Cell(
        f"{figure(one.exposure)} bits", f"limit {figure(one.limit)}; {one.extracted:,} extracted", tone
    )


def _copied(run: ReportData) -> Cell:
    return Cell(share(run.memorised.copied, 1)) if run.memorised else MISSING
