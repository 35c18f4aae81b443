"""The arms that are compared on the same rows: who answers, under which prompt, with which examples.

    base       the base model with the job's own prompt
    prompt     the base model with the best prompt and number of examples, chosen on validation rows
    retrieval  the answer to the nearest training question, word for word
    remote     any OpenAI-compatible model with the job's own prompt
    tuned      the trained model with the job's own prompt

An arm returns predictions; it scores nothing. Must not read test rows to choose anything.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.errors import AppError
from app.models.base import GenerationRequest
from training.errors import RemoteError
from training.recipe import Evaluate, Remote
from training.rows import Example, Frozen, Prediction
from training.tasks import Task

if TYPE_CHECKING:
    from training.trainers.causal_lm_served import ServedLM

SHORT_ANSWER = 120  # words: an example in a prompt should leave room for others
Embed = Callable[[list[str]], NDArray[np.float32]]


class ChosenPrompt(Frozen):
    """The prompt arm's choice: `loss` is mean nats a reference token on the validation rows."""

    system: str
    shots: tuple[str, ...]
    loss: float
    tried: dict[str, float]


def choose_prompt(
    model: ServedLM,
    task: Task,
    settings: Evaluate,
    *,
    train: Sequence[Example],
    tune: Sequence[Example],
    seed: int,
) -> ChosenPrompt:
    """Try every system prompt with every number of examples, and keep the likeliest on `tune`.

    '' is the job's own prompt; examples are short answers of different questions, drawn once.
    """
    rows = random.Random(seed).sample(list(tune), min(settings.tune_rows, len(tune)))
    pool = worked_examples(train, max(settings.shots, default=0), seed=seed)
    tried: dict[str, float] = {}
    best: tuple[float, str, int] = (float("inf"), "", 0)
    for place, system in enumerate(("", *settings.prompts)):
        for count in settings.shots:
            nats = tokens = 0.0
            for row in rows:
                prompt = task.messages(row, clinic=model.clinic, system=system, shots=pool[:count])
                some, number = model.likelihood(prompt, row.target)
                nats, tokens = nats + some, tokens + number
            loss = nats / max(tokens, 1)
            tried[f"prompt {place}, {count} examples"] = loss
            best = min(best, (loss, system, count))
    return ChosenPrompt(
        system=best[1], shots=tuple(one.id for one in pool[: best[2]]), loss=best[0], tried=tried
    )


def worked_examples(train: Sequence[Example], count: int, *, seed: int) -> list[Example]:
    """Return rows with short answers, of different groups and, where possible, topics."""
    rows = [one for one in train if 20 <= len(one.target.split()) <= SHORT_ANSWER] or list(train)
    random.Random(seed).shuffle(rows)
    chosen: list[Example] = []
    for strict in (True, False):
        for row in rows:
            if len(chosen) == count:
                return chosen
            known = {one.topic for one in chosen} if strict else {one.group for one in chosen}
            if (row.topic if strict else row.group) not in known and row not in chosen:
                chosen.append(row)
    return chosen


def nearest_answers(
    embed: Embed, train: Sequence[Example], rows: Sequence[Example], *, asked: Callable[[Example], str]
) -> Iterator[Prediction]:
    """Yield for each row the answer of the training row whose question is nearest by cosine."""
    known = embed([asked(one) for one in train])
    for row in rows:
        started = time.monotonic()
        nearest = int((known @ embed([asked(row)])[0]).argmax())
        yield Prediction(
            id=row.id,
            arm="retrieval",
            text=train[nearest].target,
            seconds=round(time.monotonic() - started, 4),
            new_tokens=0,
        )


def remote_answers(
    task: Task,
    rows: Sequence[Example],
    settings: Evaluate,
    remote: Remote,
    *,
    clinic: str,
    api_key: str,
    tokens: Callable[[str], int],
) -> Iterator[Prediction]:
    """Yield a remote model's answers. Only scrubbed text is sent. Raises RemoteError.

    `tokens` counts those of a text; what a server charges for is by its own tokenizer, and near that.
    """
    from app.models.openai_remote import OpenAIRemote

    model = OpenAIRemote(remote.base_url, name=remote.model, api_key=api_key, read_timeout_s=120.0)
    try:
        for row in rows:
            started = time.monotonic()
            request = GenerationRequest(
                task.messages(row, clinic=clinic),
                max_new_tokens=settings.max_new_tokens,
                deadline_s=120.0,
                greedy=True,
            )
            text = " ".join(model.stream(request, threading.Event()))
            yield Prediction(
                id=row.id,
                arm="remote",
                text=text,
                seconds=round(time.monotonic() - started, 4),
                prompt_tokens=sum(tokens(one.content) for one in request.messages),
                new_tokens=tokens(text),
            )
    except AppError as error:
        raise RemoteError(
            f"{remote.model} at {remote.base_url} did not answer: {type(error).__name__}"
        ) from error
    finally:
        model.close()
