"""training/trainers/ranker.py: a real small training, and the served form says what was trained."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from retrieval.errors import RankerError
from retrieval.ranker import QUERY_TOKENS, Ranker, pair_tokens, shares
from tests.training.tiny_encoder import BASE_SHA256, QUICK, tiny_base, tiny_job
from training.errors import CorpusError
from training.rows import Example
from training.tasks.ranking import RankingTask
from training.trainers import ranker as trainer
from training.trainers.base import Trainer
from weights.cache import publish
from weights.runtime import open_tokenizer
from weights.served import build_encoder

pytestmark = pytest.mark.slow

TASK = RankingTask("toy")


def row(number: int, query: str, texts: tuple[str, ...], answer: str) -> Example:
    return Example(id=str(number), inputs={"query": query}, passages=texts, target=answer)


# What is right shows in the candidate alone: one that speaks of "a"; so small an encoder compares nothing.
ROWS = [
    row(number, *one)
    for number, one in enumerate(
        [
            ("x", ("a a", "c d"), "0"), ("y", ("d c", "a a"), "1"), ("x", ("c c", "d d"), "none"),
            ("y", ("a a", "d d"), "0"), ("x", ("c d", "a a"), "1"), ("y", ("d c", "c d"), "none"),
        ] * 2
    )
]  # fmt: skip
FULL = QUICK.model_copy(
    update={"method": "full", "epochs": 25.0, "dropout": 0.0, "batch": 6, "learning_rate": 5e-3}
)


def quiet(*_: object) -> None:
    """Hear nothing."""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_base(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def trained(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    job = tiny_job(base, tmp_path_factory.mktemp("job"), TASK, ROWS, ROWS, settings=FULL)
    trainer.Ranker().fit(job, quiet)
    return job.out


def test_it_learns_which_candidate_answers_and_when_none_does(
    base: Path, trained: Path, tmp_path: Path
) -> None:
    assert isinstance(trainer.Ranker(), Trainer)
    job = tiny_job(base, tmp_path, TASK, ROWS)
    predictor = trainer.Ranker().predictor(job, trained)
    assert [one.text for one in predictor.predict(ROWS, arm="tuned")] == [one.target for one in ROWS]
    predictor.close()


def test_the_loss_is_that_of_the_right_candidate_and_of_none(base: Path, tmp_path: Path) -> None:
    job = tiny_job(base, tmp_path, TASK, ROWS[:3], ROWS[:3], settings=QUICK.model_copy(update={"epochs": 1}))
    fit = trainer.Ranker().fit(job, quiet)
    # Three outcomes, of which an untrained head knows nothing.
    assert fit.points[-1].validation_loss == pytest.approx(np.log(3), abs=0.4)


def test_a_lora_ranker_is_built_to_be_served_and_scores_alike(base: Path, tmp_path: Path) -> None:
    job = tiny_job(base, tmp_path, TASK, ROWS, ROWS)
    trainer.Ranker().fit(job, quiet)
    assert json.loads((job.out / "encoder.json").read_text())["kind"] == "ranker"
    folder = tmp_path / "served"
    publish(folder, "test", lambda fresh: build_encoder(base, job.out, fresh, form="fp32") and None)
    served = Ranker(folder, threads=1)
    predictor = trainer.Ranker().predictor(job, job.out)
    with torch.inference_mode():
        (theirs,) = trainer._scores(predictor._model, [predictor._words.ranked(ROWS[0])], 0)
    ours = served.scores(ROWS[0].inputs["query"], ROWS[0].passages)
    assert ours == pytest.approx(theirs.numpy(), abs=1e-4)
    assert served.card.base_sha256 == BASE_SHA256


def test_without_training_the_nearest_vector_is_chosen(base: Path, tmp_path: Path) -> None:
    predictor = trainer.Ranker().predictor(tiny_job(base, tmp_path, TASK, ROWS), None)
    same = row(0, "a b", ("c d", "a b"), "1")
    assert [one.text for one in predictor.predict([same], arm="base")] == ["1"]
    predictor.close()


def test_no_rows_are_nothing_to_learn_from(base: Path, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no row"):
        trainer.Ranker().fit(tiny_job(base, tmp_path, TASK, []), quiet)


def test_a_folder_that_was_altered_is_refused(trained: Path, base: Path, tmp_path: Path) -> None:
    folder = tmp_path / "served"
    publish(folder, "test", lambda fresh: build_encoder(base, trained, fresh) and None)
    assert Ranker(folder).scores("aa", ["a b", "c d"]).shape == (2,)
    (folder / "model.onnx").write_bytes(b"no model")
    with pytest.raises(RankerError, match="cannot be used"):
        Ranker(folder)


def test_long_queries_keep_both_ends_and_long_texts_their_beginning(base: Path) -> None:
    tokenizer = open_tokenizer(base / "tokenizer.json")
    asked = " ".join("ab"[at % 2] for at in range(3 * QUERY_TOKENS))
    (pair,) = pair_tokens(tokenizer, f"x {asked} z", ["y " * 200], begin=2, end=3, limit=100)
    assert len(pair) == 100 and pair[0] == 2 and pair[-1] == 3
    x, y, z = (tokenizer.token_to_id(one) for one in "xyz")
    assert pair[1] == x and pair[QUERY_TOKENS] == z and pair[QUERY_TOKENS + 1] == 3
    assert set(pair[QUERY_TOKENS + 2 : -1]) == {y}


def test_shares_leave_room_for_none() -> None:
    found = shares(np.array([0.0, 0.0], dtype=np.float32))
    assert found == pytest.approx([1 / 3, 1 / 3])
    assert shares(np.array([-50.0], dtype=np.float32))[0] < 1e-6
    assert shares(np.array([900.0, 0.0], dtype=np.float32))[0] == pytest.approx(1.0)
