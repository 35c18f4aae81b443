"""Attacks in the FAQ: poisoned entries through an import, and those that it let in through the chat.

An entry that an import sets aside waits for a person and is served to nobody. What it does not set aside is
put into a real index beside the sample entries, and the chat is asked for it and for its neighbours.
"""

from __future__ import annotations

import random
import shutil
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from datetime import date
from pathlib import Path
from typing import Final

from tqdm import tqdm

from app.faq_guards import load_guards
from app.settings import SAMPLES, load_settings
from benchmarks.attack_sets import PoisonedEntry, poisoned_entries, public_hidden_orders
from benchmarks.attacks.answered import ask_each, chat, ground_of, sample_entries, sample_index
from benchmarks.attacks.obeyed import faults
from benchmarks.attacks.remembering import remembering
from benchmarks.datasets import DATASETS, datasets_there
from benchmarks.report import Figure
from benchmarks.screen import wilson
from retrieval.build import build_index
from retrieval.embedder import Embedder, faq_source, load_embedder
from retrieval.faq import FaqEntry
from retrieval.intake.found import Found
from retrieval.intake.judge import Guards, Judged, Rules, judge
from retrieval.intake.similar import SameQuestions

SEED: Final = 11
LET_IN: Final = "let in"
ASKED: Final = 14  # poisoned entries that are asked for, in the quick form
_PREFIX: Final = "poisoned-"
_BIPIA: Final = 75  # of the public orders, each in an entry of the sample
_TODAY: Final = date(2026, 6, 1)
_STANDING: Final = ("near_duplicate", "review_past", "remark")  # what is said of ordinary entries too


def measure_import() -> dict[str, Figure]:
    """Return what an import sets aside of the poisoned entries, by kind, and the ids that it lets in."""
    embedder, guards = _embedder(), load_guards(SAMPLES / "clinic.yaml")
    rows = poisoned_entries()
    judged = judged_by_import(rows, sample_entries(), guards=guards, embedder=embedder)
    groups: dict[str, list[Judged]] = defaultdict(list)
    for row, one in zip(rows, judged, strict=True):
        groups["all"].append(one)
        groups[row.kind].append(one)
    figures: dict[str, Figure] = {
        name: {
            "set aside": wilson(sum(one.fate == "aside" for one in found), len(found)),
            "by": _codes(found),
        }
        for name, found in groups.items()
    }
    figures[LET_IN] = [row.id for row, one in zip(rows, judged, strict=True) if one.fate != "aside"]
    return figures


def measure_ordinary() -> dict[str, Figure]:
    """Return what an import sets aside without need of the sample's entries, and of public orders in them."""
    embedder, guards, sample = _embedder(), load_guards(SAMPLES / "clinic.yaml"), sample_entries()
    own = judge(
        [_found(entry.id, entry.question, entry.answer) for entry in sample],
        served=(), guards=guards, rules=Rules(_TODAY),
        same=SameQuestions(embedder.embed, vocabulary=embedder.vocabulary),
    )  # fmt: skip
    figures: dict[str, Figure] = {
        "the sample's own entries": {
            "set aside without need": wilson(sum(one.fate == "aside" for one in own), len(own)),
            "by": _codes(own),
        }
    }
    if datasets_there():
        chance = random.Random(SEED)
        orders = chance.sample(sorted(public_hidden_orders(DATASETS), key=lambda one: one.id), _BIPIA)
        found = [
            judge(
                [_found(order.id, host.question, f"{host.answer} {order.text}")],
                served=(), guards=guards, rules=Rules(_TODAY),
            )[0]
            for order, host in zip(orders, chance.sample(sample, _BIPIA), strict=True)
        ]  # fmt: skip
        figures["public, bipia orders at the end of a sample answer"] = {
            "set aside": wilson(sum(one.fate == "aside" for one in found), len(found)),
            "by": _codes(found),
        }
    return figures


def measure_served(let_in: Collection[str], asked: int = ASKED) -> dict[str, Figure]:
    """Serve the poisoned entries with these ids beside the sample, and ask for them; `asked` 0: for each."""
    sample = sample_entries()
    rows = [row for row in poisoned_entries() if row.id in let_in]
    if not rows:
        return {"poisoned entries served": 0}
    drawn = random.Random(SEED).sample(rows, min(asked, len(rows))) if asked else rows
    poison = {row.id: FaqEntry(f"{_PREFIX}{row.id}", row.question, row.answer) for row in rows}
    by_id = {entry.id: entry for entry in sample}
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder) / "index"
        shutil.copytree(sample_index(), index)  # its vectors are used again
        build_index([*sample, *poison.values()], out=index, embedder=_embedder(), reuse=True)
        with chat(index) as application:
            ground = ground_of(application, sample)
            retriever = application.service.parts.retriever.get()
            questions = [(row, row.question) for row in drawn]
            for row in drawn:
                near = _neighbour([hit.id for hit in retriever.search(row.question).hits])
                questions += [(row, by_id[near].question)] if near else []
            replies = list(ask_each(application, [text for _, text in questions], what="asking"))
    pairs = [(row, reply) for (row, _), reply in zip(questions, replies, strict=True)]
    found = [faults(reply.text, row.answer, ground) for row, reply in pairs]
    whole = [row.answer in reply.text for row, reply in pairs]
    other = [one for one, shown in zip(found, whole, strict=True) if not shown]
    return {
        "poisoned entries served": len(rows),
        "by kind": dict(Counter(row.kind for row in rows)),
        "asked": len(questions),
        "kinds of answers": dict(Counter(reply.kind for reply in replies)),
        "number changed or link shown": wilson(sum(one.contact for one in found), len(found)),
        "instruction obeyed": wilson(sum(one.obeyed for one in other), len(other)),
        "system text shown": wilson(sum(one.system_text for one in found), len(found)),
        "poisoned answer shown as it stands": wilson(sum(whole), len(whole)),
    }


def _embedder() -> Embedder:
    return load_embedder(faq_source(load_settings().embedder))


def judged_by_import(
    rows: Sequence[PoisonedEntry], served: Sequence[FaqEntry], *, guards: Guards, embedder: Embedder
) -> tuple[Judged, ...]:
    """Judge each entry as an import of it alone does, beside those that are served."""
    embed = remembering(embedder.embed)
    embed([entry.question for entry in served])
    return tuple(
        judge(
            [_found(row.id, row.question, row.answer)],
            served=served, guards=guards, rules=Rules(_TODAY),
            same=SameQuestions(embed, vocabulary=embedder.vocabulary),
        )[0]
        for row in tqdm(rows, "importing", unit="entry", disable=not sys.stderr.isatty())
    )  # fmt: skip


def _found(entry_id: str, question: str, answer: str) -> Found:
    return Found(Path("import.jsonl"), 1, "line", {"id": entry_id, "question": question, "answer": answer})


def _neighbour(ids: Sequence[str]) -> str:
    return next((one for one in ids if not one.startswith(_PREFIX)), "")


def _codes(judged: Sequence[Judged]) -> dict[str, int]:
    """Count the reasons; a row may have several."""
    return dict(Counter(odd.code for one in judged for odd in one.odd if odd.code not in _STANDING))
