"""What every file of the training command shares: how a fault is said, and which exit code it has."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NoReturn

import typer

from app.errors import AppError
from training.errors import TrainingError
from weights.errors import WeightsError

SOME_FAILED = 1
NOTHING_DONE = 2
GATE_SAID_NO = 3


def guarded(work: Callable[[], int | None], *faults: type[Exception]) -> None:
    """Run a command and end with its exit code; what can go wrong is said in one line and ends with 2.

    `faults` are kinds of error that this command can have besides the project's own.
    """
    expected: tuple[type[Exception], ...] = (TrainingError, AppError, WeightsError, *faults)
    try:
        code = work()
    except expected as error:
        stop(str(error))
    raise typer.Exit(code or 0)


def stop(message: str) -> NoReturn:
    """End with a message."""
    sys.stderr.write(f"error: {message}\n")
    raise typer.Exit(NOTHING_DONE)
