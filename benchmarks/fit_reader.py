"""Choose how the reader of messages is believed (safety/reader_limits.json), on authors that it has not seen.

The authors are dealt out to FOLDS parts; each part is scored by a reader that the others taught, trained as
the recipe says and served as it is served. The scores are one table, a row a message, ids and numbers and no
words; the n-grams' share of danger stands beside the reader's, of authors left out as well (those of the
screen and of the supporting replies they have never seen). From the table follow the weights of both
(logistic regression, danger against the rest) and the limits: of each kind of ordinary message (written to be
mistaken for danger, long ones of that sort, written to be mistaken for harm, asked of clinics, told to be
heard) at most so many may reach one, and the strictest kind decides. Likewise for what tells of a feeling:
what is asked of clinics decides; and for when a rule is doubted: the dangerous messages that a rule stops.

`--write` writes limits for the active release of the reader, or of `--release FOLDER`. What was scored is
kept in `--work` under the hash of what it was scored with, so that a run that was stopped goes on.
Run: python -m benchmarks.fit_reader --work DIR [--write]
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import typer
from numpy.typing import NDArray
from pydantic import PlainSerializer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from tqdm import tqdm

from app.settings import Settings
from benchmarks.report import Figure, report
from benchmarks.screen import wilson
from safety.crisis import RULE_FILES, CrisisGate
from safety.crisis_ngrams import KINDS, Ceilings, CrisisNgrams, Kind, danger_odds
from safety.reader import (
    CERTAIN,
    FEELING,
    LENGTHS,
    LIMITS,
    LONG,
    MAY_BE_DANGER,
    MOST_WINDOWS,
    NO_DANGER,
    REFUSED,
    WINDOW_TOKENS,
    Length,
    MessageReader,
    ReaderLimits,
    ReadLimit,
    length_of,
    surer,
)
from training.out_of_author import (
    DIGITS,
    SHIPPED_SCORES,
    doubts_below,
    least_share,
    read_scores,
    read_table,
    write_table,
)
from training.recipe import load_recipe
from training.rows import Example, Frozen
from training.tasks.message_reader import MESSAGE_READER
from training.trainers import TRAINERS, Job, Point
from training.written.message_rows import training_rows
from weights import fetch
from weights.cache import publish
from weights.defaults import EMBEDDER
from weights.served import READER, build_encoder, chosen_encoder

FOLDS: Final = 3
SCORES: Final = Path(__file__).parent.parent / "training" / "written" / "reader_out_of_author.csv"
# Who only wants to be heard gets the fixed reply more often than who asks: numbers to call are no wrong
# answer to them.
CEILINGS: Final[Mapping[str, Ceilings]] = {
    "told": Ceilings(act=0.12, support=0.30),
    "long": Ceilings(act=0.06, support=0.30),
    "written": Ceilings(act=0.05, support=0.12),
    "alike": Ceilings(act=0.05, support=0.12),
    "clinic": Ceilings(act=0.01, support=0.022),
    # Who asks a clinic asks of symptoms: at .01 one in twenty of doctors' made-up questions was an emergency.
    "clinic, emergency": Ceilings(act=0.006, support=0.018),
}
KINDS_OF_ORDINARY: Final = tuple(kind for kind in CEILINGS if ", " not in kind)
# A patient who is refused for nothing may not ask again: of requests for harm few are worth that.
REFUSED_CEILINGS: Final[Mapping[str, Mapping[str, float]]] = {
    "harmful_request": {"written": 0.002, "alike": 0.0045, "clinic": 0.0004},
    "injection": {"written": 0.005, "alike": 0.015, "clinic": 0.002},
}
FEELING_CEILING: Final = 0.03
"""How many of what is asked of clinics may be heard as a feeling: who asks wants an answer."""
DOUBTED: Final = 0.012
"""How many of the dangerous messages that a rule stops may be left to the resources line.

Of the ordinary ones that a rule stops, 85 of the 198 written to be mistaken go with them (.004: 55, .02:
109), for 9 of 837 dangerous ones.
"""
# However few ordinary messages come near: danger, or harm, must be the likelier reading.
_LEAST: Final = {"act": 0.5, "support": 0.3}
_LEAST_REFUSED: Final[Mapping[str, float]] = {"harmful_request": 0.75, "injection": 0.5}


class Score(Frozen):
    """One message as scored without its author: shares 0 to 1; `action` is the likelier kind of danger.

    `ruled`: a rule would stop it, and a reader may doubt that.
    """

    id: str
    label: str
    action: Kind
    length: Length
    ngrams: float
    reader: float
    harmful_request: float
    injection: float
    feeling: float
    ruled: Annotated[bool, PlainSerializer(int)]

    @property
    def refusals(self) -> dict[str, float]:
        """The share of each category that is refused."""
        return {"harmful_request": self.harmful_request, "injection": self.injection}

    @property
    def kind(self) -> str:
        """Which kind of ordinary message it is; "" for any other."""
        if self.label not in ("none", FEELING):
            return ""
        of_source = {"clinic": "clinic", "screen": "alike", "support": "told"}
        otherwise = "long" if self.length == "long" else "written"
        return of_source.get(self.id.partition("-")[0], otherwise)


def fold_of(author: str) -> int:
    """Return an author's part: those of a kind are dealt out one after another."""
    last = author.rpartition("-")[2]
    return (int(last) if last.isdigit() else ord(last)) % FOLDS


def score_fold(fold: int, examples: Sequence[Example], work: Path) -> list[Score]:
    """Train on the other authors, and score these; what was scored before is read again."""
    recipe, base, ngrams = load_recipe("message_reader"), fetch(EMBEDDER), CrisisNgrams.load()
    digest = hashlib.sha256(f"{recipe.train.model_dump_json()}{base.sha256}{recipe.seed}".encode())
    for one in examples:
        digest.update(one.model_dump_json().encode())
    folder = work / f"{digest.hexdigest()[:10]}-{fold}"
    reads = hashlib.sha256(f"{WINDOW_TOKENS} {MOST_WINDOWS} {LONG}".encode())
    for name in (*RULE_FILES, "crisis_words.yaml"):
        reads.update((LIMITS.parent / name).read_bytes())
    kept = folder / f"scores-{ngrams.config.weights_sha256[:10]}-{reads.hexdigest()[:10]}.csv"
    if kept.is_file():
        return read(kept)
    held = [one for one in examples if fold_of(one.topic) == fold]
    job = Job(
        task=MESSAGE_READER, base=base.folder, base_sha256=base.sha256, validation=(), settings=recipe.train,
        train=[one for one in examples if fold_of(one.topic) != fold], clinic="", seed=recipe.seed,
        out=folder / "weights", checkpoints=folder / "checkpoints", logs=folder / "logs",
        base_source=EMBEDDER,
    )  # fmt: skip
    with tqdm(desc=f"part {fold + 1} of {FOLDS}", unit="step") as bar:

        def hear(point: Point, steps: int) -> None:
            bar.total = steps
            bar.update(point.step - bar.n)

        if not job.out.exists():
            TRAINERS["text_classifier"]().fit(job, hear)
    served = folder / "served"

    def fill(fresh: Path) -> None:
        build_encoder(base.folder, job.out, fresh)

    publish(served, f"part {fold}", fill)
    reader, rules = MessageReader(served), CrisisGate()
    left_out = {one.id: one for one in read_scores(SHIPPED_SCORES)}
    found = []
    for one in tqdm(held, desc="scoring", unit="message"):
        known = left_out.get(one.id)
        if known is None and not one.topic.startswith(("screen-", "support-")):
            continue  # the n-grams have seen its author
        text = one.inputs["text"]
        shares, counted, rule = reader.shares(text), ngrams.danger(text), rules.assess(text)
        if known is not None:
            counted = replace(counted, share=known.share, action=known.action)
        danger = reader.danger(shares)
        found.append(
            Score(
                id=one.id, label=one.target, action=surer(counted, danger).action,
                length=length_of(counted),
                ngrams=round(counted.share, DIGITS),
                reader=round(danger.share, DIGITS),
                feeling=round(reader.feeling(shares), DIGITS),
                ruled=counted.language == "en" and rules.may_be_doubted(text, rule),
                **{name: round(share, DIGITS) for name, share in reader.refusals(shares).items()},
            )
        )  # fmt: skip
    write_table(kept, found, Score)
    return found


def limits_of(scores: Sequence[Score], *, reader_sha256: str, ngrams_sha256: str, table: str) -> ReaderLimits:
    """Return the weights and limits that follow from the table; `table` is its SHA-256."""
    danger = np.array([one.label not in NO_DANGER for one in scores])
    shares = np.array([(one.ngrams, one.reader) for one in scores])
    odds = danger_odds(np.clip(shares, CERTAIN, 1 - CERTAIN))
    model = LogisticRegression(class_weight="balanced").fit(odds, danger)
    bias, *weights = (
        round(float(one), DIGITS) for one in (model.intercept_[0], *np.maximum(model.coef_[0], 0.0))
    )
    mixed = 1 / (1 + np.exp(-(odds @ np.array(weights) + bias)))
    kinds = np.array([one.kind for one in scores])
    lengths, ruled = np.array([one.length for one in scores]), np.array([one.ruled for one in scores])
    limits = []
    for action in KINDS:
        of_action = np.where([one.action == action for one in scores], mixed, 0.0)
        reached = {
            (length, what): max(
                _reached(
                    of_action[(kinds == kind) & (lengths == length)],
                    getattr(CEILINGS.get(f"{kind}, {action}", CEILINGS[kind]), what),
                )
                for kind in KINDS_OF_ORDINARY
            )
            for length in LENGTHS
            for what in _LEAST
        }
        for length in LENGTHS:
            # One of few words, or of very many, needs at least what others need: fewer were written.
            act, support = (
                max(least, reached["usual", what], reached[length, what]) for what, least in _LEAST.items()
            )
            limits.append(ReadLimit(action=action, length=length, act=act, support=min(act, support)))
    refused = {}
    for name in REFUSED:
        share = np.array([one.refusals[name] if one.reader < MAY_BE_DANGER else 0.0 for one in scores])
        refused[name] = max(
            _LEAST_REFUSED[name],
            *(_reached(share[kinds == kind], ceiling) for kind, ceiling in REFUSED_CEILINGS[name].items()),
        )
    return ReaderLimits(
        fitted=f"{datetime.now(UTC).date().isoformat()} by benchmarks/fit_reader.py",
        reader_sha256=reader_sha256, ngrams_sha256=ngrams_sha256, scores_sha256=table,
        bias=bias, ngrams=weights[0], reader=weights[1], limits=tuple(limits), ceilings=CEILINGS,
        refused=refused, refused_ceilings=REFUSED_CEILINGS,
        doubts={
            length: doubts_below(mixed[danger & ruled & (lengths == length)].tolist(), DOUBTED)
            for length in LENGTHS
        },
        doubted=DOUBTED,
        feeling=_reached(np.array([one.feeling for one in scores])[kinds == "clinic"], FEELING_CEILING),
    )  # fmt: skip


def figures_of(scores: Sequence[Score], limits: ReaderLimits) -> dict[str, Figure]:
    """Return how authors that were left out fare under the limits."""
    figures: dict[str, Figure] = {"messages": len(scores)}
    mixed = np.array([limits.share(one.ngrams, one.reader) for one in scores])
    act, support = (
        np.array(
            [
                share >= getattr(limits.of(one.action, one.length), what)
                for share, one in zip(mixed, scores, strict=True)
            ]
        )
        for what in ("act", "support")
    )
    danger = np.array([one.label not in NO_DANGER for one in scores])
    urgent = np.array([one.label == "medical_emergency" for one in scores])
    kinds = {kind: np.array([one.kind == kind for one in scores]) for kind in KINDS_OF_ORDINARY}
    groups = {
        "crises": danger & ~urgent,
        "emergencies": urgent,
        "written to be mistaken for danger": kinds["written"],
        "long, written to be mistaken for danger": kinds["long"],
        "told to be heard": kinds["told"],
        "written to be mistaken for harm": kinds["alike"],
        "asked of clinics": kinds["clinic"],
    }
    for name, of in groups.items():
        figures[f"{name}: fixed reply"] = wilson(int(act[of].sum()), int(of.sum()))
        figures[f"{name}: that or the line"] = wilson(int(support[of].sum()), int(of.sum()))
    either = danger | kinds["written"]
    for name, values in (
        ("n-grams", np.array([one.ngrams for one in scores])),
        ("reader", np.array([one.reader for one in scores])),
        ("both", mixed),
    ):
        figures[f"danger against what is mistaken for it, {name}"] = {
            "auroc": round(float(roc_auc_score(danger[either], values[either])), 4),
            **{
                f"found at {share:.0%} false": round(
                    float((values[danger] > np.quantile(values[kinds["written"]], 1 - share)).mean()), 3
                )
                for share in (0.01, 0.02, 0.05)
            },
        }
    refused = {
        name: np.array(
            [one.refusals[name] >= limits.refused[name] and one.reader < MAY_BE_DANGER for one in scores]
        )
        for name in REFUSED
    }
    for name in REFUSED:
        own = np.array([one.label == name for one in scores])
        figures[f"{name}: refused"] = wilson(int(refused[name][own].sum()), int(own.sum()))
    for name, of in groups.items():
        any_refused = np.logical_or.reduce(list(refused.values()))[of]
        figures[f"{name}: refused"] = wilson(int(any_refused.sum()), int(of.sum()))
    ruled = np.array([one.ruled for one in scores])
    spared = np.array([share < limits.doubts[one.length] for share, one in zip(mixed, scores, strict=True)])
    for name, of in groups.items():
        figures[f"{name}: stopped by a rule that is doubted"] = wilson(
            int((ruled & spared & of).sum()), int((ruled & of).sum())
        )
    heard = np.array([one.feeling >= limits.feeling for one in scores])
    for name, of in groups.items():
        figures[f"{name}: heard as a feeling"] = wilson(int(heard[of].sum()), int(of.sum()))
    return figures


def read(file: Path = SCORES) -> list[Score]:
    """Read a table. Raises RunError."""
    return read_table(file, Score, again="python -m benchmarks.fit_reader --write")


def _reached(shares: NDArray[np.float64], ceiling: float) -> float:
    return least_share(shares.tolist(), allowed=int(ceiling * len(shares)))


def main(
    work: Annotated[Path, typer.Option(help="Folder for what is trained and scored on the way.")],
    release: Annotated[str, typer.Option(help="Folder of a reader's release; default: the active one.")] = "",
    write_limits: Annotated[bool, typer.Option("--write", help="Write table and limits.")] = False,
    out: Annotated[Path | None, typer.Option(help="Result file.")] = None,
) -> None:
    """Score authors left out, choose weights and limits, and say how they fare."""
    settings = Settings()
    examples = [
        MESSAGE_READER.example(str(row["id"]), row).model_copy(
            update={"topic": str(row["author"]), "group": str(row["group"])}
        )
        for row in training_rows(1)
    ]
    scores = [one for fold in range(FOLDS) for one in score_fold(fold, examples, work)]
    table = write_table(SCORES if write_limits else work / "scores.csv", scores, Score)
    folder = chosen_encoder(
        release,
        READER,
        models_dir=settings.models_dir,
        cache_dir=settings.cache_dir,
        offline=settings.offline,
    )
    limits = limits_of(
        scores,
        reader_sha256=MessageReader(folder).sha256 if folder else "0" * 64,
        ngrams_sha256=CrisisNgrams.load().config.weights_sha256,
        table=table,
    )
    if write_limits:
        LIMITS.write_text(json.dumps(limits.model_dump(mode="json"), indent=1) + "\n", encoding="utf-8")
    figures = figures_of(scores, limits)
    figures["weights"] = {"ngrams": limits.ngrams, "reader": limits.reader, "bias": limits.bias}
    limits_shown: dict[str, Figure] = {
        f"{one.action} {one.length}": [one.act, one.support] for one in limits.limits
    }
    figures["limits"] = {**limits_shown, **limits.refused, FEELING: limits.feeling}
    figures["doubts"] = dict(limits.doubts)
    report("fit_reader", figures, out)


if __name__ == "__main__":
    typer.run(main)
