"""Questions that real people wrote, through `ask --batch`, on a large index and on the sample.

The data stays where it is (CAREFOLD_DATASETS); the result file holds counts, times and ids.
With --keep DIR the answers are written there to be read; never into the repository.
Run: python -m benchmarks.real [--limit N] [--jobs 8] [--keep DIR] [--out FILE]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Annotated

import psutil
import typer
from pydantic import BaseModel

from app.rows import AnswerRow
from benchmarks.datasets import DATASETS, datasets_there
from benchmarks.report import Figure, report, times
from retrieval.manifest import read_manifest
from weights import fetch


class Question(BaseModel):
    """The one field of a data row that is used."""

    question: str


def main(
    limit: Annotated[int, typer.Option(help="questions of each set; 0: all")] = 0,
    jobs: int = 8,
    keep: Annotated[Path | None, typer.Option(help="folder outside the repository for the answers")] = None,
    out: Annotated[Path | None, typer.Option()] = None,
) -> None:
    """Answer every question on both indexes and count."""
    if not datasets_there():
        sys.exit("no data folder: set CAREFOLD_DATASETS")
    sets = {
        "medicationqa": _questions(DATASETS / "medicationqa" / "medicationqa.jsonl", limit),
        "counselchat": _questions(DATASETS / "counselchat" / "validation.jsonl", limit),
    }
    figures: dict[str, Figure] = {"jobs": jobs}
    with tempfile.TemporaryDirectory() as work:
        folder = keep or Path(work)
        folder.mkdir(parents=True, exist_ok=True)
        medquad = folder / "medquad-index"
        faq = folder / "medquad.jsonl"
        if medquad.is_dir():
            figures["medquad_index"] = "the one that --keep had from an earlier run"
        else:
            _with_ids_of_their_own(DATASETS / "medquad" / "medquad.jsonl", faq)
            figures["medquad_index"] = _build(faq, medquad)
        for index_name, index in (("sample", None), ("medquad", medquad)):
            for set_name, questions in sets.items():
                answers = folder / f"{index_name}-{set_name}.jsonl"
                figures[f"{set_name} on {index_name}"] = _ask(questions, index, answers, jobs)
    report("real", figures, out)


def _questions(file: Path, limit: int) -> list[str]:
    rows = [Question.model_validate_json(line).question for line in file.read_text("utf-8").splitlines()]
    return rows[:limit] if limit else rows


def _with_ids_of_their_own(source: Path, target: Path) -> None:
    """Copy a FAQ whose ids repeat over its sources, each id behind its line number."""
    with target.open("w", encoding="utf-8") as stream:
        for number, line in enumerate(source.read_text("utf-8").splitlines(), start=1):
            row = json.loads(line)
            stream.write(json.dumps({**row, "id": f"{number}:{row['id']}"}) + "\n")


def _build(faq: Path, index: Path) -> dict[str, Figure]:
    command = [sys.executable, "-m", "retrieval", "build", "--faq", str(faq), "--out", str(index)]
    since = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    peak = _watch(process)
    seconds = time.perf_counter() - since
    manifest = read_manifest(index)
    return {
        "exit": process.returncode,
        "entries": manifest.counts.entries,
        "vectors": manifest.counts.vectors,
        "seconds": round(seconds, 1),
        "peak_memory_mib": peak,
    }


def _ask(questions: list[str], index: Path | None, answers: Path, jobs: int) -> dict[str, Figure]:
    rows = answers.with_suffix(".in.jsonl")
    rows.write_text("".join(json.dumps({"text": question}) + "\n" for question in questions), "utf-8")
    environment = dict(os.environ) | ({"CAREFOLD_INDEX_DIR": str(index)} if index else {})
    command = [sys.executable, "-m", "app", "ask", "--batch", str(rows), "--jobs", str(jobs)]
    since = time.perf_counter()
    with answers.open("wb") as stream:
        process = subprocess.Popen(command, stdout=stream, env=environment)
        peak = _watch(process)
    seconds = time.perf_counter() - since
    found = [AnswerRow.model_validate_json(line) for line in answers.read_text("utf-8").splitlines()]
    by_kind: dict[str, list[AnswerRow]] = {}
    for answer in found:
        by_kind.setdefault(answer.kind, []).append(answer)
    dropped: Counter[str] = Counter()
    for answer in found:
        dropped.update(answer.dropped)
    written = [answer for answer in found if answer.model.base]
    tokens = _tokens([answer.text for answer in written])
    generating = sum(answer.timings_ms["generate"] for answer in written) / 1000
    return {
        "exit": process.returncode,
        "rows_in": len(questions),
        "rows_out": len(found),
        "in_order": [answer.id for answer in found] == [str(number + 1) for number in range(len(questions))],
        "seconds": round(seconds, 1),
        "peak_memory_mib": peak,
        "kinds": {kind: len(group) for kind, group in sorted(by_kind.items())},
        "total_ms": {
            kind: times([row.timings_ms["total"] for row in group]) for kind, group in by_kind.items()
        },
        "first_sentence_ms": times(
            [row.timings_ms["first_sentence"] for row in found if "first_sentence" in row.timings_ms]
        ),
        "tokens_shown": tokens,
        "tokens_shown_per_second_of_a_row": round(tokens / generating, 1) if generating else 0.0,
        "tokens_shown_per_second_of_the_run": round(tokens / seconds, 1),
        "dropped_sentences": dict(sorted(dropped.items())),
        "reasons": dict(sorted(Counter(reason for row in found for reason in row.reasons).items())),
    }


def _tokens(texts: list[str]) -> int:
    """Count tokens as the default model does."""
    from transformers import AutoTokenizer

    from weights.defaults import BASE_MODEL
    from weights.gguf import safetensors_folder

    fetched = fetch(BASE_MODEL)
    folder = safetensors_folder(fetched.folder, sha256=fetched.sha256)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    return sum(len(tokenizer(text)["input_ids"]) for text in texts)


def _watch(process: subprocess.Popen[bytes]) -> int:
    """Wait for a process and return the most memory it held, in MiB."""
    peak = 0
    watched = psutil.Process(process.pid)
    while process.poll() is None:
        try:
            peak = max(peak, watched.memory_info().rss)
        except psutil.NoSuchProcess:
            break
        time.sleep(0.2)
    process.wait()
    return round(peak / 2**20)


if __name__ == "__main__":
    typer.run(main)
