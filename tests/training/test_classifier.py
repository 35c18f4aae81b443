"""training/trainers/classifier.py: labels that stay with the weights, and a real small training."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from tests.training.encoder_toys import SHORT, toy, toy_job
from tests.training.tiny_encoder import POSITIONS, QUICK, tiny_base, tiny_job
from training.errors import CorpusError
from training.rows import Example, Prediction
from training.tasks.labelling import LabellingTask
from training.trainers.base import Job, Predictor, Trainer
from training.trainers.classifier import Classifier

pytestmark = pytest.mark.slow  # torch or a clustering starts up: seconds before the first test

TASK = LabellingTask("toy")
ROWS = [
    Example(id=f"{n}", inputs={"text": text}, target=label)
    for n, (text, label) in enumerate(
        [("aaa", "yes"), ("bbb bb", "no"), ("aa aaa", "yes"), ("b bbb", "no")] * 2
    )
]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_base(tmp_path_factory.mktemp("tiny"))


def quiet(*_: object) -> None:
    """Hear nothing."""


def predictions(predictor: Predictor, examples: list[Example]) -> list[Prediction]:
    found = list(predictor.predict(examples, arm="tuned"))
    predictor.close()
    return found


@pytest.mark.parametrize("method", ["lora", "full"])
def test_the_labels_stand_with_the_weights(base: Path, tmp_path: Path, method: str) -> None:
    job = tiny_job(
        base, tmp_path, LabellingTask("toy", balanced=True), ROWS, ROWS[:4], settings=QUICK.model_copy(update={"method": method})
    )  # fmt: skip
    assert isinstance(Classifier(), Trainer)
    Classifier().fit(job, quiet)
    assert json.loads((job.out / "encoder.json").read_text())["labels"] == ["no", "yes"]
    # No training row is at hand where a release is served.
    served = tiny_job(base, tmp_path, TASK, [])
    found = predictions(Classifier().predictor(served, job.out), [Example(id="q", inputs={"text": "aaa aa"})])
    assert found[0].text in ("no", "yes")
    assert found[0].nll_tokens == 0  # no label, no likelihood


def test_full_training_learns_the_rows(base: Path, tmp_path: Path) -> None:
    settings = QUICK.model_copy(update={"method": "full", "epochs": 12.0, "dropout": 0.0})
    job = tiny_job(base, tmp_path, TASK, ROWS, ROWS, settings=settings)
    fit = Classifier().fit(job, quiet)
    found = predictions(Classifier().predictor(job, job.out), ROWS)
    assert [one.text for one in found] == [row.target for row in ROWS]
    # What is served is what was validated.
    assert sum(one.nll for one in found) / len(found) == pytest.approx(fit.best_loss, rel=1e-4)


def test_an_untrained_head_is_no_better_than_chance_and_the_same_each_time(
    base: Path, tmp_path: Path
) -> None:
    job = tiny_job(base, tmp_path, TASK, ROWS)
    first, second = (predictions(Classifier().predictor(job, None), ROWS) for _ in range(2))
    assert [one.nll for one in first] == [one.nll for one in second]
    assert sum(one.nll for one in first) / len(first) == pytest.approx(math.log(2), abs=0.2)


def test_over_long_rows_are_set_aside_and_never_cut(base: Path, tmp_path: Path) -> None:
    long = Example(id="long", inputs={"text": "ab " * POSITIONS}, target="yes")
    fit = Classifier().fit(tiny_job(base, tmp_path / "a", TASK, [*ROWS, long]), quiet)
    assert fit.trained_tokens == 2 * len(ROWS)
    with pytest.raises(CorpusError, match="all 1 rows are longer than 32 tokens"):
        Classifier().fit(tiny_job(base, tmp_path / "b", TASK, ROWS, [long]), quiet)


def test_a_long_text_is_read_to_its_end_when_it_is_predicted(base: Path, tmp_path: Path) -> None:
    job = tiny_job(base, tmp_path, TASK, ROWS)
    starts_alike = [Example(id=f"{n}", inputs={"text": "ab " * 40 + end}, target="yes") for n, end in enumerate(("a" * 9, "z" * 9))]  # fmt: skip
    one, other = predictions(Classifier().predictor(job, None), starts_alike)
    assert one.nll != other.nll
    assert one.prompt_tokens > 80


def test_rows_without_a_label_are_named_and_one_label_is_refused(base: Path, tmp_path: Path) -> None:
    without = Example(id="bare", inputs={"text": "secret words"})
    with pytest.raises(CorpusError, match="bare") as caught:
        Classifier().fit(tiny_job(base, tmp_path, TASK, [*ROWS, without]), quiet)
    assert "secret" not in str(caught.value)
    with pytest.raises(CorpusError, match="fewer than two labels"):
        Classifier().fit(tiny_job(base, tmp_path, TASK, ROWS[:1]), quiet)


@pytest.mark.weights
@pytest.mark.slow
def test_a_trained_classifier_knows_intents_in_new_words(tmp_path: Path) -> None:
    job = toy_job("classifier", tmp_path, SHORT)
    held_out = toy("classifier")[2]
    untrained = macro_f1(job, held_out, None)
    Classifier().fit(job, quiet)
    trained = macro_f1(job, held_out, job.out)
    assert trained > 0.85
    assert trained > untrained + 0.4


def macro_f1(job: Job, held_out: list[Example], adapter: Path | None) -> float:
    scores = job.task.score(held_out, predictions(Classifier().predictor(job, adapter), held_out))
    return next(one.value() for one in scores if one.metric.name == "macro_f1")
