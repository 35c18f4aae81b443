"""The details of a report that tell of the run itself: training, estimates, data, identity."""

from __future__ import annotations

from collections.abc import Sequence

from training import preflight_encoder
from training.estimate import Estimate
from training.page_parts import Cell, Section, Table, duration, figure, gib, money, picture, share, table
from training.preflight import QUANTILES
from training.preflight_encoder import EncoderPreflight
from training.report import ReportData


def training(data: ReportData) -> Section:
    """Show the record of the training, with its loss curves."""
    fit = data.fit
    if fit is None:
        return Section("training", "The training", missing=True)
    from training import plots

    taken = {
        "training": [(float(one.step), one.train_loss) for one in fit.points if one.train_loss],
        "validation": [(float(one.step), one.validation_loss) for one in fit.points if one.validation_loss],
    }
    drawn = {name: points for name, points in taken.items() if points}
    facts = (
        ("steps", f"{fit.steps:,}, the best at {fit.best_step:,}"),
        ("best validation loss", f"{figure(fit.best_loss)} nats a target token"),
        ("ended early", "yes" if fit.stopped_early else "no"),
        ("resumed from step", f"{fit.resumed_from:,}" if fit.resumed_from else "not resumed"),
        ("time", duration(fit.seconds)),
        ("tokens", f"{fit.tokens:,}, of which {fit.trained_tokens:,} carried loss"),
        ("speed", f"{figure(round(fit.tokens / fit.seconds, 1))} tokens a second" if fit.seconds else "–"),
        ("peak memory", gib(fit.peak_memory) if fit.peak_memory else "not measured"),
        (
            "trained parameters",
            f"{fit.trainable_parameters:,} of {fit.parameters:,} "
            f"({share(fit.trainable_parameters, fit.parameters)})",
        ),
        ("hardware", f"{fit.hardware}, {fit.precision}"),
    )
    pictures = (picture(plots.lines("Loss", drawn, x="step", y="nats a token")),) if drawn else ()
    return Section("training", "The training", facts=facts, plots=pictures)


def estimates(data: ReportData) -> Section:
    """Show what was estimated before anything started."""
    if not data.estimates:
        return Section("estimates", "What was estimated before", missing=True)
    first = data.estimates[0]
    intro = (
        f"Of the training alone, on {first.tokens:,} tokens. Prices are assumptions of {first.price_date}; "
        "throughputs that were assumed say so."
    )
    return Section(
        "estimates",
        "What was estimated before",
        intro,
        tables=(estimates_table(data.estimates),),
    )


def estimates_table(found: Sequence[Estimate]) -> Table:
    """Build the table of what a training would take, a row for each piece of hardware."""
    heads = ("hardware", "fits", "memory", "tokens a second", "time", "cost")
    return table("Estimates by hardware", heads, [_estimate(one) for one in found])


def preflight(data: ReportData) -> Section:
    """Show what the formatted rows hold."""
    one = data.preflight
    if one is None:
        return Section("preflight", "Pre-flight", missing=True)
    if isinstance(one, EncoderPreflight):
        return Section(
            "preflight",
            "Pre-flight",
            facts=preflight_encoder.facts(one),
            tables=(preflight_encoder.lengths(one),),
        )
    facts = (
        ("rows", f"{one.rows:,}, each with loss and an end token"),
        ("tokens", f"{one.tokens:,}, of which {one.trained:,} carry loss ({share(one.trained, one.tokens)})"),
        ("longest row", f"{one.longest:,} tokens (limit {one.max_tokens:,})"),
        ("set aside as too long", f"{len(one.over_long):,} (no answer is cut)"),
        ("rows whose prompt carries loss", figure(one.unmasked)),
    )
    heads = ("share of the rows", *(f"{100 * at:g} %" for at in QUANTILES))
    shown = table("Trained tokens a row", heads, [("at most", *(f"{value:,}" for value in one.quantiles))])
    return Section("preflight", "Pre-flight", facts=facts, tables=(shown,))


def corpus(data: ReportData) -> Section:
    """Show the data: sources, counts that add up, splits, profile."""
    if not data.stages and not data.sources and not data.profile:
        return Section("corpus", "The data", missing=True)
    tables: list[Table] = []
    if data.sources:
        sources = [(one.source, one.licence, f"{one.rows:,}") for one in data.sources]
        tables.append(table("Sources", ("source", "licence", "rows"), sources))
    if data.stages:
        stages = [
            (one.stage, f"{one.taken:,}", f"{one.kept:,}", _listed(one.set_aside), _listed(one.changed))
            for one in data.stages
        ]
        heads = ("stage", "in", "kept", "set aside", "changed")
        tables.append(table("Stages: in = kept + set aside", heads, stages))
    if data.splits:
        tables.append(
            table("Splits", ("split", "rows"), [(name, f"{rows:,}") for name, rows in data.splits.items()])
        )
    facts = tuple((one.name, f"{figure(one.value)} {one.unit}".strip()) for one in data.profile)
    return Section("corpus", "The data", facts=facts, tables=tuple(tables))


def identity(data: ReportData) -> Section:
    """Show the values of the manifest."""
    one = data.identity
    values = [(name.replace("_", " "), str(value)) for name, value in one if name != "versions" and value]
    versions = tuple((f"version of {name}", version) for name, version in sorted(one.versions.items()))
    return Section("identity", "What exactly this is", facts=(*values, *versions))


def _estimate(one: Estimate) -> tuple[Cell | str, ...]:
    head = Cell(one.hardware, f"{one.precision}, {one.source.split(':')[0]}")
    need = Cell(gib(one.memory.total), f"of {gib(one.memory_limit)}")
    if not one.fits:
        return (head, Cell("no", tone="bad"), need, one.reason.split(":")[0], "–", "–")
    fits = Cell("yes", f"{one.micro_batch} rows a pass")
    cost = Cell(money(one.cost, one.currency), f"{one.price_hour:.2f} an hour")
    return (head, fits, need, figure(one.tokens_per_second), duration(one.seconds), cost)


def _listed(counts: dict[str, int]) -> Cell:
    total = sum(counts.values())
    reasons = "; ".join(f"{name} {count:,}" for name, count in counts.items())
    return Cell(f"{total:,}", reasons)
