"""Training answers: it learns, stops early, and goes on after a kill to the same bits."""

from __future__ import annotations

import hashlib
import math
import os
import pickle
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from safetensors import SafetensorError

from tests.test_pickles import pickles
from training.errors import RecipeError
from training.recipe import Train
from training.rows import Example
from training.tasks import TASKS
from training.trainers.base import Fit, Job, Point
from training.trainers.causal_lm_checkpoints import MARKER, Complete, mark_complete

pytestmark = pytest.mark.weights

ROOT = Path(__file__).resolve().parents[2]
SMALL = Train(
    rank=4, alpha=8, dropout=0.1, learning_rate=2e-2, epochs=4, batch=4, evaluations=2, saves=4, patience=99
)
WORDS = ("sleep", "work", "school", "money", "moving", "a friend", "my sister", "the dog")


def rows(first: int, count: int) -> list[Example]:
    """Questions whose answers follow one pattern, so that even a tiny model can learn them."""
    return [
        Example(
            id=str(number),
            inputs={"question": f"I worry about {WORDS[number % 8]}, {number} times a day."},
            target=f"Worrying about {WORDS[number % 8]} is tiring. Talk to someone you trust.",
            group=str(number),
        )
        for number in range(first, first + count)
    ]


def job(base: Path, place: Path, settings: Train = SMALL, *, train: int = 24, validation: int = 6) -> Job:
    return Job(
        task=TASKS["counseling"], base=base, base_sha256="0" * 64, train=rows(0, train),
        validation=rows(100, validation), settings=settings, clinic="the clinic", seed=3, out=place / "adapter",
        checkpoints=place / "checkpoints", logs=place / "logs", base_source="path:tiny",
    )  # fmt: skip


def fit(one: Job) -> tuple[Fit, list[Point]]:
    from training.trainers.causal_lm import CausalLM

    heard: list[Point] = []
    return CausalLM().fit(one, lambda point, _steps: heard.append(point)), heard


def newest(one: Job) -> Path:
    return max(one.checkpoints.glob("checkpoint-*"), key=lambda place: int(place.name.rpartition("-")[2]))


def sha256(folder: Path) -> str:
    return hashlib.sha256((folder / "adapter_model.safetensors").read_bytes()).hexdigest()


def test_validation_loss_falls_and_the_best_weights_are_kept(tiny_base: Path, tmp_path: Path) -> None:
    found, heard = fit(job(tiny_base, tmp_path))
    losses = [point.validation_loss for point in found.points if point.validation_loss]
    assert losses[-1] < losses[0] - 1
    assert found.best_loss == pytest.approx(min(losses), abs=1e-4)
    assert found.steps == 24
    assert [point.step for point in heard] == sorted(point.step for point in heard)
    assert any((tmp_path / "logs").iterdir())
    assert found.trainable_parameters < found.parameters
    assert 0 < found.trained_tokens < found.tokens


def test_the_saved_adapter_names_its_base_by_source_and_no_folder(tiny_base: Path, tmp_path: Path) -> None:
    fit(job(tiny_base, tmp_path, SMALL.model_copy(update={"epochs": 1.0})))
    text = (tmp_path / "adapter" / "adapter_config.json").read_text(encoding="utf-8")
    assert '"path:tiny"' in text
    assert str(tiny_base) not in text


def test_the_saved_adapter_has_the_loss_that_the_record_states(tiny_base: Path, tmp_path: Path) -> None:
    from training.trainers.causal_lm_served import ServedLM

    one = job(tiny_base, tmp_path)
    found, _heard = fit(one)
    served = ServedLM(one, one.out, precision="fp32")
    pairs = [
        served.likelihood(one.task.messages(row, clinic="the clinic"), row.target) for row in one.validation
    ]
    served.close()
    assert sum(p[0] for p in pairs) / sum(p[1] for p in pairs) == pytest.approx(found.best_loss, rel=0.01)


@pytest.mark.parametrize(
    "change",
    [
        {"method": "full"}, {"dora": True}, {"rslora": True}, {"micro_batch": 4},
        {"group_by_length": False}, {"schedule": "constant"}, {"precision": "bf16"},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_every_setting_trains(tiny_base: Path, tmp_path: Path, change: dict[str, Any]) -> None:
    found, _heard = fit(job(tiny_base, tmp_path, SMALL.model_copy(update=change)))
    losses = [point.validation_loss for point in found.points if point.validation_loss]
    assert losses[-1] < losses[0]
    assert (
        (tmp_path / "adapter" / ("model" if "method" in change else "adapter_model"))
        .with_suffix(".safetensors")
        .is_file()
    )


def test_full_tuning_moves_the_weights_at_a_rate_that_bf16_would_swallow(
    tiny_base: Path, tmp_path: Path
) -> None:
    from safetensors.torch import load_file

    settings = SMALL.model_copy(
        update={"method": "full", "precision": "bf16", "learning_rate": 2e-5, "schedule": "constant",
                "warmup_share": 0.0, "max_steps": 2},
    )  # fmt: skip
    fit(job(tiny_base, tmp_path, settings))
    before = load_file(tiny_base / "model.safetensors")
    after = load_file(tmp_path / "adapter" / "model.safetensors")
    # AdamW's first steps are as long as the rate, whatever the gradient: all that had one have moved.
    name = "model.layers.0.mlp.down_proj.weight"
    moved = (after[name].float() - before[name].float()).abs()
    assert (moved > 0).float().mean() > 0.99
    assert moved.max() < 1e-4  # two steps of the rate, and no rounding to bf16


def test_rows_in_parts_and_rows_together_give_the_same_loss(tiny_base: Path, tmp_path: Path) -> None:
    settings = SMALL.model_copy(update={"dropout": 0.0, "epochs": 1.0})
    losses = []
    for micro in (1, 4):
        one = job(tiny_base, tmp_path / str(micro), settings.model_copy(update={"micro_batch": micro}))
        losses.append(fit(one)[0].points[-1].validation_loss)
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)


def test_it_stops_when_validation_gets_no_better(tiny_base: Path, tmp_path: Path) -> None:
    settings = SMALL.model_copy(update={"learning_rate": 1e-9, "patience": 1, "epochs": 6.0})
    found, _heard = fit(job(tiny_base, tmp_path, settings))
    assert found.stopped_early
    assert found.steps < 36


def test_four_bits_on_a_cpu_are_refused_with_a_way_out(tiny_base: Path, tmp_path: Path) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device, on which qlora is right")
    with pytest.raises(RecipeError, match="Use lora"):
        fit(job(tiny_base, tmp_path, SMALL.model_copy(update={"method": "qlora"})))


def test_the_last_weights_are_for_encoders_alone(tiny_base: Path, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="Leave it best"):
        fit(job(tiny_base, tmp_path, SMALL.model_copy(update={"select": "last"})))


def test_a_base_without_a_chat_template_is_refused_with_a_way_out(tiny_base: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    shutil.copytree(tiny_base, bare)
    (bare / "chat_template.jinja").unlink()
    with pytest.raises(RecipeError, match="has no chat template"):
        fit(job(bare, tmp_path))


def test_gradients_are_the_same_before_and_after_an_evaluation(tiny_base: Path, tmp_path: Path) -> None:
    # bitsandbytes repacks NF4 weights at the first forward in eval mode and does not unpack them: a base
    # that is trained must not be one of those.
    import torch

    from training.trainers.causal_lm import answer_loss
    from training.trainers.causal_lm_model import load_tokenizer, trainable_model
    from training.trainers.causal_lm_rows import collate, format_rows

    one = job(tiny_base, tmp_path, SMALL.model_copy(update={"dropout": 0.0}))
    model = trainable_model(one)
    formatted = format_rows(load_tokenizer(one), one.task, one.train[:4], clinic="the clinic")
    batch = collate([{"input_ids": list(row.tokens), "labels": list(row.labels)} for row in formatted])

    def norm() -> float:
        model.train()
        model.zero_grad()
        answer_loss(model, batch)[0].backward()
        return math.sqrt(sum(float(p.grad.square().sum()) for p in model.parameters() if p.grad is not None))

    before = norm()
    model.eval()
    with torch.no_grad():
        answer_loss(model, batch)
    assert norm() == pytest.approx(before, rel=1e-6)
    assert before > 0


CHILD = """
import sys
from pathlib import Path
from tests.training.test_causal_lm import job
from training.trainers.causal_lm import CausalLM
CausalLM().fit(job(Path(sys.argv[1]), Path(sys.argv[2])), lambda point, steps: print(point.step, flush=True))
"""


def _train(base: Path, place: Path, *, kill_at: int = 0) -> Sequence[int]:
    """Train in a process of its own; kill it as soon as it has logged a step."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(base), str(place)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    steps = []
    assert child.stdout is not None
    for line in child.stdout:
        steps.append(int(line))
        if kill_at and steps[-1] >= kill_at:
            child.send_signal(signal.SIGKILL)
            break
    child.wait()
    child.stdout.close()
    return steps


@pytest.mark.slow
def test_killed_anywhere_it_goes_on_to_the_same_adapter(tiny_base: Path, tmp_path: Path) -> None:
    _train(tiny_base, tmp_path / "whole")
    for kill_at in (2, 7, 13, 20):
        _train(tiny_base, tmp_path / "killed", kill_at=kill_at)
        assert not (tmp_path / "killed" / "adapter").exists()
    steps = _train(tiny_base, tmp_path / "killed")
    assert min(steps) > 2, "it began anew"
    assert sha256(tmp_path / "killed" / "adapter") == sha256(tmp_path / "whole" / "adapter")


@pytest.mark.parametrize(
    "name", ["optimizer.pt", "scheduler.pt", "rng_state.pth", "adapter_model.safetensors"]
)
def test_a_pickle_in_a_checkpoint_is_not_opened_even_when_its_marker_names_it(
    name: str, tiny_base: Path, tmp_path: Path
) -> None:
    one = job(tiny_base, tmp_path, SMALL.model_copy(update={"epochs": 1.0}))
    fit(one)
    raw = pickles(tmp_path / "mark")["torch"]
    shutil.rmtree(newest(one))  # so that there are steps left to go on with
    for checkpoint in one.checkpoints.glob("checkpoint-*"):
        stated = Complete.model_validate_json((checkpoint / MARKER).read_bytes())
        (checkpoint / name).write_bytes(raw)
        mark_complete(checkpoint, stated.job)
    with pytest.raises((pickle.UnpicklingError, SafetensorError)):
        fit(one)
    assert not (tmp_path / "mark").exists()


def test_a_pickle_put_beside_a_checkpoint_costs_that_checkpoint_alone(
    tiny_base: Path, tmp_path: Path
) -> None:
    one = job(tiny_base, tmp_path, SMALL.model_copy(update={"epochs": 1.0}))
    first, _heard = fit(one)
    (newest(one) / "pytorch_model.bin").write_bytes(pickles(tmp_path / "mark")["torch"])
    again, _heard = fit(one)
    assert 0 < again.resumed_from < first.steps
    assert not (tmp_path / "mark").exists()
