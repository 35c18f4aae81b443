"""Which standing notices the page carries."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.catalogue import load_catalogue
from app.pages.banners import banners
from app.releases import promote
from app.settings import load_settings
from app.wiring import Application, build
from tests.app.sealed import sealed

WORDS = load_catalogue("en").banner


@pytest.fixture
def application(tmp_path: Path) -> Application:
    return built(tmp_path, "none")


def built(tmp_path: Path, model: str, **more: str) -> Application:
    folders = {"CAREFOLD_DATA_DIR": str(tmp_path / "data"), "CAREFOLD_MODELS_DIR": str(tmp_path / "models")}
    return build(load_settings(folders | {"CAREFOLD_MODEL": model} | more))


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


@pytest.mark.slow
def test_base_without_a_release_is_said_to_be_untuned(tmp_path: Path) -> None:
    application = built(tmp_path, "echo")
    application.service.parts.model.get()
    assert application.service.lineup.wait_settled(5)
    said = banners(application, load_catalogue("en"))
    assert WORDS.untuned in said and WORDS.converses not in said
    application.close()


def test_release_for_feelings_converses_while_the_base_may_only_quote(tmp_path: Path) -> None:
    sealed(tmp_path / "run")
    promote(tmp_path / "models", tmp_path / "run")
    application = built(tmp_path, "echo")
    application.service.parts.model.get()
    for said in (banners(application, load_catalogue("en")), _later(application)):
        assert WORDS.converses in said and WORDS.quotes in said and WORDS.untuned not in said
    application.close()


def test_release_for_passages_ends_the_notice_that_it_is_untuned(tmp_path: Path) -> None:
    sealed(tmp_path / "run", task="faq_support")
    promote(tmp_path / "models", tmp_path / "run")
    application = built(tmp_path, "echo")
    application.service.parts.model.get()
    said = _later(application)
    assert WORDS.untuned not in said and WORDS.quotes not in said
    application.close()


def test_refused_release_is_not_said_to_converse(tmp_path: Path) -> None:
    sealed(tmp_path / "run", prompt_hash="f" * 64)
    promote(tmp_path / "models", tmp_path / "run")
    application = built(tmp_path, "echo", CAREFOLD_SUPPORT="model")
    application.service.parts.model.get()
    said = _later(application)
    assert WORDS.converses not in said and WORDS.untuned in said
    application.close()


def _later(application: Application) -> list[str]:
    """Return the notices once the releases in place were looked at."""
    assert application.service.lineup.wait_settled(5)
    return banners(application, load_catalogue("en"))
