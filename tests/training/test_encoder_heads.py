"""training/trainers/encoder_heads.py: windows that leave nothing out, and the loss over labels."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from tests.training.tiny_encoder import QUICK, tiny_tokenizer
from training.trainers.encoder_heads import NO_LOSS, LabelLearner, Row, label_weights, probabilities, windows

pytestmark = pytest.mark.slow  # torch or a clustering starts up: seconds before the first test

TOKENIZER = tiny_tokenizer()


class Bag(torch.nn.Module):
    """A model of one table: the logits of a token are its row, those of a text their sum."""

    def __init__(self, *, whole: bool) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.table, self.whole = torch.nn.Embedding(50, 3), whole

    def forward(self, *, input_ids: Any, attention_mask: Any) -> SimpleNamespace:
        logits = self.table(input_ids) * attention_mask[..., None]
        return SimpleNamespace(logits=logits.sum(dim=1) if self.whole else logits)


def learner(rows: list[Row], model: Bag, *, weights: torch.Tensor | None = None) -> LabelLearner:
    return LabelLearner(
        model, rows, validation=rows, settings=QUICK, pad=0,
        weights=torch.ones(3) if weights is None else weights,
    )  # fmt: skip


def test_windows_overlap_and_cover_every_token_once_at_its_place() -> None:
    text = "Zoë's café, room 12: " + "abc de " * 20
    whole = TOKENIZER(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    found = windows(TOKENIZER, text, limit=16)
    covered = {}
    for window in found:
        assert len(window.tokens) <= 16
        inner = [at for at, word in enumerate(window.words) if word is not None]
        covered |= {window.first + n: window.offsets[at] for n, at in enumerate(inner)}
    assert [covered[place] for place in sorted(covered)] == whole
    assert all(after.first < before.first + 14 for before, after in pairwise(found))


def test_an_empty_text_is_one_window_of_special_tokens() -> None:
    (only,) = windows(TOKENIZER, "", limit=16)
    assert only.words == (None, None)


def test_rare_labels_weigh_more_and_the_mean_weight_is_one() -> None:
    rows = [Row((1,) * 10, (0,) * 8 + (1, NO_LOSS)), Row((1,), (1,))]
    weights = label_weights(rows, 3)
    assert weights[1] / weights[0] == pytest.approx(2.0)
    assert weights[2] == 0
    assert (8 * weights[0] + 2 * weights[1]) / 10 == pytest.approx(1.0)


@pytest.mark.parametrize("whole", [True, False])
def test_the_gradient_is_the_same_however_few_rows_go_at_once(whole: bool) -> None:
    rows = [
        Row(tuple(range(1, 2 + n)), (n % 3,) if whole else (NO_LOSS, *[(n + k) % 3 for k in range(n)]))
        for n in range(1, 7)
    ]
    found = []
    for micro in (6, 4, 1):
        model = Bag(whole=whole)
        stepped = learner(rows, model, weights=torch.tensor([1.0, 2.0, 0.5])).backward(range(6), micro=micro)
        assert model.table.weight.grad is not None
        found.append((stepped, model.table.weight.grad))
    for stepped, gradient in found[1:]:
        assert stepped.loss == pytest.approx(found[0][0].loss)
        assert torch.allclose(gradient, found[0][1], atol=1e-6)
    assert found[0][0].tokens == sum(len(row.tokens) for row in rows)
    assert found[0][0].trained == (6 if whole else sum(range(1, 7)))


def test_padding_carries_no_loss() -> None:
    model = Bag(whole=False)
    short, long = Row((5,), (1,)), Row((6, 7, 8, 9), (0, 1, 2, 0))
    alone = [learner([row], model).validate() or 0.0 for row in (short, long)]
    together = learner([short, long], model).validate()
    assert together == pytest.approx((alone[0] + 4 * alone[1]) / 5)


def test_no_validation_rows_give_no_loss() -> None:
    assert learner([], Bag(whole=True)).validate() is None


def test_probabilities_come_in_the_order_of_the_texts_whatever_their_length() -> None:
    model = Bag(whole=False)
    texts = [[1, 2], [3], [4, 5, 6], [7]]
    found = probabilities(model, texts, pad=0)
    for text, shares in zip(texts, found, strict=True):
        assert shares.shape == (len(text), 3)
        assert torch.allclose(
            torch.tensor(shares), model.table.weight[text].softmax(dim=-1).detach(), atol=1e-6
        )
