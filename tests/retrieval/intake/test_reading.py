"""A document that hangs, swells or kills its reader costs itself alone."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from retrieval.intake.found import Found
from retrieval.intake.reading import Limits, read_apart
from tests.retrieval.intake.made import pdf, pdf_pages, read_by_name

REPOSITORY = Path(__file__).resolve().parents[3]


def told(rows: tuple[Found, ...]) -> str:
    return "; ".join(str(odd) for row in rows for odd in row.odd)


@pytest.mark.slow
def test_documents_before_and_after_one_that_hangs_or_dies_are_read(
    capfd: pytest.CaptureFixture[str],
) -> None:
    files = [Path(f"{name}.txt") for name in ("first", "sleeps", "dies", "last")]
    started = time.monotonic()
    first, slow, dead, last = read_apart(files, limits=Limits(seconds=1), read=read_by_name)
    assert time.monotonic() - started < 60
    assert [rows[0].fields.get("question") for rows in (first, last)] == ["first", "last"]
    assert "longer than 1 seconds" in told(slow) and "--seconds-per-file" in told(slow)
    assert "brought the reader down" in told(dead)
    assert [rows[0].path.name for rows in (slow, dead)] == ["sleeps.txt", "dies.txt"]
    assert "words of a file" not in "".join(capfd.readouterr())


@pytest.mark.slow
def test_crafted_pdf_that_takes_minutes_is_set_aside_and_real_documents_are_read(tmp_path: Path) -> None:
    """A small file on the disk, a content stream of 60 million bytes when it is unpacked."""
    pytest.importorskip("pdfplumber")
    bomb = pdf_pages(tmp_path / "bomb.pdf", "q Q " * 15_000_000, packed=True)
    assert bomb.stat().st_size < 1_000_000
    (tmp_path / "plain.txt").write_text("Q: When are you open?\nA: At eight.")
    slow, plain = read_apart([bomb, tmp_path / "plain.txt"], limits=Limits(seconds=3))
    assert "longer than 3 seconds" in told(slow)
    assert plain[0].fields["answer"] == "At eight."
    [real] = read_apart([pdf(tmp_path / "a.pdf", "Where can I park?", "In the garage.")])
    assert real[0].fields == {"question": "Where can I park?", "answer": "In the garage."}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is bounded on Linux")
def test_document_that_takes_more_memory_than_allowed_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("word " * 8_000_000)
    [rows] = read_apart([tmp_path / "a.txt"], limits=Limits(memory=64_000_000))
    assert "more memory than is allowed" in told(rows)
    [dead] = read_apart([Path("swells.txt")], read=read_by_name)
    assert "brought the reader down" in told(dead)


def test_reader_ends_with_the_import_that_started_it() -> None:
    reading = read_apart([Path("first.txt"), Path("last.txt")], read=read_by_name)
    next(reading)
    [reader] = [one for one in psutil.Process().children() if "spawn_main" in " ".join(one.cmdline())]
    reading.close()
    assert not reader.is_running()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no timer that ends a process")
def test_reader_whose_parent_was_killed_ends_by_itself(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path\n"
        "from retrieval.intake.reading import Limits, read_apart\n"
        "from tests.retrieval.intake.made import read_by_name\n"
        "if __name__ == '__main__':\n"
        "    list(read_apart([Path('sleeps.txt')], limits=Limits(seconds=1), read=read_by_name))\n"
    )
    (tmp_path / "main.py").write_text(code)
    parent = subprocess.Popen(
        [sys.executable, tmp_path / "main.py"], env={**os.environ, "PYTHONPATH": str(REPOSITORY)}
    )
    deadline = time.monotonic() + 60
    readers: list[psutil.Process] = []
    while not readers and time.monotonic() < deadline:
        time.sleep(0.05)
        children = psutil.Process(parent.pid).children()
        readers = [one for one in children if "spawn_main" in " ".join(one.cmdline())]
    parent.kill()
    parent.wait()
    psutil.wait_procs(readers, timeout=30)
    assert readers and not any(one.is_running() for one in readers)
