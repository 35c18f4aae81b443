"""Gather everything that was measured in a run into the one value that its report shows."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version

import app.release_manifest as manifests
from app.prompting import prompt_hash
from training.estimate import Estimate
from training.fairness import changes
from training.gate import Verdict
from training.judge import JudgeResult
from training.learning_curve import CurveFit
from training.measure import Measured, memory_of
from training.metrics import Interval, RateChange
from training.panel import PanelResult
from training.preflight import Preflight
from training.preflight_encoder import EncoderPreflight
from training.profile import Profile
from training.reading import source_name
from training.report import (
    Agreement,
    BeforeAfter,
    ChatKind,
    CurvePoint,
    GuardCount,
    Identity,
    Judgement,
    Memorised,
    Number,
    ReportData,
    Source,
)
from training.report_values import arm_cost, arm_scores, differences, slice_scores, worst_rows
from training.rows import SPLITS, read_value
from training.run import Run, revision
from training.slices import slices
from training.stages_data import Loaded, Planned
from training.trainers.base import Fit

UNKNOWN_ARM = "an arm that was not noted"
PACKAGES = ("torch", "transformers", "peft", "bitsandbytes", "accelerate")


def report_data(run: Run) -> ReportData:
    """Gather what was measured; what was not is absent."""
    measured, evaluate = Measured(run), run.recipe.evaluate
    tuned = measured.scores.get("tuned", ())
    metric = run.recipe.gate.metric or run.task.metric
    primary = measured.scored("tuned", metric)
    planned = run.optional("planned", Planned)
    estimates = run.all_of("estimates", Estimate)
    price = next((one.price_hour for one in estimates if planned and one.hardware == planned.hardware), None)
    memory = memory_of(run, measured)
    verdict = run.optional("gate", Verdict)
    return ReportData(
        name=run.recipe.name,
        task=run.task.name,
        created=datetime.now(UTC).date().isoformat(),
        metric=metric,
        verdict=verdict,
        identity=identity(run),
        sources=_sources(run),
        profile=_profile(run),
        stages=tuple(count for stage in run.folder.finished() for count in stage.counts),
        splits={split: len(run.examples(split)) for split in SPLITS},
        tokens=planned.tokens if planned else None,
        preflight=run.optional("preflight", Preflight)
        if run.writes
        else run.optional("preflight", EncoderPreflight),
        estimates=tuple(estimates),
        hardware=planned.hardware if planned else "",
        fit=run.optional("fit", Fit),
        scores=tuple(
            one
            for arm, scored in measured.scores.items()
            for one in arm_scores(arm, scored, resamples=evaluate.resamples, seed=run.recipe.seed)
        ),
        differences=differences(
            tuned,
            {arm: scored for arm, scored in measured.scores.items() if arm != "tuned"},
            resamples=evaluate.resamples,
            seed=run.recipe.seed,
        ),
        slices=tuple(
            one
            for arm in ("base", "tuned")
            if (scored := measured.scored(arm, metric)) is not None
            for one in slice_scores(
                arm, scored, parts=slices(measured.rows), resamples=evaluate.resamples, seed=run.recipe.seed
            )
        ),
        costs=tuple(
            arm_cost(
                arm,
                said,
                price_hour=None if arm == "remote" else price,
                price_in=evaluate.remote.price_in if arm == "remote" and evaluate.remote else None,
                price_out=evaluate.remote.price_out if arm == "remote" and evaluate.remote else None,
            )
            for arm, said in measured.answers.items()
            if said
        ),
        guards=tuple(
            GuardCount(arm=arm, answers=one.n, counts=one.counts) for arm, one in measured.guards.items()
        ),
        fairness=_fairness(measured),
        memorised=Memorised(
            canaries=memory.canaries,
            exposure=memory.worst,
            limit=max(run.recipe.gate.exposure, memory.by_chance),
            extracted=memory.extracted,
            copied=memory.copied,
            longest_copy=memory.longest_copy,
        )
        if memory
        else None,
        safety=tuple(map(_before_after, measured.safety)),
        other_jobs=tuple(map(_before_after, measured.elsewhere)),
        chat=tuple(run.all_of("chat", ChatKind)),
        curve=_curve(run),
        judgements=tuple(_judgements(run)),
        agreements=tuple(_agreements(run)),
        worst=worst_rows(measured.rows, measured.answers, tuned=primary, question=run.task.fields[0])
        if primary is not None
        else (),
    )  # fmt: skip


def identity(run: Run) -> Identity:
    loaded = read_value(run.folder.measured("load"), Loaded)
    weights = run.folder.adapter / manifests.WEIGHTS["lora"]
    digest = hashlib.sha256(weights.read_bytes()).hexdigest() if weights.is_file() else ""
    return Identity(
        base=run.base.source,
        base_sha256=run.base.sha256,
        base_revision=revision(run.base.source),
        adapter_sha256=digest,
        prompt_hash=prompt_hash(),
        recipe_sha256=run.recipe.sha256(),
        policy_hash=loaded.policy_hash,
        dataset_sha256=loaded.dataset_sha256,
        test_sha256=hashlib.sha256(run.folder.split("test").read_bytes()).hexdigest(),
        release=manifests.release_name(run.task.name, digest) if digest else "",
        versions={package: version(package) for package in PACKAGES},
    )


def _sources(run: Run) -> tuple[Source, ...]:
    loaded = read_value(run.folder.measured("load"), Loaded)
    return tuple(
        Source(source=name, licence=corpus.licence, rows=loaded.rows.get(name, 0))
        for corpus in run.recipe.corpora
        for name in (source_name(corpus),)
    )


def _profile(run: Run) -> tuple[Number, ...]:
    found = read_value(run.folder.measured("profile"), Profile)
    lengths = [
        Number(name=f"{one.field}, median", value=one.words.median, unit="words") for one in found.lengths
    ]
    return (
        Number(name="rows", value=found.rows),
        *lengths,
        Number(name="answers a question", value=found.answers.mean),
        Number(name="exact copies", value=found.copies.exact, unit="rows"),
        Number(name="near copies", value=found.copies.near, unit="rows"),
        Number(name="rows with markup", value=sum(found.markup.values()), unit="signs"),
    )


def _fairness(measured: Measured) -> tuple[BeforeAfter, ...]:
    if not measured.fairness:
        return ()
    return tuple(
        BeforeAfter(
            name=one.measure, group=one.attribute, better="lower", base=one.base.gap, tuned=one.tuned.gap,
            difference=one.difference, rows=len(measured.fairness[1].measured),
        )
        for one in changes(*measured.fairness)
    )  # fmt: skip


def _before_after(one: RateChange) -> BeforeAfter:
    return BeforeAfter(
        name=one.name, better=one.better, base=one.base, tuned=one.tuned, difference=one.difference,
        rows=one.rows,
    )  # fmt: skip


def _curve(run: Run) -> tuple[CurvePoint, ...]:
    fit = run.optional("fit", Fit)
    points = [
        CurvePoint(share=one.share, rows=one.rows, metric="perplexity", interval=_exact(math.exp(one.loss)))
        for one in run.all_of("curve", CurveFit)
    ]
    if points and fit:
        points.append(
            CurvePoint(
                share=1.0, rows=len(run.examples("train")), metric="perplexity",
                interval=_exact(math.exp(fit.best_loss)),
            )
        )  # fmt: skip
    return tuple(points)


def _exact(value: float) -> Interval:
    return Interval(value=value, low=value, high=value)


def _judgements(run: Run) -> Iterator[Judgement]:
    judged = run.optional("judge", JudgeResult)
    if judged:
        yield Judgement(
            by=judged.model, against=judged.against or UNKNOWN_ARM, rows=judged.n, wins=judged.win_rate,
            ties=judged.ties, position_flips=judged.position_flips,
        )  # fmt: skip
    panel = run.optional("panel", PanelResult)
    if panel:
        yield Judgement(
            by="panel", against=panel.against or UNKNOWN_ARM, rows=len(panel.rows), wins=panel.win_rate,
            ties=panel.ties,
        )  # fmt: skip


def _agreements(run: Run) -> Iterator[Agreement]:
    panel = run.optional("panel", PanelResult)
    if panel:
        for one in (*panel.agreements, *panel.judge):
            yield Agreement(between=" and ".join(one.raters), rows=one.n, kappa=one.kappa.value)
