"""What the commands that scrub share: the options that choose a scrubber, the exit codes, and how to stop."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

SOME_FAILED = 1
NOTHING_DONE = 2

NameModel = Annotated[
    str, typer.Option(help="Source of the spaCy name model, in the tagger's place; 'none': rules alone.")
]
Tagger = Annotated[
    str, typer.Option(help="Folder of a tagger's release; default: the active one; 'none': the name model.")
]
ModelsDir = Annotated[Path, typer.Option(envvar="CAREFOLD_MODELS_DIR", help="Folder of releases.")]
CacheDir = Annotated[
    Path | None, typer.Option(envvar="CAREFOLD_CACHE_DIR", help="Folder of fetched weights.")
]
Offline = Annotated[bool, typer.Option(envvar="CAREFOLD_OFFLINE", help="Never fetch weights.")]

MODELS = Path("models")


def stop(message: str) -> NoReturn:
    """End with 2: wrong arguments or configuration, nothing done."""
    sys.stderr.write(f"error: {message}\n")
    raise typer.Exit(NOTHING_DONE)
