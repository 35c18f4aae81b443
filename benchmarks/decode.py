"""How fast the local model writes: against plain `generate`, its own lookup, and llama.cpp.

All arms run interleaved, prompt by prompt, so that whatever else the machine does hits all of
them. `decode` counts only what comes after the first token: (n - 1) / (time of n - time of 1).
The library's arms write under the engine's rule against running in circles, so that all of them
write the same words: a text that repeats itself is guessed with no effort. llama.cpp makes no guesses.
Run: python -m benchmarks.decode [--llama-python PYTHON] [--prompts 6] [--out FILE]
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import psutil
import torch
import typer
from transformers import AutoModelForCausalLM, AutoTokenizer, LogitsProcessor, LogitsProcessorList

from app.models.base import NO_REPEAT_NGRAM_SIZE, GenerationRequest, Message
from app.models.transformers_local import TransformersLocal
from app.prompting import grounded_messages
from benchmarks.report import Figure, report, times
from retrieval.faq import FaqEntry, load_faq
from weights import default_cache_dir, fetch
from weights.defaults import BASE_MODEL
from weights.sources import Fetched

SAMPLE_FAQ = Path(__file__).parent.parent / "retrieval" / "samples" / "faq"
PASSAGES = 3
TOKENS = 120
LEAST_TOKENS = 40
AT_ONCE = 8

Run = Callable[[tuple[Message, ...], int], tuple[int, float]]  # messages, limit -> tokens, seconds


@dataclass
class Arm:
    """One way of decoding, and its rates so far in tokens per second."""

    run: Run
    whole: list[float] = field(default_factory=list)
    decode: list[float] = field(default_factory=list)

    def measure(self, messages: tuple[Message, ...]) -> None:
        """Time one token and many, and note the rates of the whole and of what follows the first."""
        _, first = self.run(messages, 1)
        tokens, seconds = self.run(messages, TOKENS)
        if tokens > 1:
            self.whole.append(tokens / seconds)
            self.decode.append((tokens - 1) / max(seconds - first, 1e-9))


def main(
    llama_python: Annotated[Path | None, typer.Option(help="a Python that has llama-cpp-python")] = None,
    prompts: Annotated[int, typer.Option(help="how many grounded prompts")] = 6,
    rounds: Annotated[int, typer.Option(help="times that each is measured")] = 2,
    threads: Annotated[int, typer.Option(help="threads of every arm; 0: one per physical core")] = 0,
    out: Annotated[Path | None, typer.Option(help="where to write the figures as JSON")] = None,
) -> None:
    """Measure every arm and say how they compare."""
    threads = threads or psutil.cpu_count(logical=False) or 1
    torch.set_num_threads(threads)
    fetched = fetch(BASE_MODEL)
    engine = TransformersLocal(lambda: fetched, name="engine", threads=threads)
    if not engine.wait_ready(600):
        raise SystemExit(engine.state().reason)
    folder = next((default_cache_dir() / "converted").glob(f"nf4-{fetched.sha256[:32]}-*[!k]"))
    plain = _Plain(folder)
    with _llama(llama_python, fetched, threads, plain) as llama:
        arms = {
            "plain": Arm(plain.generate),
            "library_lookup": Arm(plain.with_lookup),
            "engine": Arm(lambda messages, limit: _written(engine, messages, limit)),
        }
        if llama is not None:
            arms["llama_cpp"] = Arm(llama)
        chosen = _prompts(prompts, plain)
        for arm in arms.values():
            arm.run(chosen[0], 8)  # warm
        together: list[float] = []
        together_decode: list[float] = []
        first_sentences: list[float] = []
        for _ in range(rounds):
            for messages in chosen:
                for arm in arms.values():
                    arm.measure(messages)
                first_sentences.append(_first_sentence(engine, messages))
            _, first_tokens = _at_once(engine, chosen, 1)
            tokens, seconds = _at_once(engine, chosen, TOKENS)
            together.append(tokens / seconds)
            together_decode.append((tokens - AT_ONCE) / max(seconds - first_tokens, 1e-9))
    engine.close()
    report(
        "decode",
        {
            "threads": threads,
            "prompts": len(chosen),
            "prompt_tokens": times([float(len(plain.tokens(messages))) for messages in chosen]),
            "tokens_per_second": {name: _rates(arm) for name, arm in arms.items()},
            "engine_to_plain_generate": _ratio(arms, "engine", "plain"),
            "engine_to_llama_cpp": _ratio(arms, "engine", "llama_cpp"),
            "library_lookup_to_plain_generate": _ratio(arms, "library_lookup", "plain"),
            "eight_at_once": {
                "whole": round(statistics.median(together), 1),
                "decode": round(statistics.median(together_decode), 1),
                "whole_to_one_plain_stream": _share(together, arms["plain"].whole),
                "decode_to_one_plain_stream": _share(together_decode, arms["plain"].decode),
            },
            "first_sentence_seconds": times(first_sentences),
            "engine_peak_memory_mib": _peak_mib(threads),
        },
        out,
    )


# --- the arms ---------------------------------------------------------------------------------


class _NoCircles(LogitsProcessor):  # type: ignore[misc]
    """The engine's rule: the same run of tokens does not come twice in one answer."""

    def __init__(self, prompt_length: int) -> None:
        self._prompt_length = prompt_length

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        said = input_ids[0, self._prompt_length :].tolist()
        last = said[len(said) - NO_REPEAT_NGRAM_SIZE + 1 :]
        for start in range(len(said) - NO_REPEAT_NGRAM_SIZE + 1):
            if said[start : start + NO_REPEAT_NGRAM_SIZE - 1] == last:
                scores[0, said[start + NO_REPEAT_NGRAM_SIZE - 1]] = -torch.inf
        return scores


class _Plain:
    """The same NF4 weights under the library's own `generate`."""

    def __init__(self, folder: Path) -> None:
        self._model = AutoModelForCausalLM.from_pretrained(
            folder, device_map={"": "cpu"}, local_files_only=True
        ).eval()
        self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)

    def text(self, messages: tuple[Message, ...]) -> str:
        """Return the prompt as one string."""
        chat = [{"role": message.role, "content": message.content} for message in messages]
        return str(self._tokenizer.apply_chat_template(chat, add_generation_prompt=True, tokenize=False))

    def tokens(self, messages: tuple[Message, ...]) -> list[int]:
        """Return the prompt's tokens."""
        return list(self._tokenizer(self.text(messages), add_special_tokens=False)["input_ids"])

    def generate(
        self, messages: tuple[Message, ...], limit: int, guesses: int | None = None
    ) -> tuple[int, float]:
        """Write greedily."""
        ids = torch.tensor([self.tokens(messages)])
        rules = LogitsProcessorList([_NoCircles(ids.shape[1])])
        started = time.perf_counter()
        written = self._model.generate(
            input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=limit, do_sample=False,
            prompt_lookup_num_tokens=guesses, logits_processor=rules,
        )  # fmt: skip
        return int(written.shape[1]) - ids.shape[1], time.perf_counter() - started

    def with_lookup(self, messages: tuple[Message, ...], limit: int) -> tuple[int, float]:
        """Write greedily with the library's prompt lookup."""
        return self.generate(messages, limit, 10)


def _written(engine: TransformersLocal, messages: tuple[Message, ...], limit: int) -> tuple[int, float]:
    before, started = engine.counters.new_tokens, time.perf_counter()
    for _ in engine.stream(_request(messages, limit), threading.Event()):
        pass
    return engine.counters.new_tokens - before, time.perf_counter() - started


def _at_once(engine: TransformersLocal, chosen: list[tuple[Message, ...]], limit: int) -> tuple[int, float]:
    before, started = engine.counters.new_tokens, time.perf_counter()
    readers = [
        engine.stream(_request(chosen[number % len(chosen)], limit), threading.Event())
        for number in range(AT_ONCE)
    ]
    for reader in readers:
        for _ in reader:
            pass
    return engine.counters.new_tokens - before, time.perf_counter() - started


def _first_sentence(engine: TransformersLocal, messages: tuple[Message, ...]) -> float:
    stop, started = threading.Event(), time.perf_counter()
    next(engine.stream(_request(messages, TOKENS), stop), None)
    stop.set()
    return time.perf_counter() - started


def _request(messages: tuple[Message, ...], limit: int) -> GenerationRequest:
    return GenerationRequest(messages, max_new_tokens=limit, deadline_s=300, greedy=True)


@contextmanager
def _llama(python: Path | None, fetched: Fetched, threads: int, plain: _Plain) -> Iterator[Run | None]:
    """Run llama.cpp in its own interpreter, on the GGUF that our weights were made from."""
    if python is None:
        yield None
        return
    [weights] = fetched.folder.glob("*.gguf")
    program = Path(__file__).with_name("decode_llama.py")
    with subprocess.Popen(
        [python, program, weights, str(threads)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        asking, answers = process.stdin, process.stdout
        if asking is None or answers is None:
            raise SystemExit("llama.cpp has no pipes")

        def run(messages: tuple[Message, ...], limit: int) -> tuple[int, float]:
            asking.write(json.dumps({"prompt": plain.text(messages), "max_tokens": limit}) + "\n")
            asking.flush()
            answer = json.loads(answers.readline())
            return int(answer["tokens"]), float(answer["seconds"])

        try:
            yield run
        finally:
            process.terminate()


# --- the prompts and the figures --------------------------------------------------------------


def _prompts(count: int, plain: _Plain) -> list[tuple[Message, ...]]:
    """Return grounded prompts over the sample FAQ whose plain answer is long enough to be timed."""
    entries = [
        entry for entry in load_faq(sorted(SAMPLE_FAQ.glob("*.jsonl"))).entries if entry.audience != "staff"
    ]
    chosen: list[tuple[Message, ...]] = []
    for start in range(0, len(entries) - PASSAGES, 7):
        messages = _prompt(entries[start : start + PASSAGES])
        if plain.generate(messages, LEAST_TOKENS)[0] >= LEAST_TOKENS:
            chosen.append(messages)
        if len(chosen) == count:
            break
    return chosen


def _prompt(entries: list[FaqEntry]) -> tuple[Message, ...]:
    passages = [f"{entry.question} {entry.answer}" for entry in entries]
    return grounded_messages(entries[0].question, passages, "the clinic")


def _rates(arm: Arm) -> dict[str, Figure]:
    return {
        "whole": round(statistics.median(arm.whole), 1),
        "decode": round(statistics.median(arm.decode), 1),
        "runs": len(arm.whole),
    }


def _ratio(arms: dict[str, Arm], ours: str, theirs: str) -> dict[str, Figure] | None:
    if theirs not in arms:
        return None
    return {
        "whole": _share(arms[ours].whole, arms[theirs].whole),
        "decode": _share(arms[ours].decode, arms[theirs].decode),
    }


def _share(ours: list[float], theirs: list[float]) -> float:
    return round(statistics.median(ours) / statistics.median(theirs), 2)


def _peak_mib(threads: int) -> int:
    """Return the peak memory of a process that only loads the engine and answers once."""
    code = (
        "import threading\n"
        "from pathlib import Path\n"
        "from app.models import MODELS, GenerationRequest, Message, ModelSetup\n"
        f"model = MODELS['transformers'](ModelSetup(base_model={BASE_MODEL!r}, threads={threads}))\n"
        "model.wait_ready(600)\n"
        "text = 'Passages: ' + 'The clinic opens at eight. ' * 80\n"
        "list(model.stream(GenerationRequest((Message('user', text),)), threading.Event()))\n"
        "model.close()\n"
        # Not ru_maxrss: a child starts with its parent's.
        "print(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return int(done.stdout) // 1024


if __name__ == "__main__":
    typer.run(main)
