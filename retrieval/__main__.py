"""The retrieval command: build an index, search it, keep its FAQ alive.

    python -m retrieval build --faq PATH... --out DIR
    python -m retrieval search --index DIR --top-k 10 [F]
    python -m retrieval import PATH... --index DIR [--dry-run]
    python -m retrieval add | edit | retire | restore | generations | rollback | export | doctor

`search` reads JSON Lines {"id", "text"} and writes {"id", "hits": [{"id", "score"}], "confidence"}.
Exit codes: 0 done; 1 some rows failed, the rest done; 2 wrong arguments or configuration, nothing
done. Heavy libraries are imported by the commands that need them, so that --help is quick.
The commands of the third and fourth line stand in retrieval/faq_cli.py.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from pydantic import BaseModel

from retrieval import faq_cli
from retrieval.errors import UnknownLanguage
from retrieval.faq_cli import stop
from retrieval.faq_commands import CacheDir, Keep, Models, Offline
from retrieval.languages import language_tag
from weights.defaults import EMBEDDER
from weights.errors import WeightsError
from weights.jsonl import BadLine, TextRow, read_jsonl, report_bad_line, write_row
from weights.uncaught import run_quietly

if TYPE_CHECKING:
    from retrieval.faq import Reject

SOME_FAILED = 1

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Build and search FAQ indexes.")

Threads = Annotated[
    int, typer.Option(envvar="CAREFOLD_THREADS", min=0, help="Threads of the embedder; 0: one per core.")
]


class HitRow(BaseModel):
    """One hit of an output row."""

    id: str
    score: float


class SearchRow(BaseModel):
    """One output row of `search`."""

    id: str
    hits: list[HitRow]
    confidence: float


@app.command()
def build(
    faq: Annotated[list[Path], typer.Option(help="FAQ file (.jsonl, .csv, .md) or folder; repeatable.")],
    out: Annotated[Path, typer.Option(help="Index folder to write; an index there is replaced.")],
    more: Annotated[list[Path] | None, typer.Argument(metavar="[PATH]...", help="More FAQ paths.")] = None,
    keep: Keep = 10,
    index: Annotated[Literal["flat", "exact"], typer.Option(help="Kind of vector index.")] = "flat",
    embedder: Annotated[
        str, typer.Option(envvar="CAREFOLD_EMBEDDER", help="Source of the embedder, or 'hash'.")
    ] = EMBEDDER,
    cache_dir: CacheDir = None,
    offline: Offline = False,
    threads: Threads = 0,
    models_dir: Models = Path("models"),
) -> None:
    """Build an index folder from FAQ files. Rejected rows are listed, odd ones told; the rest is built."""
    from retrieval.build import build_index
    from retrieval.embedder import faq_source, load_embedder
    from retrieval.errors import RetrievalError
    from retrieval.faq import load_faq
    from retrieval.generations import locked
    from retrieval.intake.remarks import remarks

    try:
        load = load_faq([*faq, *(more or [])])
        _list("warning", load.warnings)
        _list("rejected", load.rejects)
        for remark in remarks(load.entries, today=datetime.now(UTC).date()):
            sys.stderr.write(f"warning: {remark}\n")
        model = load_embedder(
            faq_source(embedder, models_dir=models_dir), cache_dir=cache_dir, offline=offline,
            num_threads=threads or None, models_dir=models_dir,
        )  # fmt: skip
        with locked(out):
            manifest = build_index(load.entries, out=out, embedder=model, index=index, keep=keep, reuse=True)
    except (RetrievalError, WeightsError, OSError) as error:
        stop(error)
    counts = manifest.counts
    sys.stderr.write(
        f"{out}: {counts.entries} entries, {counts.alternates} alternates, {counts.passages} passages; "
        f"{len(load.rejects)} rows rejected\n"
    )
    raise typer.Exit(SOME_FAILED if load.rejects else 0)


@app.command()
def search(
    file: Annotated[Path | None, typer.Argument(metavar="[F]", help="JSON Lines; none or -: stdin.")] = None,
    index: Annotated[
        Path | None, typer.Option(envvar="CAREFOLD_INDEX_DIR", help="Index folder made by `build`.")
    ] = None,
    top_k: Annotated[int, typer.Option(help="Hits for each query.")] = 10,
    audience: Annotated[
        Literal["any", "patient", "staff"], typer.Option(help="Who reads; hides what is not for them.")
    ] = "any",
    language: Annotated[
        str, typer.Option(help="What the reader reads, such as es; hides entries in another language.")
    ] = "",
    cache_dir: CacheDir = None,
    offline: Offline = False,
    threads: Threads = 0,
    ranker: Annotated[
        str, typer.Option(help="Folder of a ranker's release; default: the active one; 'none': none.")
    ] = "",
    models_dir: Models = Path("models"),
) -> None:
    """Search an index for each line of JSON Lines, by the embedder that built it."""
    if top_k <= 0:
        stop(ValueError(f"top_k must be greater than 0. Currently, top_k is {top_k}"))
    if index is None:
        stop(ValueError("no index: give --index DIR or set CAREFOLD_INDEX_DIR"))
    try:
        language = language and language_tag(language)
    except UnknownLanguage as error:
        stop(error)
    source = None if file is None or str(file) == "-" else file
    if source is not None and not source.is_file():
        stop(ValueError(f"no file at {source}"))

    from retrieval.embedder import load_embedder
    from retrieval.errors import RetrievalError
    from retrieval.manifest import read_manifest
    from retrieval.ranker import load_ranker
    from retrieval.retriever import Retriever

    try:
        name = read_manifest(index).embedder.name
        model = load_embedder(
            name, cache_dir=cache_dir, offline=offline, num_threads=threads or None, models_dir=models_dir
        )
        reader = load_ranker(
            ranker, embedder=name, models_dir=models_dir, cache_dir=cache_dir, offline=offline
        )
        retriever = Retriever.open(index, model, reader)
    except (RetrievalError, WeightsError, OSError) as error:
        stop(error)
    failed = False
    for row in read_jsonl(source, TextRow):
        if isinstance(row, BadLine):
            report_bad_line(row)
            failed = True
            continue
        found = retriever.search(row.value.text, top_k=top_k, audience=audience, language=language)
        hits = [HitRow(id=hit.id, score=round(hit.score, 6)) for hit in found.hits]
        write_row(SearchRow(id=row.id, hits=hits, confidence=round(found.confidence, 6)))
    raise typer.Exit(SOME_FAILED if failed else 0)


for command in faq_cli.COMMANDS:
    app.command(command.__name__.removesuffix("_"))(command)


def _list(what: str, rows: tuple[Reject, ...]) -> None:
    for row in rows:
        sys.stderr.write(f"{what}: {row}\n")


if __name__ == "__main__":
    run_quietly(app, "python -m retrieval")
