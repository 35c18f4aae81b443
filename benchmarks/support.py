"""Measure the check for support: on pairs of sentences, on sentences that answer a feeling, through `ask`.

Pairs come from MedQuAD's answers (CAREFOLD_DATASETS): a sentence that its passages bear out, word for word or
slightly reworded, against the same with one thing swapped. What counts are documents and kinds of swap that
nothing was fitted on; `--development` shows the other kinds beside them, on the same documents.
`--through-ask N` sends N questions of the sample FAQ and of invented clinics through the whole message path
and holds what is shown against what it cites, by a check that is not the one that served it. What is left out
stays in the result file as it was, with its date and weights. The result holds counts only; what must be read
by a person goes to standard error.

Run: python -m benchmarks.support [--each 250] [--embedder SOURCE|none] [--development] [--through-ask N]
     [--paraphrase] [--models DIR] [--data DIR] [--out FILE]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from tqdm import tqdm

from benchmarks.datasets import DATASETS, datasets_there
from benchmarks.report import Figure, day, earlier, report, times
from benchmarks.support_asked import asked
from benchmarks.support_pairs import Pair, pairs, pairs_sha256
from benchmarks.support_rates import Scored, rates, table
from benchmarks.support_swaps import DEVELOPMENT, HELD_OUT
from benchmarks.support_talk import talk
from retrieval.embedder import load_embedder
from safety.evidence import Embed
from safety.support import SupportScorer
from weights.defaults import EMBEDDER


def main(
    data: Annotated[Path, typer.Option(help="Folder with the data.")] = DATASETS,
    each: Annotated[int, typer.Option(help="Pairs of each kind; 0: no pairs.")] = 250,
    embedder: Annotated[
        str, typer.Option(envvar="CAREFOLD_EMBEDDER", help="Source of the encoder; 'none': words alone.")
    ] = EMBEDDER,
    development: Annotated[bool, typer.Option(help="Kinds of swap that were fitted on, too.")] = False,
    through_ask: Annotated[int, typer.Option(help="So many questions through the message path.")] = 0,
    paraphrase: Annotated[
        bool, typer.Option(help="With --through-ask: let the base model say things in its own words.")
    ] = False,
    models: Annotated[Path | None, typer.Option(help="With --through-ask: the folder of releases.")] = None,
    out: Annotated[Path | None, typer.Option(help="Result file.")] = None,
) -> None:
    """Measure and report."""
    scorer = SupportScorer.load()
    figures = before(out)
    today = {
        "date": datetime.now(UTC).date().isoformat(),
        "fitted": scorer.weights.fitted,
        "weights": scorer.weights.sha256,
    }
    if each:
        if not datasets_there() and data == DATASETS:
            sys.exit(
                "no data folder with MedQuAD: set CAREFOLD_DATASETS, or give --data; --each 0 leaves it out"
            )
        figures["pairs"] = today | measure_pairs(scorer, data, each, embedder, development=development)
    figures["talk"] = today | talk()
    if through_ask:
        name = "through_ask, own words" if paraphrase else "through_ask"
        figures[name] = today | asked(through_ask, paraphrase=paraphrase, models=models)
    report("support", figures, out)


def before(out: Path | None) -> dict[str, Figure]:
    """Return the sections of a result file; one of when they had no date gets the file's, and its weights."""
    found = earlier(out)
    of_all = {name: found[name] for name in ("fitted", "weights") if name in found}
    if out is not None and found:
        of_all["date"] = day(out)
    return {name: {**of_all, **one} for name, one in found.items() if isinstance(one, Mapping)}


def measure_pairs(
    scorer: SupportScorer, data: Path, each: int, embedder: str, *, development: bool
) -> dict[str, Figure]:
    """Return the figures of `each` pairs of each kind of swap, with sentences by the encoder `embedder`."""
    embed = None if embedder == "none" else load_embedder(embedder).embed
    figures: dict[str, Figure] = {"embedder": embedder}
    sets = [("held-out kinds", HELD_OUT)] + ([("development kinds", DEVELOPMENT)] if development else [])
    for name, kinds in sets:
        made = pairs(data, "test", kinds=kinds, each=each)
        took: list[float] = []
        rows = list(_scored(scorer, made, embed, took))
        groups = {kind: [row for row in rows if row.kind == kind] for kind in kinds}
        groups |= {
            f"{name}, all": rows,
            f"{name}, reworded": [row for row in rows if row.form != "verbatim"],
        }
        found = {group: rates(members) for group, members in groups.items() if members}
        print(table(found), file=sys.stderr)
        figures[name] = {**found, "pairs_sha256": pairs_sha256(made), "milliseconds_a_sentence": times(took)}
    return figures


def _scored(
    scorer: SupportScorer, made: Sequence[Pair], embed: Embed | None, took: list[float]
) -> Iterator[Scored]:
    for pair in tqdm(made, desc="judging pairs", unit="pair", disable=not sys.stderr.isatty()):
        judged = []
        for sentence in (pair.fine, pair.wrong):
            begun = time.perf_counter()
            judged.append(scorer.judge(sentence, pair.passages, embed))
            took.append((time.perf_counter() - begun) * 1000)
        fine, wrong = judged
        yield Scored(pair.kind, pair.group, pair.form, fine.score, wrong.score, fine.shown, wrong.shown)


if __name__ == "__main__":
    typer.run(main)
