"""What a report shows: one value, built from what was measured and from nothing else.

A part that was not measured is absent, and the page says so by its name. `report_page.py` draws it,
`compare.py` puts several side by side, `model_card.py` writes the release's card from it. Only the `worst`
rows hold words, and they are scrubbed.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from training.estimate import Estimate, Tokens
from training.gate import Verdict
from training.metrics import Interval
from training.preflight import Preflight
from training.preflight_encoder import EncoderPreflight
from training.rows import Frozen, StageCounts
from training.trainers.base import Fit

Better = Literal["higher", "lower", "neither"]


def _without_folders(source: str) -> str:
    """Keep a local source's last part: a report that travels does not name a machine's folders."""
    bare = source.removeprefix("path:")
    local = bare != source or bare.startswith(("/", "~", "."))
    return PurePath(bare).name if local else source


Place = Annotated[str, AfterValidator(_without_folders)]


class Number(Frozen):
    """One measured figure of the corpus profile, with its unit."""

    name: str
    value: float
    unit: str = ""


class Source(Frozen):
    """One corpus of the run and the licence that it states. A path keeps its last part alone."""

    source: Place
    licence: str
    rows: int = Field(ge=0)


class ArmScore(Frozen):
    """One metric of one arm over the test rows."""

    arm: str
    metric: str
    better: Better
    interval: Interval
    rows: int


class Difference(Frozen):
    """The tuned model minus another arm on the same rows, paired."""

    against: str
    metric: str
    better: Better
    interval: Interval

    @property
    def plainly(self) -> Literal["better", "worse", "no clear difference"]:
        """Say in words what the interval shows; a metric without a direction shows no better."""
        if not self.interval.excludes_zero or self.better == "neither":
            return "no clear difference"
        return "better" if (self.interval.value > 0) == (self.better == "higher") else "worse"


class SliceScore(Frozen):
    """A metric over a part of the test rows."""

    part: str
    rows: int
    arm: str
    metric: str
    interval: Interval


class ArmCost(Frozen):
    """What an answer of one arm takes: means over its answers, the 95th percentile of seconds."""

    arm: str
    answers: int
    seconds: float
    seconds_p95: float
    prompt_tokens: float
    new_tokens: float
    cost: float | None = Field(default=None, ge=0, description="currency an answer; None without a price")


class GuardCount(Frozen):
    """How many answers of an arm each guard would stop."""

    arm: str
    answers: int
    counts: dict[str, int]


class BeforeAfter(Frozen):
    """One measured quantity of the base and of the tuned model: fairness, safety, another job's score."""

    name: str
    group: str = ""
    better: Better
    base: Interval
    tuned: Interval
    difference: Interval | None = Field(default=None, description="tuned minus base, where it is paired")
    rows: int


class Memorised(Frozen):
    """What the tuned model repeats of its training rows. `copied` is a share of its test answers."""

    canaries: int
    exposure: float = Field(description="the most exposed canary, in bits")
    limit: float
    extracted: int
    copied: float = Field(default=0.0, ge=0, le=1)
    longest_copy: int = Field(default=0, ge=0, description="words in a row that stand in a training answer")


class ChatKind(Frozen):
    """How many answers of one kind the real chat gave to one sort of messages, with base and tuned model."""

    asked: str = ""
    kind: str
    base: int
    tuned: int


class CurvePoint(Frozen):
    """A metric after training on a share of the data."""

    share: float
    rows: int
    metric: str
    interval: Interval


class Judgement(Frozen):
    """How often a judge preferred the tuned model's answer; ties count half. `by` names model or panel."""

    by: str
    against: str
    rows: int
    wins: Interval
    ties: int
    position_flips: int = 0


class Agreement(Frozen):
    """Cohen's kappa of two who judged the same rows."""

    between: str
    rows: int
    kappa: float


class WorstRow(Frozen):
    """One of the rows that the tuned model did worst on, with every arm's answer."""

    id: str
    metric: str
    value: float
    question: str = Field(repr=False)
    reference: str = Field(repr=False)
    answers: dict[str, str] = Field(repr=False)


class Identity(Frozen):
    """The values of the manifest: what exactly was trained, on what, under which rules."""

    base: Place
    base_sha256: str
    base_revision: str = ""
    adapter_sha256: str = ""
    prompt_hash: str
    recipe_sha256: str
    policy_hash: str
    dataset_sha256: str
    test_sha256: str = ""
    release: str = ""
    versions: dict[str, str] = Field(default_factory=dict)


class ReportData(Frozen):
    """Everything that a report shows."""

    name: str
    task: str
    created: str
    metric: str = Field(description="the primary metric, which the gate reads")
    verdict: Verdict | None = None
    identity: Identity
    sources: tuple[Source, ...] = ()
    profile: tuple[Number, ...] = ()
    stages: tuple[StageCounts, ...] = ()
    splits: dict[str, int] = Field(default_factory=dict)
    tokens: Tokens | None = None
    preflight: Preflight | EncoderPreflight | None = None
    estimates: tuple[Estimate, ...] = ()
    hardware: str = Field(default="", description="the line of `estimates` that it was trained on")
    fit: Fit | None = None
    scores: tuple[ArmScore, ...] = ()
    differences: tuple[Difference, ...] = ()
    slices: tuple[SliceScore, ...] = ()
    costs: tuple[ArmCost, ...] = ()
    currency: str = "USD"
    guards: tuple[GuardCount, ...] = ()
    fairness: tuple[BeforeAfter, ...] = ()
    memorised: Memorised | None = None
    safety: tuple[BeforeAfter, ...] = ()
    other_jobs: tuple[BeforeAfter, ...] = ()
    chat: tuple[ChatKind, ...] = ()
    curve: tuple[CurvePoint, ...] = ()
    judgements: tuple[Judgement, ...] = ()
    agreements: tuple[Agreement, ...] = ()
    worst: tuple[WorstRow, ...] = ()

    def score(self, arm: str, metric: str = "") -> ArmScore | None:
        """Return an arm's score by the primary or a named metric, where it was measured."""
        wanted = metric or self.metric
        return next((one for one in self.scores if (one.arm, one.metric) == (arm, wanted)), None)

    def not_measured(self) -> tuple[str, ...]:
        """Name every part of a report that this run has not measured, in the order of the report."""
        return tuple(name for field, name in PARTS.items() if not getattr(self, field))


PARTS = {
    "verdict": "the gate's verdict",
    "scores": "scores by arm",
    "differences": "differences to the other arms",
    "slices": "scores by slice",
    "costs": "seconds, tokens and cost an answer",
    "guards": "guards",
    "chat": "answers of the real chat by kind",
    "safety": "safety before and after",
    "fairness": "fairness",
    "memorised": "memorisation",
    "other_jobs": "other jobs' scores",
    "judgements": "a judge or a panel",
    "agreements": "agreement of judge and people",
    "curve": "learning curve",
    "worst": "the worst rows",
    "sources": "sources and licences",
    "profile": "corpus profile",
    "stages": "counts of the stages",
    "preflight": "pre-flight",
    "estimates": "estimates",
    "fit": "the record of the training",
}
