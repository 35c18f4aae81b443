"""Measure scrubbing against stock Presidio with the same spaCy model, in the same run.

Character recall, precision and F2 over personal-data sets, person names in open NER sets, what is
scrubbed from questions that hold little personal data, and time per message. Prints one JSON object;
it holds numbers only. Never tune on what is measured here.

Run: python -m benchmarks.scrub [--limit 400] [--out FILE]
"""

from __future__ import annotations

import ast
import json
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import regex
import tldextract
import typer
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NlpEngineProvider

import weights
from benchmarks.datasets import DATASETS, datasets_there
from benchmarks.report import Figure, report
from safety.scrubber import Scrubber
from weights.defaults import NAME_MODEL

Span = tuple[int, int, str]
Finder = Callable[[str], list[Span]]

CASES = Path(__file__).resolve().parent.parent / "tests" / "safety" / "scrub_cases.jsonl"
MARK = regex.compile(r"\{\{([A-Z_]+):(.*?)\}\}", regex.DOTALL)


@dataclass
class Score:
    """Characters (letters and digits) found, missed and wrongly taken."""

    hit: int = 0
    missed: int = 0
    extra: int = 0
    by_type: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    seconds: list[float] = field(default_factory=list)
    words: int = 0

    def add(self, text: str, gold: list[Span], found: list[Span], seconds: float) -> None:
        wanted, taken = _characters(text, gold), _characters(text, found)
        self.hit += len(wanted & taken)
        self.missed += len(wanted - taken)
        self.extra += len(taken - wanted)
        for span in gold:
            one = _characters(text, [span])
            self.by_type[span[2]]["hit"] += len(one & taken)
            self.by_type[span[2]]["all"] += len(one)
        self.seconds.append(seconds)
        self.words += len(text.split())

    def result(self) -> dict[str, object]:
        recall = self.hit / max(1, self.hit + self.missed)
        precision = self.hit / max(1, self.hit + self.extra)
        ordered = sorted(self.seconds)
        return {
            "n": len(ordered),
            "recall": round(recall, 4),
            "precision": round(precision, 4),
            "f2": round(5 * precision * recall / max(1e-9, 4 * precision + recall), 4),
            "recall_by_type": {
                name: round(c["hit"] / max(1, c["all"]), 3) for name, c in sorted(self.by_type.items())
            },
            "words_per_s": round(self.words / sum(ordered)),
            "ms_p50": round(1000 * statistics.median(ordered), 2),
            "ms_p95": round(1000 * ordered[int(0.95 * (len(ordered) - 1))], 2),
        }


def _characters(text: str, spans: list[Span]) -> set[int]:
    return {at for start, end, _ in spans for at in range(start, end) if text[at].isalnum()}


def adversarial_rows() -> Iterable[tuple[str, list[Span]]]:
    """Our own chat messages with inline marks; the half that rules were not tuned on."""
    for line in CASES.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["split"] == "holdout":
            yield unmark(row["text"])


def unmark(marked: str) -> tuple[str, list[Span]]:
    """Split `a {{TYPE:b}} c` into its text and spans."""
    text, spans, last = "", [], 0
    for match in MARK.finditer(marked):
        text += marked[last : match.start()]
        spans.append((len(text), len(text) + len(match[2]), match[1]))
        text += match[2]
        last = match.end()
    return text + marked[last:], spans


def pii_rows(data: Path) -> Iterable[tuple[str, list[Span]]]:
    """The broad personal-data sample."""
    for line in (
        (data / "pii_masking_300k" / "pii_masking_300k.jsonl").read_text(encoding="utf-8").splitlines()
    ):
        row = json.loads(line)
        spans = ast.literal_eval(row["spans"]) if isinstance(row["spans"], str) else row["spans"]
        yield row["text"], [(span["start"], span["end"], span["type"]) for span in spans]


def ner_rows(path: Path, *, limit: int) -> Iterable[tuple[str, list[Span]]]:
    """Sentences of a CoNLL file with their person names only."""
    tokens: list[tuple[str, str]] = []
    given = 0
    for line in [*path.read_text(encoding="utf-8").splitlines(), ""]:
        fields = line.split()
        if len(fields) >= 2:
            tokens.append((fields[0], fields[-1].lower()))
            continue
        if tokens:
            text, spans = "", []
            for token, label in tokens:
                if label[2:].startswith("per"):
                    spans.append((len(text), len(text) + len(token), "PERSON"))
                text += token + " "
            yield text, spans
            tokens = []
            given += 1
            if given >= limit:
                return


def question_rows(data: Path, *, limit: int) -> Iterable[tuple[str, list[Span]]]:
    """Consumers' questions about medicines and pairs written by doctors: next to no personal data."""
    texts: list[str] = []
    for path in sorted((data / "medicationqa").glob("*.jsonl")) + sorted(
        (data / "medical_question_pairs").glob("*.jsonl")
    ):
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()[:limit]]
        texts += [str(row.get("question") or row.get("seed") or "") for row in rows]
    for text in texts:
        if text:
            yield text, []


def stock_presidio(folder: Path) -> Finder:
    """Presidio as it comes, with the same spaCy model; only its network look-ups are taken away."""
    tldextract.extract = tldextract.TLDExtract(suffix_list_urls=())
    provider = NlpEngineProvider(
        nlp_configuration={
            "nlp_engine_name": "spacy",
            "models": [{"lang_code": "en", "model_name": str(folder)}],
        }
    )
    engine = AnalyzerEngine(nlp_engine=provider.create_engine(), supported_languages=["en"])
    return lambda text: [(one.start, one.end, one.entity_type) for one in engine.analyze(text, language="en")]


def measure(find: Finder, rows: list[tuple[str, list[Span]]], *, only: str = "") -> dict[str, object]:
    """Score one finder over rows; `only` keeps one entity type."""
    score = Score()
    for text, gold in rows:
        began = time.perf_counter()
        found = find(text)
        took = time.perf_counter() - began
        score.add(text, gold, [span for span in found if not only or span[2] == only], took)
    return score.result()


def main(
    limit: Annotated[int, typer.Option(help="rows of each large set")] = 400,
    out: Annotated[Path | None, typer.Option()] = None,
) -> None:
    """Measure every set with every finder; the sets of others only where the data is."""
    folder = weights.fetch(NAME_MODEL).folder
    scrubber = Scrubber(policy="wide", name_model=folder)
    rules = Scrubber(policy="wide", name_model=None)
    finders: dict[str, Finder] = {
        "carefold": lambda text: [(one.start, one.end, one.type) for one in scrubber.find(text)],
        "carefold, rules only": lambda text: [(one.start, one.end, one.type) for one in rules.find(text)],
    }
    finders["stock presidio"] = stock_presidio(folder)
    sets: dict[str, tuple[list[tuple[str, list[Span]]], str]] = {
        "own adversarial, hold-out half": (list(adversarial_rows()), "")
    }
    if datasets_there():
        ner = DATASETS / "ner_open"
        sets["pii_masking_300k"] = (list(pii_rows(DATASETS)), "")
        sets["WNUT17 dev, names"] = (
            list(ner_rows(ner / "WNUT17" / "emerging.dev.conll", limit=limit)),
            "PERSON",
        )
        sets["WikiGold, names"] = (
            list(ner_rows(ner / "wikigold" / "wikigold.conll.txt", limit=limit)),
            "PERSON",
        )
        sets["BTC h, names"] = (list(ner_rows(ner / "BTC" / "h.conll", limit=limit)), "PERSON")
    results: dict[str, Figure] = {}
    for name, (rows, only) in sets.items():
        results[name] = {finder: measure(find, rows, only=only) for finder, find in finders.items()}
    if datasets_there():
        rows = list(question_rows(DATASETS, limit=limit))
        results["questions with a span scrubbed (medicationqa, medical_question_pairs)"] = {
            finder: {
                "n": len(rows),
                "share": round(sum(bool(find(text)) for text, _ in rows) / max(1, len(rows)), 4),
            }
            for finder, find in finders.items()
        }
    report("scrub", {"policy_hash": scrubber.policy_hash, "results": results}, out)


if __name__ == "__main__":
    typer.run(main)
