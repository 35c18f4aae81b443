"""Fixtures that every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def repository() -> Path:
    """Return the root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def datasets_dir() -> Path:
    """Return the folder with real data, or skip: it is not part of the repository."""
    folder = Path(os.environ.get("CAREFOLD_DATASETS", REPOSITORY.parent / "shared" / "data"))
    if not (folder / "README.md").is_file():
        pytest.skip(f"no data folder at {folder.name!r}: set CAREFOLD_DATASETS to run this")
    return folder
