"""Where the real data is that some benchmarks and tests measure on. It is no part of the repository."""

from __future__ import annotations

import os
from pathlib import Path

DATASETS = Path(os.environ.get("CAREFOLD_DATASETS") or Path(__file__).parents[2] / "shared" / "data")


def datasets_there() -> bool:
    """Say whether the folder holds the data."""
    return (DATASETS / "README.md").is_file()
