"""Cold start: how long `python -m app ask` takes as a whole process, from nothing in memory.

Its peer is a process that only imports the libraries it cannot do without.
Run: python -m benchmarks.start [--runs 5] [--out FILE]
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.report import report, times

IMPORTS = "import torch, transformers, sentence_transformers, faiss, presidio_analyzer, spacy, sqlalchemy"
QUESTIONS = {
    "faq": "How do I ask for a refill of my medicine?",
    "model": "i feel so lonely since i moved here and i miss my friends",
    "crisis": "i want to kill myself",
}


def main(runs: int = 5, out: Annotated[Path | None, typer.Option()] = None) -> None:
    """Time each kind of question in a process of its own, in turn with the peer."""
    seconds: dict[str, list[float]] = {"imports": [], **{name: [] for name in QUESTIONS}}
    kinds: dict[str, str] = {}
    for _ in range(runs):
        seconds["imports"].append(_timed([sys.executable, "-c", IMPORTS])[0])
        for name, question in QUESTIONS.items():
            took, printed = _timed([sys.executable, "-m", "app", "ask", question, "--json"])
            seconds[name].append(took)
            kinds[name] = json.loads(printed)["kind"]
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    report(
        "start",
        {
            "seconds": {name: times(values) for name, values in seconds.items()},
            "kind_of_answer": kinds,
            "peak_memory_mib": round(peak),
        },
        out,
    )


def _timed(command: list[str]) -> tuple[float, str]:
    since = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return time.perf_counter() - since, done.stdout


if __name__ == "__main__":
    typer.run(main)
