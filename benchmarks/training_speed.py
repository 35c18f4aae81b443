"""Training tokens a second against a plain TRL script with its defaults: same model, rows, steps and rate.

Each side runs in a process of its own, in turns. Tokens are those of the rows, padding not counted; the
clock runs over the steps alone. Both adapters are then validated by one function on the same rows. Each
round has a seed of its own, which draws the order of the rows: losses are means over rounds, speeds medians.
With `--shape` both train on random weights of that shape, QLoRA where there is a CUDA device: a step's time
and the memory at its peak do not depend on what the weights know.

Run: python -m benchmarks.training_speed --out benchmarks/results/training_speed.json
     python -m benchmarks.training_speed --shape llama-3.2-1b --out benchmarks/results/training_gpu.json
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from benchmarks.datasets import DATASETS, datasets_there
from benchmarks.report import report
from training.recipe import RECIPES, Train
from training.rows import Example
from training.tasks import TASKS
from training.trainers.base import Job
from training.trainers.machine import device_name
from weights import fetch
from weights.defaults import BASE_MODEL
from weights.jsonl import Row, read_jsonl

SHAPES: dict[str, dict[str, Any]] = {
    # The numbers of meta-llama/Llama-3.2-1B's config.json; its weights may not travel, and need not.
    "llama-3.2-1b": {
        "vocab_size": 128256, "hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 16,
        "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 64, "rope_theta": 500000.0,
        "max_position_embeddings": 131072, "tie_word_embeddings": True,
    },
    # Too small to say anything of speed: for a test of the benchmark itself.
    "tiny": {
        "vocab_size": 49152, "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2,
        "num_attention_heads": 4, "num_key_value_heads": 2, "tie_word_embeddings": True,
    },
}  # fmt: skip
TASK = TASKS["counseling"]
VALIDATION = 16
WARM = 2  # steps until kernels are chosen and memory is held
SETTINGS = Train(
    rank=16, alpha=32, dropout=0.05, learning_rate=4e-4, schedule="linear", warmup_share=0.0, batch=8,
    epochs=100, patience=1000,
)  # fmt: skip


def main() -> None:
    """Run both sides in turns and report medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--shape", choices=SHAPES, help="random weights of this shape; tiny needs no CUDA")
    parser.add_argument("--base", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--side", choices=["ours", "trl"])
    parser.add_argument("--place", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    if asked.shape not in (None, "tiny") and device_name() != "cuda":
        parser.error(
            f"--shape {asked.shape} trains QLoRA, and there is no CUDA device: use --shape tiny here"
        )
    if asked.side:
        {"ours": ours, "trl": trl}[asked.side](asked.place, asked.steps, asked.base, asked.seed)
        return
    found: dict[str, list[dict[str, float]]] = {"ours": [], "trl": []}
    with tempfile.TemporaryDirectory() as place:
        base = random_base(asked.shape, Path(place)) if asked.shape else None
        for number in range(asked.rounds):
            for side in ("ours", "trl") if number % 2 == 0 else ("trl", "ours"):
                found[side].append(_timed(side, asked.steps, base, seed=number))
                sys.stderr.write(f"round {number + 1} {side}: {found[side][-1]}\n")
    speed = {
        side: statistics.median(one["tokens_per_second"] for one in all_) for side, all_ in found.items()
    }
    loss = {side: statistics.fmean(one["validation_loss"] for one in all_) for side, all_ in found.items()}
    report(
        "training speed",
        {
            "rows": "counselchat" if datasets_there() else "the toy corpus",
            "shape": asked.shape or "the default base",
            "method": method(asked.shape),
            "steps": asked.steps,
            "rounds": asked.rounds,
            "tokens_per_second": speed,
            "ratio": round(speed["ours"] / speed["trl"], 2),
            "validation_loss": {side: round(value, 4) for side, value in loss.items()},
            "loss_apart": round(abs(loss["ours"] / loss["trl"] - 1), 4),
            "seconds_a_step": _medians(found, "step_seconds"),
            "peak_memory_bytes": _medians(found, "peak_memory"),
            "each": found,
        },
        asked.out,
    )


def method(shaped: object) -> Literal["lora", "qlora"]:
    """Return how both sides train: random weights in four bits where a GPU can, anything else by LoRA."""
    return "qlora" if shaped and device_name() == "cuda" else "lora"


def _medians(found: dict[str, list[dict[str, float]]], name: str) -> dict[str, float]:
    return {side: statistics.median(one[name] for one in all_) for side, all_ in found.items()}


def _timed(side: str, steps: int, base: Path | None, *, seed: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as place:
        subprocess.run(
            [
                sys.executable,
                "-m",
                "benchmarks.training_speed",
                "--side",
                side,
                "--place",
                place,
                "--steps",
                str(steps),
                "--seed",
                str(seed),
                *(("--base", str(base)) if base else ()),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        result: dict[str, float] = json.loads((Path(place) / "result.json").read_text(encoding="utf-8"))
        return result


def rows() -> list[Example]:
    """Return rows of ordinary lengths, the same for both sides."""
    from training.asking import FieldsRow

    file = DATASETS / "counselchat" / "train.jsonl" if datasets_there() else RECIPES / "toy" / "letters.jsonl"
    found = []
    for row in read_jsonl(file, FieldsRow):
        values = row.value.model_extra or {} if isinstance(row, Row) else {}
        if str(values.get("question", "")).strip() and 10 < len(str(values.get("answer", "")).split()) < 500:
            found.append(
                TASK.example(str(len(found)), {name: values[name] for name in ("question", "answer")})
            )
    return found[: VALIDATION + 400]


def random_base(shape: str, place: Path) -> Path:
    """Write a model of random weights with the default base's tokenizer; return its folder."""
    import torch
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    from weights.gguf import safetensors_folder

    fetched, folder = fetch(BASE_MODEL), place / "base"
    torch.manual_seed(0)
    with torch.device("cuda" if torch.cuda.is_available() else "cpu"):
        model = LlamaForCausalLM(LlamaConfig(**SHAPES[shape], bos_token_id=1, eos_token_id=2, pad_token_id=2))
    model.to(torch.bfloat16).save_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(safetensors_folder(fetched.folder, sha256=fetched.sha256))
    tokenizer.save_pretrained(folder)
    return folder


def job(place: Path, steps: int, base: Path | None, seed: int) -> Job:
    """Return the training of our side; TRL's takes its numbers from it."""
    fetched, some = fetch(BASE_MODEL), rows()
    # A quantised base is kept under this name: no two runs' random weights may share one.
    sha256 = hashlib.sha256(str(base).encode()).hexdigest() if base else fetched.sha256
    return Job(
        task=TASK, base=base or fetched.folder, base_sha256=sha256,
        train=some[VALIDATION:], validation=(),
        settings=SETTINGS.model_copy(update={"max_steps": steps, "method": method(base)}),
        clinic="the clinic", seed=seed, out=place / "adapter", checkpoints=place / "checkpoints",
        logs=place / "logs", base_source=BASE_MODEL,
    )  # fmt: skip


def ours(place: Path, steps: int, base: Path | None, seed: int) -> None:
    """Train with the project's trainer."""
    from training.trainers.causal_lm import CausalLM

    one, ends = job(place, steps, base, seed), list[float]()
    fit = CausalLM().fit(one, lambda _point, _steps: ends.append(time.monotonic()))
    _result(place, one, tokens=fit.tokens, seconds=fit.seconds, ends=ends)


def trl(place: Path, steps: int, base: Path | None, seed: int) -> None:
    """Train as TRL's documentation shows it, with its defaults but for rate, steps and schedule."""
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import BitsAndBytesConfig, TrainerCallback
    from trl import SFTConfig, SFTTrainer

    from training.trainers.causal_lm_model import base_folder, load_tokenizer
    from training.trainers.causal_lm_rows import format_rows

    one = job(place, steps, base, seed)
    four_bit = BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )  # fmt: skip

    class Clock(TrainerCallback):
        def on_train_begin(self, *_args: object, **_kwargs: object) -> None:
            self.started = time.monotonic()
            self.ends: list[float] = []

        def on_step_end(self, *_args: object, **_kwargs: object) -> None:
            self.ends.append(time.monotonic())

        def on_train_end(self, *_args: object, **_kwargs: object) -> None:
            self.seconds = time.monotonic() - self.started

    formatted = format_rows(load_tokenizer(one), TASK, one.train, clinic=one.clinic)
    data = Dataset.from_list(
        [{"input_ids": list(row.tokens), "labels": list(row.labels)} for row in formatted]
    )
    clock = Clock()
    trainer = SFTTrainer(
        model=str(base_folder(one)),
        args=SFTConfig(
            output_dir=str(place / "trl"), max_steps=steps, learning_rate=SETTINGS.learning_rate,
            lr_scheduler_type="linear", report_to=[], save_strategy="no", seed=seed,
            use_cpu=not torch.cuda.is_available(),
        ),
        train_dataset=data,
        processing_class=load_tokenizer(one),
        peft_config=LoraConfig(
            r=16, lora_alpha=32, lora_dropout=0.05, target_modules="all-linear", task_type="CAUSAL_LM"
        ),
        callbacks=[clock],
        quantization_config=four_bit if one.settings.method == "qlora" else None,
    )  # fmt: skip
    trainer.train()
    trainer.model.save_pretrained(one.out)
    _result(place, one, tokens=int(trainer._total_train_tokens), seconds=clock.seconds, ends=clock.ends)


def _result(place: Path, one: Job, *, tokens: int, seconds: float, ends: list[float]) -> None:
    from training.trainers.causal_lm_served import ServedLM
    from training.trainers.machine import peak_memory

    memory = peak_memory()  # before the validation, which has a model of its own
    served = ServedLM(one, one.out, precision="fp32" if one.settings.method == "lora" else "nf4")
    held = rows()[:VALIDATION]
    pairs = [served.likelihood(TASK.messages(row, clinic=one.clinic), row.target) for row in held]
    served.close()
    loss = math.fsum(nats for nats, _ in pairs) / sum(number for _, number in pairs)
    result = {
        "tokens_per_second": round(tokens / seconds, 1),
        "validation_loss": round(loss, 4),
        "seconds": seconds,
        # Of a step once everything is warm; the seconds above hold the first, too.
        "step_seconds": round(statistics.median(b - a for a, b in pairwise(ends[WARM:])), 4),
        "peak_memory": memory,
    }
    (place / "result.json").write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main()
