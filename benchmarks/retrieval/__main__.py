"""Measure the retriever beside its peers, section by section, into one result file and one page.

    sample pairs drugs medlars medquad clinics   the order on each set (together: `ranking`)
    knowing questions    AUROC, calibration, and what is answered at the stated risk; of the doctors' pairs
    typos      what a typing mistake in each word costs
    search indexing lexical growth               times (together: `speed`)
    texts weights                                what was tried (together: `tried`)

`--only` runs some and leaves the others in the result file as they were, each with its date. The page asks
nothing of the network, and neither file holds a word of the data.
Run: python -m benchmarks.retrieval [--only medlars,speed] [--quick] [--out FILE] [--page FILE]
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Annotated, Final

import typer

from benchmarks import retrieval_sets as sets
from benchmarks import typos
from benchmarks.datasets import DATASETS
from benchmarks.fit_confidence import QUERIES, SHORT, Remembering
from benchmarks.report import Figure, earlier, report
from benchmarks.retrieval import knowing, ranking, speed, tried
from benchmarks.retrieval.page import page as page_of
from retrieval.build import SAMPLE_FAQ
from retrieval.embedder import Embedder, faq_source, load_embedder
from retrieval.ranker import Ranker, load_ranker
from weights.defaults import EMBEDDER

GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "ranking": ("sample", "pairs", "drugs", "medlars", "medquad", "clinics"),
    "speed": ("search", "indexing", "lexical", "growth"),
    "tried": ("texts", "weights"),
}
_QUICK_EACH: Final = 20
_QUICK_ENTRIES: Final = 1_500


class Run:
    """What the sections share, loaded when the first of them asks for it."""

    def __init__(self, data: Path, *, ranker: str, each: int, quick: bool) -> None:
        self.data, self.quick = data, quick
        self.each = _QUICK_EACH if quick else each
        self._ranker = ranker

    @cached_property
    def tuned(self) -> Embedder:
        """The embedder that FAQs are searched with."""
        return load_embedder(faq_source(EMBEDDER))

    @cached_property
    def plain(self) -> Embedder:
        """The embedder before it was tuned, which the peers take."""
        return load_embedder(EMBEDDER)

    @cached_property
    def remembering(self) -> tuple[Embedder, Embedder]:
        """Both, plain and tuned, each computing a text once. Not for times."""
        return Remembering(self.plain), Remembering(self.tuned)

    @cached_property
    def reader(self) -> Ranker | None:
        """The ranker; None where searches are measured without one."""
        return load_ranker(self._ranker, embedder=EMBEDDER, models_dir=Path("models"))

    def judged(self, section: str) -> list[sets.JudgedSet]:
        """Return the sets of a section of `ranking`, in a quick run with some of their questions."""
        found = {
            "sample": lambda: [
                *(sets.sample_asked(SAMPLE_FAQ, QUERIES, part) for part in ("dev", "test")),
                sets.sample_short(SAMPLE_FAQ, SHORT),
            ],
            "pairs": lambda: [sets.question_pairs(self.data)],
            "drugs": lambda: [sets.medication_questions(self.data, hide_every=0)],
            "medlars": lambda: [sets.medlars(self.data)],
            "medquad": lambda: [sets.medquad(self.data)],
            "clinics": sets.written_clinics,
        }[section]()
        if not self.quick:
            return found
        return [replace(one, questions=tuple(ranking.answerable(one)[:_QUICK_EACH])) for one in found]

    def order(self, section: str) -> dict[str, Figure]:
        """Measure the order on the sets of a section; the clinics also together."""
        judged = self.judged(section)
        tables = [ranking.gains(one, *self.remembering, self.reader) for one in judged]
        found = {
            one.name: ranking.summary(len(one.entries), table)
            for one, table in zip(judged, tables, strict=True)
        }
        if section == "clinics":
            entries = sum(len(one.entries) for one in judged)
            found[knowing.CLINICS] = ranking.summary(entries, ranking.pooled(tables))
        return {"sets": found}

    def know(self) -> dict[str, Figure]:
        """Measure the confidence."""
        return knowing.measure(self.data, *self.remembering, self.reader, each=self.each)

    def know_questions(self) -> dict[str, Figure]:
        """Measure the confidence on an FAQ that is all questions."""
        return knowing.measure_questions(self.data, *self.remembering, self.reader, each=self.each)

    def mistype(self) -> dict[str, Figure]:
        """Measure what typing mistakes cost."""
        return typos.measure(self.tuned, self.reader, seeds=1 if self.quick else typos.SEEDS)

    def search(self) -> dict[str, Figure]:
        """Time searches of all MedQuAD."""
        entries, asked = (_QUICK_ENTRIES, 50) if self.quick else (0, 300)
        return speed.search(self.data, self.tuned, self.reader, entries=entries, asked=asked)

    def index(self) -> dict[str, Figure]:
        """Time embedding beside plain encoding."""
        texts, rounds = (128, 3) if self.quick else (1_000, 7)
        return speed.indexing(self.data, self.plain, texts=texts, rounds=rounds)

    def words(self) -> dict[str, Figure]:
        """Time bm25s beside rank_bm25."""
        entries, asked = (_QUICK_ENTRIES, 20) if self.quick else (0, 200)
        return speed.lexical(self.data, entries=entries, asked=asked)

    def grow(self) -> dict[str, Figure]:
        """Time searches as the FAQ grows."""
        sizes, asked = (speed.SIZES[:2], 20) if self.quick else (speed.SIZES, 100)
        return speed.growth(self.data, self.tuned, self.reader, sizes=sizes, asked=asked)

    def other_texts(self) -> dict[str, Figure]:
        """Measure what else could be searched for than the cleaned and repaired text."""
        _, test, short = self.judged("sample")
        (drugs,), (medquad,) = self.judged("drugs"), self.judged("medquad")
        judged = [
            tried.introduced(test),
            tried.with_mistakes(test),
            tried.with_mistakes(short),
            drugs,
            medquad,
        ]
        return {"sets": tried.texts(judged, self.remembering[1], self.reader)}

    def weights(self) -> dict[str, Figure]:
        """Fit the weights of the fused order."""
        judged = [one for section in GROUPS["ranking"] for one in self.judged(section)]
        return {"sets": tried.fusion(judged, self.remembering[1])}


def sections(run: Run) -> dict[str, Callable[[], dict[str, Figure]]]:
    """Return every section by name, in the order in which it runs."""
    return {
        **{name: lambda name=name: run.order(name) for name in GROUPS["ranking"]},  # type: ignore[misc]
        "knowing": run.know,
        "questions": run.know_questions,
        "typos": run.mistype,
        "search": run.search,
        "indexing": run.index,
        "lexical": run.words,
        "growth": run.grow,
        "texts": run.other_texts,
        "weights": run.weights,
    }


def main(
    only: Annotated[
        list[str] | None, typer.Option(help="Sections or groups, by comma or repeated; none: all (an hour).")
    ] = None,
    data: Annotated[Path, typer.Option(help="Folder with the data.")] = DATASETS,
    ranker: Annotated[str, typer.Option(help="A release's folder; default: the active one; or none.")] = "",
    each: Annotated[int, typer.Option(min=1, help="For the confidence ask each n-th question.")] = 1,
    quick: Annotated[bool, typer.Option(help="A few questions and entries: shows that it runs.")] = False,
    out: Annotated[Path | None, typer.Option(help="JSON file to write.")] = None,
    page: Annotated[Path | None, typer.Option(help="HTML file to write.")] = None,
) -> None:
    """Measure the chosen sections; write the result file and the page."""
    known = sections(Run(data, ranker=ranker, each=each, quick=quick))
    chosen = _chosen(only or [], list(known))
    figures = earlier(out) if only else {}
    # A result file of before there were sections holds what no section measures.
    figures = {name: figures[name] for name in known if name in figures}
    for number, name in enumerate(chosen, start=1):
        typer.echo(f"[{number}/{len(chosen)}] {name}", err=True)
        start = time.perf_counter()
        measured = known[name]()
        figures[name] = {
            "date": datetime.now(UTC).date().isoformat(),
            "quick": quick,
            "seconds": round(time.perf_counter() - start, 1),
            **measured,
        }
        # After each section: what takes an hour should not be lost to what fails at its end.
        report("retrieval", figures, out, printed=False)
        if page is not None:
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text(page_of(figures), encoding="utf-8")
    if out is None:
        report("retrieval", figures, None)


def _chosen(only: list[str], known: list[str]) -> list[str]:
    wanted = {name.strip() for names in only for name in names.split(",") if name.strip()}
    if unknown := sorted(wanted - {*known, *GROUPS}):
        raise typer.BadParameter(
            f"{unknown[0]!r} is no section: choose of {', '.join(known)}, or {', '.join(GROUPS)}"
        )
    spelt = {part for name in wanted for part in GROUPS.get(name, (name,))}
    return [name for name in known if name in spelt] if spelt else known


if __name__ == "__main__":
    typer.run(main)
