"""What only a CUDA device can show: a 4-bit base is trained, resumes, and is served. `make test-gpu`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.training.test_causal_lm import SMALL, fit, job

pytestmark = [pytest.mark.gpu, pytest.mark.weights]


@pytest.fixture(scope="module", autouse=True)
def device() -> None:
    """Skip where there is no CUDA device."""
    import torch

    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")


def test_a_four_bit_base_is_trained_and_served(tiny_base: Path, tmp_path: Path) -> None:
    from training.trainers.causal_lm_served import ServedLM

    one = job(tiny_base, tmp_path, SMALL.model_copy(update={"method": "qlora"}))
    found, _heard = fit(one)
    losses = [point.validation_loss for point in found.points if point.validation_loss]
    assert losses[-1] < losses[0]
    served = ServedLM(one, one.out)
    said = list(served.predict(one.validation, arm="tuned", max_new_tokens=8))
    served.close()
    assert len(said) == len(one.validation)


def test_gradients_of_a_four_bit_base_outlast_an_evaluation(tiny_base: Path, tmp_path: Path) -> None:
    import torch

    from training.trainers.causal_lm import answer_loss
    from training.trainers.causal_lm_model import load_tokenizer, trainable_model
    from training.trainers.causal_lm_rows import collate, format_rows

    one = job(tiny_base, tmp_path, SMALL.model_copy(update={"method": "qlora", "dropout": 0.0}))
    model = trainable_model(one)
    rows = format_rows(load_tokenizer(one), one.task, one.train[:4], clinic="the clinic")
    batch = {
        name: value.cuda()
        for name, value in collate(
            [{"input_ids": list(row.tokens), "labels": list(row.labels)} for row in rows]
        ).items()
    }

    def norm() -> float:
        model.train()
        model.zero_grad()
        answer_loss(model, batch)[0].backward()
        return sum(float(p.grad.square().sum()) for p in model.parameters() if p.grad is not None) ** 0.5

    before = norm()
    model.eval()
    with torch.no_grad():
        answer_loss(model, batch)
    assert norm() == pytest.approx(before, rel=1e-3)
