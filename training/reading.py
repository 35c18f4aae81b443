"""Read a corpus as rows: from a file, the data folder, the hub, this project or a generator, one at a time.

What a source holds is not scrubbed yet: rows stay in memory and their words out of reprs and errors. Rows
of `generate:` and `written:` sources are invented; no other source can pass for one (`is_invented`). Counts
add up: every row that is taken comes out as a `RawRow` or is set aside with a reason.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import cast

from training.errors import CorpusError
from training.reading_conll import conll_sentences
from training.reading_formats import SUFFIXES, TEXT_FORMATS, Record, parquet_rows
from training.reading_medquad import asked_rows
from training.recipe import Corpus
from training.rows import SetAside
from weights.cache import publish, verified
from weights.errors import WeightsCorrupt

STAGE = "read"
INVENTED = ("generate:", "written:")
_HUB = re.compile(r"hub:(?P<name>[\w.-]+/[\w.-]+)@(?P<revision>[\w./-]+)")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_GENERATED = re.compile(r"generate:(?P<name>[\w-]+)@(?P<seed>\d{1,9})")
_WRITTEN = re.compile(r"written:(?P<name>[\w-]+)@(?P<seed>\d{1,9})")
_TEXT_FORMATS = {**TEXT_FORMATS, "conll": conll_sentences, "medquad": asked_rows}
_OWN_ID = re.compile(r"(?=.*\d)[\w.:#-]{1,80}")  # an e-mail address or a name is no id


@dataclass(frozen=True)
class RawRow:
    """One row as its source has it, not scrubbed. `line` counts from 1 (rows where there are no lines)."""

    id: str
    source: str
    line: int
    values: Mapping[str, object] = field(repr=False)


def read_corpus(
    corpus: Corpus, *, datasets: Path | None, cache_dir: Path | None, offline: bool
) -> Iterator[RawRow | SetAside]:
    """Yield the rows of a corpus in order, at most `limit` of them.

    `datasets` is the data folder of `datasets:` sources. A `hub:` source is copied into `cache_dir` at
    its first use and read from there, also offline, from then on; without a cache folder it is streamed.
    Reasons: empty, not_json, not_an_object, bad_utf8, not_csv, wrong_columns, too_large, cut_off,
    unlabelled_kinds.
    Raises CorpusError at once when the source cannot be found, and while reading when it breaks off.
    """
    if is_invented(corpus):
        written = corpus.source.startswith("written:")
        records = _written(corpus.source) if written else _generated(corpus)
    elif hub := _HUB.fullmatch(corpus.source):
        if not _COMMIT.fullmatch(hub["revision"]):
            raise CorpusError(
                f"{corpus.source!r} may change under you: pin the commit, 40 hex digits, in place of "
                f"{hub['revision']!r}"
            )
        records = _hub_records(corpus, hub["name"], hub["revision"], cache_dir, offline)
    elif corpus.source.startswith("hub:"):
        raise CorpusError(f"cannot read the source {corpus.source!r}: write hub:org/name@revision")
    elif source_name(corpus).startswith(INVENTED):
        raise CorpusError(f"the rows of {corpus.source!r} would pass for invented ones: give it another name")
    else:
        file = source_file(corpus.source, datasets)
        records = _file_records(file, _format(corpus, file))
    return _rows(records, corpus)


def source_name(corpus: Corpus) -> str:
    """Return the name that rows carry: below the data folder, or a file with its folder; no whole path."""
    if is_invented(corpus):
        return corpus.source.partition("@")[0]
    kind, _, rest = corpus.source.partition(":")
    if kind in ("hub", "datasets"):
        return rest
    return "/".join(Path(corpus.source).parts[-2:]).lstrip("/")


def is_invented(corpus: Corpus) -> bool:
    """Say whether a corpus is made up, by a generator or in this project, so that nobody stands in it."""
    return corpus.source.startswith(INVENTED)


def _rows(records: Iterable[Record], corpus: Corpus) -> Iterator[RawRow | SetAside]:
    source, seen = source_name(corpus), set[int]()
    column = corpus.fields.get("id", "id")
    for line, values in islice(records, corpus.limit or None):
        place = f"{source}#{line}"
        if isinstance(values, str):
            yield SetAside(id=place, stage=STAGE, reason=values)
        elif all(value is None or value == "" for value in values.values()):
            yield SetAside(id=place, stage=STAGE, reason="empty")
        else:
            own = values.get(column)
            name = str(own) if isinstance(own, str | int) and _OWN_ID.fullmatch(str(own)) else place
            if hash(name) in seen:  # ids name one row each, so a repeated one cannot serve
                name = place
            seen.add(hash(name))
            yield RawRow(name, source, line, values)


def _generated(corpus: Corpus) -> Iterator[Record]:
    """Yield what a generator makes. Raises CorpusError when there is no such one, or no limit."""
    from training.generated import GENERATORS

    found = _GENERATED.fullmatch(corpus.source)
    if found is None or found["name"] not in GENERATORS:
        raise CorpusError(
            f"cannot read the source {corpus.source!r}: write generate:NAME@SEED; "
            f"there is {', '.join(GENERATORS)}"
        )
    if not corpus.limit:
        raise CorpusError(f"{corpus.source!r} never ends: set 'limit'")
    return _numbered(GENERATORS[found["name"]](int(found["seed"])))


def _written(source: str) -> Iterator[Record]:
    """Yield the rows of a corpus of this project. Raises CorpusError when there is no such one."""
    from training.written import WRITTEN

    found = _WRITTEN.fullmatch(source)
    if found is None or found["name"] not in WRITTEN:
        raise CorpusError(
            f"cannot read the source {source!r}: write written:NAME@SEED; there is {', '.join(WRITTEN)}"
        )
    return _numbered(WRITTEN[found["name"]](int(found["seed"])))


def written_sha256(source: str) -> str:
    """Return the hash of what a corpus of this project holds today. Raises CorpusError as reading it does."""
    digest = hashlib.sha256()
    for row in _written(source):
        digest.update(f"{row!r}\0".encode())
    return digest.hexdigest()


def source_file(source: str, datasets: Path | None) -> Path:
    """Return the file that a `datasets:` source or a path names. Raises CorpusError when there is none."""
    kind, _, below = source.partition(":")
    if kind == "datasets":
        if datasets is None:
            raise CorpusError(
                f"{source!r} lies in the data folder, and none is set: "
                "give --datasets DIR or set CAREFOLD_DATASETS"
            )
        file = datasets / below
        if not file.resolve().is_relative_to(datasets.resolve()):
            raise CorpusError(f"{source!r} leaves the data folder: give a path below it")
    else:
        file = Path(source)
    if not file.is_file():
        what = "is a folder" if file.is_dir() else "does not exist"
        raise CorpusError(
            f"{source!r} {what}: 'source' must name one JSONL, JSON, CSV, Parquet or CoNLL file"
        )
    return file


def _format(corpus: Corpus, file: Path) -> str:
    if corpus.format != "auto":
        return corpus.format
    suffixes = [suffix.lower() for suffix in file.suffixes if suffix.lower() != ".gz"]
    try:
        return SUFFIXES[suffixes[-1]]
    except (IndexError, KeyError):
        raise CorpusError(
            f"cannot tell the format of {source_name(corpus)!r}: set 'format', or end its name in one of "
            f"{', '.join(SUFFIXES)} (.gz may follow)"
        ) from None


def _file_records(file: Path, form: str) -> Iterator[Record]:
    try:
        if form == "parquet":
            yield from parquet_rows(file)
            return
        with _opened(file) as stream:
            yield from _TEXT_FORMATS[form](stream)
    except (OSError, EOFError, zlib.error, ValueError) as error:  # pyarrow's ArrowInvalid is a ValueError
        raise CorpusError(
            f"{file.name} cannot be read as {form} ({type(error).__name__}): "
            "is it whole, and is 'format' right?"
        ) from None


def _opened(file: Path) -> io.BufferedReader:
    stream: io.BufferedReader
    if file.suffix.lower() == ".gz":
        stream = io.BufferedReader(cast(io.RawIOBase, gzip.GzipFile(file)))
    else:
        stream = file.open("rb")
    if stream.peek(2)[:2] in (b"\xff\xfe", b"\xfe\xff"):
        stream.close()
        raise CorpusError(f"{file.name} is UTF-16: save it as UTF-8")
    return stream


def _hub_records(
    corpus: Corpus, name: str, revision: str, cache_dir: Path | None, offline: bool
) -> Iterator[Record]:
    if cache_dir is None:
        if offline:
            raise CorpusError(f"{corpus.source!r} needs the network, which is off, or a cache folder")
        return _numbered(_hub_rows(name, revision, corpus.hub_split))
    rows = f"first-{corpus.limit}" if corpus.limit else "all"
    folder = cache_dir / "corpora" / f"{name}@{revision}".replace("/", "--") / f"{corpus.hub_split}-{rows}"
    try:
        verified(folder)
    except WeightsCorrupt:
        if offline:
            raise CorpusError(
                f"{corpus.source!r} is not in the cache folder, and the network is off: read it once online"
            ) from None
        wanted = islice(_hub_rows(name, revision, corpus.hub_split), corpus.limit or None)
        publish(folder, corpus.source, lambda fresh: _write(fresh / "rows.jsonl", wanted))
    return _file_records(folder / "rows.jsonl", "jsonl")


def _hub_rows(name: str, revision: str, split: str) -> Iterator[Mapping[str, object]]:
    """Stream a split from the hub. Raises CorpusError when it cannot be had."""
    from datasets import load_dataset
    from datasets.exceptions import DatasetsError

    try:
        yield from load_dataset(name, revision=revision, split=split, streaming=True)
    except (DatasetsError, OSError, ValueError, RuntimeError) as error:
        raise CorpusError(
            f"hub:{name}@{revision}, split {split!r}: {type(error).__name__}. "
            "Check name, revision and split, and that the hub can be reached"
        ) from None


def _numbered(rows: Iterable[Mapping[str, object]]) -> Iterator[Record]:
    return ((number, dict(row)) for number, row in enumerate(rows, start=1))


def _write(file: Path, rows: Iterable[Mapping[str, object]]) -> None:
    with file.open("w", encoding="utf-8") as stream:
        for row in rows:
            stream.write(json.dumps(row, default=str) + "\n")
