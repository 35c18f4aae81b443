"""From a GGUF to a safetensors folder, once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from weights import fetch, gguf
from weights.cache import verified
from weights.defaults import BASE_MODEL
from weights.errors import WeightsMissing


def test_a_folder_with_safetensors_is_used_where_it_stands(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"")
    assert gguf.safetensors_folder(tmp_path, sha256="0" * 64, cache_dir=tmp_path / "cache") == tmp_path
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("names", [(), ("a.gguf", "b.gguf")])
def test_no_model_or_several_is_an_error_that_counts_them(tmp_path: Path, names: tuple[str, ...]) -> None:
    for name in names:
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(WeightsMissing, match=f"{len(names)} GGUF files"):
        gguf.safetensors_folder(tmp_path, sha256="0" * 64, cache_dir=tmp_path)


def test_it_converts_once_and_again_when_the_copy_was_altered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "model.gguf").write_bytes(b"GGUF")
    made: list[Path] = []

    def convert(file: Path, fresh: Path) -> None:
        made.append(file)
        (fresh / "model.safetensors").write_bytes(file.read_bytes())

    monkeypatch.setattr(gguf, "_convert", convert)
    folders = {gguf.safetensors_folder(tmp_path, sha256="a" * 64, cache_dir=tmp_path) for _ in range(2)}
    assert len(made) == len(folders) == 1
    weights = folders.pop() / "model.safetensors"
    weights.write_bytes(b"altered")
    gguf.safetensors_folder(tmp_path, sha256="a" * 64, cache_dir=tmp_path)
    assert weights.read_bytes() == b"GGUF"
    assert "converting again" in capsys.readouterr().err
    gguf.safetensors_folder(tmp_path, sha256="b" * 64, cache_dir=tmp_path)
    assert len(made) == 3


def test_a_failed_conversion_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model.gguf").write_bytes(b"GGUF")

    def convert(file: Path, fresh: Path) -> None:
        (fresh / "model.safetensors").write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(gguf, "_convert", convert)
    with pytest.raises(OSError, match="disk full"):
        gguf.safetensors_folder(tmp_path, sha256="a" * 64, cache_dir=tmp_path)
    assert not any(entry.is_dir() for entry in (tmp_path / "converted").iterdir())


@pytest.mark.weights
def test_the_default_model_is_converted_whole() -> None:
    base = fetch(BASE_MODEL)
    folder = gguf.safetensors_folder(base.folder, sha256=base.sha256)
    names = verified(folder).files.keys()
    assert names >= {"model.safetensors", "tokenizer.json", "chat_template.jinja"}
    assert not [name for name in names if name.endswith((".bin", ".gguf", ".py"))]
    assert json.loads((folder / "config.json").read_text())["model_type"] == "llama"
