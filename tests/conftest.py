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


# A minute and more each: begun first, so that no worker is left alone with one at the end.
LONG = (
    "test_pipeline_release", "test_readme", "test_causal_lm", "test_sample", "test_pipeline_killed",
    "test_pipeline_poison", "test_several_processes", "test_main", "test_pii_run", "test_memorisation_scrubbed",
    "test_pipeline", "test_secrets", "test_training_speed", "test_export", "test_notebook",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take longest first; pytest-xdist deals files out in this order."""
    places = {name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: places.get(item.path.stem, len(LONG)))


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
