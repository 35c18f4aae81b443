"""Measure the whole path on the sample FAQ, as `benchmarks.through_ask` does.

Run: python -m benchmarks.sample_faq [--out FILE]
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from benchmarks.frozen import frozen_files
from benchmarks.report import report
from benchmarks.through_ask import Asked, measure
from retrieval.build import SAMPLE_FAQ
from training.rows import read_rows

FOLDER: Final = Path(__file__).parent
HASHES: Final = "frozen.sha256"


def main(out: Annotated[Path | None, typer.Option()] = None) -> None:
    """Build the index, ask everything and report."""
    (questions,) = frozen_files(FOLDER, HASHES)
    report("sample_faq", measure([SAMPLE_FAQ], list(read_rows(questions, Asked))), out)


if __name__ == "__main__":
    typer.run(main)
