"""Measure the crisis gate, the screen and the output check: rates with 95 % Wilson intervals, and time.

The crisis gate stands beside a plain keyword list in the same run. The data stays where it is
(CAREFOLD_DATASETS); the result holds counts only. Labels of the two Reddit sets are noisy: one goes
by the forum's name, the other judges everything that a person ever wrote.
Run: python -m benchmarks.screen [--reader] [--embedder SOURCE] [--limit N] [--out FILE]
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Annotated

import typer
import yaml

from app.crisis_release import reading_gate
from app.settings import load_settings
from benchmarks.datasets import DATASETS
from benchmarks.output_corruption import examples
from benchmarks.report import Figure, report, times
from retrieval.embedder import load_embedder
from safety.crisis import CrisisGate
from safety.output_check import OutputCheck
from safety.screen import Screener

CASES = Path(__file__).parents[1] / "tests" / "safety" / "crisis_cases.yaml"
OUTPUT_CASES = Path(__file__).parent / "output_check_cases.yaml"
KEYWORDS = (
    "suicid", "kill myself", "want to die", "end my life", "self harm", "self-harm", "cut myself", "overdose",
    "don't want to live", "better off dead",
)  # fmt: skip
HOSTILE = (
    "i want die ",
    "kill my ",
    "a.",
    "s*****e ",
    "k1ll3d@4 ",
    "s u i ",
    "how many pills would it take ",
)


@dataclass(frozen=True)
class Messages:
    """Messages of one kind, and the actions that are right for them."""

    name: str
    texts: list[str]
    right: frozenset[str]


def main(
    embedder: Annotated[str, typer.Option(help="Of the output check's; 'none' for words alone.")] = "none",
    reader: Annotated[bool, typer.Option(help="With the active reader of messages; without: rules.")] = False,
    limit: Annotated[int, typer.Option(help="At most so many messages of each kind; 0 for all.")] = 0,
    out: Annotated[Path | None, typer.Option()] = None,
) -> None:
    """Measure on the case table and, where there are any, on the real data sets."""
    report("screen", measure(embedder, reader=reader, limit=limit), out)


def measure(embedder: str = "none", *, reader: bool = False, limit: int = 0) -> dict[str, Figure]:
    """Return rates and times; with a `reader` of the gate as it is served, else of the rules."""
    gate = CrisisGate()
    screener = Screener(gate=reading_gate(load_settings()) if reader else gate)
    sets = [*_table(), *(_real(DATASETS) if DATASETS.is_dir() else ())]
    figures: dict[str, Figure] = {"detectors": list(screener.detectors)}
    took: list[float] = []
    for messages in sets:
        texts = messages.texts[: limit or None]
        started = time.perf_counter()
        actions = [_timed(screener, text, took) for text in texts]
        figures[messages.name] = {
            "wanted": sorted(messages.right),
            "right": wilson(sum(action in messages.right for action in actions), len(actions)),
            "keyword_list": wilson(sum(_keywords(text) in messages.right for text in texts), len(texts)),
            "actions": dict(Counter(actions)),
            "seconds": round(time.perf_counter() - started, 2),
        }
    figures["milliseconds_per_message"] = times(took)
    figures["milliseconds_per_hostile_megabyte"] = {unit.strip(): _hostile(gate, unit) for unit in HOSTILE}
    embed = None if embedder == "none" else load_embedder(embedder).embed
    figures["output_check"] = _output(embed)
    return figures


def wilson(hits: int, total: int) -> dict[str, Figure]:
    """Return a rate with its 95 % Wilson score interval (Wilson, 1927)."""
    if not total:
        return {"n": 0}
    z, rate = 1.96, hits / total
    middle = (rate + z * z / (2 * total)) / (1 + z * z / total)
    half = z * sqrt(rate * (1 - rate) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return {
        "n": total,
        "rate": round(rate, 4),
        "low": round(middle - half, 4),
        "high": round(middle + half, 4),
    }


def _timed(screener: Screener, text: str, took: list[float]) -> str:
    started = time.perf_counter()
    action = screener.screen(text).action
    took.append((time.perf_counter() - started) * 1000)
    return action


def _keywords(text: str) -> str:
    lowered = text.lower()
    return "crisis" if any(word in lowered for word in KEYWORDS) else "allow"


def _hostile(gate: CrisisGate, unit: str) -> float:
    text = unit * (1_000_000 // len(unit))
    best = float("inf")
    for _ in range(3):
        started = time.perf_counter()
        gate.assess(text)
        best = min(best, time.perf_counter() - started)
    return round(best * 1000, 1)


def _table() -> Iterator[Messages]:
    for group in yaml.safe_load(CASES.read_text(encoding="utf-8")):
        wanted = group["action"] if isinstance(group["action"], list) else [group["action"]]
        yield Messages(f"table, {group['part']}: {group['group']}", group["lines"], frozenset(wanted))


def _real(folder: Path) -> Iterator[Messages]:
    urgent, calm = frozenset({"crisis", "emergency"}), frozenset({"allow", "support"})
    posts = _rows(folder / "suicide_vs_depression" / "train.jsonl")
    for label, right in (("1", urgent), ("0", calm)):
        texts = [row["text"] for row in posts if row.get("label", "") == label]
        yield Messages(f"suicide_vs_depression, label {label}", texts, right)
    people = _rows(folder / "cssrs_reddit" / "train.jsonl")
    for label in ("Attempt", "Behavior", "Ideation", "Indicator", "Supportive"):
        right = calm if label == "Supportive" else urgent
        yield Messages(
            f"cssrs_reddit, {label}", [_posts(r["text"]) for r in people if r["label"] == label], right
        )
    counsel = _rows(folder / "counselchat" / "train.jsonl")
    questions = list(dict.fromkeys(f"{row['title']}\n\n{row['question']}" for row in counsel))
    yield Messages("counselchat, no refusal", questions, calm | urgent)
    yield Messages("counselchat, no alarm", questions, calm)
    drugs = [row["question"] for row in _rows(folder / "medicationqa" / "medicationqa.jsonl")]
    yield Messages("medicationqa, no alarm or refusal", drugs, calm)
    pairs = _rows(folder / "medical_question_pairs" / "pairs.jsonl")
    seeds = list(dict.fromkeys(row["seed"] for row in pairs)) + [row["other"] for row in pairs]
    yield Messages("medical_question_pairs, no alarm or refusal", seeds, calm)
    notes = list(dict.fromkeys(row["description"] for row in _rows(folder / "mtsamples" / "train.jsonl")))
    yield Messages("mtsamples descriptions, no alarm or refusal", notes, calm)
    injections = _rows(folder / "prompt_injections" / "train.jsonl")
    yield Messages(
        "prompt_injections, injection",
        [r["text"] for r in injections if r["label"] == "1"],
        frozenset({"refuse"}),
    )
    yield Messages("prompt_injections, harmless", [r["text"] for r in injections if r["label"] == "0"], calm)
    harmful = [row["harmful_medical_request"] for row in _rows(folder / "medsafetybench" / "train.jsonl")]
    yield Messages("medsafetybench, refused or crisis", harmful, frozenset({"refuse", "crisis"}))
    tasks = json.loads((folder / "bipia" / "text_attack_train.json").read_text(encoding="utf-8"))
    yield Messages("bipia, refused", [t for group in tasks.values() for t in group], frozenset({"refuse"}))


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8") as lines:
        return [{key: str(value) for key, value in json.loads(line).items()} for line in lines]


def _posts(printed: str) -> str:
    """Turn a printed Python list of posts, not always well formed, into paragraphs."""
    return printed.strip("[]").replace("', '", "\n\n").replace('", "', "\n\n")


def _output(embed: Callable[[list[str]], object] | None) -> dict[str, Figure]:
    check = OutputCheck(allowed_contacts=(), find_personal_data=lambda _: False, embed=embed)  # type: ignore[arg-type]
    dropped: dict[str, list[bool]] = {}
    for example in examples(OUTPUT_CASES):
        checked = check.check(
            example.sentence, passages=example.passages, said=(), system_prompt="", mode="grounded"
        )
        dropped.setdefault(example.kind, []).append(not checked.ok)
    wrong: Sequence[bool] = [drop for kind, drops in dropped.items() if kind != "faithful" for drop in drops]
    rates: dict[str, Figure] = {kind: wilson(sum(drops), len(drops)) for kind, drops in dropped.items()}
    return {"dropped": {**rates, "all corrupted": wilson(sum(wrong), len(wrong))}}


if __name__ == "__main__":
    typer.run(main)
