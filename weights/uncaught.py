"""A command's last net: an error that nobody caught is told by its type and its places, never by its message.

    if __name__ == "__main__":
        run_quietly(app, "python -m training")

A message may quote what was given: a user's words, a row, an answer. Our own errors are caught where they are
raised and say what to do; what is left are faults of a program, and for those places are what helps.
"""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final

MOST_FRAMES: Final = 12
_FILE_PART = re.compile(r"[A-Za-z0-9_.-]{1,80}", re.ASCII)
_TYPE = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,79}", re.ASCII)


def run_quietly(command: Callable[..., object], name: str) -> None:
    """Run a command line under the name that its help shows; exits with 1 where an error was not caught."""
    threading.excepthook = lambda raised: _tell(raised.exc_type, raised.exc_traceback)
    try:
        command(prog_name=name)
    except Exception as error:  # noqa: BLE001 - whatever it is, its message is not to be shown
        _tell(type(error), error.__traceback__)
        sys.exit(1)


def places(traceback: TracebackType | None) -> list[str]:
    """Return the lines that an error came through, the innermost last, at most MOST_FRAMES."""
    found: list[str] = []
    while traceback is not None:
        found.append(place(traceback.tb_frame.f_code.co_filename, traceback.tb_lineno))
        traceback = traceback.tb_next
    return found[-MOST_FRAMES:]


def place(file: str, line: int | None) -> str:
    """Write a place in the source as "folder/file.py:12"; of a strange file name, only the line."""
    parts = re.split(r"[/\\]", file)[-2:]
    shown = "/".join(parts) if all(_FILE_PART.fullmatch(part) for part in parts) else "?"
    return f"{shown}:{line or 0}"


def type_name(kind: type[BaseException]) -> str:
    """Return the name of an error's type with its module; "" where it is no plain name."""
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return name if _TYPE.fullmatch(name) else ""


def _tell(kind: type[BaseException], traceback: TracebackType | None) -> None:
    where = " < ".join(reversed(places(traceback)))
    sys.stderr.write(
        f"error: this is a fault of the program ({type_name(kind) or 'an error'} at {where}). Its message is "
        "not shown, for it may hold somebody's words. Please report these places.\n"
    )
