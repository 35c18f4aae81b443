"""The details of a report, a section each: what the arms and the tuned model were measured to do."""

from __future__ import annotations

from collections.abc import Sequence

from training.page_parts import (
    MISSING,
    Cell,
    Section,
    Table,
    Tone,
    change,
    cost_of_1000,
    duration,
    figure,
    picture,
    share,
    spread,
    table,
)
from training.report import BeforeAfter, ReportData
from training.report_run_sections import corpus, estimates, identity, preflight, training


def sections(data: ReportData) -> tuple[Section, ...]:
    """Build every section after the comparison; one without figures says that it has none."""
    return (
        _gate(data),
        _slices(data),
        _costs(data),
        _guards(data),
        _chat(data),
        _before_after(data.safety, "safety", "Safety before and after", "What tuning cost in safety."),
        _before_after(
            data.fairness,
            "fairness",
            "Fairness",
            "The same message with one attribute swapped; a gap is the largest difference between values.",
        ),
        _memorised(data),
        _before_after(
            data.other_jobs,
            "other",
            "Other jobs' scores",
            "What tuning cost elsewhere. An adapter is not loaded for another job; a merged export, and a "
            "model that was tuned whole, do it too.",
        ),
        _judges(data),
        _curve(data),
        training(data),
        estimates(data),
        preflight(data),
        corpus(data),
        identity(data),
    )


def _gate(data: ReportData) -> Section:
    if not data.verdict:
        return Section("gate", "The gate's checks", missing=True)
    rows = [
        (check.name, Cell("passed" if check.passed else "failed", tone=_tone(check.passed)), check.text)
        for check in data.verdict.checks
    ]
    passed = sum(check.passed for check in data.verdict.checks)
    intro = f"{passed} of {len(rows)} checks passed. The gate sees numbers only."
    return Section(
        "gate",
        "The gate's checks",
        intro,
        tables=(table("Checks of the gate", ("check", "result", "figures"), rows),),
    )


def _slices(data: ReportData) -> Section:
    if not data.slices:
        return Section("slices", "By slice", missing=True)
    tables: list[Table] = []
    for metric in dict.fromkeys(one.metric for one in data.slices):
        mine = [one for one in data.slices if one.metric == metric]
        names = tuple(dict.fromkeys(one.arm for one in mine))
        rows: list[list[Cell | str]] = []
        for part in dict.fromkeys(one.part for one in mine):
            found = {one.arm: one for one in mine if one.part == part}
            cells = [spread(found[arm].interval) if arm in found else MISSING for arm in names]
            rows.append([Cell(part, f"{next(iter(found.values())).rows:,} rows"), *cells])
        tables.append(table(f"{metric} by slice", ("slice", *names), rows))
    intro = "Small slices have wide intervals; a difference between slices is a hint, not a finding."
    return Section("slices", "By slice", intro, tables=tuple(tables))


def _costs(data: ReportData) -> Section:
    if not data.costs:
        return Section("costs", "Time, tokens and cost an answer", missing=True)
    rows = [
        (
            Cell(one.arm, f"{one.answers:,} answers"),
            Cell(duration(one.seconds), f"95 % within {duration(one.seconds_p95)}"),
            figure(round(one.prompt_tokens, 1)),
            figure(round(one.new_tokens, 1)),
            cost_of_1000(one.cost, data.currency),
        )
        for one in data.costs
    ]
    heads = ("arm", "seconds", "prompt tokens", "new tokens", "cost of 1,000 answers")
    return Section(
        "costs", "Time, tokens and cost an answer", tables=(table("Means over the answers", heads, rows),)
    )


def _guards(data: ReportData) -> Section:
    if not data.guards:
        return Section("guards", "Guards", missing=True)
    names = sorted({name for one in data.guards for name in one.counts})
    rows: list[list[Cell | str]] = [
        [
            name,
            *(
                Cell(f"{one.counts.get(name, 0):,}", share(one.counts.get(name, 0), one.answers))
                for one in data.guards
            ),
        ]
        for name in names
    ]
    heads = ("guard", *(f"{one.arm} (of {one.answers:,})" for one in data.guards))
    intro = "How many answers of the bare model each guard would stop. Fewer is better."
    return Section("guards", "Guards", intro, tables=(table("Answers stopped, by guard", heads, rows),))


def _chat(data: ReportData) -> Section:
    if not data.chat:
        return Section("chat", "The real chat, by kind of answer", missing=True)
    rows = [(one.asked, one.kind, f"{one.base:,}", f"{one.tuned:,}") for one in data.chat]
    intro = "The same messages through the application's whole path, once with each model."
    heads = ("asked", "kind of answer", "with the base", "with the tuned model")
    return Section(
        "chat",
        "The real chat, by kind of answer",
        intro,
        tables=(table("Answers by kind", heads, rows),),
    )


def _before_after(values: Sequence[BeforeAfter], key: str, title: str, intro: str) -> Section:
    if not values:
        return Section(key, title, missing=True)
    grouped = any(one.group for one in values)
    rows: list[list[Cell | str]] = []
    for one in values:
        direction = {"neither": "closer to the base is better"}.get(one.better, f"{one.better} is better")
        head = Cell(f"{one.group}: {one.name}" if one.group else one.name, f"{direction}, {one.rows:,} rows")
        rows.append([head, spread(one.base), spread(one.tuned), _change(one)])
    first = "group: measure" if grouped else "measure"
    return Section(
        key, title, intro, tables=(table(title, (first, "base", "tuned", "tuned minus base"), rows),)
    )


def _change(one: BeforeAfter) -> Cell:
    if one.difference is None:
        return MISSING
    figures = change(one.difference)
    if not one.difference.excludes_zero:
        return Cell("no clear difference", figures)
    if one.better == "neither":
        return Cell("differs", figures)
    good = (one.difference.value > 0) == (one.better == "higher")
    return Cell("better" if good else "worse", figures, _tone(good))


def _memorised(data: ReportData) -> Section:
    one = data.memorised
    if one is None:
        return Section("memorised", "Memorisation", missing=True)
    facts = (
        ("canaries planted", figure(one.canaries)),
        ("largest exposure", f"{figure(one.exposure)} bits (allowed: {figure(one.limit)})"),
        ("canaries that could be extracted", figure(one.extracted)),
        ("answers copied from training rows", share(one.copied, 1)),
        ("longest copy", f"{one.longest_copy:,} words in a row"),
    )
    intro = (
        "Invented secrets stood in the training rows. Exposure (Carlini et al. 2019) says how far above "
        "chance the model prefers a planted secret; at 0 it knows nothing of it."
    )
    return Section("memorised", "Memorisation", intro, facts)


def _judges(data: ReportData) -> Section:
    if not data.judgements and not data.agreements:
        return Section("judges", "Judge and panel", missing=True)
    tables: list[Table] = []
    if data.judgements:
        rows = [
            (
                Cell(one.by, f"{one.rows:,} rows"),
                one.against,
                spread(one.wins),
                f"{one.ties:,}",
                f"{one.position_flips:,}",
            )
            for one in data.judgements
        ]
        heads = ("judged by", "tuned against", "share of wins", "ties", "changed with the position")
        tables.append(table("Preferences", heads, rows))
    if data.agreements:
        agreed = [(one.between, f"{one.rows:,}", figure(one.kappa)) for one in data.agreements]
        tables.append(table("Agreement", ("between", "rows", "Cohen's kappa"), agreed))
    intro = "A tie counts half a win; 0.5 is no preference."
    return Section("judges", "Judge and panel", intro, tables=tuple(tables))


def _curve(data: ReportData) -> Section:
    if not data.curve:
        return Section("curve", "Learning curve", missing=True)
    from training import plots

    rows = [
        (Cell(share(one.share, 1), f"{one.rows:,} rows"), one.metric, spread(one.interval))
        for one in data.curve
    ]
    points = {"tuned": [(100 * one.share, one.interval.value) for one in data.curve]}
    drawn = plots.lines("Learning curve", points, x="% of the training rows", y=data.curve[0].metric)
    found = table("Scores by share of the data", ("share", "metric", "value"), rows)
    return Section("curve", "Learning curve", tables=(found,), plots=(picture(drawn),))


def _tone(good: bool) -> Tone:
    return "good" if good else "bad"
