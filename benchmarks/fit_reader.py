"""Choose how the reader of messages is believed (safety/reader_limits.json), on authors that it has not seen.

The authors are dealt out to FOLDS parts; each part is scored by a reader that the others taught, trained as
the recipe says and served as it is served. The scores are one table, a row a message, ids and numbers and no
words; the n-grams' share of danger stands beside the reader's, of authors left out as well. From the table
follow the weights of both (logistic regression, danger against the rest) and the limits: at most so many of
the ordinary messages reach one.

`--write` writes limits for the active release of the reader, or of `--release FOLDER`. What was scored is
kept in `--work`, so that a run that was stopped goes on.
Run: python -m benchmarks.fit_reader --work DIR [--write]
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import typer
from pydantic import BaseModel
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from tqdm import tqdm

from app.settings import Settings
from benchmarks.report import Figure, report
from benchmarks.screen import wilson
from safety.crisis_ngrams import KINDS, SAFE_LABELS, Ceilings, CrisisNgrams, Kind, danger_odds
from safety.reader import LIMITS, REFUSED, MessageReader, ReaderLimits, ReadLimit
from training.out_of_author import SHIPPED_SCORES, read_scores
from training.recipe import load_recipe
from training.rows import Example
from training.tasks.message_reader import MESSAGE_READER
from training.trainers import TRAINERS, Job, Point
from training.written.message_rows import training_rows
from weights import fetch
from weights.cache import publish
from weights.defaults import EMBEDDER
from weights.served import READER, build_encoder, chosen_encoder

FOLDS: Final = 3
SCORES: Final = Path(__file__).parent.parent / "training" / "written" / "reader_out_of_author.csv"
CEILINGS: Final = Ceilings(act=0.01, support=0.03)
REFUSED_CEILING: Final = 0.006
# However few ordinary messages come near: danger, or harm, must be the likelier reading.
_LEAST: Final = {"act": 0.5, "support": 0.3}
_LEAST_REFUSED: Final = 0.5
_DIGITS: Final = 4


class Score(BaseModel):
    """One message as scored without its author: shares 0 to 1; `action` is the likelier kind of danger."""

    id: str
    label: str
    action: Kind
    short: bool
    ngrams: float
    reader: float
    harmful_request: float
    injection: float

    @property
    def refusals(self) -> dict[str, float]:
        """The share of each category that is refused."""
        return {"harmful_request": self.harmful_request, "injection": self.injection}


def fold_of(author: str) -> int:
    """Return an author's part: those of a kind are dealt out one after another."""
    last = author.rpartition("-")[2]
    return (int(last) if last.isdigit() else ord(last)) % FOLDS


def score_fold(fold: int, examples: Sequence[Example], work: Path) -> list[Score]:
    """Train on the other authors, and score these; what was scored before is read again."""
    kept = work / f"fold-{fold}.csv"
    if kept.is_file():
        return read(kept)
    recipe = load_recipe("message_reader")
    base = fetch(EMBEDDER)
    held = [one for one in examples if fold_of(one.topic) == fold]
    taught = [one for one in examples if fold_of(one.topic) != fold]
    folder = work / f"fold-{fold}"
    job = Job(
        task=MESSAGE_READER, base=base.folder, base_sha256=base.sha256, train=taught, validation=(),
        settings=recipe.train, clinic="", seed=recipe.seed, out=folder / "weights",
        checkpoints=folder / "checkpoints", logs=folder / "logs", base_source=EMBEDDER,
    )  # fmt: skip
    with tqdm(desc=f"part {fold + 1} of {FOLDS}", unit="step") as bar:

        def hear(point: Point, steps: int) -> None:
            bar.total = steps
            bar.update(point.step - bar.n)

        TRAINERS["text_classifier"]().fit(job, hear)
    served = folder / "served"

    def fill(fresh: Path) -> None:
        build_encoder(base.folder, job.out, fresh)

    publish(served, f"part {fold}", fill)
    reader, ngrams = MessageReader(served), CrisisNgrams.load()
    left_out = {one.id: one for one in read_scores(SHIPPED_SCORES)}
    found = []
    for one in tqdm(held, desc="scoring", unit="message"):
        shares = reader.shares(one.inputs["text"])
        danger, counted = reader.danger(shares), ngrams.danger(one.inputs["text"])
        ngram_share = left_out[one.id].share if one.id in left_out else counted.share
        found.append(
            Score(
                id=one.id, label=one.target, action=danger.action, short=counted.short,
                ngrams=round(ngram_share, _DIGITS), reader=round(danger.share, _DIGITS),
                **{name: round(share, _DIGITS) for name, share in reader.refusals(shares).items()},
            )
        )  # fmt: skip
    write(kept, found)
    return found


def limits_of(scores: Sequence[Score], *, reader_sha256: str, ngrams_sha256: str, table: str) -> ReaderLimits:
    """Return the weights and limits that follow from the table; `table` is its SHA-256."""
    danger = np.array([one.label not in (*SAFE_LABELS, *REFUSED) for one in scores])
    odds = np.stack(
        [danger_odds(np.array([getattr(one, of) for one in scores])) for of in ("ngrams", "reader")], axis=1
    )
    model = LogisticRegression(class_weight="balanced").fit(odds, danger)
    weights = np.maximum(model.coef_[0], 0.0)
    mixed = 1 / (1 + np.exp(-(odds @ weights + model.intercept_[0])))
    ordinary = np.array([one.label == "none" for one in scores])
    limits = []
    for action in KINDS:
        of_action = np.array([one.action == action for one in scores])
        for short in (False, True):
            group = ordinary & np.array([one.short == short for one in scores])
            reached = np.sort(np.where(of_action[group], mixed[group], 0.0))[::-1]
            act = max(_LEAST["act"], _reached(reached, CEILINGS.act))
            support = min(act, max(_LEAST["support"], _reached(reached, CEILINGS.support)))
            limits.append(ReadLimit(action=action, short=short, act=act, support=support))
    refused = {
        name: max(
            _LEAST_REFUSED,
            _reached(
                np.sort([one.refusals[name] for one, of in zip(scores, ordinary, strict=True) if of])[::-1],
                REFUSED_CEILING,
            ),
        )
        for name in REFUSED
    }
    return ReaderLimits(
        fitted=f"{datetime.now(UTC).date().isoformat()} by benchmarks/fit_reader.py",
        reader_sha256=reader_sha256, ngrams_sha256=ngrams_sha256, scores_sha256=table,
        bias=round(float(model.intercept_[0]), _DIGITS), ngrams=round(float(weights[0]), _DIGITS),
        reader=round(float(weights[1]), _DIGITS), limits=tuple(limits), ceilings=CEILINGS,
        refused=refused, refused_ceiling=REFUSED_CEILING,
    )  # fmt: skip


def figures_of(scores: Sequence[Score], limits: ReaderLimits) -> dict[str, Figure]:
    """Return how authors that were left out fare under the limits."""
    figures: dict[str, Figure] = {"messages": len(scores)}
    mixed = np.array([limits.share(one.ngrams, one.reader) for one in scores])
    act, support = (
        np.array([share >= getattr(limits.of(one), what) for share, one in zip(mixed, scores, strict=True)])
        for what in ("act", "support")
    )
    kinds = {
        "ordinary": np.array([one.label == "none" and not one.id.startswith("clinic-") for one in scores]),
        "asked of clinics": np.array([one.id.startswith("clinic-") for one in scores]),
        "emergencies": np.array([one.label == "medical_emergency" for one in scores]),
        "crises": np.array(
            [one.label not in (*SAFE_LABELS, *REFUSED, "medical_emergency") for one in scores]
        ),
    }
    for name, of in kinds.items():
        figures[f"{name}: fixed reply"] = wilson(int(act[of].sum()), int(of.sum()))
        figures[f"{name}: that or the line"] = wilson(int(support[of].sum()), int(of.sum()))
    danger = kinds["crises"] | kinds["emergencies"]
    either = danger | kinds["ordinary"]
    for name, values in (
        ("n-grams", np.array([one.ngrams for one in scores])),
        ("reader", np.array([one.reader for one in scores])),
        ("both", mixed),
    ):
        figures[f"danger against ordinary, AUROC, {name}"] = round(
            float(roc_auc_score(danger[either], values[either])), 4
        )
    alike = np.array([one.label == "none" and one.id.startswith("screen-") for one in scores])
    refused = {
        name: np.array([one.refusals[name] >= limits.refused[name] for one in scores]) for name in REFUSED
    }
    for name in REFUSED:
        own = np.array([one.label == name for one in scores])
        figures[f"{name}: refused"] = wilson(int(refused[name][own].sum()), int(own.sum()))
    for name, of in (("written to look alike", alike), ("asked of clinics", kinds["asked of clinics"])):
        either_of = np.logical_or.reduce(list(refused.values()))[of]
        figures[f"{name}: refused"] = wilson(int(either_of.sum()), int(of.sum()))
    return figures


def write(file: Path, scores: Sequence[Score]) -> str:
    """Write the table; return its SHA-256."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as stream:
        table = csv.DictWriter(stream, tuple(Score.model_fields), lineterminator="\n")
        table.writeheader()
        table.writerows(one.model_dump() | {"short": int(one.short)} for one in scores)
    return hashlib.sha256(file.read_bytes()).hexdigest()


def read(file: Path = SCORES) -> list[Score]:
    """Read a table."""
    with file.open(encoding="utf-8", newline="") as stream:
        return [Score.model_validate(row) for row in csv.DictReader(stream)]


def _reached(falling: np.ndarray[tuple[int], np.dtype[np.float64]], ceiling: float) -> float:
    """Return the least share, at most 1, that at most `ceiling` of the falling shares reach."""
    allowed = int(ceiling * len(falling))
    if allowed >= len(falling):
        return 0.0
    return min(1.0, round(float(falling[allowed]) + 10**-_DIGITS, _DIGITS))


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
    table = write(SCORES if write_limits else work / "scores.csv", scores)
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
    figures["limits"] = {
        f"{one.action}{' short' if one.short else ''}": [one.act, one.support] for one in limits.limits
    } | {name: [share] for name, share in limits.refused.items()}
    report("fit_reader", figures, out)


if __name__ == "__main__":
    typer.run(main)
