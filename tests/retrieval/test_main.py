"""The command line: what goes in and out, what is reported, and the exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from retrieval.__main__ import app
from retrieval.faq import FaqEntry, entry_to_json
from retrieval.generations import generations

runner = CliRunner()


def write_faq(folder: Path, *rows: str) -> Path:
    file = folder / "faq.jsonl"
    file.write_text("\n".join(rows))
    return file


def build(*arguments: object) -> object:
    return runner.invoke(app, ["build", "--embedder", "hash", *map(str, arguments)])


def search(*arguments: object, stdin: str | bytes = "") -> object:
    return runner.invoke(app, ["search", *map(str, arguments)], input=stdin)


def test_build_then_search_end_to_end(entries: tuple[FaqEntry, ...], tmp_path: Path) -> None:
    faq = write_faq(tmp_path, *map(entry_to_json, entries))
    built = build("--faq", faq, "--out", tmp_path / "index")
    assert built.exit_code == 0
    assert "5 entries" in built.stderr
    queries = tmp_path / "queries.jsonl"
    queries.write_text(
        '{"id": "a", "text": "parking garage"}\n\n{"text": "\\u00fc refill"}\n{"id": 7, "text": ""}\n'
    )
    found = search("--index", tmp_path / "index", "--top-k", "3", queries)
    assert found.exit_code == 0
    rows = [json.loads(line) for line in found.stdout.splitlines()]
    assert [(row["id"], row["hits"][0]["id"]) for row in rows[:2]] == [("a", "parking"), ("3", "refill")]
    assert [len(row["hits"]) for row in rows] == [3, 3, 3]
    assert all(
        set(row) == {"id", "hits", "confidence"} and set(row["hits"][0]) == {"id", "score"} for row in rows
    )


def test_search_reads_stdin_reports_bad_lines_without_their_words_and_goes_on(index_folder: Path) -> None:
    stdin = b'{"text": "refill"}\nsecretword\n{"text": 5}\n\xff\n{"id": "z", "text": "fire"}\n'
    found = search("--index", index_folder, stdin=stdin)
    assert found.exit_code == 1
    assert [json.loads(line)["id"] for line in found.stdout.splitlines()] == ["1", "z"]
    assert [line.split(":")[0] for line in found.stderr.splitlines()] == ["line 2", "line 3", "line 4"]
    assert "secretword" not in found.stderr


def test_search_for_a_patient_hides_staff_entries(index_folder: Path) -> None:
    found = search("--index", index_folder, "--audience", "patient", stdin='{"text": "fire drill"}')
    assert {hit["id"] for hit in json.loads(found.stdout)["hits"]} == {"hours", "parking", "refill"}


def test_rejected_rows_are_listed_and_the_rest_is_built(
    entries: tuple[FaqEntry, ...], tmp_path: Path
) -> None:
    faq = write_faq(tmp_path, entry_to_json(entries[0]), '{"id": "x"}', entry_to_json(entries[0]))
    built = build("--faq", faq, "--out", tmp_path / "index")
    assert built.exit_code == 1
    assert f"rejected: {faq}: row 2: no question and no answer" in built.stderr
    assert f"rejected: {faq}: row 3: id 'hours' was used before" in built.stderr
    assert search("--index", tmp_path / "index", stdin='{"text": "open"}').exit_code == 0


def test_build_warns_of_what_is_odd_and_leaves_nothing_out(tmp_path: Path) -> None:
    late = FaqEntry("b", "When are you open?", "From 9.", reviewed=date(2001, 1, 1))
    faq = write_faq(
        tmp_path, entry_to_json(FaqEntry("a", "When are you open?", "From 8.")), entry_to_json(late)
    )
    built = build("--faq", faq, "--out", tmp_path / "index")
    assert (built.exit_code, "2 entries" in built.stderr) == (0, True)
    assert "warning: b: another answer to this question came before: a" in built.stderr
    assert "warning: b: its review date is past: 2002-01-01" in built.stderr


def test_build_keeps_the_generation_before(tmp_path: Path) -> None:
    for answer in ("From 8.", "From 9."):
        faq = write_faq(tmp_path, entry_to_json(FaqEntry("a", "When are you open?", answer)))
        assert build("--faq", faq, "--out", tmp_path / "index").exit_code == 0
    assert [one.number for one in generations(tmp_path / "index")] == [2, 1]


def test_several_faq_paths_by_repeating_the_option_or_in_a_row(tmp_path: Path) -> None:
    files = []
    for number in range(3):
        files.append(tmp_path / f"{number}.jsonl")
        files[-1].write_text(entry_to_json(FaqEntry(f"e{number}", "Q?", "A.")))
    one = build("--faq", files[0], "--faq", files[1], "--faq", files[2], "--out", tmp_path / "index")
    other = build("--faq", *files, "--out", tmp_path / "index")
    assert "3 entries" in one.stderr
    assert "3 entries" in other.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--faq", "missing.jsonl", "--out", "index"], "no FAQ file at missing.jsonl"),
        (["--faq", "empty.jsonl", "--out", "index"], "no entry to index"),
        (["--faq", "faq.jsonl", "--out", "index", "--index", "tree"], "tree"),
        (["--faq", "faq.jsonl", "--out", "index", "--embedder", "ftp:x"], "embedder source"),
        (["--faq", "faq.jsonl"], "--out"),
    ],
)
def test_wrong_arguments_exit_2_and_write_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write_faq(tmp_path, entry_to_json(FaqEntry("a", "Q?", "A.")))
    (tmp_path / "empty.jsonl").write_text("")
    done = build(*arguments)
    assert done.exit_code == 2
    assert message in done.stderr
    assert not (tmp_path / "index").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--top-k", "0"], "top_k must be greater than 0. Currently, top_k is 0"),
        (["--audience", "nurse"], "nurse"),
        (["nowhere.jsonl"], "nowhere.jsonl"),
        (["--index", "nowhere"], "IndexMissing"),
    ],
)
def test_wrong_searches_exit_2(index_folder: Path, arguments: list[str], message: str) -> None:
    done = search("--index", index_folder, *arguments, stdin='{"text": "x"}')
    assert done.exit_code == 2
    assert message in done.stderr
    assert done.stdout == ""


@pytest.mark.slow
def test_help_imports_nothing_heavy(repository: Path) -> None:
    code = (
        "import sys, runpy; sys.argv = ['retrieval', 'build', '--help']\n"
        "try: runpy.run_module('retrieval', run_name='__main__')\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'transformers', 'sentence_transformers', 'faiss', 'bm25s', 'numpy'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=repository, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
