"""A language model in the form that is served: NF4 base, unmerged adapter, the application's decoder.

What is measured here is what a patient would meet: the same loader, the same tokens, the same
choice of the next one (greedy here, so that a run can be repeated).
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from app.errors import GenerationError
from app.models.base import GenerationRequest, Message, Precision
from app.models.transformers_local_decode import Decoder
from app.models.transformers_local_load import load
from app.models.transformers_local_prompt import prompt_tokens
from app.models.transformers_local_row import Row
from training.errors import ReleaseError
from training.rows import Example, Prediction
from training.trainers.base import Job
from training.trainers.causal_lm import answer_loss
from training.trainers.causal_lm_rows import NO_LOSS, collate
from weights.sources import Fetched

ADAPTER = "tuned"
MOST_ROWS = 32  # without AVX-512 a product for 64 rows takes under three times as long as for 8
HOURS = 24 * 3600.0


class ServedLM:
    """Answers, and the likelihood of given answers, from one loaded base with at most one adapter."""

    def __init__(self, job: Job, adapter: Path | None, *, precision: Precision = "nf4") -> None:
        """Load. Raises ReleaseError when the adapter does not fit the base."""
        whole = adapter is not None and not (adapter / "adapter_config.json").is_file()
        source = adapter if adapter is not None and whole else job.base
        self._loaded = load(
            Fetched(source, job.base_source, job.base_sha256),
            adapters={} if adapter is None or whole else {ADAPTER: adapter},
            precision="fp32" if whole else precision,
            cache_dir=job.cache_dir,
            threads=torch.get_num_threads(),
        )
        if self._loaded.refused:
            raise ReleaseError(f"the adapter does not load on this base ({self._loaded.refused[ADAPTER]})")
        self._adapter = ADAPTER if self._loaded.adapters else None
        self._task, self.clinic = job.task, job.clinic
        self._decoder = Decoder(self._loaded)

    def predict(
        self,
        examples: Sequence[Example],
        *,
        arm: str,
        system: str = "",
        shots: Sequence[Example] = (),
        max_new_tokens: int = 256,
        likelihood: bool = True,
    ) -> Iterator[Prediction]:
        """Yield an answer to each example, in order, with the likelihood of its reference."""
        prompts = [
            self._task.messages(one, clinic=self.clinic, system=system, shots=shots) for one in examples
        ]
        written = self.answers(prompts, max_new_tokens=max_new_tokens)
        for example, prompt, said in zip(examples, prompts, written, strict=True):
            scored = likelihood and bool(example.target)
            nats, tokens = self.likelihood(prompt, example.target) if scored else (0.0, 0)
            yield said.model_copy(update={"id": example.id, "arm": arm, "nll": nats, "nll_tokens": tokens})

    def answers(self, prompts: Sequence[tuple[Message, ...]], *, max_new_tokens: int) -> Iterator[Prediction]:
        """Write greedily and yield an answer to each prompt, in order; ids and arm are left empty.

        `MOST_ROWS` are written at once, and the next begins where one ends. Seconds are each one's share
        of the passes. A prompt that is too long gets an empty answer.
        """
        waiting = deque(self._row(prompt, max_new_tokens) for prompt in prompts)
        begun: deque[Row] = deque()
        seconds: dict[int, float] = {}
        while waiting or begun:
            while waiting and len(self._decoder.rows) < MOST_ROWS:
                begun.append(waiting.popleft())
                with _shared(seconds, [begun[-1]]):
                    self._admit(begun[-1])
            if self._decoder.rows:
                with _shared(seconds, self._decoder.rows):
                    self._decoder.step()
            while begun and begun[0].ended:
                row = begun.popleft()
                yield self._said(row, seconds=seconds.pop(id(row)), most=max_new_tokens)

    def _row(self, prompt: tuple[Message, ...], max_new_tokens: int) -> Row:
        request = GenerationRequest(
            prompt,
            adapter=self._adapter,
            max_new_tokens=max_new_tokens,
            greedy=True,
            no_repeat_ngram_size=self._task.no_repeat_ngram_size,
        )
        return Row(request=request, stop=threading.Event(), deadline=time.monotonic() + HOURS)

    def _admit(self, row: Row) -> None:
        try:
            self._decoder.admit(row)
        except GenerationError as error:
            row.fail(error)

    def _said(self, row: Row, *, seconds: float, most: int) -> Prediction:
        text = self._loaded.tokenizer.decode(row.said, skip_special_tokens=True)
        return Prediction(
            id="",
            arm="",
            text=str(text).strip(),
            seconds=round(seconds, 4),
            prompt_tokens=row.prompt_length,
            new_tokens=len(row.said),
            ended=row.prompt_length > 0 and len(row.said) < most,
        )

    def likelihood(self, prompt: Sequence[Message], answer: str) -> tuple[float, int]:
        """Return the summed nats of an answer with its end token, and the number of those tokens."""
        tokenizer: Any = self._loaded.tokenizer
        asked = prompt_tokens(tokenizer, prompt, begin_answer=True)
        said = [*tokenizer(answer, add_special_tokens=False)["input_ids"], tokenizer.eos_token_id]
        batch = collate([{"input_ids": asked + said, "labels": [NO_LOSS] * len(asked) + said}])
        self._loaded.use([self._adapter])
        with torch.inference_mode():
            device = self._loaded.model.device
            nats, count = answer_loss(
                self._loaded.model, {name: value.to(device) for name, value in batch.items()}
            )
        return float(nats), int(count)

    def likelihoods(self, examples: Sequence[Example]) -> list[float]:
        """Return the summed nats of each example's target under the job's own prompt."""
        return [
            self.likelihood(self._task.messages(one, clinic=self.clinic), one.target)[0] for one in examples
        ]

    def continued(self, examples: Sequence[Example], *, max_new_tokens: int = 24) -> list[str]:
        """Begin the answer to each example with its target, and return what the model greedily adds."""
        tokenizer, model = self._loaded.tokenizer, self._loaded.model
        texts = []
        for one in examples:
            asked = prompt_tokens(tokenizer, self._task.messages(one, clinic=self.clinic), begin_answer=True)
            begun = [*asked, *tokenizer(one.target, add_special_tokens=False)["input_ids"]]
            self._loaded.use([self._adapter])
            with torch.inference_mode():
                read = torch.tensor([begun], device=model.device)
                out = model.generate(
                    input_ids=read,
                    attention_mask=torch.ones_like(read),
                    do_sample=False,
                    max_new_tokens=max_new_tokens,
                    pad_token_id=tokenizer.eos_token_id,
                )
            texts.append(str(tokenizer.decode(out[0, len(begun) :], skip_special_tokens=True)))
        return texts

    def close(self) -> None:
        """Give the memory back."""
        del self._decoder, self._loaded


@contextmanager
def _shared(seconds: dict[int, float], rows: Sequence[Row]) -> Iterator[None]:
    """Add the time inside to the rows, to each an equal part."""
    them, started = [id(row) for row in rows], time.monotonic()
    yield
    each = (time.monotonic() - started) / len(them)
    for one in them:
        seconds[one] = seconds.get(one, 0.0) + each
