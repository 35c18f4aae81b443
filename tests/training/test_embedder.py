"""training/trainers/embedder.py: the ranking loss, the folder for `retrieval`, a real small training."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from peft import PeftModel
from safetensors.numpy import load_file
from sentence_transformers import SentenceTransformer
from transformers import AutoModel

from retrieval.embedder import load_embedder
from tests.training.encoder_toys import SHORT, toy, toy_job
from tests.training.tiny_encoder import POSITIONS, QUICK, tiny_base, tiny_job
from training.errors import CorpusError
from training.rows import Example, Prediction
from training.tasks.pairing import PairingTask
from training.trainers.base import Job, Predictor, Trainer
from training.trainers.embedder import (
    NOTHING_ABOVE,
    SCALE,
    Embedder,
    NearestPredictor,
    Pair,
    PairLearner,
)
from training.trainers.encoder_schedule import epoch_batches
from weights.served import build_embedder

pytestmark = pytest.mark.slow  # torch or a clustering starts up: seconds before the first test

TASK = PairingTask("toy")
ROWS = [
    Example(id=f"{n}", inputs={"anchor": anchor, "positive": positive, "negative": negative})
    for n, (anchor, positive, negative) in enumerate(
        [("aa", "bb", "zz"), ("cc c", "dd", ""), ("ee", "ff f", ""), ("gg", "hh", "yy"), ("ii", "jj", "")]
    )
]


class Planar(torch.nn.Module):
    """Looks texts up in a table of points in the plane."""

    def __init__(self, points: dict[str, tuple[float, float]]) -> None:
        super().__init__()
        self._place = {text: at for at, text in enumerate(points)}
        self.table = torch.nn.Embedding.from_pretrained(torch.tensor(list(points.values())), freeze=False)

    def tokenizer(self, texts: list[str]) -> dict[str, Any]:
        return {"input_ids": [[0] * (len(text) + 2) for text in texts]}

    def preprocess(self, texts: list[str]) -> dict[str, Any]:
        return {"rows": torch.tensor([self._place[text] for text in texts])}

    def forward(self, features: dict[str, Any]) -> dict[str, Any]:
        return {"sentence_embedding": self.table(features["rows"])}


POINTS = {"east": (1.0, 0.0), "also east": (2.0, 0.0), "north": (0.0, 1.0), "north-east": (1.0, 1.0), "west": (-1.0, 0.0)}  # fmt: skip


def loss_of(*pairs: Pair) -> float:
    settings = QUICK.model_copy(update={"precision": "fp32"})
    return PairLearner(Planar(POINTS), list(pairs), [], settings).backward(range(len(pairs)), micro=99).loss


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_base(tmp_path_factory.mktemp("tiny"))


def quiet(*_: object) -> None:
    """Hear nothing."""


def predictions(predictor: Predictor, examples: list[Example]) -> list[Prediction]:
    found = list(predictor.predict(examples, arm="tuned"))
    predictor.close()
    return found


def test_the_loss_ranks_the_own_positive_among_those_of_the_batch() -> None:
    found = loss_of(Pair("east", "north-east", "", ""), Pair("north", "north", "", ""))
    half = SCALE * math.cos(math.pi / 4)
    first = math.log(math.exp(half) + 1) - half
    second = math.log(math.exp(half) + math.exp(SCALE)) - SCALE
    assert found == pytest.approx((first + second) / 2, rel=1e-4)


def test_a_copy_of_the_right_answer_is_no_wrong_one() -> None:
    assert loss_of(Pair("east", "north", "", ""), Pair("west", "north", "", "")) == pytest.approx(0.0)


def test_rows_of_one_group_are_no_wrong_answers_to_each_other() -> None:
    alone = loss_of(Pair("east", "north", "", "g"), Pair("west", "also east", "", "g"))
    apart = loss_of(Pair("east", "north", "", ""), Pair("west", "also east", "", ""))
    assert alone == pytest.approx(0.0)
    assert apart > 1


def test_a_negative_counts_for_every_row_that_it_is_not_the_answer_of() -> None:
    bare = loss_of(Pair("east", "north", "", "g"), Pair("west", "north", "", "g"))
    given = loss_of(Pair("east", "north", "east", "g"), Pair("west", "north", "also east", "g"))
    assert bare == pytest.approx(0.0)
    # The first row's own anchor is no negative, the other one is near it; the second is far from both.
    assert given == pytest.approx(SCALE / 2, rel=1e-3)


def test_of_an_anchor_that_nothing_answers_every_candidate_must_lie_beyond_the_threshold() -> None:
    found = loss_of(Pair("east", "also east", "", "a"), Pair("north", "", "north-east", "b"))
    bar, half = SCALE * NOTHING_ABOVE, SCALE * math.cos(math.pi / 4)
    first = math.log(math.exp(SCALE) + math.exp(half) + math.exp(bar)) - SCALE
    second = math.log(1 + math.exp(half) + math.exp(bar)) - bar
    assert found == pytest.approx((first + second) / 2, rel=1e-4)


def test_the_threshold_is_learned_where_something_has_no_answer_and_only_there() -> None:
    settings = QUICK.model_copy(update={"precision": "fp32"})
    for positive, learned in (("", True), ("west", False)):
        pairs = [Pair("east", "also east", "", ""), Pair("north", positive, "", "")]
        learner = PairLearner(Planar(POINTS), pairs, [], settings)
        learner.backward(range(2), micro=9)
        names = {name for name, one in learner.module.named_parameters() if one.grad is not None}
        assert ("threshold" in names) is learned


def test_only_rows_of_one_topic_share_a_batch() -> None:
    pairs = [Pair("east", "west", "", "", topic) for topic in "aababbbaab"]
    learner = PairLearner(Planar(POINTS), pairs, pairs, QUICK)
    batches = epoch_batches(learner.lengths, 3, seed=0, epoch=0, group_by_length=True, topics=learner.topics)
    assert sorted(row for batch in batches for row in batch) == list(range(10))
    assert all(len({pairs[row].topic for row in batch}) == 1 <= len(batch) <= 3 for batch in batches)


def test_the_gradient_is_the_same_however_few_texts_go_at_once(base: Path) -> None:
    pairs = [Pair(r.inputs["anchor"], r.inputs["positive"], r.inputs.get("negative", ""), "") for r in ROWS]
    found = []
    for micro in (99, 2):
        model = SentenceTransformer(str(base), device="cpu")
        torch.manual_seed(0)
        model.eval()  # without dropout both ways see the same network
        stepped = PairLearner(model, pairs, [], QUICK).backward(range(len(pairs)), micro=micro)
        found.append((stepped.loss, [one.grad.clone() for one in model.parameters() if one.grad is not None]))
    assert found[0][0] == pytest.approx(found[1][0], rel=1e-5)
    assert found[0][1]
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(found[0][1], found[1][1], strict=True))


def test_what_is_read_in_parts_drops_out_the_same_both_times() -> None:
    seen: list[torch.Tensor] = []

    class Dropping(Planar):
        def forward(self, features: dict[str, Any]) -> dict[str, Any]:
            seen.append(torch.nn.functional.dropout(self.table(features["rows"]), 0.5))
            return {"sentence_embedding": seen[-1]}

    pairs = [Pair("east", "north-east", "", ""), Pair("north", "west", "", ""), Pair("west", "north", "", "")]
    PairLearner(Dropping(POINTS), pairs, [], QUICK).backward(range(3), micro=2)
    assert len(seen) == 8  # anchors and candidates in two parts each, twice
    assert all(torch.equal(first, second) for first, second in zip(seen[:4], seen[4:], strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("method", ["lora", "full"])
def test_retrieval_can_load_the_result_and_no_file_names_this_machine(
    base: Path, tmp_path: Path, method: str
) -> None:
    settings = QUICK.model_copy(update={"method": method, "micro_batch": 2, "batch": 5})
    job = tiny_job(base, tmp_path, TASK, ROWS, ROWS, settings=settings)
    assert isinstance(Embedder(), Trainer)
    Embedder().fit(job, quiet)
    build_embedder(base, job.out, tmp_path / "served")
    vectors = load_embedder(f"path:{tmp_path / 'served'}").embed(["aa", "cc c"])
    before = load_embedder(f"path:{base}").embed(["aa", "cc c"])
    assert vectors.shape == before.shape == (2, 16)
    assert np.abs(vectors - before).max() > 1e-3
    assert ((job.out / "adapter_model.safetensors").is_file()) == (method == "lora")
    if method == "lora":
        merged = PeftModel.from_pretrained(AutoModel.from_pretrained(base), job.out).merge_and_unload()
        served = load_file(tmp_path / "served" / "model.safetensors")
        for name, weight in merged.named_parameters():
            np.testing.assert_allclose(served[name], weight.detach().numpy(), atol=1e-5, err_msg=name)
    for file in job.out.rglob("*"):
        assert not file.is_file() or str(base).encode() not in file.read_bytes(), file.name
    found = predictions(Embedder().predictor(job, job.out), ROWS)
    assert {one.text for one in found} <= {row.id for row in ROWS}


@pytest.mark.slow
def test_of_what_was_learned_a_part_can_be_kept(base: Path, tmp_path: Path) -> None:
    served, jobs = {}, {}
    for keep in (1.0, 0.5):
        folder = tmp_path / f"{keep}"
        settings = QUICK.model_copy(update={"method": "lora", "keep": keep, "micro_batch": 2, "batch": 5})
        jobs[keep] = tiny_job(base, folder, TASK, ROWS, settings=settings)
        Embedder().fit(jobs[keep], quiet)
        build_embedder(base, jobs[keep].out, folder / "served")
        served[keep] = load_file(folder / "served" / "model.safetensors")
    whole, half = (load_file(jobs[keep].out / "adapter_model.safetensors") for keep in (1.0, 0.5))
    assert all(np.array_equal(whole[name], half[name]) for name in whole)
    before = load_file(base / "model.safetensors")
    moved = 0.0
    for name, weight in served[1.0].items():
        np.testing.assert_allclose(served[0.5][name], (weight + before[name]) / 2, atol=1e-6, err_msg=name)
        moved = max(moved, float(np.abs(weight - before[name]).max()))
    assert moved > 1e-3
    near = PeftModel.from_pretrained(AutoModel.from_pretrained(base), jobs[0.5].out).merge_and_unload()
    for name, weight in near.named_parameters():
        np.testing.assert_allclose(served[0.5][name], weight.detach().numpy(), atol=1e-5, err_msg=name)


def test_over_long_pairs_are_set_aside_and_one_pair_is_too_few(base: Path, tmp_path: Path) -> None:
    long = Example(id="long", inputs={"anchor": "a", "positive": "b" * 2 * POSITIONS})
    fit = Embedder().fit(tiny_job(base, tmp_path / "a", TASK, [*ROWS, long]), quiet)
    assert fit.trained_tokens == 2 * len(ROWS)
    with pytest.raises(CorpusError, match="1 pairs"):
        Embedder().fit(tiny_job(base, tmp_path / "b", TASK, [ROWS[0], long]), quiet)


class Compass:
    """An embedder of known directions."""

    def embed(self, texts: list[str]) -> np.ndarray[Any, Any]:
        found = np.array([POINTS[text] for text in texts], dtype=np.float32)
        return found / np.linalg.norm(found, axis=1, keepdims=True)


def test_the_prediction_is_the_row_whose_positive_is_nearest() -> None:
    rows = [
        Example(id="1", inputs={"anchor": "also east", "positive": "east"}),
        Example(id="2", inputs={"anchor": "north", "positive": "west"}),
        Example(id="3", inputs={"anchor": "north", "positive": "north-east"}),
        Example(id="4", inputs={"anchor": "east", "positive": "east"}),  # as good as row 1's
    ]
    found = predictions(NearestPredictor(Compass()), rows)  # type: ignore[arg-type]
    assert [one.text for one in found] == ["1", "3", "3", "4"]
    (recall,) = TASK.score(rows, found)
    assert recall.value() == 0.75


def test_what_answers_another_row_of_the_group_answers_this_one_and_a_row_without_is_not_scored() -> None:
    rows = [
        Example(id="1", inputs={"anchor": "north", "positive": "west"}, group="g"),
        Example(id="2", inputs={"anchor": "east", "positive": "north-east"}, group="g"),
        Example(id="3", inputs={"anchor": "west"}),
    ]
    found = predictions(NearestPredictor(Compass()), rows)  # type: ignore[arg-type]
    assert [one.text for one in found] == ["1", "2", "1"]
    (recall,) = TASK.score(rows, found)
    assert recall.value() == 1.0
    with pytest.raises(CorpusError, match="no row has a positive"):
        predictions(NearestPredictor(Compass()), rows[2:])  # type: ignore[arg-type]


@pytest.mark.weights
@pytest.mark.slow
def test_a_trained_embedder_learns_what_new_words_mean(tmp_path: Path) -> None:
    job = toy_job("embedder", tmp_path, SHORT)
    held_out = toy("embedder")[2]
    untrained = recall(job, held_out, None)
    Embedder().fit(job, quiet)
    trained = recall(job, held_out, job.out)
    assert trained > 0.8
    assert trained > untrained + 0.5


def recall(job: Job, held_out: list[Example], adapter: Path | None) -> float:
    return job.task.score(held_out, predictions(Embedder().predictor(job, adapter), held_out))[0].value()
