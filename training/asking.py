"""`predict` and `evaluate`: a release, or the base as it comes, over a file of rows.

Both read what other programs write and write what other programs read: their field names are fixed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from app.prompting import prompt_hash
from app.release_manifest import verify
from training.errors import CorpusError
from training.metrics import interval
from training.recipe import Train
from training.rows import Example, Prediction
from training.run import shown
from training.tasks import TASKS, Task
from training.trainers import TRAINERS
from training.trainers.base import Job, Predictor
from weights import fetch
from weights.defaults import BASE_MODEL, EMBEDDER
from weights.jsonl import BadLine, RowId, read_jsonl, report_bad_line, write_row
from weights.sources import Fetched

RESAMPLES = 2000


class FieldsRow(BaseModel):
    """An input row: an id, if wanted, and the task's fields."""

    model_config = ConfigDict(extra="allow", hide_input_in_errors=True)

    id: RowId = ""


class OutputRow(BaseModel):
    """One answer."""

    id: str
    output: dict[str, object]


def predict(
    task_name: str, *, release: Path | None, base: str, file: Path | None, cache_dir: Path | None,
    offline: bool, max_new_tokens: int,
) -> int:  # fmt: skip
    """Write an answer to each row, in order; return how many rows failed."""
    task = TASKS[task_name]
    failed: list[int] = []
    model = predictor(task, release=release, base=base, cache_dir=cache_dir, offline=offline)
    rows: list[Example] = list(_examples(task, file, failed, needs_target=False))
    answers = _answers(model, task, rows, max_new_tokens=max_new_tokens, likelihood=False)
    for example, answer in zip(rows, answers, strict=True):
        write_row(OutputRow(id=example.id, output=task.output(answer)))
    model.close()
    return len(failed)


def evaluate(
    task_name: str, *, release: Path | None, base: str, file: Path | None, cache_dir: Path | None,
    offline: bool, max_new_tokens: int,
) -> int:  # fmt: skip
    """Write one object with every metric of the task and its 95 % interval; return how many rows failed.

    Raises CorpusError when no row can be used.
    """
    task = TASKS[task_name]
    failed: list[int] = []
    rows = list(_examples(task, file, failed, needs_target=True))
    if not rows:
        raise CorpusError(
            f"no row to evaluate on: each needs the fields {', '.join((*task.fields, task.target))}"
        )
    model = predictor(task, release=release, base=base, cache_dir=cache_dir, offline=offline)
    answers = list(_answers(model, task, rows, max_new_tokens=max_new_tokens, likelihood=True))
    model.close()
    result: dict[str, object] = {"task": task.name, "n": len(rows)}
    for scored in task.score(rows, answers):
        result[scored.metric.name] = interval(scored, resamples=RESAMPLES).model_dump()
    sys.stdout.write(json.dumps(result) + "\n")
    return len(failed)


def _answers(
    model: Predictor, task: Task, rows: Sequence[Example], *, max_new_tokens: int, likelihood: bool
) -> Iterator[Prediction]:
    more: Mapping[str, Any] = (
        {"max_new_tokens": max_new_tokens, "likelihood": likelihood} if task.trainer == "causal_lm" else {}
    )
    answers = model.predict(rows, arm="asked", **more)
    yield from shown(answers, "rows", total=len(rows))


def _examples(task: Task, file: Path | None, failed: list[int], *, needs_target: bool) -> Iterator[Example]:
    for row in read_jsonl(file, FieldsRow):
        if isinstance(row, BadLine):
            report_bad_line(row)
            failed.append(row.number)
            continue
        try:
            example = task.example(row.id, row.value.model_extra or {})
            if needs_target and not (example.target or example.spans or task.trainer != "causal_lm"):
                raise ValueError(f"{task.target}: missing or empty")
        except ValueError as error:
            report_bad_line(BadLine(row.number, str(error)))
            failed.append(row.number)
            continue
        # Rows with the same question are not independent: the interval is drawn over questions.
        yield example.model_copy(update={"group": "\0".join(example.inputs.values()).casefold()})


def predictor(
    task: Task, *, release: Path | None, base: str = "", cache_dir: Path | None = None, offline: bool = False
) -> Predictor:
    """Load a release, or without one the base as it comes ("": the default of the kind of job).

    Raises ReleaseError, WeightsError.
    """
    if release is not None:
        manifest = verify(release, prompt_hash=prompt_hash() if task.chat else "")
        base = manifest.base
    elif not base:
        base = BASE_MODEL if task.trainer == "causal_lm" else EMBEDDER
    fetched = fetch(base, cache_dir=cache_dir, offline=offline)
    if release is not None:
        verify(release, base_source=base, base_sha256=fetched.sha256)
    return TRAINERS[task.trainer]().predictor(_job(task, fetched, cache_dir), release)


def _job(task: Task, base: Fetched, cache_dir: Path | None) -> Job:
    nowhere = Path()
    return Job(
        task=task, base=base.folder, base_sha256=base.sha256, train=(), validation=(), settings=Train(),
        clinic="the clinic", seed=0, out=nowhere, checkpoints=nowhere, logs=nowhere, cache_dir=cache_dir,
        base_source=base.source,
    )  # fmt: skip
