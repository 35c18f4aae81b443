"""Write several rows at once with one model: one forward pass a step, guesses verified in it.

A lone row guesses ahead by prompt lookup. Rows together share each forward pass; the more they
are, the fewer guesses each has, as a pass costs by its tokens. A row joins after its prompt is
read and leaves when it ends; others never wait for it. Only the owner thread may call this.

The cache holds, for every row, all tokens but the last, right-aligned; `_keep` says which slots
are real. Slots of guesses that did not hold are masked, and removed when rows join or leave.
"""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import torch
from transformers.cache_utils import DynamicCache

from app.errors import GenerationError
from app.models.base import Message
from app.models.transformers_local_cpu import new_cache
from app.models.transformers_local_load import Loaded, adopt, retire
from app.models.transformers_local_prompt import prompt_tokens
from app.models.transformers_local_row import Counters, Row
from app.models.transformers_local_threads import Threads

PREFILL_TOKENS = 512
PREFIXES = 4
# Guesses for each row, by the number of rows: measured, see benchmarks/decode.py.
GUESSES = {1: 24, 2: 5, 3: 3, 4: 2}
MOST_SLACK = 256

KeysValues = list[tuple[torch.Tensor, torch.Tensor]]  # for each layer [heads, slots, head size]


class Decoder:
    """The rows being written and their shared cache."""

    def __init__(self, loaded: Loaded, *, lookup: bool = True) -> None:
        self._loaded = loaded
        self._lookup = lookup
        self._layers = int(loaded.model.config.get_text_config().num_hidden_layers)
        self._device = loaded.model.device
        self._threads = Threads(torch.get_num_threads() if self._device.type == "cpu" else 1)
        self._prefixes: OrderedDict[tuple[str | None, tuple[int, ...]], KeysValues] = OrderedDict()
        self.rows: list[Row] = []
        self.counters = Counters()
        refused = [f"adapter {name!r} did not load ({why})" for name, why in loaded.refused.items()]
        self.note = "; ".join(refused)
        self._cache = new_cache(self._layers)
        self._keep = torch.ones(0, 0, dtype=torch.bool)

    @property
    def adapters(self) -> tuple[str, ...]:
        """The adapters that a row can use."""
        return self._loaded.adapters

    def adopt(self, name: str, folder: Path) -> None:
        """Load one more adapter between two steps. Raises GenerationError when it does not load."""
        if name not in self.adapters:
            self._loaded = adopt(self._loaded, name, folder)

    def retire(self, name: str) -> None:
        """Unload an adapter that no row uses, and what was kept of its prompts."""
        if name in self.adapters:
            self._loaded = retire(self._loaded, name)
        for key in [key for key in self._prefixes if key[0] == name]:
            del self._prefixes[key]

    def admit(self, row: Row) -> None:
        """Read a row's prompt, choose its first token and let it join the others.

        Raises GenerationError when the prompt with its answer is longer than the model can read.
        """
        if row.must_end():
            row.finish()
            return
        prompt = self._tokens(row.request.messages, begin_answer=True)
        room = self._loaded.longest - row.request.max_new_tokens
        if len(prompt) > room:
            raise GenerationError(
                f"the prompt has {len(prompt)} tokens, the model reads {room} beside an answer of "
                f"{row.request.max_new_tokens}: give fewer passages or turns"
            )
        row.begin(prompt, self._decode, system=self._system_tokens(row.request.messages))
        with torch.inference_mode():
            read = self._read_prompt(row, prompt)
            if row.ended:
                return
            if not self.rows:
                self.rows, self._cache = [row], read
                self._keep = torch.ones(1, len(prompt), dtype=torch.bool)
            else:
                held = [self._held(index) for index in range(len(self.rows))]
                self._rebuild([*self.rows, row], [*held, _layers_of(read, 0)])

    def step(self) -> None:
        """Run one forward pass for all rows, give each the tokens it chose, let the ended leave."""
        for row in self.rows:
            if row.must_end():
                row.finish()
        with torch.inference_mode():
            self._leave()
            if self.rows:
                self._pass()
                self._leave()

    def drop_all(self, error: Exception) -> None:
        """End every row with an error and forget the cache."""
        for row in self.rows:
            row.fail(error)
        self.rows = []
        self._cache = new_cache(self._layers)
        self._prefixes.clear()

    # --- one step -----------------------------------------------------------------------

    def _pass(self) -> None:
        if len(self.rows) == 1 and not bool(self._keep.all()):
            self._rebuild(self.rows, [self._held(0)])
        guesses = [self._guess(row) for row in self.rows]
        logits, before = self._forward(guesses)
        taken = [self._take(row, guess, logits[index]) for index, (row, guess)
                 in enumerate(zip(self.rows, guesses, strict=True))]  # fmt: skip
        self._settle(before, logits.shape[1], taken)
        self.counters.steps += 1

    def _guess(self, row: Row) -> list[int]:
        left = row.request.max_new_tokens - (len(row.ids) - row.prompt_length) - 1
        most = GUESSES.get(len(self.rows), 0) if self._lookup else 0
        return row.lookup.guess(min(most, left))

    def _forward(self, guesses: list[list[int]]) -> tuple[torch.Tensor, int]:
        """Return logits [rows, block, vocabulary] and the number of slots before this pass."""
        before = self._cache.get_seq_length()
        block = 1 + max(map(len, guesses))
        blocks = [[row.ids[-1], *guess] for row, guess in zip(self.rows, guesses, strict=True)]
        padded = torch.tensor([tokens + tokens[-1:] * (block - len(tokens)) for tokens in blocks])
        extra: dict[str, object] = dict(self._loaded.use([row.request.adapter for row in self.rows]))
        if len(self.rows) > 1:
            lengths = torch.tensor([len(tokens) for tokens in blocks])
            self._keep = torch.cat([self._keep, torch.arange(block) < lengths[:, None]], dim=1)
            starts = torch.tensor([len(row.ids) - 1 for row in self.rows])
            extra["position_ids"] = (starts[:, None] + torch.arange(block)).to(self._device)
            extra["attention_mask"] = self._keep.to(self._device, torch.long)
        with self._threads.for_pass(padded.numel()):
            out = self._loaded.model(
                input_ids=padded.to(self._device), past_key_values=self._cache, use_cache=True, **extra
            )
        return out.logits, before

    def _take(self, row: Row, guess: list[int], logits: torch.Tensor) -> int:
        """Give a row its tokens; return how many slots of its block are now its own."""
        held = 0
        for place in range(len(guess) + 1):
            token = row.chooser.choose(logits[place], row.said)
            row.take(token, self._loaded.end_ids)
            self.counters.new_tokens += 1
            if row.ended or place == len(guess) or token != guess[place]:
                break
            held += 1
        row.lookup.learn(len(guess), held)
        self.counters.guessed += len(guess)
        self.counters.held += held
        return 1 + held

    def _settle(self, before: int, block: int, taken: list[int]) -> None:
        """Cut or mask the slots of guesses that did not hold."""
        longest = max(taken)
        self._cache.crop(longest - block) if longest < block else None
        if len(self.rows) == 1:
            self._keep = torch.ones(1, before + longest, dtype=torch.bool)
            return
        self._keep = self._keep[:, : before + longest]
        self._keep[:, before:] &= torch.arange(longest) < torch.tensor(taken)[:, None]
        if self._keep.shape[1] - int(self._keep.sum(1).max()) > MOST_SLACK:
            self._rebuild(self.rows, [self._held(index) for index in range(len(self.rows))])

    def _leave(self) -> None:
        staying = [index for index, row in enumerate(self.rows) if not row.ended]
        if len(staying) == len(self.rows):
            return
        if staying:
            self._rebuild([self.rows[index] for index in staying], [self._held(index) for index in staying])
        else:
            self.rows, self._cache = [], new_cache(self._layers)

    # --- the cache ----------------------------------------------------------------------

    def _held(self, index: int) -> KeysValues:
        """Return a row's own slots of every layer."""
        return _layers_of(self._cache, index, self._keep[index].to(self._device))

    def _rebuild(self, rows: list[Row], held: list[KeysValues]) -> None:
        cache = new_cache(self._layers)
        for number, layer in enumerate(cache.layers):
            layer.load([row[number][0] for row in held], [row[number][1] for row in held])
        lengths = torch.tensor([row[0][0].shape[1] for row in held])
        slots = int(lengths.max())
        self._keep = torch.arange(slots) >= slots - lengths[:, None]
        self.rows, self._cache = list(rows), cache

    # --- the prompt ---------------------------------------------------------------------

    def _read_prompt(self, row: Row, prompt: list[int]) -> DynamicCache:
        """Run the prompt in parts, so that a stop is heard between them; choose the first token."""
        adapter = row.request.adapter
        extra = self._loaded.use([adapter])
        cache = new_cache(self._layers)
        prefix = self._system_prefix(row, prompt)
        known = self._prefixes.get((adapter, prefix))
        start = 0
        if known is not None:
            self._prefixes.move_to_end((adapter, prefix))
            for layer, (keys, values) in zip(cache.layers, known, strict=True):
                layer.load([keys], [values])
            start = len(prefix)
            self.counters.reused_tokens += start
        ends = [*range(start + PREFILL_TOKENS, len(prompt), PREFILL_TOKENS), len(prompt)]
        if prefix and known is None:
            ends = [len(prefix), *(end for end in ends if end > len(prefix))]
        for end in ends:
            if row.must_end():
                row.finish()
                return cache
            part = torch.tensor([prompt[start:end]], device=self._device)
            with self._threads.for_pass(part.numel()):
                out = self._loaded.model(
                    input_ids=part, past_key_values=cache, use_cache=True, logits_to_keep=1, **extra
                )
            if prefix and end == len(prefix):
                self._remember_prefix((adapter, prefix), cache)
            self.counters.prompt_tokens += end - start
            start = end
        row.take(row.chooser.choose(out.logits[0, -1], []), self._loaded.end_ids)
        self.counters.new_tokens += 1
        return cache

    def _system_prefix(self, row: Row, prompt: list[int]) -> tuple[int, ...]:
        """Return the system message's tokens when the prompt begins with them.

        Only the system message is kept from one request to the next: it holds no one's words.
        """
        first = row.request.messages[0]
        if first.role != "system":
            return ()
        prefix = tuple(self._tokens((first,), begin_answer=False))
        return prefix if prefix == tuple(prompt[: len(prefix)]) and len(prefix) < len(prompt) else ()

    def _remember_prefix(self, key: tuple[str | None, tuple[int, ...]], cache: DynamicCache) -> None:
        self._prefixes[key] = [(k.clone(), v.clone()) for k, v in _layers_of(cache, 0)]
        while len(self._prefixes) > PREFIXES:
            self._prefixes.popitem(last=False)

    def _tokens(self, messages: tuple[Message, ...], *, begin_answer: bool) -> list[int]:
        return prompt_tokens(self._loaded.tokenizer, messages, begin_answer=begin_answer)

    def _system_tokens(self, messages: tuple[Message, ...]) -> list[int]:
        said = " ".join(message.content for message in messages if message.role == "system")
        return [int(token) for token in self._loaded.tokenizer(said, add_special_tokens=False)["input_ids"]]

    def _decode(self, ids: list[int]) -> str:
        return str(self._loaded.tokenizer.decode(ids, skip_special_tokens=True))


def _layers_of(cache: DynamicCache, index: int, keep: torch.Tensor | None = None) -> KeysValues:
    """Return one row's slots of every layer, all or those that `keep` [slots] marks."""
    slots = slice(None) if keep is None else keep.nonzero()[:, 0]
    return [(layer.keys[index, :, slots], layer.values[index, :, slots]) for layer in cache.layers]
