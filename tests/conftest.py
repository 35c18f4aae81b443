"""Fixtures that every test may use."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from benchmarks.datasets import DATASETS, datasets_there

REPOSITORY = Path(__file__).resolve().parent.parent

# The same examples on every machine: a change fails for what it changed. To look for new ones:
# pytest --hypothesis-profile default
settings.register_profile("repeatable", derandomize=True, database=None)
settings.load_profile("repeatable")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Say how many values are planted in tests/test_canaries.py."""
    parser.addoption(
        "--canaries", type=int, default=2_025, help="most planted values of tests/test_canaries.py"
    )


@pytest.fixture(scope="session")
def repository() -> Path:
    """Return the root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def datasets_dir() -> Path:
    """Return the folder with real data, or skip: it is not part of the repository."""
    if not datasets_there():
        pytest.skip(f"no data folder at {DATASETS.name!r}: set CAREFOLD_DATASETS to run this")
    return DATASETS
