"""An error that nobody caught is told by type and place; its message, which may hold words, is not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

WORDS = "zebra quilt under violin"
COMMANDS = ("training", "safety", "retrieval")
BREAKS = """
import runpy, sys
import typer.main
def breaks(*_given, **_named):
    try:
        raise KeyError({words!r})
    except KeyError as error:
        raise RuntimeError("row 3: " + {words!r}) from error
typer.main.get_command = breaks
sys.argv = [{command!r}, "x"]
runpy.run_module({command!r}, run_name="__main__")
"""


@pytest.mark.parametrize("command", COMMANDS)
def test_message_of_an_uncaught_error_is_not_shown(command: str) -> None:
    code = BREAKS.format(words=WORDS, command=command)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2]
    )
    assert done.returncode == 1
    assert "RuntimeError at" in done.stderr
    assert "weights/uncaught.py:" in done.stderr
    for word in WORDS.split():
        assert word not in done.stdout + done.stderr


def test_threads_are_told_alike(capsys: pytest.CaptureFixture[str]) -> None:
    import threading

    from weights.uncaught import run_quietly

    before = threading.excepthook
    try:

        def command(*, prog_name: str) -> None:
            thread = threading.Thread(target=lambda: {}[WORDS])
            thread.start()
            thread.join()

        run_quietly(command, "x")
    finally:
        threading.excepthook = before
    said = capsys.readouterr().err
    assert "KeyError at" in said
    assert WORDS not in said
