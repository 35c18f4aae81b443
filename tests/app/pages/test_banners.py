"""Which standing notices the page carries."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.catalogue import load_catalogue
from app.pages.banners import banners
from app.settings import load_settings
from app.wiring import Application, build

WORDS = load_catalogue("en").banner


@pytest.fixture
def application(tmp_path: Path) -> Application:
    return build(load_settings({"CAREFOLD_DATA_DIR": str(tmp_path), "CAREFOLD_MODEL": "none"}))


def test_before_anything_is_built_the_page_says_that_it_loads(application: Application) -> None:
    said = banners(application, load_catalogue("en"))
    assert said[0] == WORDS.sample and WORDS.loading in said
    assert WORDS.no_answers not in said


def test_an_index_that_cannot_be_built_is_said(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    retriever = application.service.parts.retriever

    def broken() -> object:
        raise OSError("gone")

    monkeypatch.setattr(retriever, "_build", broken)
    with pytest.raises(Exception, match="gone"):
        retriever.get()
    said = banners(application, load_catalogue("en"))
    assert WORDS.no_answers in said and WORDS.loading not in said
