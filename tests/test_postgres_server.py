"""A PostgreSQL that does not come up skips a test and says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.postgres_server import binaries, running


def test_a_server_that_does_not_start_is_a_skip_with_the_reason(tmp_path: Path) -> None:
    if binaries() is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    folder = tmp_path / (
        "long" * 30
    )  # a socket's path has a hundred characters; root's folder is root's alone
    folder.mkdir()
    with pytest.raises(pytest.skip.Exception, match=r"does not start in .*: \S"), running(folder):
        pass
