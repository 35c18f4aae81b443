"""Presidio is imported without transformers, which nobody here asks it for; everyone else gets it."""

from __future__ import annotations

import builtins
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from safety.presidio import without_transformers

PIPELINE = "from transformers import pipeline"


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lay a small transformers in, so that no test loads the real one."""
    module = ModuleType("transformers")
    vars(module)["pipeline"] = str
    monkeypatch.setitem(sys.modules, "transformers", module)


@pytest.mark.usefixtures("installed")
def test_presidio_finds_transformers_missing_and_other_modules_find_it() -> None:
    with without_transformers():
        with pytest.raises(ImportError, match="does without"):
            exec(PIPELINE, {"__name__": "presidio_analyzer.nlp_engine.huggingface_token_pipe"})
        exec(f"{PIPELINE}\nassert pipeline is str", {"__name__": "app.models.transformers_local"})
        exec("from json import loads", {"__name__": "presidio_analyzer.recognizer_registry"})


@pytest.mark.usefixtures("installed")
def test_afterwards_imports_are_as_before_also_when_one_fails() -> None:
    before = builtins.__import__
    with pytest.raises(ZeroDivisionError), without_transformers():
        raise ZeroDivisionError
    assert builtins.__import__ is before
    exec(PIPELINE, {"__name__": "presidio_analyzer.nlp_engine.huggingface_token_pipe"})


@pytest.mark.slow
def test_a_scrubber_is_imported_without_transformers_and_the_compiler_of_torch(repository: Path) -> None:
    code = "import safety.scrubber, sys; print(sorted({'transformers', 'torch._dynamo'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=repository, check=True, timeout=250
    )
    assert done.stdout == "[]\n"
