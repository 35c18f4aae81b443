"""Measure the whole path on a foreign clinic's FAQ, as `benchmarks.through_ask` does.

Run: python -m benchmarks.foreign_faq [--out FILE]
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from benchmarks.frozen import frozen_files
from benchmarks.report import report
from benchmarks.through_ask import Asked, measure
from training.rows import read_rows

FOLDER: Final = Path(__file__).parent
HASHES: Final = "frozen.sha256"


def main(out: Annotated[Path | None, typer.Option()] = None) -> None:
    """Build the index, ask everything and report."""
    faq, questions = frozen_files(FOLDER, HASHES)
    report("foreign_faq", measure([faq], list(read_rows(questions, Asked))), out)


if __name__ == "__main__":
    typer.run(main)
