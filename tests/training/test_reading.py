"""Reading corpora: every row comes out or is set aside, and one fault costs one row."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from training import reading
from training.errors import CorpusError
from training.reading import RawRow, read_corpus, source_name
from training.recipe import Corpus
from training.rows import SetAside

SECRET = "Zebulon Quirke"

COMMIT = "0a1b2c3d" * 5


def corpus_at(source: str | Path, **settings: object) -> Corpus:
    return Corpus.model_validate({"source": str(source), "licence": "ours", **settings})


def read(source: str | Path, **settings: object) -> list[RawRow | SetAside]:
    return list(read_corpus(corpus_at(source, **settings), datasets=None, cache_dir=None, offline=True))


def kept(rows: Sequence[RawRow | SetAside]) -> list[Mapping[str, object]]:
    return [row.values for row in rows if isinstance(row, RawRow)]


def reasons(rows: Sequence[RawRow | SetAside]) -> list[str]:
    return [row.reason for row in rows if isinstance(row, SetAside)]


def write(folder: Path, name: str, content: str | bytes) -> Path:
    file = folder / "corpus" / name
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def test_a_bad_json_line_costs_its_own_row_and_says_why(tmp_path: Path) -> None:
    lines = [
        b'{"question": "one"}', b"{broken", b"", b"[1]", b'{"question": "caf\xe9"}', b'{"question": "\\ud83d"}',
        b'{"question": null, "answer": ""}', b'{"question": "' + b"x" * 1_000_001 + b'"}', b'{"question": "two"}',
    ]  # fmt: skip
    rows = read(write(tmp_path, "a.jsonl", b"\xef\xbb\xbf" + b"\n".join(lines)))
    assert len(rows) == len(lines)
    assert kept(rows) == [{"question": "one"}, {"question": "two"}]
    assert reasons(rows) == [
        "not_json", "empty", "not_an_object", "bad_utf8", "bad_utf8", "empty", "too_large",
    ]  # fmt: skip
    assert [row.line for row in rows if isinstance(row, RawRow)] == [1, 9]


def test_rows_have_their_own_id_or_one_from_file_and_line(tmp_path: Path) -> None:
    values = [
        {"id": "q7", "a": "x"},
        {"a": "x"},
        {"id": 3, "a": "x"},
        {"id": "q7", "a": "y"},
        {"id": "jo@x.org", "a": "1"},
    ]
    file = write(tmp_path, "b.jsonl", "\n".join(map(json.dumps, values)))
    ids = [row.id for row in read(file)]
    assert ids == ["q7", "corpus/b.jsonl#2", "3", "corpus/b.jsonl#4", "corpus/b.jsonl#5"]
    assert next(iter(read(file, fields={"id": "number"}))).id == "corpus/b.jsonl#1"


def test_a_rows_words_are_in_no_repr_and_no_error(tmp_path: Path) -> None:
    rows = read(write(tmp_path, "c.jsonl", json.dumps({"question": SECRET}) + f"\n{SECRET}\n"))
    assert len(rows) == 2
    assert SECRET not in repr(rows)
    file = write(tmp_path, "c.parquet", SECRET * 20)
    with pytest.raises(CorpusError) as raised:
        read(file)
    assert SECRET not in str(raised.value)
    assert str(tmp_path) not in repr(rows)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_is_read_with_the_delimiter_of_its_header(tmp_path: Path, delimiter: str) -> None:
    text = '\ufeffid,question,answer\n1,"a ""b""\nc","d"\n2,e,f\n'.replace(",", delimiter)
    rows = read(write(tmp_path, "d.csv", text))
    assert kept(rows) == [
        {"id": "1", "question": 'a "b"\nc', "answer": "d"},
        {"id": "2", "question": "e", "answer": "f"},
    ]


def test_a_bad_csv_row_costs_its_own_row(tmp_path: Path) -> None:
    rows = read(
        write(
            tmp_path,
            "e.csv",
            b'id,question,answer\n1,a,b\n2,only\n3,"he said "hi" to me",c\n4,caf\xe9,d\n5,a,b,c\n\n6,"x\ny",z\n',
        )
    )
    assert reasons(rows) == ["wrong_columns", "not_csv", "bad_utf8", "wrong_columns", "empty"]
    assert [row.id for row in rows if isinstance(row, RawRow)] == ["1", "6"]


@pytest.mark.parametrize("behind", ["", '5,"two\nlines",c\n6,d,e\n'])
def test_a_csv_quote_that_nobody_closed_costs_only_its_line(tmp_path: Path, behind: str) -> None:
    text = 'id,question,answer\n1,a,b\n2,"open,c\n3,d,e\n4,f,g\n' + behind
    rows = read(write(tmp_path, "f.csv", text))
    assert [row.id for row in rows] == ["1", "corpus/f.csv#3", "3", "4", *(["5", "6"] if behind else [])]
    assert reasons(rows) == ["not_csv"]


def test_lines_inside_a_faulty_csv_record_are_not_taken_for_rows(tmp_path: Path) -> None:
    text = 'question,answer\n"q","I "said" so\nwell, then\nthe end, really"\n"p","a"\n'
    rows = read(write(tmp_path, "g.csv", text))
    assert kept(rows) == [{"question": "p", "answer": "a"}]
    assert reasons(rows) == ["not_csv"]


@pytest.mark.parametrize("indent", [None, 2])
def test_a_json_list_is_read_element_by_element(tmp_path: Path, indent: int | None) -> None:
    values = [{"id": f"r{n}", "turns": [{"role": "u", "text": 'a "b", {c} \\'}]} for n in range(400)]
    rows = read(write(tmp_path, "h.json", json.dumps([*values, 5], indent=indent)))
    assert kept(rows) == values
    assert reasons(rows) == ["not_an_object"]


@pytest.mark.parametrize(
    "broken",
    ['{"id": "r2", "turns": [tru]}', '{"id": "r2", "turns": "x}', '{"id": "r2", "turns": [{"id": "x"}'],
)
def test_a_broken_element_of_a_json_list_costs_its_own_row(tmp_path: Path, broken: str) -> None:
    good = [json.dumps({"id": f"r{n}", "turns": [{"role": "u"}]}) for n in (1, 3, 4)]
    rows = read(write(tmp_path, "i.json", "[\n" + ",\n".join([good[0], broken, *good[1:]]) + "\n]"))
    assert [row.id for row in rows] == ["r1", "corpus/i.json#2", "r3", "r4"]
    assert reasons(rows) == ["not_json"]


def test_a_json_list_that_breaks_off_says_so(tmp_path: Path) -> None:
    assert reasons(read(write(tmp_path, "j.json", '[{"a": "1"}, {"a": "2"}'))) == ["cut_off"]
    assert reasons(read(write(tmp_path, "j.json", '[{"a": "1"}, {"a": "2'))) == ["not_json", "cut_off"]


def test_json_lines_may_be_called_json_and_files_may_be_packed(tmp_path: Path) -> None:
    lines = b'{"a": "1"}\n{"a": "2"}\n'
    assert len(kept(read(write(tmp_path, "k.json", lines)))) == 2
    assert len(kept(read(write(tmp_path, "k.jsonl.gz", gzip.compress(lines))))) == 2
    assert len(kept(read(write(tmp_path, "k.json.gz", gzip.compress(b'[{"a": "1"}]'))))) == 1
    with pytest.raises(CorpusError, match="is it whole"):
        read(write(tmp_path, "l.jsonl.gz", gzip.compress(lines * 50)[:-10]))


def test_parquet_rows_keep_their_lists_and_lose_only_the_row_that_is_no_utf8(tmp_path: Path) -> None:
    _, offsets, data = pa.array([b"a", b"\xff", b"c"]).buffers()
    text = pa.StringArray.from_buffers(3, offsets, data)
    table = pa.table({"messages": [[{"role": "user", "content": "hello"}]] * 3, "text": text})
    parquet.write_table(table, tmp_path / "m.parquet")
    rows = read(tmp_path / "m.parquet")
    assert [row["text"] for row in kept(rows)] == ["a", "c"]
    assert kept(rows)[0]["messages"] == [{"role": "user", "content": "hello"}]
    assert reasons(rows) == ["bad_utf8"]


def test_limit_counts_the_rows_that_are_taken(tmp_path: Path) -> None:
    rows = read(write(tmp_path, "n.jsonl", '{"a": "1"}\nbad\n{"a": "2"}\n'), limit=2)
    assert len(rows) == 2
    assert reasons(rows) == ["not_json"]


@pytest.mark.slow
def test_a_large_file_is_never_held_in_memory(tmp_path: Path) -> None:
    row = json.dumps({"question": "x" * 2_000})
    for name, text in (
        ("o.jsonl", "\n".join([row] * 4_000)),
        ("o.json", "[" + ",".join([row] * 4_000) + "]"),
    ):
        corpus = corpus_at(write(tmp_path, name, text))
        tracemalloc.start()
        count = sum(1 for _ in read_corpus(corpus, datasets=None, cache_dir=None, offline=True))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert count == 4_000
        assert peak < 2_500_000, name


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("nowhere.jsonl", r"'nowhere\.jsonl' does not exist"),
        ("datasets:some/rows.jsonl", "--datasets DIR or set CAREFOLD_DATASETS"),
        ("hub:org/name", "write hub:org/name@revision"),
        ("hub:org/name@main", "pin the commit, 40 hex digits, in place of 'main'"),
        ("hub:org/name@v1.2", "40 hex digits, in place of 'v1.2'"),
        (f"hub:org/name@{COMMIT}", "needs the network"),
    ],
)
def test_a_source_that_cannot_be_had_is_refused_before_the_first_row(source: str, message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        read_corpus(corpus_at(source), datasets=None, cache_dir=None, offline=True)


def test_files_of_unknown_form_and_utf16_are_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="set 'format'"):
        read(write(tmp_path, "p.txt", "{}"))
    assert len(kept(read(write(tmp_path, "p.txt", '{"a": "1"}'), format="jsonl"))) == 1
    with pytest.raises(CorpusError, match="save it as UTF-8"):
        read(write(tmp_path, "q.jsonl", '{"a": "1"}'.encode("utf-16")))


def test_the_data_folder_is_not_left_and_gives_rows_their_source(tmp_path: Path) -> None:
    write(tmp_path, "r.jsonl", '{"a": "1"}\n')
    corpus = corpus_at("datasets:corpus/r.jsonl")
    [row] = read_corpus(corpus, datasets=tmp_path, cache_dir=None, offline=True)
    assert row.id == "corpus/r.jsonl#1"
    with pytest.raises(CorpusError, match="leaves the data folder"):
        read_corpus(
            corpus_at("datasets:../x.jsonl"), datasets=tmp_path / "corpus", cache_dir=None, offline=True
        )
    assert source_name(corpus_at(f"hub:org/name@{COMMIT}")) == f"org/name@{COMMIT}"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Serve the hub's rows from a list; yields the list of what was asked for."""
    asked: list[str] = []

    def rows(name: str, revision: str, split: str) -> Iterator[Mapping[str, object]]:
        asked.append(f"{name}@{revision}:{split}")
        yield from ({"id": f"h{n}", "Context": "c", "Response": "r"} for n in range(5))

    monkeypatch.setattr(reading, "_hub_rows", rows)
    yield asked


def test_a_hub_source_is_fetched_once_and_offline_from_then_on(tmp_path: Path, hub: list[str]) -> None:
    corpus = corpus_at(f"hub:org/name@{COMMIT}", hub_split="test")
    first = list(read_corpus(corpus, datasets=None, cache_dir=tmp_path, offline=False))
    again = list(read_corpus(corpus, datasets=None, cache_dir=tmp_path, offline=True))
    assert first == again
    assert len(first) == 5
    assert hub == [f"org/name@{COMMIT}:test"]
    with pytest.raises(CorpusError, match="read it once online"):
        read_corpus(corpus_at(f"hub:org/name@{'f' * 40}"), datasets=None, cache_dir=tmp_path, offline=True)


def test_a_cached_hub_corpus_that_was_altered_is_not_used(tmp_path: Path, hub: list[str]) -> None:
    corpus = corpus_at(f"hub:org/name@{COMMIT}")
    assert len(list(read_corpus(corpus, datasets=None, cache_dir=tmp_path, offline=False))) == 5
    [file] = tmp_path.rglob("rows.jsonl")
    file.write_text('{"a": "1"}\n')
    assert len(list(read_corpus(corpus, datasets=None, cache_dir=tmp_path, offline=False))) == 5
    assert len(hub) == 2


@pytest.mark.slow
def test_the_datasets_library_streams_rows_and_its_errors_become_ours(tmp_path: Path) -> None:
    write(tmp_path, "train.jsonl", '{"Context": "c", "Response": "r"}\n')
    rows = list(reading._hub_rows(str(tmp_path / "corpus"), COMMIT, "train"))
    assert rows == [{"Context": "c", "Response": "r"}]
    with pytest.raises(CorpusError, match="split 'dev'"):
        list(reading._hub_rows(str(tmp_path / "corpus"), COMMIT, "dev"))
