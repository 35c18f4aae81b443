"""A folder tree, scrubbed: every file counted, names and words gone, a stopped run goes on."""

from __future__ import annotations

import csv
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from safety.bulk import BulkSettings, FolderFault, scrub_folder
from safety.bulk_manifest import FOLDER, ManifestMismatch
from safety.bulk_report import BulkReport
from safety.bulk_scrubber import ScrubberChoice, build_scrubber
from safety.scrubber import Scrubber

NAME = "my name is jorah tindle"
RAW = ("jorah", "tindle", "219-09-9998", "0048291")


@pytest.fixture(scope="module")
def scrubber() -> Scrubber:
    return build_scrubber(ScrubberChoice("wide"))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    (folder / "tindle jorah").mkdir(parents=True)
    (folder / "tindle jorah" / "notes.txt").write_text(f"{NAME}.\r\nssn 219-09-9998\r\n", newline="")
    (folder / "notes.md").write_text("we talked about work\n")
    rows = [{"id": 1, "text": NAME, "n": 1.5}, {"id": 2, "mrn": "0048291"}]
    (folder / "words.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows) + "{bad jorah\n")
    (folder / "table.csv").write_text(
        f'id;ssn;note\r\n1;219-09-9998;"{NAME}; hi"\r\n2;;plain\r\n', newline=""
    )
    (folder / "text.html").write_text("<p>my name is <b>jo</b>rah tindle</p>")
    (folder / "one.json").write_text(json.dumps({"a": [NAME], "b": {"n": 12345678}}))
    (folder / "mail.eml").write_text(
        f"From: Jorah Tindle <jorah@example.org>\nSubject: {NAME}\nX-Route: jorah\n"
        "Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\nbXkgbmFtZSBpcyBqb3JhaCB0aW5kbGU=\n"
    )
    (folder / "wide.txt").write_bytes(NAME.encode("utf-16"))
    (folder / "old.txt").write_bytes(b"caf\xe9 jorah")
    (folder / "picture.png").write_bytes(b"\x89PNG jorah")
    (folder / "link.txt").symlink_to("notes.md")
    return folder


def run(source: Path, out: Path, scrubber: Scrubber, **settings: object) -> BulkReport:
    return scrub_folder(source, out, settings=BulkSettings(**settings), scrubber=scrubber)  # type: ignore[arg-type]


def written(out: Path) -> dict[str, str]:
    files = (file for file in out.rglob("*") if file.is_file() and FOLDER not in file.parts)
    return {file.relative_to(out).as_posix(): file.read_bytes().decode() for file in files}


def test_every_format_comes_out_scrubbed_in_its_structure(
    source: Path, tmp_path: Path, scrubber: Scrubber
) -> None:
    run(source, tmp_path / "out", scrubber)
    made = written(tmp_path / "out")
    assert made["x/notes.txt"] == "my name is [PERSON_1].\r\nssn [US_SSN_1]\r\n"
    assert made["notes.md"] == "we talked about work\n"
    first, second = (json.loads(line) for line in made["words.jsonl"].splitlines())
    assert first == {"id": 1, "text": "my name is [PERSON_1]", "n": 1.5}
    assert second["mrn"].startswith("[MEDICAL_RECORD_NUMBER")
    assert list(csv.reader(made["table.csv"].splitlines(), delimiter=";")) == [
        ["id", "ssn", "note"], ["1", "[US_SSN_1]", "my name is [PERSON_1]; hi"], ["2", "", "plain"],
    ]  # fmt: skip
    assert made["text.html"] == "<p>my name is <b>[PERSON_1]</b></p>"
    assert json.loads(made["one.json"]) == {"a": ["my name is [PERSON_1]"], "b": {"n": 12345678}}
    assert made["mail.eml"].endswith("my name is [PERSON_1]\n") and "X-Route" not in made["mail.eml"]
    assert made["wide.txt"] == "my name is [PERSON_1]"


def test_counts_add_up_and_every_file_has_its_reason(
    source: Path, tmp_path: Path, scrubber: Scrubber
) -> None:
    report = run(source, tmp_path / "out", scrubber)
    assert report.files == 11 == report.scrubbed + len(report.failed) + len(report.left_out)
    assert [one.reason for one in report.failed] == [
        "not in its encoding (UTF-8, unless --encoding names another)"
    ]
    assert sorted(one.reason for one in report.left_out) == ["a link", "no text format: .png"]
    assert report.rows_failed == 1 and [(one.line, one.reason) for one in report.row_faults] == [
        (3, "not JSON")
    ]
    assert report.entities["US_SSN"] == 2 and report.long_numbers == 1 and not report.clean


def test_nothing_raw_is_left_in_any_file_name_report_or_manifest(
    source: Path, tmp_path: Path, scrubber: Scrubber
) -> None:
    out = tmp_path / "out"
    report = run(source, out, scrubber)
    kept = "\n".join([repr(report), report.model_dump_json(), *map(str, out.rglob("*"))]).lower()
    kept += "".join(
        file.read_bytes().decode("utf-8", "replace").lower() for file in out.rglob("*") if file.is_file()
    )
    assert [word for word in RAW if word in kept.replace(str(tmp_path).lower(), "")] == []


def test_a_second_run_does_only_what_is_new_or_changed(
    source: Path, tmp_path: Path, scrubber: Scrubber
) -> None:
    out = tmp_path / "out"
    first = run(source, out, scrubber)
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()}
    (source / "notes.md").write_text("we talked about rest\n")
    (source / "abc tindle").mkdir()
    (source / "abc tindle" / "notes.txt").write_text("new\n")
    second = run(source, out, scrubber)
    assert second.scrubbed == first.scrubbed + 1
    assert second.of_earlier_runs == first.scrubbed - 1
    made = written(out)
    assert made["notes.md"] == "we talked about rest\n" and made["x_2/notes.txt"] == "new\n"
    assert made["x/notes.txt"].startswith("my name is [PERSON_1]")
    unchanged = [path for path in before if path.stat().st_mtime_ns == before[path]]
    assert out / "x" / "notes.txt" in unchanged and out / "notes.md" not in unchanged


def test_an_output_that_was_cut_short_or_lost_is_made_again(
    source: Path, tmp_path: Path, scrubber: Scrubber
) -> None:
    out = tmp_path / "out"
    run(source, out, scrubber)
    whole = written(out)
    (out / "words.jsonl").write_text("{")
    (out / "text.html").unlink()
    manifest = out / FOLDER / "manifest.jsonl"
    manifest.write_bytes(manifest.read_bytes() + b'{"path": "torn')
    (out / FOLDER / "parts" / "3.part").write_text("half")
    assert run(source, out, scrubber).clean is False
    assert written(out) == whole
    assert list((out / FOLDER / "parts").iterdir()) == []


def test_a_source_that_is_gone_is_told_of(source: Path, tmp_path: Path, scrubber: Scrubber) -> None:
    run(source, tmp_path / "out", scrubber)
    (source / "notes.md").unlink()
    assert run(source, tmp_path / "out", scrubber).stale == ("notes.md",)


def test_one_folder_never_mixes_policies_or_options(source: Path, tmp_path: Path, scrubber: Scrubber) -> None:
    run(source, tmp_path / "out", scrubber)
    with pytest.raises(ManifestMismatch):
        run(source, tmp_path / "out", scrubber, surrogates=True)


def test_a_folder_with_other_files_is_not_written_into(
    source: Path, tmp_path: Path, scrubber: Scrubber
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("mine")
    with pytest.raises(ManifestMismatch):
        run(source, tmp_path / "out", scrubber)


@pytest.mark.parametrize("out", ["in", "in/out", "."])
def test_output_lies_apart_from_the_source(
    source: Path, tmp_path: Path, scrubber: Scrubber, out: str
) -> None:
    with pytest.raises(FolderFault):
        run(source, tmp_path / out, scrubber)


def test_only_chosen_fields_are_scrubbed(source: Path, tmp_path: Path, scrubber: Scrubber) -> None:
    report = run(source, tmp_path / "out", scrubber, fields=("note", "text"))
    made = written(tmp_path / "out")
    assert "1;219-09-9998;" in made["table.csv"] and "tindle" not in made["table.csv"]
    assert "0048291" not in made["words.jsonl"]  # a row without a chosen field is left out
    assert {one.reason for one in report.failed} >= {"none of the chosen fields"}


def test_a_key_that_holds_personal_data_fails_its_row(tmp_path: Path, scrubber: Scrubber) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "words.jsonl").write_text('{"ssn 219-09-9998": "a"}\n{"a": "b"}\n')
    report = run(tmp_path / "in", tmp_path / "out", scrubber)
    assert [(one.line, one.reason) for one in report.row_faults] == [(1, "personal data in a key")]
    assert written(tmp_path / "out") == {"words.jsonl": '{"a": "b"}\n'}


def test_surrogates_are_the_same_for_a_seed_and_differ_between_files(
    tmp_path: Path, scrubber: Scrubber
) -> None:
    (tmp_path / "in").mkdir()
    for name in ("text.txt", "notes.txt"):
        (tmp_path / "in" / name).write_text("ssn 219-09-9998 and again ssn 219-09-9998")
    settings = {"surrogates": True, "seed": 5}
    run(tmp_path / "in", tmp_path / "a", scrubber, **settings)
    run(tmp_path / "in", tmp_path / "b", scrubber, **settings)
    made = written(tmp_path / "a")
    assert made == written(tmp_path / "b") and "219-09-9998" not in str(made)
    assert made["text.txt"] != made["notes.txt"]
    first, second = made["text.txt"].split(" and again ")
    assert first == second


@pytest.mark.slow
def test_a_worker_that_is_killed_loses_no_file(tmp_path: Path, scrubber: Scrubber) -> None:
    (tmp_path / "in").mkdir()
    for number in range(4):
        (tmp_path / "in" / f"text {number}.txt").write_text(f"{NAME} {number}\n" * 300)
    killed: list[int] = []

    def kill_one(count: int) -> None:
        if count and not killed:
            child = multiprocessing.active_children()[0]
            killed.append(child.pid or 0)
            child.kill()

    report = scrub_folder(
        tmp_path / "in",
        tmp_path / "out",
        settings=BulkSettings(workers=2),
        scrubber=scrubber,
        on_bytes=kill_one,
    )
    assert killed and report.clean and report.scrubbed == 4
    assert all(
        "tindle" not in text and text.count("\n") == 300 for text in written(tmp_path / "out").values()
    )


@pytest.mark.slow
def test_a_killed_run_goes_on_where_it_stopped_and_leaves_no_half_file(
    tmp_path: Path, scrubber: Scrubber, repository: Path
) -> None:
    (tmp_path / "in").mkdir()
    text = f"{NAME}. " + "we talked about work and rest. " * 60 + "\n\n"
    for number in range(12):
        (tmp_path / "in" / f"text {number}.txt").write_text(text * 6 + f"{number}\n")
    out = tmp_path / "out"
    code = (
        "import sys; from pathlib import Path; from safety.bulk import *; from safety.bulk_scrubber import *\n"
        "choice = ScrubberChoice('wide')\n"
        "scrub_folder(Path(sys.argv[1]), Path(sys.argv[2]), settings=BulkSettings(choice=choice, workers=2),"
        " scrubber=build_scrubber(choice))"
    )
    run_file = tmp_path / "run.py"
    run_file.write_text(f"if __name__ == '__main__':\n    {code.replace(chr(10), chr(10) + '    ')}\n")
    process = subprocess.Popen(
        [sys.executable, str(run_file), str(tmp_path / "in"), str(out)], cwd=repository,
        env={**os.environ, "PYTHONPATH": str(repository), "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    deadline = time.monotonic() + 240
    while len(written(out)) < 2 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = {path: path.stat().st_mtime_ns for path in out.glob("*.txt")}
    assert kept
    report = run(tmp_path / "in", out, scrubber)
    assert report.clean and report.scrubbed == 12 and report.of_earlier_runs >= len(kept) - 1
    assert all(text.endswith("\n") and "tindle" not in text for text in written(out).values())
    assert len({text.split()[-1] for text in written(out).values()}) == 12
