"""From examples to token rows with labels, and the order in which a training reads them.

The tokens of a prompt are made by the application's own function, so that a model is trained on
exactly what it will be asked. Only the answer and one end token carry loss; where a recipe asks for it,
words of the answer that may identify somebody carry none, because what carries no loss is not learned by
rote (Hans et al. 2024, "Be like a Goldfish"). Nothing is ever cut: a row that is too long is named, and
its caller sets it aside.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

import torch
from transformers import PreTrainedTokenizerBase

from app.models.transformers_local_prompt import prompt_tokens
from training.preflight import Formatted
from training.rows import Example
from training.tasks.base import Task

NO_LOSS = -100
# A word with a digit, and one with a capital that does not begin a sentence: names, codes, dates, numbers.
_IDENTIFIER = re.compile(r"\S*\d\S*|(?<=[\w,;:'\"(-] )(?!I\b)[^\W\d_a-z]\w*")
# Steps are cut from a shuffled stretch of so many that is ordered by length.
STRETCH = 16


def format_rows(
    tokenizer: PreTrainedTokenizerBase,
    task: Task,
    examples: Sequence[Example],
    *,
    clinic: str,
    rendered: int = 0,
    mask_identifiers: bool = False,
) -> list[Formatted]:
    """Tokenise each example; the first `rendered` keep the text of every token for a picture.

    With `mask_identifiers`, the answer's words that hold a digit or begin with a capital inside a
    sentence carry no loss.
    """
    end = int(tokenizer.eos_token_id)
    rows = []
    for place, example in enumerate(examples):
        prompt = prompt_tokens(tokenizer, task.messages(example, clinic=clinic), begin_answer=True)
        answer = tokenizer(example.target, add_special_tokens=False, return_offsets_mapping=True)
        tokens = (*prompt, *answer["input_ids"], end)
        pieces = tuple(tokenizer.decode([token]) for token in tokens) if place < rendered else ()
        masked = _IDENTIFIER.finditer(example.target) if mask_identifiers else ()
        spans = [match.span() for match in masked]
        learned = (
            NO_LOSS if any(first < stop and start < last for start, stop in spans) else token
            for token, (first, last) in zip(answer["input_ids"], answer["offset_mapping"], strict=True)
        )
        labels = (*[NO_LOSS] * len(prompt), *learned, end)
        rows.append(Formatted(id=example.id, tokens=tokens, labels=labels, pieces=pieces))
    return rows


def reading_order(
    lengths: Sequence[int], *, batch: int, epochs: float, seed: int, group_by_length: bool
) -> list[int]:
    """Return row numbers for all epochs, one after the other: every row once an epoch, shuffled anew.

    The order depends on its arguments alone, so that a resumed training reads what it would have
    read. With `group_by_length` the rows of a step are of similar length: stretches of `STRETCH`
    steps are ordered by length, cut into steps, and the steps shuffled.
    """
    draw = random.Random(seed)
    order: list[int] = []
    while len(order) < round(epochs * len(lengths)):
        order += draw.sample(range(len(lengths)), len(lengths))
    del order[round(epochs * len(lengths)) :]
    if not group_by_length:
        return order
    grouped: list[int] = []
    for first in range(0, len(order), STRETCH * batch):
        rows = sorted(order[first : first + STRETCH * batch], key=lambda row: lengths[row])
        *steps, last = (rows[place : place + batch] for place in range(0, len(rows), batch))
        if len(last) == batch:
            steps.append(last)
            last = []
        draw.shuffle(steps)
        # A short step stays last: anywhere else it would shift the steps after it.
        grouped += [row for step in (*steps, last) for row in step]
    return grouped


class TokenRows(torch.utils.data.Dataset):  # type: ignore[misc]
    """Rows in a fixed order, as the trainer reads them; after them `blank` rows that teach nothing.

    Blank rows fill up a last step that is short, so that several processes can share it.
    """

    def __init__(self, rows: Sequence[Formatted], order: Sequence[int], *, blank: int = 0) -> None:
        self._rows, self._order, self._blank = rows, order, blank

    def __len__(self) -> int:
        return len(self._order) + self._blank

    def __getitem__(self, place: int) -> dict[str, list[int]]:
        if place >= len(self._order):
            return {"input_ids": [0], "labels": [NO_LOSS]}
        row = self._rows[self._order[place]]
        return {"input_ids": list(row.tokens), "labels": list(row.labels)}


def collate(rows: Sequence[dict[str, list[int]]]) -> dict[str, torch.Tensor]:
    """Pad on the right to the longest row: `input_ids`, `labels` and `attention_mask` [rows, tokens]."""
    longest = max(len(row["input_ids"]) for row in rows)

    def padded(name: str, fill: int) -> torch.Tensor:
        return torch.tensor([row[name] + [fill] * (longest - len(row[name])) for row in rows])

    lengths = torch.tensor([[len(row["input_ids"])] for row in rows])
    return {
        "input_ids": padded("input_ids", 0),
        "labels": padded("labels", NO_LOSS),
        "attention_mask": (torch.arange(longest) < lengths).long(),
    }
