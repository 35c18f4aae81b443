"""retrieval/embedder.py: which embedder a FAQ is indexed and searched with, by its source."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from retrieval.embedder import HashEmbedder, faq_source, load_embedder, plain_embedder
from retrieval.errors import EmbedderError
from weights.errors import WeightsError
from weights.served import FAQ_EMBEDDER

BASE, RELEASE = "pypi:some-encoder==1.0+cpu", "faq_embedder-0123abcd"
SHA256 = "0" * 64


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """Return a folder of releases with an active one, of which only the description is there."""
    folder = tmp_path / FAQ_EMBEDDER / RELEASE
    folder.mkdir(parents=True)
    manifest = {"kind": "lora", "task": FAQ_EMBEDDER, "base": BASE, "base_sha256": SHA256}
    (folder / "manifest.json").write_text(json.dumps({**manifest, "adapter_sha256": SHA256, "files": {}}))
    (folder.parent / "active.json").write_text(json.dumps({"active": RELEASE}))
    return tmp_path


def test_the_active_release_stands_on_the_base_that_it_was_tuned_from(models: Path) -> None:
    assert faq_source(BASE, models_dir=models) == f"{BASE}+{RELEASE}"
    assert faq_source("pypi:another==1.0", models_dir=models) == "pypi:another==1.0"
    assert faq_source("hash", models_dir=models) == "hash"


def test_without_an_active_release_the_base_is_taken_as_it_comes(models: Path) -> None:
    assert faq_source(BASE, models_dir=models / "nowhere") == BASE
    (models / FAQ_EMBEDDER / "active.json").write_text(json.dumps({"active": ""}))
    assert faq_source(BASE, models_dir=models) == BASE


def test_a_source_that_says_which_keeps_what_it_says(models: Path) -> None:
    other = f"{BASE}+faq_embedder-ffffffff"
    assert faq_source(other, models_dir=models) == other
    assert faq_source(f"{BASE}+none", models_dir=models) == BASE


def test_what_counts_as_one_question_is_asked_of_the_embedder_without_its_release() -> None:
    tuned, plain = HashEmbedder(), HashEmbedder()
    tuned.name = f"hash+{RELEASE}"
    assert plain_embedder(plain) is plain
    assert plain_embedder(tuned).name == "hash"


def test_a_release_that_is_not_there_or_of_another_base_is_no_reason_to_take_the_base(models: Path) -> None:
    with pytest.raises(EmbedderError, match="no release 'faq_embedder-ffffffff'"):
        load_embedder(f"{BASE}+faq_embedder-ffffffff", models_dir=models)
    with pytest.raises(EmbedderError, match="was tuned from"):
        load_embedder(f"pypi:another==1.0+{RELEASE}", models_dir=models)
    (models / FAQ_EMBEDDER / "active.json").write_text("{")
    with pytest.raises(WeightsError):
        faq_source(BASE, models_dir=models)
