"""app/encoders.py: the active release is served, and one that cannot be used is not passed over."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.encoders import active_encoder
from app.errors import ReleaseRefused
from app.releases import rollback
from app.settings import load_settings
from app.wiring import build
from tests.safety.tiny_tagger import lookup_release, promoted
from weights.served import TAGGER


def test_without_a_release_there_is_none(tmp_path: Path) -> None:
    assert active_encoder(tmp_path, TAGGER, cache_dir=tmp_path, offline=True) is None


def test_the_active_release_is_built_and_one_that_was_taken_back_is_not(tmp_path: Path) -> None:
    promoted(lookup_release(tmp_path / "made", {"zerbat": "PERSON"}), tmp_path / "models")
    folder = active_encoder(tmp_path / "models", TAGGER, cache_dir=tmp_path / "cache", offline=True)
    assert folder is not None and (folder / "model.onnx").is_file()
    rollback(tmp_path / "models", "pii_tagger")
    assert active_encoder(tmp_path / "models", TAGGER, cache_dir=tmp_path / "cache", offline=True) is None


def test_a_release_that_was_altered_leaves_no_weaker_scrubber_in_its_place(tmp_path: Path) -> None:
    release = promoted(lookup_release(tmp_path / "made", {"zerbat": "PERSON"}), tmp_path / "models")
    (release / "model.safetensors").write_bytes(b"other")
    with pytest.raises(ReleaseRefused, match="adapter_sha256"):
        active_encoder(tmp_path / "models", TAGGER, cache_dir=tmp_path / "cache", offline=True)


def test_the_application_scrubs_with_the_active_encoder_and_needs_no_name_model(tmp_path: Path) -> None:
    promoted(lookup_release(tmp_path / "made", {"zerbat": "PERSON"}), tmp_path / "models")
    names = {"DATA": tmp_path / "data", "CACHE": tmp_path / "cache", "MODELS": tmp_path / "models"}
    environment = {f"CAREFOLD_{name}_DIR": str(folder) for name, folder in names.items()}
    application = build(load_settings(environment | {"CAREFOLD_OFFLINE": "1", "CAREFOLD_MODEL": "none"}))
    scrubber = application.service.parts.scrubber.get()
    assert scrubber.scrub("we saw zerbat there").text == "we saw [PERSON_1] there"
    application.close()
